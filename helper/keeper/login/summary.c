/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/keeper/account/facts.h"
#include "helper/keeper/account/lifetime.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/login/login.h"
#include "helper/keeper/oauth/whoami.h"
#include "helper/keeper/terminal.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/file.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"

#define FILE_MAXIMUM ((size_t)256 * 1024)

/* The service is asked for the person's information; its answer never undoes the login. */
static void ask_who(const struct kt_credential *credential, const char *name)
{
	KT_CLEANUP(kt_whoami_clear) struct kt_whoami whoami = { 0 };
	struct kt_error ignored = { 0 };

	if (!kt_whoami_ask(&whoami, credential, &credential->token, KT_LOGIN_CHECK_MILLISECONDS,
	                   &ignored))
		return;
	if (whoami.verdict == KT_WHOAMI_WORKS && whoami.user_name)
		kt_report_note("%s: the token works, as user \"%s\"", name, whoami.user_name);
	else if (whoami.verdict == KT_WHOAMI_REFUSED)
		kt_report_failure(&whoami.reason, false);
	else
		kt_report_note("it is not known yet whether it works: %s", whoami.reason.message);
}

/* Never removes anything unasked. */
static void offer_removal(const char *path)
{
	struct kt_error ignored = { 0 };
	bool yes = false;

	kt_report_note("%s still holds the secret in plain text, and nothing else", path);
	if (!kt_terminal_confirm("Remove that file now? [y/N] ", &yes, &ignored) || !yes)
		return;
	if (unlink(path) == 0)
		kt_report_note("%s is removed; copies and backups are not", path);
	else
		kt_report_note("%s could not be removed: %s", path, strerror(errno));
}

/* A file of which nothing else is lost with its name: no link, and no second name. */
static bool is_own_file(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 1;
}

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;

	for (const char *found = text; (found = strstr(found, part)) != NULL; found++)
		count++;
	return count;
}

/* The private key of a file, or the secret of one, is alone in it. */
static bool is_alone(const char *path)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
	struct kt_error ignored = { 0 };
	const char *text;
	bool found;

	if (!is_own_file(path) ||
	    !kt_file_read_given(path, FILE_MAXIMUM, &content, &found, &ignored) || !found)
		return false;
	kt_secret_trim(&content);
	text = kt_secret_reveal(&content);
	return kt_text_has_prefix(text, "-----BEGIN ") ? count_of(text, "-----BEGIN ") == 1
	                                               : strpbrk(text, " \t\r\n") == NULL;
}

/* The length of the name that a line NAME=VALUE of a file of settings sets; 0: it sets none. */
static size_t name_of_line(const char **line)
{
	size_t length;

	*line += strspn(*line, " \t\r");
	if (kt_text_has_prefix(*line, "export "))
		*line += strlen("export ") + strspn(*line + strlen("export "), " \t");
	length = strcspn(*line, "= \t\r\n");
	return (*line)[length] == '=' ? length : 0;
}

static bool sets_variable(const char *line, size_t length, bool secret_only)
{
	for (size_t i = 0; i < kt_setting_count; i++) {
		const struct kt_setting_name *name = kt_setting_rows[i].variables;

		if (secret_only && kt_setting_rows[i].type != KT_SETTING_SECRET)
			continue;
		for (; name && name->name; name++)
			if (strlen(name->name) == length && memcmp(name->name, line, length) == 0)
				return true;
	}
	return false;
}

/* *secret: the number of the last line with a secret, 0 none. True: nothing else is in the file. */
static bool read_lines(const char *path, size_t *secret)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
	struct kt_error ignored = { 0 };
	size_t number = 0;
	bool is_only = true;
	bool found;

	*secret = 0;
	if (!kt_file_read_given(path, FILE_MAXIMUM, &content, &found, &ignored) || !found)
		return false;
	for (const char *line = kt_secret_reveal(&content); *line;) {
		const char *end = strchrnul(line, '\n');
		size_t length = name_of_line(&line);

		number++;
		if (length > 0 && sets_variable(line, length, true))
			*secret = number;
		else if (line < end && *line != '\r' &&
		         (length == 0 || !sets_variable(line, length, false)))
			is_only = false;
		line = *end ? end + 1 : end;
	}
	return is_only;
}

