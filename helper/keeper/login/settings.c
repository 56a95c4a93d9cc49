/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "helper/answer.h"
#include "helper/keeper/login/settings.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/file.h"
#include "keyring/text.h"

#define FILE_MAXIMUM ((size_t)256 * 1024)

/*
 * A variable, and the kind of app that it describes (KT_KIND_NONE: every kind). Earlier rows
 * win. Only a marker shows that such an app is described.
 */
static const struct row {
	const char *variable;
	enum kt_kind kind;
	bool is_secret;
	bool is_marker;
	size_t offset;
} rows[] = {
#define MARKER(variable, kind, member) \
	{ variable, kind, false, true, offsetof(struct kt_settings, member) }
#define TEXT(variable, kind, member) \
	{ variable, kind, false, false, offsetof(struct kt_settings, member) }
#define SECRET(variable, kind, member) \
	{ variable, kind, true, false, offsetof(struct kt_settings, member) }
	SECRET("COZE_API_TOKEN", KT_KIND_PAT, token),
	SECRET("COZE_API_KEY", KT_KIND_PAT, token),
	SECRET("COZELOOP_API_TOKEN", KT_KIND_PAT, token),
	SECRET("VITE_COZE_TOKEN", KT_KIND_PAT, token),
	SECRET("VUE_APP_COZE_TOKEN", KT_KIND_PAT, token),
	SECRET("TARO_APP_COZE_PAT", KT_KIND_PAT, token),
	TEXT("COZE_API_BASE", KT_KIND_NONE, api_base),
	TEXT("COZE_BASE_URL", KT_KIND_NONE, api_base),
	TEXT("VITE_COZE_BASE_URL", KT_KIND_NONE, api_base),
	TEXT("VUE_APP_COZE_BASE_URL", KT_KIND_NONE, api_base),
	TEXT("COZE_WWW_BASE", KT_KIND_NONE, www_base),
	MARKER("COZE_WEB_OAUTH_CLIENT_ID", KT_KIND_WEB, client_id),
	SECRET("COZE_WEB_OAUTH_CLIENT_SECRET", KT_KIND_WEB, client_secret),
	TEXT("COZE_WEB_OAUTH_REDIRECT_URI", KT_KIND_WEB, redirect_uri),
	MARKER("COZE_AUTH_WEB_OAUTH_CLIENT_ID", KT_KIND_WEB, client_id),
	SECRET("COZE_AUTH_WEB_OAUTH_CLIENT_SECRET", KT_KIND_WEB, client_secret),
	TEXT("COZE_AUTH_WEB_OAUTH_REDIRECT_URI", KT_KIND_WEB, redirect_uri),
	TEXT("COZE_CLIENT_ID", KT_KIND_WEB, client_id),
	SECRET("COZE_CLIENT_SECRET", KT_KIND_WEB, client_secret),
	TEXT("COZE_REDIRECT_URL", KT_KIND_WEB, redirect_uri),
	MARKER("COZE_PKCE_OAUTH_CLIENT_ID", KT_KIND_PKCE, client_id),
	TEXT("COZE_PKCE_OAUTH_REDIRECT_URI", KT_KIND_PKCE, redirect_uri),
	TEXT("COZE_WEB_OAUTH_REDIRECT_URI", KT_KIND_PKCE, redirect_uri),
	TEXT("COZE_CLIENT_ID", KT_KIND_PKCE, client_id),
	TEXT("COZE_REDIRECT_URL", KT_KIND_PKCE, redirect_uri),
	MARKER("COZE_DEVICE_OAUTH_CLIENT_ID", KT_KIND_DEVICE, client_id),
	TEXT("COZE_CLIENT_ID", KT_KIND_DEVICE, client_id),
	MARKER("COZE_JWT_OAUTH_CLIENT_ID", KT_KIND_JWT, client_id),
	SECRET("COZE_JWT_OAUTH_PRIVATE_KEY", KT_KIND_JWT, private_key),
	TEXT("COZE_JWT_OAUTH_PRIVATE_KEY_FILE_PATH", KT_KIND_JWT, private_key_file),
	TEXT("COZE_JWT_OAUTH_PUBLIC_KEY_ID", KT_KIND_JWT, public_key_id),
	MARKER("COZELOOP_JWT_OAUTH_CLIENT_ID", KT_KIND_JWT, client_id),
	SECRET("COZELOOP_JWT_OAUTH_PRIVATE_KEY", KT_KIND_JWT, private_key),
	TEXT("COZELOOP_JWT_OAUTH_PUBLIC_KEY_ID", KT_KIND_JWT, public_key_id),
	MARKER("COZE_APP_ID", KT_KIND_JWT, client_id),
	TEXT("COZE_KEY_ID", KT_KIND_JWT, public_key_id),
	SECRET("COZE_PRIVATE_KEY", KT_KIND_JWT, private_key),
	TEXT("COZE_WORKSPACE_ID", KT_KIND_NONE, workspace_id),
	TEXT("COZELOOP_WORKSPACE_ID", KT_KIND_NONE, workspace_id),
#undef MARKER
#undef TEXT
#undef SECRET
};

