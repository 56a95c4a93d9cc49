/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "helper/keeper/account/secret_word.h"
#include "helper/keeper/import/codex_table.h"
#include "helper/keeper/import/mcp_codex_header.h"
#include "helper/keeper/import/mcp_request.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

#define HEADERS "http_headers"
#define BLANKS " \t"
#define VARIABLE "KEYTURN_TOKEN_"

/* One NAME = "VALUE", by places in its line; name and value without their quotes. */
struct header {
	size_t start; /* with the comma that parts it from another one */
	size_t end;
	size_t name;
	size_t name_length;
	size_t value;
	size_t value_length;
	bool is_inline;
	bool is_alone; /* in { } */
};

static bool is_headers(const char *table, size_t length)
{
	size_t ending = strlen("." HEADERS);

	return length > strlen(KT_CODEX_SERVERS) + ending &&
	       strncmp(table, KT_CODEX_SERVERS, strlen(KT_CODEX_SERVERS)) == 0 &&
	       strncmp(table + length - ending, "." HEADERS, ending) == 0;
}

bool kt_import_codex_is_headers(const struct kt_import_line *line,
                                const struct kt_import_setting *heading)
{
	return is_headers(line->text + heading->name, heading->name_length);
}

static size_t skip(const struct kt_import_line *line, size_t place)
{
	while (place < line->length && strchr(BLANKS, line->text[place]))
		place++;
	return place;
}

static bool is_at(const struct kt_import_line *line, size_t place, char byte)
{
	return place < line->length && line->text[place] == byte;
}

/* A text in quotes without an escape; *place is behind it then. */
static bool read_string(const struct kt_import_line *line, size_t *place, size_t *start,
                        size_t *length)
{
	const char *end;

	if (!is_at(line, *place, '"') && !is_at(line, *place, '\''))
		return false;
	*start = *place + 1;
	end = memchr(line->text + *start, line->text[*place], line->length - *start);
	if (!end || memchr(line->text + *start, '\\', (size_t)(end - line->text) - *start))
		return false;
	*length = (size_t)(end - line->text) - *start;
	*place = *start + *length + 1;
	return true;
}

static bool read_name(const struct kt_import_line *line, size_t *place, struct header *header)
{
	if (is_at(line, *place, '"') || is_at(line, *place, '\''))
		return read_string(line, place, &header->name, &header->name_length);
	header->name = *place;
	while (*place < line->length && (isalnum((unsigned char)line->text[*place]) ||
	                                 strchr("-_", line->text[*place])))
		++*place;
	header->name_length = *place - header->name;
	return header->name_length > 0;
}

/* NAME = "VALUE" from the place on, which is behind it and blanks then. */
static bool read_pair(const struct kt_import_line *line, size_t *place, struct header *header)
{
	header->start = *place;
	if (!read_name(line, place, header))
		return false;
	*place = skip(line, *place);
	if (!is_at(line, *place, '='))
		return false;
	*place = skip(line, *place + 1);
	if (!read_string(line, place, &header->value, &header->value_length))
		return false;
	header->end = *place;
	*place = skip(line, *place);
	return true;
}

/* The value may be the token as a whole, or behind the word Bearer of an Authorization. */
static bool find_token(const struct kt_import_line *line, const struct header *header,
                       bool *is_bearer, char **token, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;
	const char *start;

	if (!kt_text_set_bytes(&name, line->text + header->name, header->name_length, error) ||
	    !kt_text_set_bytes(token, line->text + header->value, header->value_length, error))
		return false;
	*is_bearer = strcasecmp(name, "Authorization") == 0;
	start = *token;
	if (strncasecmp(start, "Bearer ", 7) == 0)
		start += 7 + strspn(start + 7, " ");
	if (*start == '\0' || strchr("$<{%*", *start) ||
	    (!*is_bearer && !strcasestr(name, "key") && !strcasestr(name, "token") &&
	     !kt_secret_word_is_token(*token)) ||
	    (*is_bearer && start == *token)) {
		kt_text_free(token);
		return true;
	}
	if (*is_bearer)
		memmove(*token, start, strlen(start) + 1);
	return true;
}

