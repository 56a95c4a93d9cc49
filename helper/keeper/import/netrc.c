/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/import/item.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/*
 * netrc(5): words between blanks, "machine" begins a login. A login that has lines of its own
 * becomes a comment, which curl, git and Python pass over; within a line it goes without a word.
 */

#define BLANKS " \t\r\n"

/* A word, without its quotes. */
struct word {
	size_t start;
	size_t end; /* behind it, and its quotes */
	const char *bytes;
	size_t length;
};

/* Moves on to the next word; false: there is none. Comments go to the end of their line. */
static bool next_word(const char *text, struct word *word)
{
	size_t place = word->end;

	for (;;) {
		place += strspn(text + place, BLANKS);
		if (text[place] != '#')
			break;
		place += strcspn(text + place, "\n");
	}
	if (text[place] == '\0')
		return false;
	word->start = place;
	word->bytes = text + place;
	word->length = strcspn(text + place, BLANKS);
	word->end = place + word->length;
	if (text[place] == '"' && strchr(text + place + 1, '"')) {
		word->bytes++;
		word->length = strcspn(word->bytes, "\"");
		word->end = place + word->length + 2;
	}
	return true;
}

static bool is_word(const struct word *word, const char *text)
{
	return word->length == strlen(text) && strncmp(word->bytes, text, word->length) == 0;
}

/* A login as it is read: the words behind "machine", "login" and "password". */
struct login {
	size_t start;
	size_t end;
	struct word machine;
	struct word name;
	struct word password;
};

static bool add_login(struct kt_import_file *file, const struct login *login,
                      struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *host = NULL;
	KT_CLEANUP(kt_text_free) char *username = NULL;
	struct kt_import_item *item;
	bool is_service = false;

	if (login->password.length == 0)
		return true;
	item = kt_import_add(file, login->start, login->end - login->start, error);
	if (!item)
		return false;
	if (login->machine.length == 0 || login->name.length == 0 ||
	    memchr(login->password.bytes, '\\', login->password.length))
		return kt_import_leave(item, "keep it by hand, then take it out",
		                       "it has no host or no user name, or an escape in its password");
	if (!kt_text_set_bytes(&host, login->machine.bytes, login->machine.length, error) ||
	    !kt_text_set_bytes(&username, login->name.bytes, login->name.length, error) ||
	    !kt_import_set_service(item, "netrc", host, &is_service, error))
		return false;
	return !is_service || (kt_text_set(&item->name, host, error) &&
	                       kt_import_set_login(item, username, login->password.bytes,
	                                           login->password.length, NULL, error));
}

/* A macro goes to the next empty line. */
static size_t skip_macro(const char *text, size_t place)
{
	const char *end = strstr(text + place, "\n\n");

	return end ? (size_t)(end - text) : place + strlen(text + place);
}

static bool read_items(struct kt_import_file *file, struct kt_error *error)
{
	const char *text = kt_secret_reveal(&file->target.content);
	struct login login = { 0 };
	struct word word = { .end = kt_text_has_prefix(text, KT_BYTE_ORDER_MARK) ? 3 : 0 };

	while (next_word(text, &word)) {
		bool is_machine = is_word(&word, "machine");
		struct word value = word;

		if (is_machine || is_word(&word, "default") || is_word(&word, "macdef")) {
			if (!add_login(file, &login, error))
				return false;
			login = (struct login){ .start = word.start };
		}
		if (is_word(&word, "macdef"))
			word.end = skip_macro(text, word.end);
		if (!is_machine && !is_word(&word, "login") && !is_word(&word, "password") &&
		    !is_word(&word, "account"))
			continue;
		if (!next_word(text, &value))
			break;
		if (is_machine)
			login.machine = value;
		else if (is_word(&word, "login"))
			login.name = value;
		else if (is_word(&word, "password"))
			login.password = value;
		login.end = word.end = value.end;
	}
	return add_login(file, &login, error);
}

/* Nothing but blanks stands before and behind it in its lines. */
static bool has_own_lines(const char *text, const struct kt_import_item *item)
{
	size_t start = item->start;
	size_t end = item->start + item->length;

	while (start > 0 && strchr(" \t", text[start - 1]))
		start--;
	end += strspn(text + end, " \t\r");
	start -= start == 3 && kt_text_has_prefix(text, KT_BYTE_ORDER_MARK) ? 3 : 0;
	return (start == 0 || text[start - 1] == '\n') && (text[end] == '\n' || text[end] == '\0');
}

static bool replace(const struct kt_import_file *file, const struct kt_import_item *item,
                    struct kt_edits *edits, struct kt_error *error)
{
	const char *text = kt_secret_reveal(&file->target.content);
	KT_CLEANUP(kt_text_free) char *comment = NULL;

	return kt_text_format(&comment, error, "# machine %s <kept by keyturn: curl --netrc-file "
	                      "<(keyturn netrc %s) URL>", item->name, item->name) &&
	       kt_edits_add(edits, item->start, item->length,
	                    has_own_lines(text, item) ? comment : "", error);
}

const struct kt_import_source kt_import_netrc = {
	.name = "netrc",
	.summary = "~/.netrc",
	.read = read_items,
	.replace = replace,
};
