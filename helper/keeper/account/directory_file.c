/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "helper/keeper/account/directory_file.h"
#include "helper/keeper/account/secret_word.h"
#include "helper/keeper/account/service.h"
#include "helper/route.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/file.h"
#include "keyring/text.h"
#include "keyring/translate.h"

#define SIZE_MAXIMUM 4096
#define NAMES_MAXIMUM 16

static bool set_hash(char **hash, const struct kt_secret *content, struct kt_error *error)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char text[2 * EVP_MAX_MD_SIZE + 1] = "";
	unsigned int length = 0;

	if (EVP_Digest(kt_secret_reveal(content), kt_secret_length(content), digest, &length,
	               EVP_sha256(), NULL) != 1)
		return kt_fail(error, KT_ERROR_INTERNAL, "no SHA-256 can be had");
	for (unsigned int i = 0; i < length; i++)
		snprintf(text + 2 * (size_t)i, 3, "%02x", digest[i]);
	return kt_text_set(hash, text, error);
}

static bool fail_line(const char *path, int line, const char *reason, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_USAGE, "%s, line %d: %s", path, line, kt_translate(reason));
	return kt_advise(error, "write an account on each line: NAME, NAME@SITE or NAME@HOST");
}

static bool add_name(struct kt_secret *names, const char *name, const char *path, int line,
                     struct kt_error *error)
{
	struct kt_error reason = { 0 };

	if (kt_secret_word_is_likely(name))
		return fail_line(path, line,
		                 KT_TEXT("this may be a token, and is no name of an account"), error);
	if (!kt_service_check_name(name, &reason))
		return fail_line(path, line, reason.message, error);
	return kt_secret_append_text(names, name, error) &&
	       kt_secret_append_text(names, "\n", error);
}

/* A line without its comment and the blanks around it. */
static void trim(char *line)
{
	size_t blanks = strspn(line, " \t");
	size_t length;

	line[strcspn(line, "#")] = '\0';
	length = strlen(line);
	while (length > 0 && strchr(" \t\r", line[length - 1]))
		line[--length] = '\0';
	if (blanks > length)
		blanks = length;
	memmove(line, line + blanks, length - blanks + 1);
}

static bool parse(const char *content, const char *path, struct kt_secret *names,
                  struct kt_error *error)
{
	int count = 0;

	for (int number = 1; *content; number++) {
		size_t length = strcspn(content, "\n");
		char line[SIZE_MAXIMUM + 1];

		snprintf(line, sizeof(line), "%.*s", (int)length, content);
		content += length + (content[length] == '\n');
		trim(line);
		if (line[0] == '\0')
			continue;
		if (++count > NAMES_MAXIMUM)
			return fail_line(path, number, KT_TEXT("there are more than 16 accounts"), error);
		if (!add_name(names, line, path, number, error))
			return false;
	}
	return count > 0 || fail_line(path, 1, KT_TEXT("no account is named"), error);
}

static bool is_text(const struct kt_secret *content)
{
	const char *bytes = kt_secret_reveal(content);
	size_t length = kt_secret_length(content);

	return strlen(bytes) == length && kt_characters_are_utf8(bytes, length);
}

bool kt_directory_file_read(struct kt_directory_file *file, const char *directory,
                            struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret names = { 0 };
	KT_CLEANUP(kt_text_free) char *path = NULL;
	struct kt_error reason = { 0 };
	struct stat status;
	const char *text;
	bool found = false;

	if (!kt_text_format(&path, error, "%s/" KT_ROUTE_FILE, strcmp(directory, "/") ? directory : ""))
		return false;
	if (lstat(path, &status) != 0)
		return true;
	file->stamp = kt_route_stamp(&status);
	if (!kt_file_read(path, SIZE_MAXIMUM, &content, &found, &reason))
		return kt_fail(error, KT_ERROR_USAGE, "%s", reason.message);
	if (!found)
		return true;
	if (!is_text(&content))
		return fail_line(path, 1, KT_TEXT("the file is no text"), error);
	text = kt_secret_reveal(&content);
	if (kt_text_has_prefix(text, KT_BYTE_ORDER_MARK))
		text += strlen(KT_BYTE_ORDER_MARK);
	return parse(text, path, &names, error) &&
	       kt_text_set(&file->names, kt_secret_reveal(&names), error) &&
	       set_hash(&file->hash, &content, error);
}

void kt_directory_file_clear(struct kt_directory_file *file)
{
	kt_text_free(&file->names);
	kt_text_free(&file->hash);
	*file = (struct kt_directory_file){ 0 };
}