/* The source of values: our environment, or the content of an .env file. */
struct source {
	const char *content; /* NULL: the environment */
};

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t");
}

/* The value behind NAME= on this line, without quotes and comments; false: another name. */
static bool read_assignment(const char *line, const char *end, const char *name,
                            struct kt_secret *value, struct kt_error *error)
{
	size_t length = strlen(name);
	const char *stop = end;

	line = skip_blanks(line);
	if (kt_text_has_prefix(line, "export "))
		line = skip_blanks(line + 7);
	if (strncmp(line, name, length) != 0)
		return false;
	line = skip_blanks(line + length);
	if (*line != '=')
		return false;
	line = skip_blanks(line + 1);
	if (line < end && (*line == '"' || *line == '\'')) {
		const char *quote = memchr(line + 1, *line, (size_t)(end - line - 1));

		stop = quote ? quote : end;
		line++;
	} else if (line < end) {
		for (const char *byte = line; byte + 1 < end; byte++)
			if ((*byte == ' ' || *byte == '\t') && byte[1] == '#' && stop == end)
				stop = byte;
	}
	if (line >= stop)
		return false;
	kt_secret_clear(value);
	if (!kt_secret_append(value, line, (size_t)(stop - line), error))
		return false;
	kt_secret_trim(value);
	return true;
}

/* The last line that sets the name wins, as a shell would have it. */
static bool read_value(const struct source *source, const char *name, struct kt_secret *value,
                       struct kt_error *error)
{
	const char *line = source->content;

	if (!line) {
		const char *text = kt_environment_get(name);

		return !text || kt_secret_set(value, text, strlen(text), error);
	}
	while (*line) {
		const char *end = strchrnul(line, '\n');

		if (!read_assignment(line, end, name, value, error) && error->code)
			return false;
		line = *end ? end + 1 : end;
	}
	return true;
}

static bool read_row(struct kt_settings *settings, const struct row *row,
                     const struct source *source, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret value = { 0 };
	void *member = (char *)settings + row->offset;

	if (!read_value(source, row->variable, &value, error))
		return false;
	if (kt_secret_is_empty(&value))
		return true;
	if (row->is_secret) {
		if (kt_secret_is_empty(member))
			kt_secret_move(member, &value);
		return true;
	}
	return *(char **)member || kt_text_set(member, kt_secret_reveal(&value), error);
}

static bool is_set(const struct source *source, const char *variable, bool *set,
                   struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret value = { 0 };

	if (!read_value(source, variable, &value, error))
		return false;
	*set = !kt_secret_is_empty(&value);
	return true;
}

/* Finds the kinds that the variables describe: an app by its marker, a token by its value. */
static bool look(const struct source *source, bool found[KT_KIND_PASSWORD + 1],
                 struct kt_error *error)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool set = false;

		if ((rows[i].is_marker || rows[i].kind == KT_KIND_PAT) && !found[rows[i].kind] &&
		    !is_set(source, rows[i].variable, &set, error))
			return false;
		found[rows[i].kind] = found[rows[i].kind] || set;
	}
	return found[KT_KIND_WEB] || is_set(source, "COZE_CLIENT_SECRET", &found[KT_KIND_WEB], error);
}

static bool choose_kind(const struct source *source, enum kt_kind *kind, struct kt_error *error)
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

