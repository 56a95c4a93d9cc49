/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/import/address.h"
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

/* The line of the store has a password behind a user name. */
static bool has_password(const struct kt_import_line *line)
{
	const char *end = line->text + line->length;
	const char *name = memmem(line->text, line->length, "://", 3);
	const char *at = memchr(line->text, '@', line->length);
	const char *colon = name ? memchr(name + 3, ':', (size_t)(end - name - 3)) : NULL;

	return colon && at && colon + 1 < at;
}

/* git escapes each part of the line, also the colon before a port, which no other address has. */
static bool unescape_host(const struct kt_import_line *line, struct kt_secret *url,
                          struct kt_error *error)
{
	const char *host = (const char *)memchr(line->text, '@', line->length) + 1;
	const char *end = line->text + line->length;
	size_t length = kt_url_span(host, (size_t)(end - host), "/");

	return kt_secret_append(url, line->text, (size_t)(host - line->text), error) &&
	       kt_text_append_unescaped(url, host, length, error) &&
	       kt_secret_append(url, host + length, (size_t)(end - host) - length, error);
}

static bool add_line(struct kt_import_file *file, const struct kt_import_line *line,
                     struct kt_error *error)
{
	struct kt_import_item *item = kt_import_add(file, line->start, line->length, error);
	KT_CLEANUP(kt_secret_clear) struct kt_secret url = { 0 };
	struct kt_error refusal = { 0 };

	if (!item)
		return false;
	if (!unescape_host(line, &url, &refusal))
		return kt_import_leave(item, "look at the line, and mend it or take it out", "%s",
		                       refusal.message);
	return kt_import_set_address(item, kt_secret_reveal(&url), kt_secret_length(&url), true,
	                             error);
}

static bool read_items(struct kt_import_file *file, struct kt_error *error)
{
	struct kt_import_line line = { 0 };

	while (kt_import_next_line(file, &line)) {
		if (!is_store(file) ? !kt_import_add_addresses(file, &line, error)
		                    : has_password(&line) && !add_line(file, &line, error))
			return false;
	}
	return true;
}

static bool replace(const struct kt_import_file *file, const struct kt_import_item *item,
                    struct kt_edits *edits, struct kt_error *error)
{
	return is_store(file) ? kt_import_drop_line(file, item, edits, error)
	                      : kt_edits_add(edits, item->start, item->length, "", error);
}

const struct kt_import_source kt_import_git = {
	.name = "git",
	.summary = "git-credential-store; passwords in addresses of ~/.gitconfig",
	.tool = "git",
	.read = read_items,
	.replace = replace,
};
