/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/doctor/doctor.h"
#include "helper/keeper/setup/git_helper.h"
#include "keyring/cleanup.h"
#include "keyring/secret.h"

#define KEY_SHOWN 120

/* key ends at its LF. A URL in it may hold a password. */
static void check_line(struct kt_findings *findings, const char *key, const char *helper,
                       bool *is_asked)
{
	const char *words = kt_git_helper_words(helper);
	int length = (int)strcspn(key, "\n");

	if (memchr(key, '@', (size_t)length) || length > KEY_SHOWN) {
		key = "credential.<url>.helper";
		length = (int)strlen(key);
	}
	if (!words)
		return;
	if (!*words) {
		*is_asked = true;
		return;
	}
	kt_findings_add(findings, "git", KT_FINDING_WARNING,
	                "run: git config --global --replace-all credential.helper keyturn",
	                "git's setting %.*s has words behind keyturn, which takes none there: it "
	                "answers nothing", length, key);
}

void kt_doctor_check_git(struct kt_findings *findings, const struct kt_keeper *keeper)
{
	char *arguments[] = { "git", "config",
		"--null", "--get-regexp",
		"^credential\\.(.*\\.)?helper$", NULL };
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	size_t before = findings->count;
	bool is_asked = false;
	const char *line;
	const char *end;

	if (kt_git_call(arguments, keeper->environment, NULL, NULL, &text) > KT_GIT_NONE)
		return;
	line = kt_secret_reveal(&text);
	end = line + kt_secret_length(&text);
	/* KEY LF VALUE NUL; a key without a value has no LF. */
	for (; line < end; line += strlen(line) + 1) {
		const char *helper = strchr(line, '\n');

		if (helper)
			check_line(findings, line, helper + 1, &is_asked);
	}
	if (is_asked)
		kt_findings_add(findings, "git", KT_FINDING_OK, NULL, "git asks keyturn");
	else if (findings->count == before)
		kt_findings_add(findings, "git", KT_FINDING_OK,
		                "to have it asked: git config --global credential.helper keyturn",
		                "git does not ask keyturn");
}
