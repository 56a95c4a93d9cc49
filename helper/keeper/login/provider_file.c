/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "helper/keeper/account/secret_word.h"
#include "helper/keeper/login/provider_file.h"
#include "helper/libexec.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/file.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"

#define FILE_MAXIMUM ((size_t)64 * 1024)
#define ENTRIES_MAXIMUM 100
#define NAME_MAXIMUM 40
#define SUFFIX ".conf"

/* The keys that are no settings. */
static const struct own {
	const char *key;
	size_t member;
} owns[] = {
	{ "title", offsetof(struct kt_provider_file, title) },
	{ "apps", offsetof(struct kt_provider_file, apps) },
	{ "revoke", offsetof(struct kt_provider_file, revoke) },
	{ "note", offsetof(struct kt_provider_file, note) },
	{ "needs", offsetof(struct kt_provider_file, needs) },
	{ "instead", offsetof(struct kt_provider_file, instead) },
};

static bool is_name(const char *name, size_t length)
{
	return length > 0 && length <= NAME_MAXIMUM && name[0] != '-' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") >= length;
}

static char **own_member(struct kt_provider_file *provider, const char *key, size_t length)
{
	for (size_t i = 0; i < KT_COUNT(owns); i++)
		if (strlen(owns[i].key) == length && strncmp(owns[i].key, key, length) == 0)
			return (char **)((char *)provider + owns[i].member);
	return NULL;
}

/* Files of the user's and the choice of the provider itself are no habits of a service. */
const struct kt_setting *kt_provider_file_row(const char *key, size_t length)
{
	static const char *const never[] = {
		"api-base", "ca-file", "client-secret-file", "private-key-file", "provider",
		"public-key-id",
	};

	for (size_t i = 0; i < KT_COUNT(never); i++)
		if (strlen(never[i]) == length && strncmp(never[i], key, length) == 0)
			return NULL;
	for (size_t i = 0; i < kt_setting_count; i++) {
		const struct kt_setting *row = &kt_setting_rows[i];
		const char *name = row->option ? row->option : row->file_key;

		if (name && strlen(name) == length && strncmp(name, key, length) == 0 &&
		    kt_setting_fits(row, KT_KIND_OAUTH))
			return row;
	}
	return NULL;
}

static bool add_entry(struct kt_provider_file *provider, const struct kt_setting *row,
                      const char *value, size_t length, struct kt_error *error)
{
	struct kt_provider_file_entry entry = { .row = row };
	struct kt_provider_file_entry *entries;

	if (provider->count == ENTRIES_MAXIMUM)
		return kt_fail(error, KT_ERROR_USAGE, "there are too many keys");
	if (!kt_text_set_bytes(&entry.value, value, length, error))
		return false;
	entries = reallocarray(provider->entries, provider->count + 1, sizeof(entry));
	if (!entries) {
		kt_text_free(&entry.value);
		return kt_fail_memory(error);
	}
	provider->entries = entries;
	entries[provider->count++] = entry;
	return true;
}

static bool take(struct kt_provider_file *provider, const char *key, size_t key_length,
                 const char *value, size_t length, struct kt_error *error)
{
	char **own = own_member(provider, key, key_length);
	const struct kt_setting *row = kt_provider_file_row(key, key_length);

	if (!provider->has_version) {
		provider->has_version = key_length == 7 && strncmp(key, "version", 7) == 0 &&
		                        length == 1 && *value == '1';
		return provider->has_version ||
		       kt_fail(error, KT_ERROR_USAGE, "its first line is not: version = 1");
	}
	if (own && *own)
		return kt_fail(error, KT_ERROR_USAGE, "%.*s stands there twice", (int)key_length, key);
	if (own)
		return kt_text_set_bytes(own, value, length, error);
	if (!row)
		return kt_fail(error, KT_ERROR_USAGE, "%.*s is none of the keys",
		               kt_characters_fit(key, key_length < 40 ? key_length : 40), key);
	return add_entry(provider, row, value, length, error);
}

static bool take_line(struct kt_provider_file *provider, const char *line, size_t length,
                      struct kt_error *error)
{
	const char *equals = memchr(line, '=', length);
	const char *value;
	size_t key_length;

	while (length > 0 && strchr(" \t\r", line[length - 1]))
		length--;
	if (length == 0 || *line == '#')
		return true;
	if (!kt_characters_are_utf8(line, length) || !kt_characters_are_clean(line, length))
		return kt_fail(error, KT_ERROR_USAGE, "it is not clean UTF-8");
	if (!equals)
		return kt_fail(error, KT_ERROR_USAGE, "it is not KEY = VALUE");
	key_length = (size_t)(equals - line);
	while (key_length > 0 && line[key_length - 1] == ' ')
		key_length--;
	value = equals + 1;
	while (value < line + length && *value == ' ')
		value++;
	if (value >= line + length)
		return kt_fail(error, KT_ERROR_USAGE, "its value is missing");
	return take(provider, line, key_length, value, (size_t)(line + length - value), error);
}

bool kt_provider_file_parse(struct kt_provider_file *provider, const char *content,
                            struct kt_error *error)
{
	const char *name = kt_text_or_empty(provider->name);

	for (int number = 1; *content; number++) {
		struct kt_error cause = { 0 };
		size_t length = strcspn(content, "\n");

		if (!take_line(provider, content, length, &cause)) {
			kt_fail(error, KT_ERROR_USAGE, "the file of the provider %s cannot be read: line "
			        "%d: %s", name, number, cause.message);
			return kt_advise(error, "see keyturn-provider(5); the file is %s",
			                 kt_text_or_empty(provider->path));
		}
		content += length + (content[length] == '\n');
	}
	return provider->has_version ||
	       kt_fail(error, KT_ERROR_USAGE, "the file of the provider %s is empty", name);
}

