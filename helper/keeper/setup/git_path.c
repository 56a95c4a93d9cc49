/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "helper/keeper/setup/git_helper.h"
#include "helper/keeper/setup/git_path.h"
#include "keyring/cleanup.h"
#include "keyring/credential.h"
#include "keyring/text.h"

static void environment_free(char ***environment)
{
	free(*environment);
	*environment = NULL;
}

static bool is_same_host(const struct kt_identity *identity, const struct kt_identity *other)
{
	return kt_text_is_equal(identity->protocol, other->protocol) &&
	       kt_text_is_equal(identity->host, other->host);
}

/* The first of a host's logins that differ by path, and a host that needs no quotes. */
static bool is_needed(const struct kt_credentials *list, size_t number)
{
	static const char clean[] = "abcdefghijklmnopqrstuvwxyz0123456789.:-[]";
	const struct kt_identity *identity = &list->items[number].identity;
	bool differs = false;

	if (!kt_text_has_prefix(kt_text_or_empty(identity->protocol), "http") ||
	    strspn(identity->host, clean) != strlen(identity->host))
		return false;
	for (size_t i = 0; i < list->count; i++) {
		const struct kt_identity *other = &list->items[i].identity;

		if (i == number || !is_same_host(identity, other))
			continue;
		if (i < number)
			return false;
		differs = differs || strcmp(kt_text_or_empty(identity->path),
		                            kt_text_or_empty(other->path)) != 0;
	}
	return differs;
}

static bool is_set(char *const *environment, char *url)
{
	char *arguments[] = { "git", "config", "--get-urlmatch", "credential.useHttpPath", url, NULL };
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };

	return kt_git_call(arguments, environment, "/", NULL, &output) != KT_GIT_NONE;
}

static bool append(const struct kt_identity *identity, char *const *environment,
                   struct kt_secret *sections, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *url = NULL;
	KT_CLEANUP(kt_text_free) char *section = NULL;

	if (!kt_text_format(&url, error, "%s://%s", identity->protocol, identity->host))
		return false;
	if (is_set(environment, url))
		return true;
	return kt_text_format(&section, error, "[credential \"%s\"]\n\tuseHttpPath = true\n", url) &&
	       kt_secret_append_text(sections, section, error);
}

bool kt_git_path_append(struct kt_keeper *keeper, struct kt_secret *sections,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials list = { 0 };
	KT_CLEANUP(environment_free) char **clean = NULL;
	KT_CLEANUP(kt_text_free) char *global = NULL;
	const struct kt_identity anything = { 0 };
	struct kt_error unopened = { 0 };
	struct kt_keyring *keyring;

	keeper->never_prompts = true;
	keyring = kt_keeper_keyring(keeper, &unopened);
	if (!keyring || !kt_keyring_search(keyring, &anything, &list, &unopened))
		return true;
	if (!kt_git_environment(keeper->environment, &clean, &global, error))
		return false;
	for (size_t i = 0; i < list.count; i++)
		if (is_needed(&list, i) &&
		    !append(&list.items[i].identity, clean, sections, error))
			return false;
	return true;
}
