/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/account/secret_word.h"
#include "helper/keeper/import/codex_table.h"
#include "helper/keeper/import/json_value.h"
#include "helper/keeper/import/mcp_codex.h"
#include "helper/keeper/import/mcp_codex_header.h"
#include "helper/keeper/import/setting.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

#define ENV ".env"
#define HEADERS "http_headers"

/* The table of the server whose variables the heading begins; NULL: it begins another table. */
static bool find_server(const struct kt_import_line *line, const struct kt_import_setting *heading,
                        char **server, struct kt_error *error)
{
	const char *name = line->text + heading->name;
	size_t length = heading->name_length;

	kt_text_free(server);
	return length <= strlen(KT_CODEX_SERVERS ENV) ||
	       strncmp(name, KT_CODEX_SERVERS, strlen(KT_CODEX_SERVERS)) != 0 ||
	       strncmp(name + length - strlen(ENV), ENV, strlen(ENV)) != 0 ||
	       kt_text_set_bytes(server, name, length - strlen(ENV), error);
}

static bool add_variable(struct kt_import_file *file, const struct kt_import_line *line,
                         const struct kt_import_setting *setting, const char *server,
                         struct kt_error *error)
{
	struct kt_import_item *item = kt_import_add(file, line->start, line->length, error);
	KT_CLEANUP(kt_text_free) char *table = NULL;
	KT_CLEANUP(kt_text_free) char *base = NULL;
	struct kt_import_line other;
	struct kt_import_setting found;

	if (!item || !kt_import_setting_name(line, setting, &item->name, error))
		return false;
	if (!kt_import_codex_find(file, server, "command", &other, &found) ||
	    other.text[found.value - 1] != '"' ||
	    (kt_import_codex_find(file, server, "args", &other, &found) &&
	     other.text[found.value] != '['))
		return kt_import_leave(item, "write command and env of the server in lines of their own",
		                       "its server's command or args are written otherwise");
	if (!kt_text_format(&table, error, "%s" ENV, server))
		return false;
	if (kt_import_codex_find(file, table, "COZE_API_BASE", &other, &found) &&
	    !kt_import_setting_value(&other, &found, &base, error))
		return false;
	return kt_import_set_token(item, line->text + setting->value, setting->value_length,
	                           base ? base : file->site, error);
}

/* The table of the server that the heading is of, or that of its headers; NULL: of none. */
static bool find_remote(const struct kt_import_line *line, const struct kt_import_setting *heading,
                        char **remote, struct kt_error *error)
{
	const char *name = line->text + heading->name;
	size_t length = heading->name_length;

	kt_text_free(remote);
	if (length <= strlen(KT_CODEX_SERVERS) ||
	    strncmp(name, KT_CODEX_SERVERS, strlen(KT_CODEX_SERVERS)) != 0)
		return true;
	if (kt_import_codex_is_headers(line, heading))
		length -= strlen("." HEADERS);
	return kt_text_set_bytes(remote, name, length, error);
}

bool kt_import_mcp_codex_read(struct kt_import_file *file, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *server = NULL;
	KT_CLEANUP(kt_text_free) char *remote = NULL;
	struct kt_import_line line = { 0 };
	bool is_among_headers = false;

	while (kt_import_next_line(file, &line)) {
		struct kt_import_setting setting;
		KT_CLEANUP(kt_text_free) char *value = NULL;

		if (!kt_import_setting_read(&line, &setting))
			continue;
		if (setting.is_heading) {
			is_among_headers = kt_import_codex_is_headers(&line, &setting);
			if (!find_server(&line, &setting, &server, error) ||
			    !find_remote(&line, &setting, &remote, error))
				return false;
			continue;
		}
		if ((is_among_headers || kt_import_setting_is(&line, &setting, HEADERS)) &&
		    !kt_import_codex_add_headers(file, &line, &setting, remote, error))
			return false;
		if (!server || !kt_import_setting_is_literal(&line, &setting))
			continue;
		if (!kt_import_setting_value(&line, &setting, &value, error))
			return false;
		if (kt_secret_word_is_whole(value, strlen(value)) &&
		    !add_variable(file, &line, &setting, server, error))
			return false;
	}
	return true;
}

/* The server of each item that is kept gets its launchers once, with its first item. */
static bool launch(const struct kt_import_file *file, const char *server,
                   const struct kt_secret *words, struct kt_edits *edits, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret list = { 0 };
	KT_CLEANUP(kt_text_free) char *lines = NULL;
	struct kt_import_line line;
	struct kt_import_setting setting;
	const char *open;
	size_t place;

	if (!kt_import_codex_find(file, server, "command", &line, &setting) ||
	    !kt_secret_copy(&list, words, error) ||
	    !kt_secret_append(&list, line.text + setting.value - 1, setting.value_length + 2, error) ||
	    !kt_edits_add(edits, line.start + setting.value - 1, setting.value_length + 2,
	                  "\"keyturn\"", error))
		return false;
	place = line.start + line.length;
	if (!kt_import_codex_find(file, server, "args", &line, &setting))
		return kt_text_format(&lines, error, "\nargs = [%s]", kt_secret_reveal(&list)) &&
		       kt_edits_add(edits, place, 0, lines, error);
	open = memchr(line.text, '[', line.length);
	if (!open)
		return kt_fail(error, KT_ERROR_USAGE, "line %zu of %s is no list of arguments",
		               line.number, file->target.file);
	place = line.start + (size_t)(open - line.text) + 1;
	return kt_text_format(&lines, error, "%s%s", kt_secret_reveal(&list),
	                      open[1 + strspn(open + 1, " \t\r\n")] == ']' ? "" : ", ") &&
	       kt_edits_add(edits, place, 0, lines, error);
}

/* The server whose variables this place of the file is among. */
static bool server_at(const struct kt_import_file *file, size_t place, char **server,
                      struct kt_error *error)
{
	struct kt_import_line line = { 0 };

	while (kt_import_next_line(file, &line) && line.start <= place) {
		struct kt_import_setting setting;

		if (kt_import_setting_read(&line, &setting) && setting.is_heading &&
		    !find_server(&line, &setting, server, error))
			return false;
	}
	return true;
}

bool kt_import_mcp_codex_replace(const struct kt_import_file *file, struct kt_edits *edits,
                                 struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *server = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret words = { 0 };

	for (size_t i = 0; i < file->count; i++) {
		const struct kt_import_item *item = &file->items[i];
		KT_CLEANUP(kt_text_free) char *comment = NULL;
		KT_CLEANUP(kt_text_free) char *own = NULL;

		if (!item->is_kept)
			continue;
		if (!server_at(file, item->start, &own, error))
			return false;
		if (!own) {
			if (!kt_import_codex_replace_header(file, item, edits, error))
				return false;
			continue;
		}
		if (!kt_text_format(&comment, error, "# %s = <kept by keyturn>", item->name) ||
		    !kt_edits_add(edits, item->start, item->length, comment, error))
			return false;
		if (server && !kt_text_is_equal(server, own)) {
			if (!launch(file, server, &words, edits, error))
				return false;
			kt_secret_clear(&words);
		}
		if (!kt_text_set(&server, own, error) ||
		    !kt_import_append_launcher(&words, item, error))
			return false;
	}
	return !server || launch(file, server, &words, edits, error);
}