static bool directory(size_t which, char **path, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *config = NULL;

	if (which > 0)
		return kt_text_format(path, error, "%s/providers", kt_libexec_data_directory());
	return kt_environment_config_directory(&config, error) &&
	       kt_text_format(path, error, "%s/providers", config);
}

static bool fail_unknown(const char *name, struct kt_error *error)
{
	struct kt_shell_word word;

	if (kt_secret_word_is_likely(name))
		kt_fail(error, KT_ERROR_USAGE, "there is no provider of that name");
	else
		kt_fail(error, KT_ERROR_USAGE, "there is no provider %s",
		        kt_shell_word(&word, name, "NAME"));
	return kt_advise(error, "run: keyturn providers");
}

bool kt_provider_file_read(struct kt_provider_file *provider, const char *name,
                           struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
	bool found = false;

	if (!is_name(name, strlen(name)))
		return fail_unknown(name, error);
	for (size_t which = 0; which < 2 && !found; which++) {
		KT_CLEANUP(kt_text_free) char *folder = NULL;

		if (!directory(which, &folder, error) ||
		    !kt_text_format(&provider->path, error, "%s/%s" SUFFIX, folder, name) ||
		    !kt_file_read_given(provider->path, FILE_MAXIMUM, &content, &found, error))
			return false;
	}
	if (!found)
		return fail_unknown(name, error);
	return kt_text_set(&provider->name, name, error) &&
	       kt_provider_file_parse(provider, kt_secret_reveal(&content), error);
}

static const char *value_of(const struct kt_provider_file *provider, const char *option)
{
	for (size_t i = 0; i < provider->count; i++)
		if (kt_text_is_equal(provider->entries[i].row->option, option))
			return provider->entries[i].value;
	return NULL;
}

/* Replaces each {host}. */
static bool expand(const char *value, const char *host, struct kt_secret *text,
                   struct kt_error *error)
{
	static const char mark[] = "{host}";
	const char *place;

	while ((place = strstr(value, mark))) {
		if (!kt_secret_append(text, value, (size_t)(place - value), error) ||
		    !kt_secret_append_text(text, kt_text_or_empty(host), error))
			return false;
		value = place + sizeof(mark) - 1;
	}
	return kt_secret_append_text(text, value, error);
}

static bool is_address(const struct kt_setting *row)
{
	const char *end = row->option ? strrchr(row->option, '-') : NULL;

	return kt_text_is_equal(row->option, "issuer") || (end && strcmp(end, "-endpoint") == 0);
}

bool kt_provider_file_apply(const struct kt_provider_file *provider, const char *host,
                            bool is_elsewhere, struct kt_settings *settings,
                            struct kt_error *error)
{
	if (!host)
		host = value_of(provider, "host");
	for (size_t i = 0; i < provider->count; i++) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret value = { 0 };
		const struct kt_provider_file_entry *entry = &provider->entries[i];

		if (is_elsewhere && is_address(entry->row))
			continue;
		if (!expand(entry->value, host, &value, error) ||
		    !kt_setting_take(entry->row, settings, kt_secret_reveal(&value), error))
			return false;
	}
	settings->kind = KT_KIND_OAUTH;
	return kt_text_set(&settings->provider, provider->name, error);
}

static bool add_name(struct kt_provider_file_names *names, const char *file,
                     struct kt_error *error)
{
	size_t length = strlen(file);
	size_t end = strlen(SUFFIX);
	char *name = NULL;
	char **longer;

	if (length <= end || strcmp(file + length - end, SUFFIX) != 0 || !is_name(file, length - end))
		return true;
	if (!kt_text_set_bytes(&name, file, length - end, error))
		return false;
	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(names->names[i], name) == 0) {
			kt_text_free(&name);
			return true;
		}
	}
	longer = reallocarray(names->names, names->count + 1, sizeof(name));
	if (!longer) {
		kt_text_free(&name);
		return kt_fail_memory(error);
	}
	names->names = longer;
	longer[names->count++] = name;
	return true;
}

static int compare(const void *one, const void *two)
{
	return strcmp(*(char *const *)one, *(char *const *)two);
}

static bool add_names(struct kt_provider_file_names *names, const char *folder,
                      struct kt_error *error)
{
	KT_CLEANUP(kt_directory_close) DIR *files = opendir(folder);
	const struct dirent *file;

	while (files && (file = readdir(files)))
		if (!add_name(names, file->d_name, error))
			return false;
	return true;
}

bool kt_provider_file_list(struct kt_provider_file_names *names, struct kt_error *error)
{
	for (size_t which = 0; which < 2; which++) {
		KT_CLEANUP(kt_text_free) char *folder = NULL;

		if (!directory(which, &folder, error) || !add_names(names, folder, error))
			return false;
	}
	if (names->count > 0)
		qsort(names->names, names->count, sizeof(*names->names), compare);
	return true;
}

void kt_provider_file_names_clear(struct kt_provider_file_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		kt_text_free(&names->names[i]);
	free(names->names);
	*names = (struct kt_provider_file_names){ 0 };
}

void kt_provider_file_clear(struct kt_provider_file *provider)
{
	for (size_t i = 0; i < KT_COUNT(owns); i++)
		kt_text_free((char **)((char *)provider + owns[i].member));
	for (size_t i = 0; i < provider->count; i++)
		kt_text_free(&provider->entries[i].value);
	kt_text_free(&provider->name);
	kt_text_free(&provider->path);
	free(provider->entries);
	*provider = (struct kt_provider_file){ 0 };
}
