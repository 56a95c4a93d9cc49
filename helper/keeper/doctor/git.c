/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/doctor/doctor.h"
#include "helper/keeper/setup/git_helper.h"
#include "keyring/cleanup.h"
#include "keyring/secret.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"

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

/* Whether git comes to keyturn for this address; NULL: for one that no setting names. */
static bool is_asked_at(const struct kt_git_helpers *helpers, const char *url)
{
	bool is_asked = false;

	for (size_t i = 0; i < helpers->count; i++) {
		const struct kt_git_helper *helper = &helpers->helpers[i];

		if (helper->url && !(url && strcmp(helper->url, url) == 0))
			continue;
		is_asked = *helper->value ? is_asked || kt_git_helper_is_keyturn(helper->value) : false;
	}
	return is_asked;
}

static void tell_address(struct kt_findings *findings, const struct kt_git_helper *helper)
{
	bool is_system = kt_text_is_equal(helper->scope, "system");
	KT_CLEANUP(kt_text_free) char *key = NULL;
	struct kt_shell_word word;
	struct kt_error detail = { 0 };

	if (!kt_text_format(&key, &detail, "credential.%s.helper", helper->url))
		return;
	kt_fail(&detail, KT_ERROR_NOT_FOUND, "git asks other helpers than keyturn for %s, by lines of "
	        "that address alone", helper->url);
	kt_advise(&detail, "to have keyturn asked there: git config --%s --unset-all %s",
	          is_system ? "system" : "global", kt_shell_word(&word, key, "KEY"));
	detail.code = KT_ERROR_NONE;
	kt_findings_add_error(findings, "git", KT_FINDING_OK, &detail);
}

/* An empty line of one address ends keyturn there, as gh auth setup-git writes it. */
static void check_addresses(struct kt_findings *findings, const struct kt_keeper *keeper)
{
	KT_CLEANUP(kt_git_helpers_clear) struct kt_git_helpers helpers = { 0 };
	struct kt_error ignored = { 0 };

	if (!kt_git_helpers_read(&helpers, keeper->environment, &ignored) ||
	    !is_asked_at(&helpers, NULL))
		return;
	for (size_t i = 0; i < helpers.count; i++) {
		const char *url = helpers.helpers[i].url;
		bool is_first = true;

		if (!url || strchr(url, '@') || strlen(url) > KEY_SHOWN)
			continue;
		for (size_t j = 0; j < i; j++)
			is_first = is_first && !kt_text_is_equal(helpers.helpers[j].url, url);
		if (is_first && !is_asked_at(&helpers, url))
			tell_address(findings, &helpers.helpers[i]);
	}
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
	check_addresses(findings, keeper);
}
