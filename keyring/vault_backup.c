/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/file.h"
#include "keyring/lock.h"
#include "keyring/text.h"
#include "keyring/vault.h"
#include "keyring/vault_backup.h"
#include "keyring/vault_item.h"
#include "keyring/vault_key.h"
#include "keyring/vault_open.h"

#define MAGIC "keyturn vault backup 1\n"
#define HEADER_NAME "vault.json"
#define LINE_SIZE 160

static void close_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

/*
 * backup
 */

static bool fail_writing(const char *path, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_UNAVAILABLE, "%s cannot be written: %s", path, strerror(errno));
	return kt_advise(error, "name a place that you can write to, with room for it");
}

static bool write_file(FILE *file, const char *path, const char *name,
                       const struct kt_secret *content, struct kt_error *error)
{
	return (fprintf(file, "%s %zu\n", name, kt_secret_length(content)) > 0 &&
	        fwrite(kt_secret_reveal(content), 1, kt_secret_length(content), file) ==
	                kt_secret_length(content) &&
	        fputc('\n', file) == '\n') ||
	       fail_writing(path, error);
}

static bool write_items(const struct kt_vault *vault, FILE *file, const char *path, size_t *count,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *from = NULL;
	KT_CLEANUP(kt_directory_close) DIR *directory = NULL;
	const struct dirent *entry;

	if (!kt_vault_items_directory(vault, &from, error))
		return false;
	directory = opendir(from);
	while (directory && (errno = 0, entry = readdir(directory)) != NULL) {
		KT_CLEANUP(kt_text_free) char *item = NULL;
		KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
		bool found;

		if (!kt_vault_is_item_name(entry->d_name, strlen(entry->d_name)))
			continue;
		if (!kt_text_format(&item, error, "%s/%s", from, entry->d_name) ||
		    !kt_file_read(item, KT_VAULT_ITEM_MAXIMUM, &content, &found, error) ||
		    (found && !write_file(file, path, entry->d_name, &content, error)))
			return false;
		*count += found;
	}
	return (directory && errno == 0) ||
	       kt_fail(error, KT_ERROR_UNAVAILABLE, "the vault in %s cannot be listed: %s", from,
	               strerror(errno));
}

static bool write_all(const struct kt_vault *vault, const struct kt_secret *header, FILE *file,
                      const char *path, struct kt_error *error)
{
	size_t count = 0;

	return (fputs(MAGIC, file) >= 0 || fail_writing(path, error)) &&
	       write_file(file, path, HEADER_NAME, header, error) &&
	       write_items(vault, file, path, &count, error) &&
	       ((fprintf(file, "end %zu\n", count) > 0 && fflush(file) == 0 &&
	         fsync(fileno(file)) == 0) ||
	        fail_writing(path, error));
}

static bool write_backup(const struct kt_vault *vault, const struct kt_secret *header,
                         const char *path, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *temporary = NULL;
	KT_CLEANUP(close_file) FILE *file = NULL;
	int descriptor;

	if (!kt_text_format(&temporary, error, "%s.XXXXXX", path))
		return false;
	descriptor = mkostemp(temporary, O_CLOEXEC);
	file = descriptor < 0 ? NULL : fdopen(descriptor, "w");
	if (!file)
		return fail_writing(path, error);
	if (write_all(vault, header, file, path, error) &&
	    (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) == 0 ||
	     fail_writing(path, error)))
		return true;
	unlink(temporary);
	return false;
}

/* The header as it is good elsewhere: without what opens it on this machine alone. */
static bool make_header(struct kt_vault *vault, const struct kt_secret *key,
                        struct kt_secret *header, struct kt_error *error)
{
	bool travels = false;

	for (size_t i = vault->count; i > 0; i--) {
		struct kt_vault_slot *slot = &vault->slots[i - 1];

		travels = travels || kt_vault_does_travel(slot->way);
		if (kt_vault_is_bound(slot->way))
			kt_vault_drop_slot(vault, slot);
	}
	if (travels)
		return kt_vault_print(vault, key, header, error);
	kt_fail(error, KT_ERROR_UNSAFE, "nothing would open a copy of this vault on another machine");
	return kt_advise(error, "add a way first: keyturn vault add-key --recovery");
}

bool kt_vault_backup(const char *path, const struct kt_keyring_options *options,
                     struct kt_error *error)
{
	KT_CLEANUP(kt_lock_release) struct kt_lock lock = { 0 };
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret header = { 0 };
	struct stat status;

	if (lstat(path, &status) == 0) {
		kt_fail(error, KT_ERROR_USAGE, "there is a file %s already", path);
		return kt_advise(error, "name another, or move that one away");
	}
	return kt_vault_open_for_change(options, &lock, &vault, &key, error) &&
	       make_header(&vault, &key, &header, error) &&
	       write_backup(&vault, &header, path, error);
}

/*
 * restore
 */

static bool fail_broken(const char *path, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_CORRUPT, "%s is not a whole backup of a vault", path);
	return kt_advise(error, "give a file that keyturn vault backup wrote");
}

/* A line "NAME NUMBER". */
static bool read_line(FILE *file, char name[static LINE_SIZE], int64_t *number)
{
	char *end = fgets(name, LINE_SIZE, file) ? strchr(name, '\n') : NULL;
	char *blank = end ? strchr(name, ' ') : NULL;

	if (!blank)
		return false;
	*blank = '\0';
	return kt_text_to_number(blank + 1, (size_t)(end - blank - 1), 0, KT_VAULT_ITEM_MAXIMUM,
	                         number);
}

