/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "helper/answer.h"
#include "helper/keeper/login/settings.h"
#include "helper/keeper/terminal.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/file.h"
#include "keyring/text.h"
#include "keyring/translate.h"

#define SECRET_MAXIMUM 16384

void *kt_setting_member(const struct kt_setting *row, const struct kt_settings *settings)
{
	return (char *)settings + row->member;
}

bool kt_setting_fits(const struct kt_setting *row, enum kt_kind kind)
{
	return (row->kinds & 1u << kind) != 0;
}

bool kt_settings_read_secret(struct kt_secret *secret, const char *path, struct kt_error *error)
{
	bool found = true;

	kt_secret_clear(secret);
	if (strcmp(path, "-") == 0 && isatty(STDIN_FILENO)) {
		if (!kt_terminal_ask_secret("Client secret (not shown while you type): ", secret,
		                            error))
			return false;
	} else if (!kt_file_read_given(path, SECRET_MAXIMUM, secret, &found, error)) {
		return false;
	}
	kt_secret_trim(secret);
	if (!kt_secret_is_empty(secret))
		return true;
	if (found)
		kt_fail(error, KT_ERROR_USAGE, "the client secret is empty");
	else
		kt_fail(error, KT_ERROR_USAGE, "the file of --client-secret-file does not exist: "
		        "%.*s", kt_characters_fit(path, 150), path);
	return kt_advise(error, "give the path of a file that holds the secret alone, or - for "
	                        "stdin");
}

bool kt_setting_take(const struct kt_setting *row, struct kt_settings *settings,
                     const char *value, struct kt_error *error)
{
	void *member = kt_setting_member(row, settings);

	if (row->take)
		return row->take(settings, value, error);
	if (row->type == KT_SETTING_SECRET)
		return kt_settings_read_secret(member, value, error);
	if (row->type == KT_SETTING_FLAG) {
		*(bool *)member = true;
		return true;
	}
	return kt_text_set(member, *value ? value : NULL, error);
}

bool kt_settings_describe(struct kt_secret *output, struct kt_error *error)
{
	for (size_t i = 0; i < kt_setting_count; i++) {
		const struct kt_setting *row = &kt_setting_rows[i];
		KT_CLEANUP(kt_text_free) char *option = NULL;
		KT_CLEANUP(kt_text_free) char *line = NULL;

		if (!row->option)
			continue;
		if (!kt_text_format(&option, error, "--%s%s%s", row->option, *row->argument ? " " : "",
		                    row->argument) ||
		    !kt_text_format(&line, error, "%-27s %s\n", option, kt_translate(row->help)) ||
		    !kt_secret_append_text(output, line, error))
			return false;
	}
	return true;
}

static bool copy(enum kt_setting_type type, void *to, const void *from, struct kt_error *error)
{
	switch (type) {
	case KT_SETTING_TEXT:
	case KT_SETTING_LIST:
		return kt_text_set(to, *(char *const *)from, error);
	case KT_SETTING_SECRET:
		return kt_secret_copy(to, from, error);
	case KT_SETTING_NUMBER:
		*(int64_t *)to = *(const int64_t *)from;
		return true;
	case KT_SETTING_FLAG:
		*(bool *)to = *(const bool *)from;
		return true;
	}
	return true;
}

bool kt_settings_from_credential(struct kt_settings *settings,
                                 const struct kt_credential *credential,
                                 struct kt_error *error)
{
	settings->kind = credential->kind;
	for (size_t i = 0; i < kt_setting_count; i++) {
		const struct kt_setting *row = &kt_setting_rows[i];

		if (row->kept != KT_SETTING_NOT_KEPT &&
		    !copy(row->type, kt_setting_member(row, settings),
		          (const char *)credential + row->kept, error))
			return false;
	}
	return true;
}

bool kt_settings_to_credential(const struct kt_settings *settings,
                               struct kt_credential *credential, struct kt_error *error)
{
	credential->kind = settings->kind;
	for (size_t i = 0; i < kt_setting_count; i++) {
		const struct kt_setting *row = &kt_setting_rows[i];

		if (row->kept != KT_SETTING_NOT_KEPT && kt_setting_fits(row, settings->kind) &&
		    !copy(row->type, (char *)credential + row->kept,
		          kt_setting_member(row, settings), error))
			return false;
	}
	return true;
}

void kt_settings_clear(struct kt_settings *settings)
{
	for (size_t i = 0; i < kt_setting_count; i++) {
		void *member = kt_setting_member(&kt_setting_rows[i], settings);

		if (kt_setting_rows[i].type == KT_SETTING_TEXT ||
		    kt_setting_rows[i].type == KT_SETTING_LIST)
			kt_text_free(member);
		else if (kt_setting_rows[i].type == KT_SETTING_SECRET)
			kt_secret_clear(member);
	}
	kt_identity_clear(&settings->like);
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
