/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/import/item.h"
#include "helper/url.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/*
 * git-credential-store(1): a line is an address with a user name and a password, and goes whole.
 * An address of that kind in git's configuration loses its password, and git asks for it.
 */

static bool is_store(const struct kt_import_file *file)
{
	return strstr(file->target.path, "credentials") != NULL;
}

static bool add_login(struct kt_import_file *file, const char *url, size_t length, size_t start,
                      size_t span, struct kt_error *error)
{
	struct kt_import_item *item = kt_import_add(file, start, span, error);
	KT_CLEANUP(kt_secret_clear) struct kt_secret password = { 0 };
	KT_CLEANUP(kt_text_free) char *username = NULL;
	struct kt_error refusal = { 0 };
	struct kt_identity *identity;

	if (!item)
		return false;
	identity = &item->credential.identity;
	if (!kt_url_parse(identity, &password, url, length, &refusal) || !identity->host)
		return kt_import_leave(item, "look at the line, and mend it or take it out",
		                       "it is no address that git would ask for");
	if (kt_secret_is_empty(&password) || !identity->username || !*identity->username)
		return kt_import_leave(item, "give git the user name too",
		                       "the address has no user name beside its password");
	username = identity->username;
	identity->username = NULL;
	if (!is_store(file))
		kt_text_free(&identity->path);
	return kt_import_set_login(item, username, kt_secret_reveal(&password),
	                           kt_secret_length(&password), NULL, error);
}

static bool read_store(struct kt_import_file *file, struct kt_error *error)
{
	struct kt_import_line line = { 0 };

	while (kt_import_next_line(file, &line)) {
		const char *colon = memmem(line.text, line.length, "://", 3);
		const char *at = memchr(line.text, '@', line.length);
		const char *second = colon ? memchr(colon + 3, ':',
		                                    line.length - (size_t)(colon + 3 - line.text)) : NULL;

		if (colon && at && second && second < at && second + 1 < at &&
		    !add_login(file, line.text, line.length, line.start, line.length, error))
			return false;
	}
	return true;
}

/* https://NAME:PASSWORD@HOST in a line: what is in front and behind stays. */
static bool read_url(struct kt_import_file *file, const struct kt_import_line *line, size_t place,
                     struct kt_error *error)
{
	const char *name = line->text + place + 3;
	size_t left = line->length - place - 3;
	size_t length = kt_url_span(name, left, "/ \t\"'");
	const char *colon = memchr(name, ':', length);
	const char *at = memrchr(name, '@', length);
	size_t scheme = place;

	if (!colon || !at || colon + 1 >= at)
		return true;
	while (scheme > 0 && strchr("abcdefghijklmnopqrstuvwxyz", line->text[scheme - 1]))
		scheme--;
	return add_login(file, line->text + scheme, place - scheme + 3 + length,
	                 (size_t)(colon - line->text) + line->start, (size_t)(at - colon), error);
}

static bool read_configuration(struct kt_import_file *file, struct kt_error *error)
{
	struct kt_import_line line = { 0 };

	while (kt_import_next_line(file, &line))
		for (size_t i = 0; i + 3 < line.length; i++)
			if (memcmp(line.text + i, "://", 3) == 0 && !read_url(file, &line, i, error))
				return false;
	return true;
}

static bool read_items(struct kt_import_file *file, struct kt_error *error)
{
	return is_store(file) ? read_store(file, error) : read_configuration(file, error);
}

static bool replace(const struct kt_import_file *file, struct kt_edits *edits,
                    struct kt_error *error)
{
	for (size_t i = 0; i < file->count; i++) {
		const struct kt_import_item *item = &file->items[i];

		if (item->is_kept &&
		    (is_store(file) ? !kt_import_drop_line(file, item, edits, error)
		                    : !kt_edits_add(edits, item->start, item->length, "", error)))
			return false;
	}
	return true;
}

const struct kt_import_source kt_import_git = {
	.name = "git",
	.summary = "git-credential-store; passwords in addresses of ~/.gitconfig",
	.tool = "git",
	.read = read_items,
	.replace = replace,
};