static bool read_content(FILE *file, const char *path, int64_t size, struct kt_secret *content,
                         struct kt_error *error)
{
	char buffer[4096];

	kt_secret_clear(content);
	while (size > 0) {
		size_t piece = size < (int64_t)sizeof(buffer) ? (size_t)size : sizeof(buffer);

		if (fread(buffer, 1, piece, file) != piece)
			return fail_broken(path, error);
		if (!kt_secret_append(content, buffer, piece, error))
			return false;
		size -= (int64_t)piece;
	}
	return fgetc(file) == '\n' || fail_broken(path, error);
}

/* The directory that is to become the vault, and what is read for it. */
struct restoring {
	const char *path; /* the backup's */
	FILE *file;
	char *directory;
	struct kt_vault vault;
	size_t count;
};

static void clear_restoring(struct restoring *restoring)
{
	close_file(&restoring->file);
	kt_text_free(&restoring->directory);
	kt_vault_clear(&restoring->vault);
}

static bool put_file(const struct restoring *restoring, const char *name,
                     const struct kt_secret *content, struct kt_error *error)
{
	const char *items = restoring->vault.items;
	bool is_header = strcmp(name, HEADER_NAME) == 0;
	KT_CLEANUP(kt_text_free) char *path = NULL;

	return kt_text_format(&path, error, "%s/%s%s%s", restoring->directory,
	                      items && !is_header ? items : "", items && !is_header ? "/" : "",
	                      name) &&
	       kt_file_replace(path, kt_secret_reveal(content), kt_secret_length(content), error);
}

static bool restore_header(struct restoring *restoring, const struct kt_secret *text,
                           struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *items = NULL;
	struct kt_error cause = { 0 };

	if (!kt_vault_parse(&restoring->vault, text, &cause) &&
	    cause.code != KT_ERROR_UNAVAILABLE && cause.code != KT_ERROR_INTERNAL)
		return fail_broken(restoring->path, error);
	if (cause.code != KT_ERROR_NONE) {
		*error = cause;
		return false;
	}
	return kt_environment_make_directory(restoring->directory, error) &&
	       kt_text_format(&items, error, "%s/%s", restoring->directory,
	                      kt_text_or_empty(restoring->vault.items)) &&
	       kt_environment_make_directory(items, error) &&
	       put_file(restoring, HEADER_NAME, text, error);
}

/* Reads one file; *is_last: that was the end. The header comes first. */
static bool restore_file(struct restoring *restoring, bool is_header, bool *is_last,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
	char name[LINE_SIZE];
	int64_t number;

	if (!read_line(restoring->file, name, &number))
		return fail_broken(restoring->path, error);
	*is_last = strcmp(name, "end") == 0;
	if (*is_last)
		return ((size_t)number == restoring->count && fgetc(restoring->file) == EOF &&
		        !is_header) ||
		       fail_broken(restoring->path, error);
	if (is_header ? strcmp(name, HEADER_NAME) != 0
	              : !kt_vault_is_item_name(name, strlen(name)))
		return fail_broken(restoring->path, error);
	if (!read_content(restoring->file, restoring->path, number, &content, error))
		return false;
	if (is_header)
		return restore_header(restoring, &content, error);
	restoring->count++;
	return put_file(restoring, name, &content, error);
}

static bool restore_all(struct restoring *restoring, struct kt_error *error)
{
	char magic[sizeof(MAGIC)];
	bool is_last = false;

	if (!fgets(magic, sizeof(magic), restoring->file) || strcmp(magic, MAGIC) != 0)
		return fail_broken(restoring->path, error);
	if (!restore_file(restoring, true, &is_last, error))
		return false;
	while (!is_last)
		if (!restore_file(restoring, false, &is_last, error))
			return false;
	return true;
}

/* What another one left that was killed. */
static void delete_leftover(const char *directory)
{
	KT_CLEANUP(kt_directory_close) DIR *entries = opendir(directory);
	const struct dirent *entry;

	while (entries && (entry = readdir(entries)) != NULL) {
		if (kt_vault_is_items_name(entry->d_name))
			kt_vault_delete_items(dirfd(entries), entry->d_name);
		else if (entry->d_name[0] != '.')
			unlinkat(dirfd(entries), entry->d_name, 0);
	}
	rmdir(directory);
}

static bool open_backup(const char *path, FILE **file, struct kt_error *error)
{
	*file = fopen(path, "re");
	if (*file)
		return true;
	kt_fail(error, KT_ERROR_USAGE, "%s cannot be read: %s", path, strerror(errno));
	return kt_advise(error, "name the file that keyturn vault backup wrote");
}

static bool fail_there(const struct kt_vault *vault, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_USAGE, "there is a vault in %s already", vault->directory);
	return kt_advise(error, "move it away first, or let KEYTURN_VAULT name another directory");
}

bool kt_vault_restore(const char *path, struct kt_error *error)
{
	KT_CLEANUP(kt_lock_release) struct kt_lock lock = { 0 };
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	KT_CLEANUP(clear_restoring) struct restoring restoring = { .path = path };
	bool found;

	if (!kt_vault_take_header(&lock, error) || !kt_vault_find(&vault, &found, error))
		return false;
	if (found)
		return fail_there(&vault, error);
	if (!open_backup(path, &restoring.file, error) ||
	    !kt_text_format(&restoring.directory, error, "%s.restoring", vault.directory))
		return false;
	delete_leftover(restoring.directory);
	if (restore_all(&restoring, error)) {
		if (rename(restoring.directory, vault.directory) == 0)
			return true;
		fail_writing(vault.directory, error);
	}
	delete_leftover(restoring.directory);
	return false;
}
