/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "helper/keeper/setup/record.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/file.h"
#include "keyring/json.h"
#include "keyring/seal.h"
#include "keyring/text.h"

#define VERSION 1
#define HASH_SIZE 32
#define NAME_SIZE 8
/* Two texts of a file, and the object before them. */
#define RECORD_MAXIMUM ((size_t)1 << 20)

static bool hash(const void *bytes, size_t length, size_t size, char **text,
                 struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret digits = { 0 };

	/* Nothing secret is hashed: any key does. */
	return kt_secret_append_text(&key, "keyturn setup, a key that is not secret", error) &&
	       kt_seal_hash(&key, "keyturn setup", bytes, length, size, &digits, error) &&
	       kt_text_set(text, kt_secret_reveal(&digits), error);
}

static bool hash_text(const struct kt_secret *text, char **digits, struct kt_error *error)
{
	return hash(kt_secret_reveal(text), kt_secret_length(text), HASH_SIZE, digits, error);
}

static bool set_path(struct kt_setup_record *record, const char *tool, const char *file,
                     struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *directory = NULL;
	KT_CLEANUP(kt_text_free) char *digits = NULL;

	return kt_environment_config_directory(&directory, error) &&
	       hash(file, strlen(file), NAME_SIZE, &digits, error) &&
	       kt_text_format(&record->path, error, "%s/setup/%s-%s", directory, tool, digits);
}

/* The JSON object of the first line; the texts behind it. */
static bool parse_texts(struct kt_setup_record *record, const struct kt_json *json,
                        const char *bytes, size_t length, struct kt_error *error)
{
	int64_t before = 0;
	int64_t after = 0;

	return kt_json_number(json, "old", &before) && kt_json_number(json, "new", &after) &&
	       before >= 0 && after >= 0 && before <= (int64_t)length &&
	       (int64_t)length - before == after &&
	       kt_secret_append(&record->old, bytes, (size_t)before, error) &&
	       kt_secret_append(&record->new, bytes + before, (size_t)after, error);
}

static bool parse(struct kt_setup_record *record, const struct kt_secret *content,
                  const char *file, bool *is_whole, struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	const char *bytes = kt_secret_reveal(content);
	const char *end = memchr(bytes, '\n', kt_secret_length(content));
	struct kt_error broken = { 0 };
	int64_t version = 0;

	*is_whole = end && kt_json_parse(&json, bytes, (size_t)(end - bytes), &broken) &&
	            kt_json_number(json, "version", &version) && version == VERSION &&
	            kt_text_is_equal(kt_json_text(json, "file"), file) &&
	            kt_json_text(json, "before") && kt_json_text(json, "after") &&
	            kt_json_number(json, "start", &record->start) &&
	            kt_json_number(json, "directories", &record->directories) &&
	            parse_texts(record, json, end + 1,
	                        kt_secret_length(content) - (size_t)(end + 1 - bytes), error);
	if (!*is_whole)
		return error->code == KT_ERROR_NONE;
	record->existed = kt_json_is_true(json, "existed");
	return kt_text_set(&record->made, kt_json_text(json, "made"), error) &&
	       kt_text_set(&record->before, kt_json_text(json, "before"), error) &&
	       kt_text_set(&record->after, kt_json_text(json, "after"), error);
}

bool kt_setup_record_find(struct kt_setup_record *record, const char *tool,
                          const struct kt_setup_target *target, bool *found,
                          struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };

	return set_path(record, tool, target->file, error) &&
	       kt_file_read(record->path, RECORD_MAXIMUM, &content, found, error) &&
	       (!*found || parse(record, &content, target->file, found, error));
}

/* The one part in which the two texts differ. */
static bool compare(struct kt_setup_record *record, const struct kt_secret *old,
                    const struct kt_secret *new, struct kt_error *error)
{
	const char *first = kt_secret_reveal(old);
	const char *second = kt_secret_reveal(new);
	size_t length = kt_secret_length(old);
	size_t other = kt_secret_length(new);
	size_t start = 0;

	while (start < length && start < other && first[start] == second[start])
		start++;
	while (length > start && other > start && first[length - 1] == second[other - 1]) {
		length--;
		other--;
	}
	record->start = (int64_t)start;
	kt_secret_clear(&record->old);
	kt_secret_clear(&record->new);
	return kt_secret_append(&record->old, first + start, length - start, error) &&
	       kt_secret_append(&record->new, second + start, other - start, error) &&
	       hash_text(old, &record->before, error) && hash_text(new, &record->after, error);
}

