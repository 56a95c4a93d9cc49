/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/account/secret_word.h"
#include "helper/keeper/import/json_value.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/* ~/.coze/config.json and .cozerc.json, of the command coze: members that are tokens. */
static bool read_items(struct kt_import_file *file, struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	const char *text = kt_secret_reveal(&file->target.content);
	const char *site = kt_import_find_site(text);
	struct kt_json_member member = { 0 };

	if (!kt_json_text_parse(&file->target.content, file->target.file, &json, error))
		return false;
	while (kt_json_text_next(text, strcspn(text, "{"), &member)) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret value = { 0 };
		struct kt_import_item *item;

		if (!kt_json_text_value(text, &member, &value, error))
			return false;
		if (!kt_secret_word_is_whole(kt_secret_reveal(&value), kt_secret_length(&value)))
			continue;
		item = kt_import_add_member(file, text, &member, error);
		if (!item || !kt_text_set(&item->name, "COZE_API_TOKEN", error) ||
		    !kt_import_set_token(item, kt_secret_reveal(&value), kt_secret_length(&value),
		                         site ? site : file->site, error))
			return false;
	}
	return true;
}

const struct kt_import_source kt_import_coze_cli = {
	.name = "coze-cli",
	.summary = "~/.coze/config.json, .cozerc.json: tokens of the command coze",
	.read = read_items,
	.replace = kt_import_replace_value,
};
