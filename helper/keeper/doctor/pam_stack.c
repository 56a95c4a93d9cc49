/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "helper/keeper/doctor/pam_stack.h"
#include "keyring/cleanup.h"
#include "keyring/file.h"
#include "keyring/secret.h"
#include "keyring/text.h"

#define FILE_MAXIMUM 65536
#define DEPTH_MAXIMUM 8
#define BLANKS " \t"

/* The words of one line, in the file's text. */
struct entry {
	char *type;
	char *control;
	char *module;
};

enum step {
	STEP_NEXT,
	STEP_JUMP,
	STEP_END,
};

void kt_pam_stack_clear(struct kt_pam_stack *stack)
{
	for (size_t i = 0; i < stack->count; i++) {
		kt_text_free(&stack->lines[i].control);
		kt_text_free(&stack->lines[i].module);
	}
	stack->count = 0;
}

/*
 * Reading.
 */

/* Cuts the next word off; one in brackets has blanks. NULL at the end. */
static char *cut_word(char **rest)
{
	char *word = *rest + strspn(*rest, BLANKS);
	char *end;

	if (*word == '\0')
		return NULL;
	end = *word == '[' ? strchr(word, ']') : word + strcspn(word, BLANKS);
	if (end && *end == ']')
		end++;
	if (!end)
		return NULL;
	*rest = end + (*end != '\0');
	*end = '\0';
	return word;
}

/* Cuts the next line off, joined with those that a backslash continues. NULL at the end. */
static char *cut_line(char **rest)
{
	char *line = *rest;
	char *end = line;

	if (*line == '\0')
		return NULL;
	while ((end = strchr(end, '\n')) != NULL && end > line && end[-1] == '\\') {
		end[-1] = ' ';
		*end++ = ' ';
	}
	*rest = end ? end + 1 : line + strlen(line);
	if (end)
		*end = '\0';
	line[strcspn(line, "#")] = '\0';
	return line;
}

static bool cut_entry(char *line, struct entry *entry)
{
	*entry = (struct entry){ .type = cut_word(&line) };
	if (!entry->type)
		return false;
	/* A dash: a module that is not installed is not missed. */
	entry->type += *entry->type == '-';
	if (strcmp(entry->type, "@include") == 0)
		entry->control = entry->type;
	else
		entry->control = cut_word(&line);
	entry->module = entry->control ? cut_word(&line) : NULL;
	return entry->module != NULL;
}

static bool is_inclusion(const struct entry *entry)
{
	return strcmp(entry->control, "@include") == 0 ||
	       strcmp(entry->control, "include") == 0 || strcmp(entry->control, "substack") == 0;
}

/* A file that cannot be read is an empty one. */
static bool read_file(const char *directory, const char *name, char **text,
                      struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *path = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
	struct kt_error ignored = { 0 };
	bool found;

	if (strchr(name, '/') ? !kt_text_set(&path, name, error)
	                      : !kt_text_format(&path, error, "%s/%s", directory, name))
		return false;
	if (!kt_file_read(path, FILE_MAXIMUM, &content, &found, &ignored) || !found)
		return kt_text_set(text, "", error);
	return kt_text_set(text, kt_secret_reveal(&content), error);
}

static bool add_line(struct kt_pam_stack *stack, const struct entry *entry,
                     struct kt_error *error)
{
	struct kt_pam_line *line = &stack->lines[stack->count];
	const char *slash = strrchr(entry->module, '/');

	if (stack->count == KT_PAM_STACK_MAXIMUM)
		return true;
	stack->count++;
	return kt_text_set(&line->control, entry->control, error) &&
	       kt_text_set(&line->module, slash ? slash + 1 : entry->module, error);
}

/* Sets the end of a stack's lines. Lines of a substack in it have theirs already. */
static void close_stack(struct kt_pam_stack *stack, size_t first)
{
	for (size_t i = first; i < stack->count; i++)
		if (stack->lines[i].end == 0)
			stack->lines[i].end = stack->count;
}

static bool read_service(struct kt_pam_stack *stack, const char *directory, const char *service,
                         const char *type, int depth, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *text = NULL;
	char *line;
	char *rest;

	if (depth > DEPTH_MAXIMUM)
		return true;
	if (!read_file(directory, service, &text, error))
		return false;
	rest = text;
	while ((line = cut_line(&rest)) != NULL) {
		size_t first = stack->count;
		struct entry entry;

		if (!cut_entry(line, &entry) ||
		    (strcmp(entry.type, type) != 0 && strcmp(entry.type, "@include") != 0))
			continue;
		if (!(is_inclusion(&entry)
		      ? read_service(stack, directory, entry.module, type, depth + 1, error)
		      : add_line(stack, &entry, error)))
			return false;
		if (strcmp(entry.control, "substack") == 0)
			close_stack(stack, first);
	}
	return true;
}

