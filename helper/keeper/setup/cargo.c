/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "helper/keeper/setup/edit.h"
#include "helper/keeper/setup/setup.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/text.h"
#include "keyring/translate.h"

/*
 * cargo reads config.toml: global-credential-providers in the table registry is a list of
 * providers, the last of which is asked first. Without it cargo has its own file of tokens, which
 * therefore stays in the list. What is written otherwise than in a line of its own is left to a
 * person: TOML has many forms.
 */

#define TABLE "[registry]"
#define KEY "global-credential-providers"
#define LINE KEY " = [\"cargo:token\", \"keyturn\"]"
#define BLANKS " \t\r"

/* Where the list, or the table, stands in the text; 0: nowhere. */
struct places {
	size_t table; /* behind the line of its heading */
	size_t start; /* of the list, behind its "[" */
	size_t end;   /* its "]" */
	bool is_odd;  /* written in another way */
};

static bool locate(char **path, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *old = NULL;
	KT_CLEANUP(kt_text_free) char *directory = NULL;
	const char *given = kt_environment_get("CARGO_HOME");
	const char *home = kt_environment_home();

	if ((given && given[0] != '/') || (!given && !home)) {
		kt_fail(error, KT_ERROR_USAGE, given ? "CARGO_HOME is no absolute path"
		                                     : KT_TEXT("cargo has no home directory here: HOME "
		                                               "is not set"));
		return kt_advise(error, "set HOME, or CARGO_HOME");
	}
	if (!kt_text_format(&directory, error, "%s%s", given ? given : home, given ? "" : "/.cargo") ||
	    !kt_text_format(&old, error, "%s/config", directory))
		return false;
	/* The name of before goes before the new one. */
	return access(old, F_OK) == 0 ? kt_text_set(path, old, error)
	                              : kt_text_format(path, error, "%s/config.toml", directory);
}

/* The word stands here, and no longer one. */
static bool is_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	return strncmp(text, word, length) == 0 && strchr(BLANKS "=.#\n\"']", text[length]);
}

/* Another form of the table's heading: [ registry ], ["registry"], [registry.x]. */
static bool is_like_table(const char *line)
{
	return is_word(line + strspn(line, "[ \t\"'"), "registry");
}

/* KEY = [...], in one line; a text in it may hold anything but its own quotes. */
static void read_list(const char *text, size_t place, struct places *places)
{
	size_t start = place + strlen(KEY);
	char quote = '\0';

	start += strspn(text + start, BLANKS);
	start += text[start] == '=';
	start += strspn(text + start, BLANKS);
	places->is_odd = places->is_odd || text[start] != '[' || places->start > 0;
	places->start = start + 1;
	for (places->end = start + 1; text[places->end] && text[places->end] != '\n'; places->end++) {
		char byte = text[places->end];

		if (quote ? byte == quote : byte == '"' || byte == '\'')
			quote = quote ? '\0' : byte;
		else if (!quote && (byte == ']' || byte == '#'))
			break;
	}
	places->is_odd = places->is_odd || text[places->end] != ']';
}

static void find_places(const struct kt_secret *content, struct places *places)
{
	const char *text = kt_secret_reveal(content);
	bool is_inside = false;
	bool is_top = true;

	*places = (struct places){ .is_odd = strstr(text, "\"\"\"") || strstr(text, "'''") };
	for (size_t place = 0; place < kt_secret_length(content);) {
		size_t next = place + strcspn(text + place, "\n");
		size_t first = place + strspn(text + place, BLANKS);

		next += text[next] == '\n';
		if (text[first] == '[') {
			is_inside = strncmp(text + first, TABLE, strlen(TABLE)) == 0;
			is_top = false;
			/* [ registry ] is the same table for cargo. */
			places->is_odd = places->is_odd ||
			                 (!is_inside && is_like_table(text + first));
			if (is_inside)
				places->table = next;
		} else if (is_inside && is_word(text + first, KEY)) {
			read_list(text, first, places);
		} else if (is_top && is_like_table(text + first)) {
			places->is_odd = true;
		}
		place = next;
	}
}