static bool print(const struct kt_setup_record *record, const char *file, struct kt_secret *output,
                  struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;

	return kt_json_create(&json, error) && kt_json_add_number(json, "version", VERSION, error) &&
	       kt_json_add_text(json, "file", file, error) &&
	       kt_json_add_boolean(json, "existed", record->existed, error) &&
	       kt_json_add_number(json, "directories", record->directories, error) &&
	       kt_json_add_text(json, "made", record->made, error) &&
	       kt_json_add_number(json, "start", record->start, error) &&
	       kt_json_add_number(json, "old", (int64_t)kt_secret_length(&record->old), error) &&
	       kt_json_add_number(json, "new", (int64_t)kt_secret_length(&record->new), error) &&
	       kt_json_add_text(json, "before", record->before, error) &&
	       kt_json_add_text(json, "after", record->after, error) &&
	       kt_json_print(json, output, error) && kt_secret_append_text(output, "\n", error) &&
	       kt_secret_append(output, kt_secret_reveal(&record->old),
	                        kt_secret_length(&record->old), error) &&
	       kt_secret_append(output, kt_secret_reveal(&record->new),
	                        kt_secret_length(&record->new), error);
}

/* A call that was killed left the file of kt_file_replace(): NAME and seven characters. */
static void remove_leftovers(const struct kt_setup_record *record, const char *directory)
{
	KT_CLEANUP(kt_directory_close) DIR *stream = opendir(directory);
	const char *name = strrchr(record->path, '/') + 1;
	struct dirent *entry;

	while (stream && (entry = readdir(stream)))
		if (kt_text_has_prefix(entry->d_name, name) && entry->d_name[strlen(name)] == '.')
			unlinkat(dirfd(stream), entry->d_name, 0);
}

bool kt_setup_record_write(struct kt_setup_record *record, const char *tool,
                           const struct kt_setup_target *target, const struct kt_secret *content,
                           struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };
	KT_CLEANUP(kt_text_free) char *directory = NULL;

	record->existed = target->exists;
	record->directories = (int64_t)target->missing;
	if (!set_path(record, tool, target->file, error) ||
	    !compare(record, &target->content, content, error) ||
	    !print(record, target->file, &output, error) ||
	    !kt_text_set_bytes(&directory, record->path,
	                       (size_t)(strrchr(record->path, '/') - record->path), error))
		return false;
	remove_leftovers(record, directory);
	return kt_environment_make_directory(directory, error) &&
	       kt_file_replace(record->path, kt_secret_reveal(&output), kt_secret_length(&output),
	                       error);
}

static bool splice(const struct kt_setup_record *record, const struct kt_secret *text,
                   struct kt_secret *content, struct kt_error *error)
{
	const char *bytes = kt_secret_reveal(text);
	size_t start = (size_t)record->start;
	size_t end = start + kt_secret_length(&record->new);

	return kt_secret_append(content, bytes, start, error) &&
	       kt_secret_append(content, kt_secret_reveal(&record->old),
	                        kt_secret_length(&record->old), error) &&
	       kt_secret_append(content, bytes + end, kt_secret_length(text) - end, error);
}

bool kt_setup_record_restore(const struct kt_setup_record *record,
                             const struct kt_setup_target *target, struct kt_secret *content,
                             bool *is_same, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *now = NULL;
	KT_CLEANUP(kt_text_free) char *then = NULL;
	size_t length = kt_secret_length(&target->content);

	if (!hash_text(&target->content, &now, error))
		return false;
	*is_same = target->exists && kt_text_is_equal(now, record->after) && record->start >= 0 &&
	           kt_secret_length(&record->new) <= length &&
	           record->start <= (int64_t)(length - kt_secret_length(&record->new));
	if (!*is_same)
		return true;
	if (!splice(record, &target->content, content, error) || !hash_text(content, &then, error))
		return false;
	*is_same = kt_text_is_equal(then, record->before);
	if (!*is_same)
		kt_secret_clear(content);
	return true;
}

void kt_setup_record_remove(const struct kt_setup_record *record)
{
	char *slash = strrchr(record->path, '/');

	unlink(record->path);
	/* Ours alone, and empty after the last one. */
	*slash = '\0';
	rmdir(record->path);
	*slash = '/';
}

void kt_setup_record_clear(struct kt_setup_record *record)
{
	kt_text_free(&record->path);
	kt_text_free(&record->before);
	kt_text_free(&record->after);
	kt_text_free(&record->made);
	kt_secret_clear(&record->old);
	kt_secret_clear(&record->new);
	*record = (struct kt_setup_record){ 0 };
}
