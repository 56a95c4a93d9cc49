/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/import/setting.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/*
 * uv's credentials.toml, as uv auth login writes it: a block [[credential]] for each login, which
 * goes whole. uv reads a netrc too.
 */

struct block {
	size_t start;
	size_t end; /* of its last setting */
	char *service;
	char *username;
	char *secret;
};

static void block_clear(struct block *block)
{
	kt_text_free(&block->service);
	kt_text_free(&block->username);
	if (block->secret)
		explicit_bzero(block->secret, strlen(block->secret));
	kt_text_free(&block->secret);
}

static bool add_block(struct kt_import_file *file, struct block *block, struct kt_error *error)
{
	struct kt_import_item *item;
	bool is_service = false;

	if (!block->secret)
		return true;
	item = kt_import_add(file, block->start, block->end - block->start, error);
	if (!item)
		return false;
	if (!block->service || !*kt_text_or_empty(block->username))
		return kt_import_leave(item, "log in anew: uv auth login",
		                       "its block names no service, or no user");
	if (!kt_import_set_service(item, "uv", block->service, &is_service, error))
		return false;
	kt_text_free(&item->credential.identity.path);
	return !is_service || kt_import_set_login(item, block->username, block->secret,
	                                          strlen(block->secret), NULL, error);
}

static bool take_setting(struct block *block, const struct kt_import_line *line,
                         const struct kt_import_setting *setting, struct kt_error *error)
{
	block->end = line->start + line->length;
	if (kt_import_setting_is(line, setting, "service"))
		return kt_import_setting_value(line, setting, &block->service, error);
	if (kt_import_setting_is(line, setting, "username"))
		return kt_import_setting_value(line, setting, &block->username, error);
	if ((kt_import_setting_is(line, setting, "password") ||
	     kt_import_setting_is(line, setting, "token")) &&
	    kt_import_setting_is_literal(line, setting))
		return kt_import_setting_value(line, setting, &block->secret, error);
	return true;
}

static bool read_items(struct kt_import_file *file, struct kt_error *error)
{
	KT_CLEANUP(block_clear) struct block block = { 0 };
	struct kt_import_line line = { 0 };
	bool is_inside = false;

	while (kt_import_next_line(file, &line)) {
		struct kt_import_setting setting;

		if (!kt_import_setting_read(&line, &setting))
			continue;
		if (!setting.is_heading) {
			if (is_inside && !take_setting(&block, &line, &setting, error))
				return false;
			continue;
		}
		if (!add_block(file, &block, error))
			return false;
		block_clear(&block);
		block = (struct block){ .start = line.start };
		is_inside = kt_import_setting_is(&line, &setting, "credential");
	}
	return add_block(file, &block, error);
}

static bool replace(const struct kt_import_file *file, const struct kt_import_item *item,
                    struct kt_edits *edits, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *comment = NULL;

	(void)file;
	return kt_text_format(&comment, error, "# %s <kept by keyturn: keyturn netrc %s>",
	                      item->credential.identity.host, item->credential.identity.host) &&
	       kt_edits_add(edits, item->start, item->length, comment, error);
}

const struct kt_import_source kt_import_uv = {
	.name = "uv",
	.summary = "uv's credentials.toml",
	.read = read_items,
	.replace = replace,
};
