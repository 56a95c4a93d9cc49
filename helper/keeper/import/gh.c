/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/import/gh.h"
#include "helper/keeper/import/item.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/*
 * gh's hosts.yml: a host, indented below it user and oauth_token, and in newer ones users with a
 * token for each. Lines of that form alone are read; YAML's others (anchors, blocks, several things
 * in a line) stay as they are.
 */

#define TOKEN "oauth_token"
#define TENANT ".ghe.com"

/* gh's help on "environment". */
const char *kt_import_gh_variable(const char *host)
{
	const char *tenant = host ? strstr(host, TENANT) : NULL;

	return !host || strcmp(host, "github.com") == 0 || (tenant && !tenant[strlen(TENANT)])
	               ? "GH_TOKEN" : "GH_ENTERPRISE_TOKEN";
}

/* The line's NAME: VALUE, borrowed. */
struct entry {
	size_t indent;
	const char *name;
	size_t name_length;
	const char *value;
	size_t value_length;
};

/* Without the quotes around it, as gh writes a name of digits alone. */
static void unquote(const char **text, size_t *length)
{
	if (*length > 1 && strchr("\"'", **text) && (*text)[*length - 1] == **text) {
		++*text;
		*length -= 2;
	}
}

static bool read_entry(const struct kt_import_line *line, struct entry *entry)
{
	const char *end = line->text + line->length;
	const char *colon = memchr(line->text, ':', line->length);

	entry->indent = strspn(line->text, " ");
	entry->name = line->text + entry->indent;
	/* A host may have a port: the last colon that blanks or the end stand behind. */
	while (colon && colon + 1 < end && colon[1] != ' ')
		colon = memchr(colon + 1, ':', (size_t)(end - colon - 1));
	if (!colon || colon <= entry->name || *entry->name == '#' || *entry->name == '-')
		return false;
	entry->name_length = (size_t)(colon - entry->name);
	entry->value = colon + 1;
	while (entry->value < end && *entry->value == ' ')
		entry->value++;
	while (end > entry->value && end[-1] == ' ')
		end--;
	entry->value_length = (size_t)(end - entry->value);
	unquote(&entry->name, &entry->name_length);
	unquote(&entry->value, &entry->value_length);
	return true;
}

static bool is_named(const struct entry *entry, const char *name)
{
	return entry->name_length == strlen(name) &&
	       strncmp(entry->name, name, entry->name_length) == 0;
}

/* The user of the host that begins at this line, where one token stands beside it. */
static bool find_user(const struct kt_import_file *file, struct kt_import_line line, char **user,
                      struct kt_error *error)
{
	struct entry entry;

	while (kt_import_next_line(file, &line)) {
		if (!read_entry(&line, &entry))
			continue;
		if (entry.indent == 0)
			break;
		if (is_named(&entry, "user") && entry.value_length > 0)
			return kt_text_set_bytes(user, entry.value, entry.value_length, error);
	}
	return true;
}

static bool add_token(struct kt_import_file *file, const struct kt_import_line *line,
                      const struct entry *entry, const char *host, const char *user,
                      struct kt_error *error)
{
	struct kt_import_item *item = kt_import_add(file, line->start, line->length, error);
	bool is_service = false;

	if (!item || !kt_text_set(&item->name, kt_import_gh_variable(host), error))
		return false;
	if (!host || strchr("&*|>!{[$", *entry->value) ||
	    memchr(entry->value, ' ', entry->value_length))
		return kt_import_leave(item, "keep it by hand: keyturn login --with-token",
		                       "it is written in a form of YAML that import does not read");
	if (!kt_import_set_service(item, "gh", host, &is_service, error))
		return false;
	item->is_named = user != NULL;
	return !is_service || kt_import_set_fixed(item, user ? user : "github", entry->value,
	                                          entry->value_length, error);
}

/* Where in the file we are. */
struct position {
	char *host;
	char *user;   /* of the host */
	char *nested; /* of those below "users" */
	size_t indent; /* of the members of the host */
};

static void position_clear(struct position *position)
{
	kt_text_free(&position->host);
	kt_text_free(&position->user);
	kt_text_free(&position->nested);
}

static bool take_entry(struct kt_import_file *file, const struct kt_import_line *line,
                       const struct entry *entry, struct position *position,
                       struct kt_error *error)
{
	if (entry->indent == 0) {
		position->indent = 0;
		return kt_text_set_bytes(&position->host, entry->name, entry->name_length, error) &&
		       kt_text_set(&position->user, NULL, error) &&
		       find_user(file, *line, &position->user, error);
	}
	if (position->indent == 0)
		position->indent = entry->indent;
	if (is_named(entry, TOKEN) && entry->value_length > 0)
		return add_token(file, line, entry, position->host,
		                 entry->indent > position->indent ? position->nested
		                                                  : position->user, error);
	if (entry->value_length > 0 || entry->indent == position->indent)
		return true;
	return kt_text_set_bytes(&position->nested, entry->name, entry->name_length, error);
}

static bool read_items(struct kt_import_file *file, struct kt_error *error)
{
	KT_CLEANUP(position_clear) struct position position = { 0 };
	struct kt_import_line line = { 0 };
	struct entry entry;

	while (kt_import_next_line(file, &line))
		if (read_entry(&line, &entry) && !take_entry(file, &line, &entry, &position, error))
			return false;
	return true;
}

static bool replace(const struct kt_import_file *file, const struct kt_import_item *item,
                    struct kt_edits *edits, struct kt_error *error)
{
	const char *text = kt_secret_reveal(&file->target.content) + item->start;
	KT_CLEANUP(kt_text_free) char *command = NULL;
	KT_CLEANUP(kt_text_free) char *comment = NULL;

	return kt_import_run_command(item, &command, error) &&
	       kt_text_format(&comment, error, "%.*s# " TOKEN ": <kept by keyturn: %s>",
	                      (int)strspn(text, " "), text, command) &&
	       kt_edits_add(edits, item->start, item->length, comment, error);
}

const struct kt_import_source kt_import_gh = {
	.name = "gh",
	.summary = "~/.config/gh/hosts.yml",
	.read = read_items,
	.replace = replace,
};
