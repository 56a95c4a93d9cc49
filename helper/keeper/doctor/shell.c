/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <sys/stat.h>

#include "helper/keeper/account/secret_word.h"
#include "helper/keeper/doctor/doctor.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/file.h"
#include "keyring/secret.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"

#define FILE_MAXIMUM ((size_t)4 * 1024 * 1024)

/* Files below the home that a shell reads at its start, or writes what was typed to. */
static const char *const files[] = {
	".bashrc", ".bash_profile", ".bash_login", ".profile", ".bash_aliases", ".zshrc", ".zshenv",
	".zprofile", ".zlogin", ".config/fish/config.fish", ".pam_environment", ".bash_history",
	".zsh_history", ".local/share/fish/fish_history",
};

/* The number of the first line with a token; 0: none has one. */
static size_t find_line(struct kt_secret *content)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret line = { 0 };
	struct kt_error ignored = { 0 };
	size_t number = 0;

	for (const char *start = kt_secret_reveal(content); *start;) {
		size_t length = strcspn(start, "\n");

		number++;
		kt_secret_truncate(&line, 0);
		if (kt_secret_append(&line, start, length, &ignored) &&
		    kt_secret_word_is_token(kt_secret_reveal(&line)))
			return number;
		start += length + (start[length] == '\n');
	}
	return 0;
}

static void check_file(struct kt_findings *findings, const char *home, const char *name)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
	KT_CLEANUP(kt_text_free) char *path = NULL;
	struct kt_error error = { 0 };
	struct kt_shell_word word;
	struct stat status;
	size_t number;
	bool found;

	if (!kt_text_format(&path, &error, "%s/%s", home, name) || stat(path, &status) != 0 ||
	    !S_ISREG(status.st_mode) ||
	    !kt_file_read_given(path, FILE_MAXIMUM, &content, &found, &error) || !found)
		return;
	number = find_line(&content);
	if (!number)
		return;
	kt_fail(&error, KT_ERROR_UNSAFE, "line %zu of %s has a token in plain text, which every "
	        "program of yours can read", number, path);
	kt_advise(&error, "log in with it, then remove that line: sed -i --follow-symlinks %zud %s",
	          number, kt_shell_word(&word, path, "FILE"));
	kt_findings_add_error(findings, "shell", KT_FINDING_WARNING, &error);
}

static void check_variable(struct kt_findings *findings, const char *name)
{
	const char *value = kt_environment_get(name);

	if (value && *value)
		kt_findings_add(findings, "shell", KT_FINDING_WARNING,
		                "remove it from where it is set; for this shell: unset COZE_API_TOKEN",
		                "%s is exported: programs that are not started by keyturn run use "
		                "that token, whatever is stored here", name);
}

void kt_doctor_check_shell(struct kt_findings *findings)
{
	const char *home = kt_environment_get("HOME");

	check_variable(findings, "COZE_API_TOKEN");
	for (size_t i = 0; home && i < KT_COUNT(files); i++)
		check_file(findings, home, files[i]);
}
