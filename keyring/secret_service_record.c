/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/file.h"
#include "keyring/secret_service_cleanup.h"
#include "keyring/secret_service_record.h"
#include "keyring/text.h"

#define MAXIMUM 16384
#define PROVIDER_LINE "provider "
#define COLLECTION_LINE "/org/freedesktop/secrets/collection/"

bool kt_record_path(char **path, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *directory = NULL;

	return kt_environment_config_directory(&directory, error) &&
	       kt_text_format(path, error, "%s/collections", directory);
}

void kt_record_clear(struct kt_record *record)
{
	kt_strings_free(&record->collections);
	g_clear_pointer(&record->provider, g_free);
}

bool kt_record_has(const struct kt_record *record, const char *collection)
{
	return g_strv_contains((const char *const *)record->collections, collection);
}

void kt_record_add(struct kt_record *record, const char *collection)
{
	guint count = g_strv_length(record->collections);

	record->collections = g_renew(char *, record->collections, count + 2);
	record->collections[count] = g_strdup(collection);
	record->collections[count + 1] = NULL;
}

void kt_record_read(struct kt_record *record)
{
	KT_CLEANUP(kt_text_free) char *path = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
	KT_CLEANUP(kt_strings_free) char **lines = NULL;
	struct kt_error ignored = { 0 };
	bool found = false;

	kt_record_clear(record);
	record->collections = g_new0(char *, 1);
	if (kt_record_path(&path, &ignored))
		kt_file_read(path, MAXIMUM, &content, &found, &ignored);
	lines = g_strsplit(kt_secret_reveal(&content), "\n", -1);
	for (char **line = lines; *line; line++) {
		if (kt_text_has_prefix(*line, PROVIDER_LINE) && !record->provider)
			record->provider = g_strdup(*line + strlen(PROVIDER_LINE));
		else if (g_variant_is_object_path(*line) &&
		         kt_text_has_prefix(*line, COLLECTION_LINE))
			kt_record_add(record, *line);
	}
}

void kt_record_write(const struct kt_record *record)
{
	KT_CLEANUP(kt_text_free) char *directory = NULL;
	KT_CLEANUP(kt_text_free) char *path = NULL;
	struct kt_error ignored = { 0 };
	GString *text = g_string_new(NULL);

	if (record->provider)
		g_string_append_printf(text, PROVIDER_LINE "%s\n", record->provider);
	for (char **line = record->collections; *line; line++)
		g_string_append_printf(text, "%s\n", *line);
	if (text->len < MAXIMUM && kt_environment_config_directory(&directory, &ignored) &&
	    kt_environment_make_directory(directory, &ignored) && kt_record_path(&path, &ignored))
		kt_file_replace(path, text->str, text->len, &ignored);
	g_string_free(text, TRUE);
}
