/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "helper/keeper/setup/git_file.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"


struct reader {
	const char *text;
	size_t length;
	size_t place;
	enum kt_git_section section;
	struct kt_git_file *file;
};

/* CR LF is one LF for git; the end of the file ends a line, too. */
static int peek(const struct reader *reader)
{
	size_t place = reader->place;

	if (place >= reader->length)
		return '\n';
	if (reader->text[place] == '\r' && place + 1 < reader->length &&
	    reader->text[place + 1] == '\n')
		return '\n';
	return (unsigned char)reader->text[place];
}

static bool is_end(const struct reader *reader)
{
	return reader->place >= reader->length;
}

static void step(struct reader *reader)
{
	bool is_pair = !is_end(reader) && reader->text[reader->place] == '\r' &&
	               peek(reader) == '\n';

	if (!is_end(reader))
		reader->place += is_pair ? 2 : 1;
}

static bool fail_line(const struct reader *reader, struct kt_error *error)
{
	size_t line = 1;

	for (size_t i = 0; i < reader->place && i < reader->length; i++)
		line += reader->text[i] == '\n';
	kt_fail(error, KT_ERROR_USAGE, "line %zu of git's configuration is none that git can read",
	        line);
	return kt_advise(error, "see what it says: git config --list");
}

static bool add(struct reader *reader, struct kt_git_entry *entry, struct kt_error *error)
{
	struct kt_git_file *file = reader->file;
	struct kt_git_entry *grown =
		reallocarray(file->entries, file->count + 1, sizeof(*grown));

	if (!grown) {
		kt_text_free(&entry->value);
		return kt_fail_memory(error);
	}
	file->entries = grown;
	grown[file->count++] = *entry;
	return true;
}

static enum kt_git_section section_of(const char *name, size_t length, bool has_subsection)
{
	static const char credential[] = "credential";
	size_t size = strlen(credential);

	if (length == strlen("include") && strncasecmp(name, "include", length) == 0)
		return has_subsection ? KT_GIT_OTHER : KT_GIT_INCLUDE;
	if (length == strlen("includeif") && strncasecmp(name, "includeif", length) == 0)
		return KT_GIT_INCLUDE;
	if (length < size || strncasecmp(name, credential, size) != 0)
		return KT_GIT_OTHER;
	/* The old form: [credential.https://example.com]. */
	if (length > size)
		return name[size] == '.' ? KT_GIT_CREDENTIAL_URL : KT_GIT_OTHER;
	return has_subsection ? KT_GIT_CREDENTIAL_URL : KT_GIT_CREDENTIAL;
}

/* "..." behind the section's name, up to its closing quote. */
static bool skip_subsection(struct reader *reader, struct kt_error *error)
{
	while (peek(reader) == ' ' || peek(reader) == '\t')
		step(reader);
	if (peek(reader) != '"')
		return fail_line(reader, error);
	step(reader);
	while (peek(reader) != '"') {
		if (peek(reader) == '\\')
			step(reader);
		if (peek(reader) == '\n')
			return fail_line(reader, error);
		step(reader);
	}
	step(reader);
	return true;
}

static bool read_heading(struct reader *reader, struct kt_error *error)
{
	struct kt_git_entry entry = { .is_heading = true, .start = reader->place };
	size_t name = reader->place + 1;
	size_t length;
	bool has_subsection;

	step(reader);
	while (isalnum(peek(reader)) || peek(reader) == '-' || peek(reader) == '.')
		step(reader);
	length = reader->place - name;
	has_subsection = peek(reader) == ' ' || peek(reader) == '\t';
	if (has_subsection && !skip_subsection(reader, error))
		return false;
	if (peek(reader) != ']')
		return fail_line(reader, error);
	step(reader);
	reader->section = section_of(reader->text + name, length, has_subsection);
	entry.section = reader->section;
	entry.end = reader->place;
	return add(reader, &entry, error);
}