static bool read_source(struct kt_settings *settings, const struct source *source,
                        enum kt_kind kind, struct kt_error *error)
{
	if (!choose_kind(source, &kind, error))
		return false;
	settings->kind = kind;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if ((rows[i].kind == KT_KIND_NONE || rows[i].kind == settings->kind) &&
		    !read_row(settings, &rows[i], source, error))
			return false;
	if (kind == KT_KIND_PAT ? !kt_secret_is_empty(&settings->token) : settings->client_id != NULL)
		return true;
	return fail_nothing(kind, error);
}

bool kt_settings_from_environment(struct kt_settings *settings, enum kt_kind kind,
                                  struct kt_error *error)
{
	const struct source source = { 0 };
	bool read = read_source(settings, &source, kind, error);

	/* Programs that we start have no use for them. */
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].is_secret)
			unsetenv(rows[i].variable);
	return read;
}

bool kt_settings_from_env_file(struct kt_settings *settings, const char *path,
                               enum kt_kind kind, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
	struct source source;
	bool found;

	if (!kt_file_read_given(path, FILE_MAXIMUM, &content, &found, error))
		return false;
	if (!found)
		return kt_fail(error, KT_ERROR_USAGE, "the file of --env-file does not exist");
	source.content = kt_secret_reveal(&content);
	return read_source(settings, &source, kind, error);
}

bool kt_settings_from_credential(struct kt_settings *settings,
                                 const struct kt_credential *credential,
                                 struct kt_error *error)
{
	settings->kind = credential->kind;
	settings->duration = credential->duration;
	return kt_text_set(&settings->api_base, credential->api_base, error) &&
	       kt_text_set(&settings->www_base, credential->www_base, error) &&
	       kt_text_set(&settings->client_id, credential->client_id, error) &&
	       kt_secret_copy(&settings->client_secret, &credential->client_secret, error) &&
	       kt_secret_copy(&settings->private_key, &credential->private_key, error) &&
	       kt_text_set(&settings->public_key_id, credential->public_key_id, error) &&
	       kt_text_set(&settings->redirect_uri, credential->redirect_uri, error) &&
	       kt_text_set(&settings->workspace_id, credential->workspace_id, error) &&
	       kt_text_set(&settings->account_id, credential->account_id, error) &&
	       kt_text_set(&settings->enterprise_id, credential->enterprise_id, error) &&
	       kt_text_set(&settings->session_name, credential->session_name, error) &&
	       kt_text_set(&settings->device_id, credential->device_id, error) &&
	       kt_text_set(&settings->custom_consumer, credential->custom_consumer, error) &&
	       kt_text_set(&settings->scope, credential->scope, error) &&
	       kt_text_set(&settings->resource, credential->resource, error) &&
	       kt_text_set(&settings->issuer, credential->issuer, error) &&
	       kt_text_set(&settings->ca, credential->ca, error) &&
	       kt_text_set(&settings->authtype, credential->authtype, error) &&
	       kt_text_set(&settings->git_username, credential->git_username, error);
}

void kt_settings_clear(struct kt_settings *settings)
{
	char **const texts[] = {
		&settings->api_base, &settings->www_base, &settings->client_id,
		&settings->private_key_file, &settings->public_key_id, &settings->redirect_uri,
		&settings->workspace_id, &settings->account_id, &settings->enterprise_id,
		&settings->session_name, &settings->device_id, &settings->custom_consumer,
		&settings->scope, &settings->resource, &settings->issuer, &settings->ca,
		&settings->authtype, &settings->git_username,
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		kt_text_free(texts[i]);
	kt_secret_clear(&settings->token);
	kt_secret_clear(&settings->client_secret);
	kt_secret_clear(&settings->private_key);
	*settings = (struct kt_settings){ 0 };
}

bool kt_settings_check_token(const struct kt_secret *token, struct kt_error *error)
{
	if (kt_answer_is_token(token))
		return true;
	if (kt_secret_is_empty(token))
		kt_fail(error, KT_ERROR_USAGE, "no token was given");
	else
		kt_fail(error, KT_ERROR_USAGE,
		        "a token is at most 16,384 visible ASCII characters, "
		        "without a blank or a line end inside");
	return kt_advise(error, "give the token alone, as the console shows it");
}
