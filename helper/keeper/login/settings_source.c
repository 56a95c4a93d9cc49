/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "helper/keeper/login/dotenv.h"
#include "helper/keeper/login/settings_source.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/file.h"
#include "keyring/text.h"

#define FILE_MAXIMUM ((size_t)256 * 1024)

/* Replaces value by what stands under the name; empty where nothing does. */
static bool read_value(const struct kt_settings_source *source, const char *name,
                       struct kt_secret *value, struct kt_error *error)
{
	const char *text;

	kt_secret_clear(value);
	if (source->lines)
		return kt_dotenv_find(source->lines, name, value, error);
	text = source->json ? kt_json_text(source->json, name) : kt_environment_get(name);
	if (!text && source->json)
		text = kt_json_list_text(source->json, name, 0);
	return !text || kt_secret_set(value, text, strlen(text), error);
}

static bool read_row(struct kt_settings *settings, const struct kt_setting *row,
                     const struct kt_settings_source *source, struct kt_error *error)
{
	const struct kt_setting_name *name = source->json ? row->keys : row->variables;
	void *member = kt_setting_member(row, settings);

	for (; name && name->name; name++) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret value = { 0 };

		if (name->kind != KT_KIND_NONE && name->kind != settings->kind)
			continue;
		if (!read_value(source, name->name, &value, error))
			return false;
		if (kt_secret_is_empty(&value))
			continue;
		if (row->type != KT_SETTING_SECRET)
			return kt_text_set(member, kt_secret_reveal(&value), error);
		kt_secret_move(member, &value);
		return true;
	}
	return true;
}

bool kt_settings_read_source(struct kt_settings *settings,
                             const struct kt_settings_source *source, struct kt_error *error)
{
	for (size_t i = 0; i < kt_setting_count; i++)
		if (!read_row(settings, &kt_setting_rows[i], source, error))
			return false;
	return true;
}

/* Finds the kinds that the variables describe by their markers. */
static bool look(const struct kt_settings_source *source, bool found[KT_KIND_PASSWORD + 1],
                 struct kt_error *error)
{
	for (size_t i = 0; i < kt_setting_count; i++) {
		const struct kt_setting_name *name = kt_setting_rows[i].variables;

		for (; name && name->name; name++) {
			KT_CLEANUP(kt_secret_clear) struct kt_secret value = { 0 };

			if (!name->is_marker || found[name->kind])
				continue;
			if (!read_value(source, name->name, &value, error))
				return false;
			found[name->kind] = !kt_secret_is_empty(&value);
		}
	}
	return true;
}

static bool choose_kind(const struct kt_settings_source *source, enum kt_kind *kind,
                        struct kt_error *error)
{
	bool found[KT_KIND_PASSWORD + 1] = { false };
	int count = 0;

	if (*kind == KT_KIND_SAT)
		*kind = KT_KIND_PAT;
	if (*kind != KT_KIND_NONE)
		return true;
	if (!look(source, found, error))
		return false;
	for (enum kt_kind each = KT_KIND_WEB; each <= KT_KIND_JWT; each++) {
		if (found[each] && !found[KT_KIND_PAT])
			*kind = each;
		count += found[each];
	}
	if (found[KT_KIND_PAT] || count == 0)
		*kind = KT_KIND_PAT;
	if (found[KT_KIND_PAT] || count < 2)
		return true;
	kt_fail(error, KT_ERROR_USAGE, "several apps are described:%s%s%s%s",
	        found[KT_KIND_WEB] ? " web" : "", found[KT_KIND_PKCE] ? " pkce" : "",
	        found[KT_KIND_DEVICE] ? " device" : "", found[KT_KIND_JWT] ? " jwt" : "");
	return kt_advise(error, "say which one with --kind");
}

static bool fail_nothing(enum kt_kind kind, struct kt_error *error)
{
	if (kind == KT_KIND_PAT) {
		kt_fail(error, KT_ERROR_USAGE, "COZE_API_TOKEN is not set, nor a COZE_..._CLIENT_ID");
		return kt_advise(error, "set COZE_API_TOKEN to a token, and COZE_API_BASE to its service");
	}
	kt_fail(error, KT_ERROR_USAGE, "no %s app is described: its client id is not set",
	        kt_kind_name(kind));
	return kt_advise(error, "set COZE_%s_OAUTH_CLIENT_ID and the app's other variables",
	                 kind == KT_KIND_WEB ? "WEB" : kind == KT_KIND_PKCE ? "PKCE"
	                 : kind == KT_KIND_DEVICE ? "DEVICE" : "JWT");
}

static bool read_variables(struct kt_settings *settings, const struct kt_settings_source *source,
                           enum kt_kind kind, struct kt_error *error)
{
	if (!choose_kind(source, &kind, error))
		return false;
	settings->kind = kind;
	if (!kt_settings_read_source(settings, source, error))
		return false;
	if (kind == KT_KIND_PAT ? !kt_secret_is_empty(&settings->token) : settings->client_id != NULL)
		return true;
	return fail_nothing(kind, error);
}

/* Programs that we start have no use for them. */
static void remove_from_environment(const struct kt_setting *row)
{
	const struct kt_setting_name *name = row->variables;

	for (; row->type == KT_SETTING_SECRET && name && name->name; name++)
		unsetenv(name->name);
}

bool kt_settings_from_environment(struct kt_settings *settings, enum kt_kind kind,
                                  struct kt_error *error)
{
	const struct kt_settings_source source = { 0 };
	bool read = read_variables(settings, &source, kind, error);

	for (size_t i = 0; i < kt_setting_count; i++)
		remove_from_environment(&kt_setting_rows[i]);
	return read;
}

bool kt_settings_from_env_file(struct kt_settings *settings, const char *path,
                               enum kt_kind kind, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
	struct kt_settings_source source = { 0 };
	bool found;

	if (!kt_file_read_given(path, FILE_MAXIMUM, &content, &found, error))
		return false;
	if (!found)
		return kt_fail(error, KT_ERROR_USAGE, "the file of --env-file does not exist: %.*s",
		               kt_characters_fit(path, 150), path) ||
		       kt_advise(error, "give the path of a file of NAME=VALUE lines");
	source.lines = kt_secret_reveal(&content);
	return read_variables(settings, &source, kind, error);
}