/* The list has keyturn, as its last entry or before. */
static bool has_keyturn(const char *text, const struct places *places)
{
	const char *list = text + places->start;
	const char *end = text + places->end;

	for (const char *name = strstr(list, "keyturn"); name && name < end;
	     name = strstr(name + 1, "keyturn")) {
		char before = name[-1];
		char after = name[strlen("keyturn")];

		if ((before == '"' || before == '\'' || before == '/') && (after == '"' || after == '\''))
			return true;
	}
	return false;
}

static bool fail_odd(const struct kt_setup_plan *plan, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_USAGE, "%s is written in a way that setup does not change",
	        plan->target.file);
	return kt_advise(error, "see the lines to add to it: keyturn setup cargo --print");
}

static bool change(struct kt_setup_plan *plan, const struct places *places,
                   struct kt_edits *edits, struct kt_error *error)
{
	const struct kt_secret *content = &plan->target.content;
	const char *text = kt_secret_reveal(content);
	size_t end = places->end;

	if (!places->table)
		return kt_setup_plan_set_made(plan, "table", error) &&
		       kt_edits_add_lines(edits, content, kt_secret_length(content), plan->tool->block,
		                          error);
	if (!places->start)
		return kt_setup_plan_set_made(plan, "line", error) &&
		       kt_edits_add_lines(edits, content, places->table, LINE "\n", error);
	while (end > places->start && strchr(BLANKS, text[end - 1]))
		end--;
	return kt_edits_add(edits, end, 0, end == places->start ? "\"cargo:token\", \"keyturn\""
	                    : text[end - 1] == ',' ? " \"keyturn\"" : ", \"keyturn\"", error);
}

static bool wire(struct kt_setup_plan *plan, struct kt_keeper *keeper,
                 struct kt_error *error)
{
	KT_CLEANUP(kt_edits_clear) struct kt_edits edits = { 0 };
	struct places places;

	(void)keeper;
	find_places(&plan->target.content, &places);
	if (places.is_odd)
		return fail_odd(plan, error);
	plan->is_asked = places.start &&
	                 has_keyturn(kt_secret_reveal(&plan->target.content), &places);
	plan->is_lost = plan->is_asked && !kt_setup_has_program(plan->tool->program);
	if (plan->is_asked)
		return true;
	plan->is_change = true;
	return change(plan, &places, &edits, error) &&
	       kt_edits_apply(&edits, &plan->target.content, &plan->content, error);
}

/* The forms of an added entry: table and line together, the line, the entry. */
static const struct form {
	const char *text;
	const char *made; /* only where setup made it, by its record; NULL: always */
} forms[] = {
	{ TABLE "\n" LINE "\n", "table" }, { TABLE "\r\n" LINE "\r\n", "table" },
	{ TABLE "\n" LINE, "table" },      { LINE "\n", "line" },
	{ LINE "\r\n", "line" },          { ", \"keyturn\"", NULL },
	{ " \"keyturn\"", NULL },         { "\"keyturn\"", NULL },
};

static bool unwire(struct kt_setup_plan *plan, struct kt_keeper *keeper, struct kt_error *error)
{
	KT_CLEANUP(kt_edits_clear) struct kt_edits edits = { 0 };
	const char *text = kt_secret_reveal(&plan->target.content);
	struct places places;

	(void)keeper;
	find_places(&plan->target.content, &places);
	if (places.is_odd)
		return fail_odd(plan, error);
	for (size_t i = 0; i < KT_COUNT(forms) && places.start; i++) {
		const struct form *form = &forms[i];
		const char *found = strstr(text, form->text);

		if (form->made && !kt_setup_plan_has_made(plan, form->made))
			continue;
		while (found && !form->made && found < text + places.start)
			found = strstr(found + 1, form->text);
		if (!found || found > text + places.end)
			continue;
		plan->is_change = true;
		return kt_edits_add(&edits, (size_t)(found - text), strlen(form->text), "", error) &&
		       kt_edits_apply(&edits, &plan->target.content, &plan->content, error);
	}
	return true;
}

const struct kt_setup_tool kt_setup_cargo = {
	.name = "cargo",
	.summary = "cargo (1.74 and later) asks for registries: ~/.cargo/config.toml",
	.program = "keyturn",
	.block = TABLE "\n" LINE "\n",
	.mode = 0666,
	.locate = locate,
	.wire = wire,
	.unwire = unwire,
};