/* The headers of { } in turn, from *place on, which a zero starts; false: there is no more. */
static bool next_inline(const struct kt_import_line *line, const struct kt_import_setting *setting,
                        size_t *place, struct header *header)
{
	bool is_first = *place == 0;
	size_t comma;

	*header = (struct header){ .is_inline = true };
	if (is_first && !is_at(line, setting->value, '{'))
		return false;
	if (is_first)
		*place = skip(line, setting->value + 1);
	comma = is_first ? 0 : *place;
	if (!is_first && !is_at(line, *place, ','))
		return false;
	if (!is_first)
		*place = skip(line, *place + 1);
	if (!read_pair(line, place, header))
		return false;
	header->is_alone = is_first && is_at(line, *place, '}');
	if (!is_first)
		header->start = comma;
	else if (is_at(line, *place, ','))
		header->end = skip(line, *place + 1);
	return is_at(line, *place, ',') || is_at(line, *place, '}');
}

/* The server's name, as it is part of a variable's, and of the account's. */
static bool name_server(const char *server, char **name, char **variable, struct kt_error *error)
{
	const char *start = server + strlen(KT_CODEX_SERVERS);
	size_t length = strlen(start);

	if (length > 2 && strchr("\"'", start[0]) && start[length - 1] == start[0]) {
		start++;
		length -= 2;
	}
	if (!kt_text_set_bytes(name, start, length, error) ||
	    !kt_text_format(variable, error, VARIABLE "%s", *name))
		return false;
	for (char *byte = *variable; *byte; byte++)
		*byte = isalnum((unsigned char)*byte) ? (char)toupper((unsigned char)*byte) : '_';
	return true;
}

static bool leave(struct kt_import_item *item)
{
	return kt_import_leave(item, "keep it: keyturn login NAME --api-base URL --with-token; "
	                       "write bearer_token_env_var = \"TOKEN\" in its place, and start "
	                       "codex by: keyturn run NAME --env TOKEN -- codex",
	                       "codex has no command that prints a header");
}

/* One token a server is moved, where nothing else of it comes from a variable yet. */
static bool is_taken(const struct kt_import_file *file, const char *server, const char *variable)
{
	struct kt_import_line line;
	struct kt_import_setting setting;
	bool taken = kt_import_codex_find(file, server, "bearer_token_env_var", &line, &setting) ||
	             kt_import_codex_find(file, server, "env_http_headers", &line, &setting);

	for (size_t i = 0; i < file->count; i++)
		taken = taken || kt_text_is_equal(file->items[i].name, variable);
	return taken;
}

static bool fill(struct kt_import_file *file, const struct kt_import_line *line,
                 const struct header *header, const char *server, const char *token,
                 struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *variable = NULL;
	KT_CLEANUP(kt_text_free) char *name = NULL;
	KT_CLEANUP(kt_text_free) char *url = NULL;
	struct kt_import_line other;
	struct kt_import_setting setting;
	struct kt_import_item *item;
	bool taken;

	if (!name_server(server, &name, &variable, error))
		return false;
	taken = is_taken(file, server, variable);
	item = kt_import_add(file, line->start + header->start, header->end - header->start, error);
	if (!item)
		return false;
	if (taken || !kt_import_codex_find(file, server, "url", &other, &setting))
		return leave(item);
	return kt_text_set(&item->name, variable, error) &&
	       kt_import_setting_value(&other, &setting, &url, error) &&
	       kt_import_mcp_fill(item, name, url, token, strlen(token), error);
}

static bool add_header(struct kt_import_file *file, const struct kt_import_line *line,
                       const struct header *header, const char *server, size_t *count,
                       struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *token = NULL;
	bool is_bearer;

	if (!find_token(line, header, &is_bearer, &token, error))
		return false;
	*count += token != NULL;
	return !token || fill(file, line, header, server, token, error);
}

bool kt_import_codex_add_headers(struct kt_import_file *file, const struct kt_import_line *line,
                                 const struct kt_import_setting *setting, const char *server,
                                 bool is_table, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	struct kt_import_item *item;
	struct header header = { 0 };
	size_t count = 0;
	size_t place = 0;

	if (server && !is_table) {
		while (next_inline(line, setting, &place, &header))
			if (!add_header(file, line, &header, server, &count, error))
				return false;
	} else if (server) {
		place = setting->name;
		if (read_pair(line, &place, &header)) {
			header.start = 0;
			header.end = line->length;
			if (!add_header(file, line, &header, server, &count, error))
				return false;
		}
	}
	/* A line that is written in another way may be a secret by its looks. */
	if (count > 0 || !file->plain)
		return true;
	if (!kt_secret_append(&text, line->text, line->length, error))
		return false;
	if (!kt_plain_source_has_secret(file->plain, kt_secret_reveal(&text)))
		return true;
	item = kt_import_add(file, line->start, line->length, error);
	return item && leave(item);
}

