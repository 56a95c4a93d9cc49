/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/import/address.h"
#include "helper/url.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

bool kt_import_set_address(struct kt_import_item *item, const char *url, size_t length,
                           bool has_path, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret password = { 0 };
	KT_CLEANUP(kt_text_free) char *username = NULL;
	struct kt_identity *identity = &item->credential.identity;
	struct kt_error refusal = { 0 };

	if (!kt_url_parse(identity, &password, url, length, &refusal) || !identity->host)
		return kt_import_leave(item, "look at the line, and mend it or take it out",
		                       "it is no address that a tool would ask for");
	if (kt_secret_is_empty(&password) || !identity->username || !*identity->username)
		return kt_import_leave(item, "write the user name into it too",
		                       "the address has no user name beside its password");
	username = identity->username;
	identity->username = NULL;
	if (!has_path)
		kt_text_free(&identity->path);
	return kt_import_set_login(item, username, kt_secret_reveal(&password),
	                           kt_secret_length(&password), NULL, error);
}

static bool add_address(struct kt_import_file *file, const struct kt_import_line *line,
                        size_t place, struct kt_error *error)
{
	const char *name = line->text + place + 3;
	size_t length = kt_url_span(name, line->length - place - 3, "/ \t\"'");
	const char *colon = memchr(name, ':', length);
	const char *at = memrchr(name, '@', length);
	struct kt_import_item *item;
	size_t scheme = place;

	if (!colon || !at || colon + 1 >= at || strchr("$<{%*", colon[1]))
		return true;
	while (scheme > 0 && strchr("abcdefghijklmnopqrstuvwxyz", line->text[scheme - 1]))
		scheme--;
	item = kt_import_add(file, line->start + (size_t)(colon - line->text), (size_t)(at - colon),
	                     error);
	return item && kt_import_set_address(item, line->text + scheme,
	                                     place - scheme + 3 + length, false, error);
}

bool kt_import_add_addresses(struct kt_import_file *file, const struct kt_import_line *line,
                             struct kt_error *error)
{
	for (size_t i = 0; i + 3 < line->length; i++)
		if (memcmp(line->text + i, "://", 3) == 0 && !add_address(file, line, i, error))
			return false;
	return true;
}