static bool append_escaped(struct reader *reader, struct kt_secret *value, struct kt_error *error)
{
	static const char escapes[][2] = { { 't', '\t' }, { 'b', '\b' }, { 'n', '\n' },
		                           { '\\', '\\' }, { '"', '"' } };
	int byte = peek(reader);

	if (byte == '\n' && !is_end(reader)) {
		step(reader);
		return true;
	}
	for (size_t i = 0; i < KT_COUNT(escapes); i++) {
		if (escapes[i][0] != byte)
			continue;
		step(reader);
		return kt_secret_append(value, &escapes[i][1], 1, error);
	}
	return is_end(reader) || fail_line(reader, error);
}

/* Up to the LF that ends it; blanks around it and what stands behind # or ; are not of it. */
static bool read_value(struct reader *reader, struct kt_secret *value, struct kt_error *error)
{
	bool is_quoted = false;
	bool is_comment = false;
	size_t solid = 0;

	while (!(peek(reader) == '\n' && (!is_quoted || is_comment))) {
		char byte = (char)peek(reader);

		if (byte == '\n')
			return fail_line(reader, error);
		step(reader);
		is_comment = is_comment || (!is_quoted && (byte == '#' || byte == ';'));
		if (is_comment)
			continue;
		if (!is_quoted && isspace((unsigned char)byte)) {
			if (kt_secret_length(value) && !kt_secret_append(value, &byte, 1, error))
				return false;
			continue;
		}
		if (byte == '"')
			is_quoted = !is_quoted;
		else if (byte == '\\' ? !append_escaped(reader, value, error)
		                      : !kt_secret_append(value, &byte, 1, error))
			return false;
		solid = kt_secret_length(value);
	}
	kt_secret_truncate(value, solid);
	return true;
}

static bool read_setting(struct reader *reader, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret value = { 0 };
	struct kt_git_entry entry = { .section = reader->section, .start = reader->place };
	const char *name = reader->text + reader->place;
	bool has_value;

	while (isalnum(peek(reader)) || peek(reader) == '-')
		step(reader);
	entry.is_helper = reader->section >= KT_GIT_CREDENTIAL &&
	                  reader->place - entry.start == strlen("helper") &&
	                  strncasecmp(name, "helper", strlen("helper")) == 0;
	while (peek(reader) == ' ' || peek(reader) == '\t')
		step(reader);
	has_value = peek(reader) == '=';
	if (has_value)
		step(reader);
	else if (peek(reader) != '\n')
		return fail_line(reader, error);
	if (has_value && !read_value(reader, &value, error))
		return false;
	entry.end = reader->place;
	/* A setting without "=" is the truth value true. */
	if (entry.is_helper &&
	    !kt_text_set(&entry.value, has_value ? kt_secret_reveal(&value) : "true", error))
		return false;
	return add(reader, &entry, error);
}

static bool read_all(struct reader *reader, struct kt_error *error)
{
	if (reader->length >= strlen(KT_BYTE_ORDER_MARK) &&
	    memcmp(reader->text, KT_BYTE_ORDER_MARK, strlen(KT_BYTE_ORDER_MARK)) == 0)
		reader->place = strlen(KT_BYTE_ORDER_MARK);
	while (!is_end(reader)) {
		int byte = peek(reader);

		if (isspace(byte)) {
			step(reader);
		} else if (byte == '#' || byte == ';') {
			while (peek(reader) != '\n')
				step(reader);
		} else if (byte == '[') {
			if (!read_heading(reader, error))
				return false;
		} else if (!isalpha(byte) || !read_setting(reader, error)) {
			return fail_line(reader, error);
		}
	}
	return true;
}

bool kt_git_file_parse(struct kt_git_file *file, const struct kt_secret *text,
                       struct kt_error *error)
{
	struct reader reader = { .text = kt_secret_reveal(text),
		                 .length = kt_secret_length(text),
		                 .file = file };

	return read_all(&reader, error);
}

void kt_git_file_clear(struct kt_git_file *file)
{
	for (size_t i = 0; i < file->count; i++)
		kt_text_free(&file->entries[i].value);
	free(file->entries);
	*file = (struct kt_git_file){ 0 };
}
