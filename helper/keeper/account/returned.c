/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/account/returned.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/* The account answers git under this user name: its own, or that of --git-username. */
static bool is_name(const struct kt_credential *credential, const char *username)
{
	return kt_text_is_equal(credential->identity.username, username) ||
	       (credential->git_username && kt_text_is_equal(credential->git_username, username));
}

const struct kt_secret *kt_returned_secret(const struct kt_request *request)
{
	if (request->has_password)
		return &request->password;
	return kt_secret_is_empty(&request->credential) ? NULL : &request->credential;
}

/* state[] names the account, as helper/protocol's answer to git does. */
static bool is_stated(const struct kt_request *request, const struct kt_credential *credential)
{
	static const char key[] = "acct=";

	return request->state && kt_text_has_prefix(request->state, key) &&
	       kt_text_is_equal(request->state + sizeof(key) - 1, credential->identity.username);
}

static bool has_secret(const struct kt_request *request, const struct kt_credential *credential)
{
	const struct kt_secret *secret = kt_returned_secret(request);

	return secret && !kt_secret_is_empty(secret) &&
	       kt_secret_is_equal(secret, &credential->token);
}

/* A token serves all of its host; a password the path that it was stored for. */
static bool is_path(const struct kt_request *request, const struct kt_credential *credential)
{
	const char *path = credential->identity.path;

	return kt_text_is_equal(kt_text_or_empty(request->pattern.path), path) ||
	       (credential->kind != KT_KIND_PASSWORD && *path == '\0');
}

/*
 * A password that differs is one that a person typed: git clears what was refused. A token is ours
 * under any name: some registries want one of their own with it.
 */
static bool is_answer(const struct kt_request *request, const struct kt_credential *credential)
{
	const char *username = request->pattern.username;

	if (credential->kind != KT_KIND_PASSWORD && is_stated(request, credential))
		return true;
	return has_secret(request, credential) &&
	       (!username || credential->kind != KT_KIND_PASSWORD || is_name(credential, username));
}

static bool may_be_meant(const struct kt_request *request, const struct kt_credential *credential)
{
	const struct kt_identity *pattern = &request->pattern;

	if (pattern->path && !is_path(request, credential))
		return false;
	return !pattern->username || is_name(credential, pattern->username) ||
	       is_stated(request, credential) ||
	       (credential->kind != KT_KIND_PASSWORD && has_secret(request, credential));
}

static bool search_service(struct kt_keyring *keyring, const struct kt_request *request,
                           struct kt_credentials *list, struct kt_error *error)
{
	const struct kt_identity pattern = {
		.protocol = request->pattern.protocol,
		.host = request->pattern.host,
	};

	return kt_keyring_search(keyring, &pattern, list, error);
}

bool kt_returned_search(struct kt_keyring *keyring, const struct kt_request *request,
                        struct kt_credentials *list, struct kt_error *error)
{
	size_t kept = 0;

	if (!search_service(keyring, request, list, error))
		return false;
	for (size_t i = 0; i < list->count; i++) {
		struct kt_credential item = list->items[i];

		if (may_be_meant(request, &item))
			list->items[kept++] = item;
		else
			kt_credential_clear(&item);
	}
	list->count = kept;
	if (kept > 0 || list->corrupt == 0)
		return true;
	/* A damaged item of the service need not be one that fits. */
	kt_credentials_clear(list);
	return kt_keyring_search(keyring, &request->pattern, list, error);
}

bool kt_returned_find(struct kt_keyring *keyring, const struct kt_request *request, bool *found,
                      struct kt_error *error)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials list = { 0 };
	const char *username = request->pattern.username;
	bool is_account = false;
	bool is_alias = false;

	*found = false;
	if (!search_service(keyring, request, &list, error))
		return false;
	for (size_t i = 0; i < list.count; i++) {
		const struct kt_credential *item = &list.items[i];

		if (!is_path(request, item))
			continue;
		if (is_answer(request, item))
			*found = true;
		if (username && kt_text_is_equal(item->identity.username, username))
			is_account = true;
		else if (username && item->kind != KT_KIND_PASSWORD && item->refused == 0 &&
		         is_name(item, username))
			is_alias = true;
	}
	*found |= is_alias && !is_account;
	return true;
}
