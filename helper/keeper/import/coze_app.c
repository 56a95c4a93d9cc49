/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/import/app.h"
#include "helper/keeper/import/json_value.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/* coze_oauth_config.json, as Coze's console exports it: an app, with its key or its secret. */
static bool read_items(struct kt_import_file *file, struct kt_error *error)
{
	static const char *const secrets[] = { "private_key", "client_secret" };
	KT_CLEANUP(kt_settings_clear) struct kt_settings settings = { 0 };
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	const char *text = kt_secret_reveal(&file->target.content);

	if (!kt_json_text_parse(&file->target.content, file->target.file, &json, error))
		return false;
	for (size_t i = 0; i < KT_COUNT(secrets); i++) {
		const char *value = kt_text_or_empty(kt_json_text(json, secrets[i]));
		struct kt_json_member member;

		if (!*value || strchr("$<{", *value) ||
		    !kt_json_text_find(text, strcspn(text, "{"), secrets[i], &member))
			continue;
		kt_settings_clear(&settings);
		if (!kt_settings_from_config(&settings, file->target.file, KT_KIND_NONE, error) ||
		    !kt_import_add_app(file, &settings, member.value, member.end - member.value, error))
			return false;
	}
	return true;
}

const struct kt_import_source kt_import_coze_app = {
	.name = "coze-app",
	.summary = "coze_oauth_config.json: an app of Coze",
	.read = read_items,
	.replace = kt_import_replace_value,
};
