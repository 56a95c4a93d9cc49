/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "helper/keeper/account/facts.h"
#include "helper/keeper/account/lifetime.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/login/login.h"
#include "helper/keeper/oauth/whoami.h"
#include "helper/keeper/terminal.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"

#define PROBE_MILLISECONDS 5000

/* The service is asked for the person's information; its answer never undoes the login. */
static void ask_who(const struct kt_credential *credential, const char *name)
{
	KT_CLEANUP(kt_whoami_clear) struct kt_whoami whoami = { 0 };
	struct kt_error ignored = { 0 };

	if (!kt_whoami_ask(&whoami, credential, &credential->token, PROBE_MILLISECONDS, &ignored))
		return;
	if (whoami.verdict == KT_WHOAMI_WORKS && whoami.user_name)
		kt_report_note("%s is %s at %s", name, whoami.user_name, credential->identity.host);
	else if (whoami.verdict == KT_WHOAMI_REFUSED)
		kt_report_failure(&whoami.reason, false);
	else
		kt_report_note("it is not known yet whether it works: %s", whoami.reason.message);
}

/* Never removes anything unasked, and only a file that holds a secret of this login. */
static void offer_removal(const char *path)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret line = { 0 };
	struct kt_error ignored = { 0 };

	kt_report_note("%s still holds the secret in plain text", path);
	if (!kt_terminal_ask("Remove that file now? [y/N] ", &line, &ignored) ||
	    (strcmp(kt_secret_reveal(&line), "y") != 0 &&
	     strcmp(kt_secret_reveal(&line), "yes") != 0))
		return;
	if (unlink(path) == 0)
		kt_report_note("it is removed; copies and backups are not");
	else
		kt_report_note("it could not be removed");
}

static void tell_expiry(const struct kt_login_options *login,
                        const struct kt_credential *credential, const char *name)
{
	struct kt_shell_word word;

	if (credential->kind == KT_KIND_PAT && !login->expires && isatty(STDERR_FILENO))
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

void kt_login_summarize(const struct kt_login_options *login,
                        const struct kt_credential *credential, const struct kt_keyring *keyring)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;
	struct kt_error ignored = { 0 };
	struct kt_shell_word word;
	const char *const sources[] = {
		login->config, login->env_file, kt_login_given(login, "private-key-file"),
		kt_login_given(login, "client-secret-file"),
	};

	if (!kt_service_full_name(&credential->identity, &name, &ignored))
		return;
	kt_report_note("%s is stored (%s, %s); try: keyturn token %s", name,
	               kt_kind_name(credential->kind), kt_keyring_name(keyring),
	               kt_shell_word(&word, name, "ACCOUNT"));
	tell_expiry(login, credential, name);
	if (credential->kind != KT_KIND_OAUTH &&
	    (login->check || (kt_kind_is_grant(credential->kind) && isatty(STDERR_FILENO))))
		ask_who(credential, name);
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		if (sources[i] && strcmp(sources[i], "-") != 0 && kt_terminal_is_interactive())
			offer_removal(sources[i]);
}