static bool fail_missing(const char *name, struct kt_error *error)
{
	return kt_fail(error, KT_ERROR_INTERNAL, "%s is not where it was", name);
}

/* The lines by which codex takes the header from the variable. */
static bool make_setting(const struct kt_import_line *line, const struct header *header,
                         const struct kt_import_item *item, char **text, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *account = NULL;
	KT_CLEANUP(kt_text_free) char *token = NULL;
	const char *variable = item->name;
	bool is_bearer;

	if (!find_token(line, header, &is_bearer, &token, error) ||
	    !kt_import_account_word(item, &account, error))
		return false;
	return is_bearer
	       ? kt_text_format(text, error, "# keyturn run %s --env %s -- codex\n"
	                        "bearer_token_env_var = \"%s\"", account, variable, variable)
	       : kt_text_format(text, error, "# keyturn run %s --env %s -- codex\n"
	                        "env_http_headers = { \"%.*s\" = \"%s\" }", account, variable,
	                        (int)header->name_length, line->text + header->name, variable);
}

static bool replace_inline(const struct kt_import_line *line,
                           const struct kt_import_setting *setting, const struct header *header,
                           const char *made, struct kt_edits *edits, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *before = NULL;
	size_t start = line->start + setting->name;
	size_t close = skip(line, header->end);

	if (header->is_alone)
		return kt_edits_add(edits, start, close + 1 - setting->name, made, error);
	return kt_text_format(&before, error, "%s\n", made) &&
	       kt_edits_add(edits, start, 0, before, error) &&
	       kt_edits_add(edits, line->start + header->start, header->end - header->start, "",
	                    error);
}

static bool replace_line(const struct kt_import_file *file, const struct kt_import_line *line,
                         const struct header *header, const char *server, const char *made,
                         struct kt_edits *edits, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *comment = NULL;
	KT_CLEANUP(kt_text_free) char *before = NULL;
	struct kt_import_line url;
	struct kt_import_setting setting;

	if (!kt_import_codex_find(file, server, "url", &url, &setting))
		return fail_missing("url", error);
	return kt_text_format(&before, error, "%s\n", made) &&
	       kt_text_format(&comment, error, "# %.*s = <kept by keyturn>",
	                      (int)header->name_length, line->text + header->name) &&
	       kt_edits_add(edits, url.start + setting.name, 0, before, error) &&
	       kt_edits_add(edits, line->start, line->length, comment, error);
}

/* The line on which the item stands, and the table that it is in. */
static bool find_line(const struct kt_import_file *file, const struct kt_import_item *item,
                      struct kt_import_line *line, struct kt_import_setting *setting,
                      char **table, struct kt_error *error)
{
	*line = (struct kt_import_line){ 0 };
	while (kt_import_next_line(file, line)) {
		if (!kt_import_setting_read(line, setting))
			continue;
		if (setting->is_heading && !kt_import_setting_name(line, setting, table, error))
			return false;
		if (item->start >= line->start && item->start < line->start + line->length)
			return true;
	}
	return fail_missing(item->name, error);
}

bool kt_import_codex_replace_header(const struct kt_import_file *file,
                                    const struct kt_import_item *item, struct kt_edits *edits,
                                    struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *table = NULL;
	KT_CLEANUP(kt_text_free) char *made = NULL;
	struct kt_import_line line;
	struct kt_import_setting setting;
	struct header header = { 0 };
	size_t place = 0;

	if (!find_line(file, item, &line, &setting, &table, error))
		return false;
	if (is_headers(table, strlen(table))) {
		place = setting.name;
		table[strlen(table) - strlen("." HEADERS)] = '\0';
		if (!read_pair(&line, &place, &header))
			return fail_missing(item->name, error);
		return make_setting(&line, &header, item, &made, error) &&
		       replace_line(file, &line, &header, table, made, edits, error);
	}
	while (next_inline(&line, &setting, &place, &header))
		if (line.start + header.start == item->start)
			return make_setting(&line, &header, item, &made, error) &&
			       replace_inline(&line, &setting, &header, made, edits, error);
	return fail_missing(item->name, error);
}
