/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/account/secret_word.h"
#include "helper/keeper/import/json_value.h"
#include "helper/keeper/import/mcp_codex.h"
#include "helper/keeper/import/setting.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

#define SERVERS "mcp_servers."
#define ENV ".env"
#define HEADERS "http_headers"

/* Behind a line of the file, or at its beginning; the line of this name in the table. */
static bool find_setting(const struct kt_import_file *file, const char *table, const char *name,
                         struct kt_import_line *line, struct kt_import_setting *setting)
{
	bool is_inside = false;

	*line = (struct kt_import_line){ 0 };
	while (kt_import_next_line(file, line)) {
		if (!kt_import_setting_read(line, setting))
			continue;
		if (setting->is_heading)
			is_inside = kt_import_setting_is(line, setting, table);
		else if (is_inside && kt_import_setting_is(line, setting, name))
			return true;
	}
	return false;
}

/* The table of the server whose variables the heading begins; NULL: it begins another table. */
static bool find_server(const struct kt_import_line *line, const struct kt_import_setting *heading,
                        char **server, struct kt_error *error)
{
	const char *name = line->text + heading->name;
	size_t length = heading->name_length;

	kt_text_free(server);
	return length <= strlen(SERVERS ENV) || strncmp(name, SERVERS, strlen(SERVERS)) != 0 ||
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
	if (!find_setting(file, server, "command", &other, &found) ||
	    other.text[found.value - 1] != '"' ||
	    (find_setting(file, server, "args", &other, &found) &&
	     other.text[found.value] != '['))
		return kt_import_leave(item, "write command and env of the server in lines of their own",
		                       "its server's command or args are written otherwise");
	if (!kt_text_format(&table, error, "%s" ENV, server))
		return false;
	if (find_setting(file, table, "COZE_API_BASE", &other, &found) &&
	    !kt_import_setting_value(&other, &found, &base, error))
		return false;
	return kt_import_set_token(item, line->text + setting->value, setting->value_length,
	                           base ? base : file->site, error);
}

/* A table of headers, or the member that has them in one line. */
static bool has_headers(const struct kt_import_line *line, const struct kt_import_setting *setting)
{
	const char *end = line->text + setting->name + setting->name_length;
	size_t length = strlen("." HEADERS);

	if (!setting->is_heading)
		return kt_import_setting_is(line, setting, HEADERS);
	return setting->name_length > strlen(SERVERS) + length &&
	       strncmp(line->text + setting->name, SERVERS, strlen(SERVERS)) == 0 &&
	       strncmp(end - length, "." HEADERS, length) == 0;
}

/* codex reads a variable in its place, which nothing but its own start can set. */
static bool leave_header(struct kt_import_file *file, const struct kt_import_line *line,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	struct kt_import_item *item;

	if (!kt_secret_append(&text, line->text, line->length, error))
		return false;
	if (!file->plain || !kt_plain_source_has_secret(file->plain, kt_secret_reveal(&text)))
		return true;
	item = kt_import_add(file, line->start, line->length, error);
	return item && kt_import_leave(item, "keep it: keyturn login NAME --api-base URL --with-token; "
	                               "write bearer_token_env_var = \"TOKEN\" in its place, and start "
	                               "codex by: keyturn run NAME --env TOKEN -- codex",
	                               "codex has no command that prints a header");
}

bool kt_import_mcp_codex_read(struct kt_import_file *file, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *server = NULL;
	struct kt_import_line line = { 0 };
	bool is_among_headers = false;

	while (kt_import_next_line(file, &line)) {
		struct kt_import_setting setting;
		KT_CLEANUP(kt_text_free) char *value = NULL;

		if (!kt_import_setting_read(&line, &setting))
			continue;
		if (setting.is_heading) {
			is_among_headers = has_headers(&line, &setting);
			if (!find_server(&line, &setting, &server, error))
				return false;
			continue;
		}
		if ((is_among_headers || has_headers(&line, &setting)) &&
		    !leave_header(file, &line, error))
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

	if (!find_setting(file, server, "command", &line, &setting) ||
	    !kt_secret_copy(&list, words, error) ||
	    !kt_secret_append(&list, line.text + setting.value - 1, setting.value_length + 2, error) ||
	    !kt_edits_add(edits, line.start + setting.value - 1, setting.value_length + 2,
	                  "\"keyturn\"", error))
		return false;
	place = line.start + line.length;
	if (!find_setting(file, server, "args", &line, &setting))
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
		if (!server_at(file, item->start, &own, error) ||
		    !kt_text_format(&comment, error, "# %s = <kept by keyturn>", item->name) ||
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
