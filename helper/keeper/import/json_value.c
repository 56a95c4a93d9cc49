/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/account/service.h"
#include "helper/keeper/import/json_value.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

const char *kt_import_find_site(const char *text)
{
	bool is_cn = strstr(text, "coze.cn") != NULL;
	bool is_com = strstr(text, "coze.com") != NULL;

	return is_cn == is_com ? NULL : is_cn ? "coze.cn" : "coze.com";
}

struct kt_import_item *kt_import_add_member(struct kt_import_file *file, const char *text,
                                            const struct kt_json_member *member,
                                            struct kt_error *error)
{
	struct kt_import_item *item =
		kt_import_add(file, member->value, member->end - member->value, error);

	/* A member's name ends before its colon, with a quote. */
	return item && kt_text_set_bytes(&item->name, text + member->key + 1,
	                                 strcspn(text + member->key + 1, "\""), error)
	               ? item
	               : NULL;
}

bool kt_import_append_string(struct kt_secret *target, const char *text, struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret object = { 0 };

	/* {"v":"..."} */
	return kt_json_create(&json, error) && kt_json_add_text(json, "v", text, error) &&
	       kt_json_print(json, &object, error) &&
	       kt_secret_append(target, kt_secret_reveal(&object) + 5,
	                        kt_secret_length(&object) - 6, error);
}

bool kt_import_append_launcher(struct kt_secret *words, const struct kt_import_item *item,
                               struct kt_error *error)
{
	bool is_first = kt_secret_is_empty(words);
	KT_CLEANUP(kt_text_free) char *name = NULL;
	bool is_coze = kt_text_is_equal(item->name, "COZE_API_TOKEN");

	return kt_service_full_name(&item->credential.identity, &name, error) &&
	       kt_secret_append_text(words, is_first ? "\"run\", " : "\"keyturn\", \"run\", ", error) &&
	       kt_import_append_string(words, name, error) &&
	       kt_secret_append_text(words, is_coze ? ", \"--tool\", " : ", \"--env\", ", error) &&
	       kt_import_append_string(words, is_coze ? "mcp" : item->name, error) &&
	       kt_secret_append_text(words, ", \"--\", ", error);
}

bool kt_import_replace_value(const struct kt_import_file *file, const struct kt_import_item *item,
                             struct kt_edits *edits, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *command = NULL;
	KT_CLEANUP(kt_text_free) char *value = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret string = { 0 };

	(void)file;
	return kt_import_run_command(item, &command, error) &&
	       kt_text_format(&value, error, "<kept by keyturn: %s>", command) &&
	       kt_import_append_string(&string, value, error) &&
	       kt_edits_add(edits, item->start, item->length, kt_secret_reveal(&string), error);
}
