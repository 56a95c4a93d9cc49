/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/courier.h"
#include "helper/keeper/login/metadata.h"
#include "helper/keeper/oauth/grant.h"
#include "helper/url.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

bool kt_metadata_is_safe(const char *url)
{
	KT_CLEANUP(kt_identity_clear) struct kt_identity parsed = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret password = { 0 };
	struct kt_error ignored = { 0 };

	return kt_characters_are_visible_ascii(url, strlen(url)) && !strchr(url, '#') &&
	       kt_url_parse(&parsed, &password, url, strlen(url), &ignored) &&
	       parsed.host && !parsed.username && kt_url_is_safe_to_visit(&parsed);
}

bool kt_metadata_is_safe_below(const char *url, const char *from)
{
	return kt_metadata_is_safe(url) &&
	       (kt_text_has_prefix(url, "https:") || !kt_text_has_prefix(from, "https:"));
}

/* Without the slash of an empty path. */
static size_t significant_length(const char *url)
{
	const char *host = strstr(url, "://");
	size_t length = strlen(url);
	const char *path = host ? strpbrk(host + 3, "/?") : NULL;

	return path && strcmp(path, "/") == 0 ? length - 1 : length;
}

bool kt_metadata_is_same(const char *url, const char *other)
{
	size_t length = significant_length(url);

	return length == significant_length(other) && strncmp(url, other, length) == 0;
}

bool kt_metadata_ask(const char *address, const struct kt_credential *credential,
                     struct kt_errand *answer, struct kt_error *error)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand errand = { 0 };

	return kt_grant_begin_get(address, credential, KT_COURIER_MILLISECONDS, &errand, error) &&
	       kt_courier_ask(&errand, answer, error);
}

int64_t kt_metadata_status(const struct kt_errand *answer)
{
	int64_t status = 0;

	kt_errand_number(answer, "status", &status);
	return status;
}

bool kt_metadata_lists(const struct kt_errand *answer, const char *name, const char *word,
                       bool by_default)
{
	const char *list = kt_errand_text(answer, name);
	size_t length = strlen(word);

	if (!list)
		return by_default;
	while (*list) {
		size_t entry = strcspn(list, "\n");

		if (entry == length && strncmp(list, word, length) == 0)
			return true;
		list += entry + (list[entry] == '\n');
	}
	return false;
}
