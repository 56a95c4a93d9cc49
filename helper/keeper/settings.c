/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/settings.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/file.h"
#include "keyring/text.h"

#define FILE_MAXIMUM ((size_t)256 * 1024)

/* Which app a variable belongs to; KT_KIND_NONE: whichever is chosen. Earlier rows win. */
static const struct row {
	const char *variable;
	enum kt_kind kind;
	bool is_secret;
	size_t offset;
} rows[] = {
#define TEXT(variable, kind, member) { variable, kind, false, offsetof(struct kt_settings, member) }
#define SECRET(variable, kind, member) { variable, kind, true, offsetof(struct kt_settings, member) }
	SECRET("COZE_API_TOKEN", KT_KIND_PAT, token),
	SECRET("COZE_API_KEY", KT_KIND_PAT, token),
	TEXT("COZE_API_BASE", KT_KIND_NONE, api_base),
	TEXT("COZE_BASE_URL", KT_KIND_NONE, api_base),
#undef TEXT
#undef SECRET
};

/* Where values come from: our environment, or the content of an .env file. */
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

static bool read_source(struct kt_settings *settings, const struct source *source,
                        enum kt_kind kind, struct kt_error *error)
{
	settings->kind = kind == KT_KIND_NONE ? KT_KIND_PAT : kind;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if ((rows[i].kind == KT_KIND_NONE || rows[i].kind == settings->kind) &&
		    !read_row(settings, &rows[i], source, error))
			return false;
	if (!kt_secret_is_empty(&settings->token))
		return true;
	kt_fail(error, KT_ERROR_USAGE, "COZE_API_TOKEN is not set");
	return kt_advise(error, "set COZE_API_TOKEN to a token, and COZE_API_BASE to its service");
}

bool kt_settings_from_environment(struct kt_settings *settings, enum kt_kind kind,
                                  struct kt_error *error)
{
	const struct source source = { 0 };

	return read_source(settings, &source, kind, error);
}

bool kt_settings_from_env_file(struct kt_settings *settings, const char *path,
                               enum kt_kind kind, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
	struct source source;
	bool found;

	if (!kt_file_read(path, FILE_MAXIMUM, &content, &found, error))
		return false;
	if (!found)
		return kt_fail(error, KT_ERROR_USAGE, "the file of --env-file does not exist");
	source.content = kt_secret_reveal(&content);
	return read_source(settings, &source, kind, error);
}

void kt_settings_clear(struct kt_settings *settings)
{
	kt_secret_clear(&settings->token);
	kt_secret_clear(&settings->client_secret);
	kt_secret_clear(&settings->private_key);
	kt_text_free(&settings->api_base);
	kt_text_free(&settings->www_base);
	kt_text_free(&settings->client_id);
	kt_text_free(&settings->private_key_file);
	kt_text_free(&settings->public_key_id);
	kt_text_free(&settings->redirect_uri);
	kt_text_free(&settings->workspace_id);
	kt_text_free(&settings->account_id);
	kt_text_free(&settings->enterprise_id);
}