bool kt_pam_stack_read(struct kt_pam_stack *stack, const char *directory, const char *service,
                       const char *type, struct kt_error *error)
{
	kt_pam_stack_clear(stack);
	memset(stack, 0, sizeof(*stack));
	if (!read_service(stack, directory, service, type, 0, error))
		return false;
	close_stack(stack, 0);
	return true;
}

bool kt_pam_stack_is_included(const char *directory, const char *service, const char *name)
{
	KT_CLEANUP(kt_text_free) char *text = NULL;
	struct kt_error ignored = { 0 };
	char *line;
	char *rest;

	if (!read_file(directory, service, &text, &ignored))
		return false;
	rest = text;
	while ((line = cut_line(&rest)) != NULL) {
		struct entry entry;

		if (cut_entry(line, &entry) && is_inclusion(&entry) &&
		    strcmp(entry.module, name) == 0)
			return true;
	}
	return false;
}

/*
 * Walking through.
 */

static bool is_module(const struct kt_pam_line *line, const char *module)
{
	return kt_text_is_equal(line->module, module);
}

bool kt_pam_stack_is_asking(const struct kt_pam_line *line)
{
	static const char *const modules[] = {
		"pam_unix.so", "pam_unix2.so", "pam_sss.so", "pam_ldap.so", "pam_krb5.so",
		"pam_winbind.so", "pam_systemd_home.so", "pam_extrausers.so", "pam_tcb.so",
	};

	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
		if (is_module(line, modules[i]))
			return true;
	return false;
}

size_t kt_pam_stack_find(const struct kt_pam_stack *stack, const char *module)
{
	size_t place = 0;

	while (place < stack->count && !is_module(&stack->lines[place], module))
		place++;
	return place;
}

/* The value of name= in "[name=value ...]", else NULL. */
static const char *bracket_value(const char *control, const char *name)
{
	size_t length = strlen(name);

	for (const char *word = control + 1; *word != '\0';) {
		word += strspn(word, BLANKS);
		if (strncmp(word, name, length) == 0 && word[length] == '=')
			return word + length + 1;
		word += strcspn(word, BLANKS);
	}
	return NULL;
}

static enum step bracket_step(const char *control, bool succeeds, size_t *jump)
{
	const char *value = bracket_value(control, succeeds ? "success" : "auth_err");
	int64_t number;

	if (!value)
		value = bracket_value(control, "default");
	if (!value)
		return STEP_NEXT;
	if (kt_text_to_number(value, strspn(value, "0123456789"), 1, KT_PAM_STACK_MAXIMUM,
	                      &number)) {
		*jump = (size_t)number;
		return STEP_JUMP;
	}
	return kt_text_has_prefix(value, "done") || kt_text_has_prefix(value, "die") ? STEP_END
	                                                                             : STEP_NEXT;
}

static enum step step_of(const struct kt_pam_line *line, bool succeeds, size_t *jump)
{
	if (line->control[0] == '[')
		return bracket_step(line->control, succeeds, jump);
	if (strcmp(line->control, "sufficient") == 0)
		return succeeds ? STEP_END : STEP_NEXT;
	if (strcmp(line->control, "requisite") == 0)
		return succeeds ? STEP_NEXT : STEP_END;
	return STEP_NEXT;
}

/*
 * Assumes the worst case: a module that could log the user in without a password (sufficient,
 * done) fails; a required module succeeds.
 */
static bool is_success(const struct kt_pam_line *line, bool is_good)
{
	size_t jump;

	if (kt_pam_stack_is_asking(line))
		return is_good;
	if (is_module(line, "pam_deny.so"))
		return false;
	return is_module(line, "pam_permit.so") || step_of(line, true, &jump) == STEP_NEXT;
}

bool kt_pam_stack_reaches(const struct kt_pam_stack *stack, size_t place, bool is_good,
                          bool *asked)
{
	size_t at = 0;

	*asked = false;
	while (at < place) {
		const struct kt_pam_line *line = &stack->lines[at];
		size_t jump = 0;

		*asked = *asked || kt_pam_stack_is_asking(line);
		switch (step_of(line, is_success(line, is_good), &jump)) {
		case STEP_NEXT:
			at++;
			break;
		case STEP_JUMP:
			at += jump + 1;
			break;
		case STEP_END:
			at = line->end;
			/*
			 * After the end of a substack the stack goes on, but the end of the
			 * whole stack is the end.
			 */
			if (at == stack->count)
				return false;
			break;
		}
	}
	return at == place && place < stack->count;
}
