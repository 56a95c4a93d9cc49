/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "helper/answer.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/command/import_tell.h"
#include "helper/keeper/import/copies.h"
#include "helper/keeper/import/item.h"
#include "helper/keeper/plain/plain.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/json.h"
#include "keyring/text.h"
#include "keyring/translate.h"

static const char *state_of(const struct kt_import_item *item)
{
	static const char *const states[] = {
		[KT_IMPORT_NEW] = KT_TEXT("not in the keyring yet"),
		[KT_IMPORT_TWIN] = KT_TEXT("the same secret again"),
		[KT_IMPORT_STORED] = KT_TEXT("in the keyring already"),
	};

	return kt_translate(states[item->state]);
}

static bool append_item(const struct kt_import_file *file, const struct kt_import_item *item,
                        struct kt_secret *output, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;
	KT_CLEANUP(kt_text_free) char *line = NULL;
	struct kt_shell_word word;
	const char *path = kt_plain_show_path(file->target.path, &word);

	if (item->state == KT_IMPORT_LEFT)
		return kt_text_format(&line, error, kt_translate("%s:%zu: stays there: %s\n"), path,
		                      item->line, item->reason.message) &&
		       kt_secret_append_text(output, line, error);
	if (item->state == KT_IMPORT_TOLD)
		return kt_text_format(&line, error, kt_translate("%s:%zu: %s; to log in with its "
		                      "settings:\n  %s\n"), path, item->line, item->reason.message,
		                      item->command) &&
		       kt_secret_append_text(output, line, error);
	return kt_service_full_name(&item->credential.identity, &name, error) &&
	       kt_text_format(&line, error, "%s:%zu: %s (%s), %s\n", path, item->line, name,
	                      kt_kind_name(item->credential.kind), state_of(item)) &&
	       kt_secret_append_text(output, line, error);
}

bool kt_import_print(const struct kt_import *import, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };

	for (size_t i = 0; i < import->count; i++)
		for (size_t j = 0; j < import->files[i].count; j++)
			if (!append_item(&import->files[i], &import->files[i].items[j], &output, error))
				return false;
	return kt_report_lines(&output, error);
}

bool kt_import_question(const struct kt_import_file *file, const struct kt_import_item *item,
                        char **question, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;
	struct kt_shell_word word;

	return kt_service_full_name(&item->credential.identity, &name, error) &&
	       kt_text_format(question, error,
	                      kt_translate("Keep %s (%s), from line %zu of %s? [y/N] "), name,
	                      kt_kind_name(item->credential.kind), item->line,
	                      kt_plain_show_path(file->target.path, &word));
}

bool kt_import_host_question(const struct kt_import_file *file,
                             const struct kt_import_item *item, char **question,
                             struct kt_error *error)
{
	struct kt_shell_word word;

	return kt_text_format(question, error,
	                      kt_translate("Whose token is in line %zu of %s? Its host, as "
	                                   "gitlab.com (Enter: leave it there): "), item->line,
	                      kt_plain_show_path(file->target.path, &word));
}

static bool tell_copy(const struct kt_import_item *item, const char *backup,
                      struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *page = NULL;
	KT_CLEANUP(kt_text_free) char *name = NULL;
	struct kt_shell_word word;

	if (!kt_import_revocation_page(item, &page, error) ||
	    !kt_service_full_name(&item->credential.identity, &name, error))
		return false;
	if (backup)
		kt_report_note("%s has a copy in %s: revoke it (%s), and log in anew", name,
		               kt_plain_show_path(backup, &word), page);
	else
		kt_report_note("%s is in git's history: revoke it (%s), and log in anew", name, page);
	return true;
}

bool kt_import_tell_copies(const struct kt_import_file *file, char *const *environment,
                           struct kt_error *error)
{
	bool is_tracked = kt_import_is_tracked(file, environment);

	for (size_t i = 0; i < file->count; i++) {
		const struct kt_import_item *item = &file->items[i];
		KT_CLEANUP(kt_text_free) char *backup = NULL;

		if (!item->is_kept)
			continue;
		if (!is_tracked && !kt_import_find_backup(file, item, &backup, error))
			return false;
		if ((is_tracked || backup) && !tell_copy(item, backup, error))
			return false;
	}
	return true;
}

