/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "helper/keeper/account/expiry.h"
#include "helper/keeper/account/moment.h"
#include "helper/keeper/account/service.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/kernel_key.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"
#include "keyring/translate.h"

#define DAY (INT64_C(24) * 60 * 60)
#define HOUR (INT64_C(60) * 60)
#define WARNING_DAYS 7
/* U+6C38 U+4E45, as the console in Chinese says it. */
#define FOR_EVER "\346\260\270\344\271\205"
/* Coze's console gives a PAT 30 days at most. */
#define UNKNOWN_PAT_DAYS 30

bool kt_expiry_set(struct kt_credential *credential, const char *typed, struct kt_error *error)
{
	char text[KT_MOMENT_MAXIMUM] = "";
	int64_t end = 0;

	if (!kt_moment_tidy(typed, text))
		text[0] = '\0';
	if (strcasecmp(text, "never") == 0 || strcmp(text, FOR_EVER) == 0) {
		credential->never_expires = true;
		credential->expires = 0;
		return true;
	}
	if (!kt_moment_read(text, &end, error))
		return false;
	if (end <= kt_clock_wall()) {
		kt_fail(error, KT_ERROR_USAGE, "the end of the token is past: %s", text);
		return kt_advise(error, "give a day to come, or make a new token in the console");
	}
	credential->never_expires = false;
	credential->expires = end;
	return true;
}

bool kt_expiry_format(int64_t moment, char **text, struct kt_error *error)
{
	time_t seconds = (time_t)moment;
	struct tm local;
	char buffer[64];

	if (!moment)
		return kt_text_set(text, "-", error);
	if (!localtime_r(&seconds, &local) ||
	    strftime(buffer, sizeof(buffer), "%Y-%m-%d %H:%M", &local) == 0)
		return kt_text_set(text, "?", error);
	return kt_text_set(text, buffer, error);
}

bool kt_expiry_format_relative(int64_t moment, char **text, struct kt_error *error)
{
	int64_t left = moment - kt_clock_wall();
	int64_t days = (left + DAY / 2) / DAY;
	int64_t hours = (left + HOUR / 2) / HOUR;
	int64_t minutes = (left + 30) / 60;

	if (left <= 0)
		return kt_text_set(text, left > -DAY ? kt_translate("today") : kt_translate("over"), error);
	if (hours >= 48)
		return kt_text_format(text, error, kt_translate("in %lld days"), (long long)days);
	if (minutes >= 120)
		return kt_text_format(text, error, kt_translate("in %lld hours"), (long long)hours);
	return kt_text_format(text, error, minutes == 1 ? kt_translate("in %lld minute")
	                                                : kt_translate("in %lld minutes"),
	                      (long long)(minutes ? minutes : 1));
}

int64_t kt_expiry_expected(const struct kt_credential *credential)
{
	if (!kt_kind_is_fixed(credential->kind) || credential->never_expires)
		return 0;
	if (credential->expires)
		return credential->expires;
	if (credential->kind == KT_KIND_PAT && credential->created)
		return credential->created + UNKNOWN_PAT_DAYS * DAY;
	return 0;
}

void kt_expiry_warn(const struct kt_credential *credential)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;
	KT_CLEANUP(kt_text_free) char *marker = NULL;
	struct kt_error ignored = { 0 };
	int64_t end = kt_expiry_expected(credential);
	int64_t left = end - kt_clock_wall();
	struct kt_shell_word word;
	const char *account;

	if (end == 0 || left > WARNING_DAYS * DAY || !isatty(STDERR_FILENO))
		return;
	if (!kt_service_full_name(&credential->identity, &name, &ignored) ||
	    !kt_text_format(&marker, &ignored, "keyturn:warned:%s", name))
		return;
	if (kt_kernel_key_is_usable() && !kt_kernel_key_claim(marker, (unsigned int)DAY))
		return;
	account = kt_shell_word(&word, name, "ACCOUNT");
	if (left <= 0)
		kt_report_note("the token of %s should have ended by now: keyturn login %s --with-token "
		               "replaces it", name, account);
	else if (left <= DAY)
		kt_report_note("the token of %s ends within a day: keyturn login %s --with-token "
		               "replaces it", name, account);
	else
		kt_report_note("the token of %s ends in %lld days: keyturn login %s --with-token "
		               "replaces it", name, (long long)((left + DAY - 1) / DAY), account);
}
