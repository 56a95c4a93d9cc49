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
	char *arguments;
};

void kt_pam_stack_clear(struct kt_pam_stack *stack)
{
	for (size_t i = 0; i < stack->count; i++) {
		kt_text_free(&stack->lines[i].control);
		kt_text_free(&stack->lines[i].module);
		kt_text_free(&stack->lines[i].arguments);
	}
	stack->count = 0;
}

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
	entry->arguments = line;
	return entry->module != NULL;
}

static bool is_inclusion(const struct entry *entry)
{
	return strcmp(entry->control, "@include") == 0 ||
	       strcmp(entry->control, "include") == 0 || strcmp(entry->control, "substack") == 0;
}

/* The file of that name in the first directory that has one; else an empty text. */
static bool read_file(const char *const *directories, const char *name, char **text,
                      struct kt_error *error)
{
	for (; *directories; directories++) {
		KT_CLEANUP(kt_text_free) char *path = NULL;
		KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
		struct kt_error ignored = { 0 };
		bool found;

		if (strchr(name, '/') ? !kt_text_set(&path, name, error)
		                      : !kt_text_format(&path, error, "%s/%s", *directories, name))
			return false;
		if (kt_file_read(path, FILE_MAXIMUM, &content, &found, &ignored) && found)
			return kt_text_set(text, kt_secret_reveal(&content), error);
	}
	return kt_text_set(text, "", error);
}

/* entry is NULL where a substack begins. */
static bool add_line(struct kt_pam_stack *stack, const struct entry *entry, size_t level,
                     struct kt_error *error)
{
	struct kt_pam_line *line = &stack->lines[stack->count];
	const char *slash;

	if (stack->count == KT_PAM_STACK_MAXIMUM)
		return true;
	stack->count++;
	line->level = level;
	if (!entry)
		return true;
	slash = strrchr(entry->module, '/');
	return kt_text_set(&line->control, entry->control, error) &&
	       kt_text_set(&line->module, slash ? slash + 1 : entry->module, error) &&
	       kt_text_set(&line->arguments, entry->arguments, error);
}

/* The files that are being read, and the stack that they fill. */
struct reading {
	struct kt_pam_stack *stack;
	const char *const *directories;
	const char *type;
};

static bool read_service(const struct reading *reading, const char *service, size_t level,
                         int depth, struct kt_error *error);

static bool take_entry(const struct reading *reading, const struct entry *entry, size_t level,
                       int depth, struct kt_error *error)
{
	if (!is_inclusion(entry))
		return add_line(reading->stack, entry, level, error);
	if (strcmp(entry->control, "substack") != 0)
		return read_service(reading, entry->module, level, depth + 1, error);
	return add_line(reading->stack, NULL, level, error) &&
	       read_service(reading, entry->module, level + 1, depth + 1, error);
}

static bool read_service(const struct reading *reading, const char *service, size_t level,
                         int depth, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *text = NULL;
	char *line;
	char *rest;

	if (depth > DEPTH_MAXIMUM)
		return true;
	if (!read_file(reading->directories, service, &text, error))
		return false;
	rest = text;
	while ((line = cut_line(&rest)) != NULL) {
		struct entry entry;

		if (!cut_entry(line, &entry) || (strcmp(entry.type, reading->type) != 0 &&
		                                 strcmp(entry.type, "@include") != 0))
			continue;
		if (!take_entry(reading, &entry, level, depth, error))
			return false;
	}
	return true;
}

bool kt_pam_stack_read(struct kt_pam_stack *stack, const char *const *directories,
                       const char *service, const char *type, struct kt_error *error)
{
	struct reading reading = { stack, directories, type };

	kt_pam_stack_clear(stack);
	memset(stack, 0, sizeof(*stack));
	return read_service(&reading, service, 0, 0, error);
}

bool kt_pam_stack_is_included(const char *const *directories, const char *service,
                              const char *name, const char *type)
{
	KT_CLEANUP(kt_text_free) char *text = NULL;
	struct kt_error ignored = { 0 };
	char *line;
	char *rest;

	if (!read_file(directories, service, &text, &ignored))
		return false;
	rest = text;
	while ((line = cut_line(&rest)) != NULL) {
		struct entry entry;

		if (cut_entry(line, &entry) && is_inclusion(&entry) &&
		    strcmp(entry.module, name) == 0 &&
		    (!type || strcmp(entry.type, type) == 0 || entry.type == entry.control))
			return true;
	}
	return false;
}

size_t kt_pam_stack_find(const struct kt_pam_stack *stack, const char *module)
{
	size_t place = 0;

	while (place < stack->count &&
	       !(stack->lines[place].module && strcmp(stack->lines[place].module, module) == 0))
		place++;
	return place;
}
