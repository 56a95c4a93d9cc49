/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <unistd.h>

#include "helper/answer.h"
#include "helper/keeper/command/column.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/login/provider_file.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/json.h"
#include "keyring/text.h"
#include "keyring/translate.h"

static bool add_line(struct kt_secret *output, const char *label, const char *value,
                     struct kt_error *error)
{
	return kt_column_append_line(output, label, 14, value, error);
}

/* All that one file says, as it stands there. */
static bool tell(const struct kt_provider_file *provider, struct kt_secret *output,
                 struct kt_error *error)
{
	if (!add_line(output, KT_TEXT("provider"), provider->name, error) ||
	    !add_line(output, KT_TEXT("title"), provider->title, error) ||
	    !add_line(output, KT_TEXT("make an app"), provider->apps, error) ||
	    !add_line(output, KT_TEXT("take it back"), provider->revoke, error) ||
	    !add_line(output, KT_TEXT("needs"), provider->needs, error) ||
	    !add_line(output, KT_TEXT("instead"), provider->instead, error) ||
	    !add_line(output, KT_TEXT("note"), provider->note, error) ||
	    !add_line(output, KT_TEXT("file"), provider->path, error))
		return false;
	for (size_t i = 0; i < provider->count; i++) {
		const struct kt_setting *row = provider->entries[i].row;

		if (!add_line(output, row->option ? row->option : row->file_key,
		              provider->entries[i].value, error))
			return false;
	}
	return true;
}

static bool add_text(struct kt_json *json, const char *name, const char *value,
                     struct kt_error *error)
{
	return value ? kt_json_add_text(json, name, value, error)
	             : kt_json_add_null(json, name, error);
}

static bool fill_json(const struct kt_provider_file *provider, struct kt_json *json,
                      struct kt_error *error)
{
	return add_text(json, "provider", provider->name, error) &&
	       add_text(json, "title", provider->title, error) &&
	       add_text(json, "apps", provider->apps, error) &&
	       add_text(json, "revoke", provider->revoke, error) &&
	       add_text(json, "needs", provider->needs, error) &&
	       add_text(json, "instead", provider->instead, error) &&
	       add_text(json, "note", provider->note, error) &&
	       add_text(json, "file", provider->path, error);
}

static bool add_one(struct kt_keeper *keeper, const char *name, bool is_alone,
                    struct kt_json *list, struct kt_secret *output, struct kt_error *error)
{
	KT_CLEANUP(kt_provider_file_clear) struct kt_provider_file provider = { 0 };
	struct kt_error broken = { 0 };
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;

	if (!kt_provider_file_read(&provider, name, &broken)) {
		if (!is_alone && broken.code == KT_ERROR_USAGE) {
			kt_report_failure(&broken, false);
			return true;
		}
		*error = broken;
		return false;
	}
	if (keeper->wants_json)
		return kt_json_create(&json, error) && fill_json(&provider, json, error) &&
		       kt_json_append_object(list, "providers", &json, error);
	return is_alone ? tell(&provider, output, error)
	                : add_line(output, name, kt_text_or_empty(provider.title), error);
}

static bool print(struct kt_keeper *keeper, const char *name, struct kt_secret *output,
                  struct kt_error *error)
{
	KT_CLEANUP(kt_provider_file_names_clear) struct kt_provider_file_names names = { 0 };
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;

	if (!kt_json_create(&json, error) || !kt_json_add_number(json, "version", 1, error) ||
	    !kt_json_add_list(json, "providers", error) || !kt_provider_file_list(&names, error))
		return false;
	if (name && !add_one(keeper, name, true, json, output, error))
		return false;
	for (size_t i = 0; !name && i < names.count; i++)
		if (!add_one(keeper, names.names[i], false, json, output, error))
			return false;
	return !keeper->wants_json || (kt_json_print(json, output, error) &&
	                               kt_secret_append_text(output, "\n", error));
}

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };
	const struct kt_option options[] = { KT_OPTION_JSON(keeper) };
	const char *name;

	return kt_command_read_account(options, KT_COUNT(options), argc, argv, &name, error) &&
	       print(keeper, name, &output, error) &&
	       kt_answer_send(STDOUT_FILENO, &output, error);
}

const struct kt_command kt_command_providers = {
	.name = "providers",
	.synopsis = "[NAME] [--json]",
	.summary = "list the services that a login can name",
	.details = "With NAME: what its file says, and where an app is made.\n"
	           "--json   one object\n",
	.run = run,
};