static bool add_object(const struct kt_import_file *file, const struct kt_import_item *item,
                       struct kt_json *json, struct kt_error *error)
{
	static const char *const states[] = {
		[KT_IMPORT_NEW] = "new", [KT_IMPORT_TWIN] = "again", [KT_IMPORT_STORED] = "stored",
		[KT_IMPORT_LEFT] = "left", [KT_IMPORT_TOLD] = "told",
	};
	KT_CLEANUP(kt_json_free) struct kt_json *object = NULL;
	KT_CLEANUP(kt_text_free) char *service = NULL;
	const struct kt_credential *credential = &item->credential;
	bool is_left = !kt_import_is_movable(item);
	struct kt_shell_word word;

	return (is_left || kt_service_format(&credential->identity, &service, error)) &&
	       kt_json_create(&object, error) &&
	       kt_json_add_text(object, "source", file->source->name, error) &&
	       kt_json_add_text(object, "file", kt_plain_show_path(file->target.path, &word), error) &&
	       kt_json_add_number(object, "line", (int64_t)item->line, error) &&
	       kt_json_add_text(object, "account", is_left ? NULL : credential->identity.username,
	                        error) &&
	       kt_json_add_text(object, "service", service, error) &&
	       kt_json_add_text(object, "kind", is_left ? NULL : kt_kind_name(credential->kind),
	                        error) &&
	       kt_json_add_text(object, "state", states[item->state], error) &&
	       kt_json_add_boolean(object, "kept", item->is_kept, error) &&
	       kt_json_add_boolean(object, "removed", item->is_kept && file->is_out, error) &&
	       kt_json_add_text(object, "reason", is_left ? item->reason.message : NULL, error) &&
	       kt_json_add_text(object, "command", item->command, error) &&
	       kt_json_append_object(json, "found", &object, error);
}

static bool print_json(const struct kt_import *import, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;

	if (!kt_json_create(&json, error) || !kt_json_add_number(json, "version", 1, error) ||
	    !kt_json_add_list(json, "found", error))
		return false;
	for (size_t i = 0; i < import->count; i++)
		for (size_t j = 0; j < import->files[i].count; j++)
			if (!add_object(&import->files[i], &import->files[i].items[j], json, error))
				return false;
	return kt_json_print(json, &output, error) && kt_secret_append_text(&output, "\n", error) &&
	       kt_answer_send(STDOUT_FILENO, &output, error);
}

struct counts {
	size_t kept;
	size_t inside; /* kept, and in their files still */
	size_t left;
	const struct kt_import_file *file; /* of the first that is left */
	const struct kt_import_item *item;
};

static void count(const struct kt_import *import, struct counts *counts)
{
	for (size_t i = 0; i < import->count; i++)
		for (size_t j = 0; j < import->files[i].count; j++) {
			const struct kt_import_item *item = &import->files[i].items[j];

			counts->kept += item->is_kept;
			counts->inside += item->is_kept && !import->files[i].is_out;
			if (item->state != KT_IMPORT_LEFT)
				continue;
			if (counts->left++ == 0) {
				counts->file = &import->files[i];
				counts->item = item;
			}
		}
}

static bool fail_left(const struct counts *counts, struct kt_error *error)
{
	struct kt_shell_word word;

	kt_fail(error, counts->item->reason.code, counts->left == 1
	                ? "%zu secret stays in plain text, in line %zu of %s: %s"
	                : KT_TEXT("%zu secrets stay in plain text, the first in line %zu of %s: %s"),
	        counts->left, counts->item->line, kt_plain_show_path(counts->file->target.path, &word),
	        counts->item->reason.message);
	return kt_advise(error, "%s", counts->item->reason.remedy);
}

bool kt_import_tell(const struct kt_import *import, bool is_dry, bool wants_json,
                    struct kt_error *error)
{
	struct counts counts = { 0 };

	count(import, &counts);
	if (wants_json && !print_json(import, error))
		return false;
	if (import->count == 0 && import->refusal.code == KT_ERROR_NONE && !wants_json)
		kt_report_note("no secret lies in plain text where import looks");
	if (counts.kept > 0)
		kt_report_note(counts.kept == 1 ? "%zu secret is in the keyring: keyturn list"
		                                : KT_TEXT("%zu secrets are in the keyring: keyturn list"),
		               counts.kept);
	if (counts.inside > 0)
		kt_report_note(counts.inside == 1
		               ? "%zu of them still lies in its file; to take it out, add --remove"
		               : KT_TEXT("%zu of them still lie in their files; to take them out, add "
		                         "--remove"),
		               counts.inside);
	if (is_dry)
		return true;
	if (counts.left > 0)
		fail_left(&counts, error);
	else
		*error = import->refusal;
	return error->code == KT_ERROR_NONE;
}