/* A file that holds more, as a shell's start file does, is never removed: the line is named. */
static void offer_lines(const char *path)
{
	struct kt_shell_word word;
	size_t secret;

	if (read_lines(path, &secret) && is_own_file(path)) {
		offer_removal(path);
		return;
	}
	if (secret == 0)
		return;
	kt_report_note("line %zu of %s still holds the secret in plain text; to remove that line:",
	               secret, path);
	kt_report_note("sed -i --follow-symlinks %zud %s", secret,
	               kt_shell_word(&word, path, "FILE"));
}

static void offer_sources(const struct kt_login_options *login)
{
	const char *const files[] = {
		kt_login_given(login, "private-key-file"),
		kt_login_given(login, "client-secret-file"),
	};

	for (size_t i = 0; i < KT_COUNT(files); i++) {
		if (!files[i] || strcmp(files[i], "-") == 0)
			continue;
		if (is_alone(files[i]))
			offer_removal(files[i]);
		else
			kt_report_note("%s still holds the secret in plain text", files[i]);
	}
	if (login->env_file && strcmp(login->env_file, "-") != 0)
		offer_lines(login->env_file);
	if (login->config && strcmp(login->config, "-") != 0)
		kt_report_note("%s still holds the secret in plain text; remove it when no program "
		               "reads it any more", login->config);
}

static void tell_expiry(const struct kt_login_options *login,
                        const struct kt_credential *credential, const char *name)
{
	struct kt_shell_word word;

	if (credential->kind == KT_KIND_PAT && !login->expires && isatty(STDERR_FILENO) &&
	    !kt_terminal_is_interactive())
		kt_report_note("to be reminded before it ends: keyturn set %s --expires DAYS",
		               kt_shell_word(&word, name, "ACCOUNT"));
	if (!kt_kind_is_grant(credential->kind) || !isatty(STDERR_FILENO))
		return;
	if (!kt_facts_has_refresh(credential))
		kt_report_note("the service gave no refresh token: log in again when this token ends");
	else if (credential->end_unknown)
		kt_report_note("the service does not tell how long its access token lives; it is renewed "
		               "when it is asked for");
	else
		kt_report_note("its access token lives %lld minutes and is renewed when it is asked for",
		               (long long)((kt_lifetime_left(credential) + 30) / 60));
}

/* The exported token goes before what is stored, except in a program that keyturn run starts. */
static void tell_exported(const struct kt_credential *credential)
{
	const char *exported = kt_environment_get("COZE_API_TOKEN");

	if (exported && *exported && kt_terminal_is_interactive() &&
	    credential->kind != KT_KIND_OAUTH)
		kt_report_note("COZE_API_TOKEN is exported here: other programs go on with that token; for "
		               "this shell: unset COZE_API_TOKEN");
}

void kt_login_summarize(const struct kt_login_options *login,
                        const struct kt_credential *credential, const struct kt_keyring *keyring,
                        const char *user)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;
	struct kt_error ignored = { 0 };
	struct kt_shell_word word;

	if (!kt_service_full_name(&credential->identity, &name, &ignored))
		return;
	kt_report_note("%s is stored (%s, %s); try: keyturn token %s", name,
	               kt_kind_name(credential->kind), kt_keyring_name(keyring),
	               kt_shell_word(&word, name, "ACCOUNT"));
	tell_expiry(login, credential, name);
	if (user)
		kt_report_note("%s: the token works, as user \"%s\"", name, user);
	else if (kt_kind_is_grant(credential->kind) && !kt_kind_is_standard(credential->kind) &&
	         (login->check || isatty(STDERR_FILENO)))
		ask_who(credential, name);
	tell_exported(credential);
	if (kt_terminal_is_interactive())
		offer_sources(login);
}
