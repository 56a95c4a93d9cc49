/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/account/expiry.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/login/replace.h"
#include "helper/keeper/oauth/whoami.h"
#include "helper/keeper/terminal.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"
#include "keyring/translate.h"

static bool fail_kept(const char *name, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_USAGE, "%s stays as it was", name);
	return kt_advise(error, "for a login beside it run the command again with another name");
}

/* Without a terminal nobody can be asked. */
static bool fail_other(const struct kt_login_options *login, const char *name,
                       struct kt_error *error)
{
	struct kt_shell_word word;

	if (login->account)
		return kt_advise(error, "to replace it add --replace; to keep both give the new one "
		                 "another name than %s",
		                 kt_shell_word(&word, login->account, "ACCOUNT"));
	return kt_advise(error, "to replace %s add --replace; to keep both name the new one: keyturn "
	                 "login ACCOUNT", name);
}

/* A PAT and a SAT are both a token until it was typed. */
static bool is_other_kind(enum kt_kind old, enum kt_kind fresh, bool is_typed)
{
	if (!is_typed && kt_kind_is_fixed(old) && kt_kind_is_fixed(fresh))
		return false;
	return old != fresh;
}

static void describe(const struct kt_credential *old, const char *name)
{
	KT_CLEANUP(kt_text_free) char *stored = NULL;
	struct kt_error ignored = { 0 };

	if (kt_expiry_format(old->created, &stored, &ignored))
		kt_report_note("%s is here already: %s, stored %s", name, kt_kind_name(old->kind),
		               stored);
}

/* The name for a login that was given none, where main is taken. */
static bool ask_name(const char *name, struct kt_identity *identity, bool *replaces,
                     struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *prompt = NULL;

	*replaces = false;
	if (!kt_text_format(&prompt, error, kt_translate("A name for this login (%s: replace %s): "),
	                    identity->username, name))
		return false;
	for (int left = KT_LOGIN_TRIES - 1;; left--) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret line = { 0 };
		struct kt_error refusal = { 0 };

		if (!kt_terminal_ask(prompt, &line, error))
			return false;
		*replaces = kt_text_is_equal(kt_secret_reveal(&line), identity->username);
		if (*replaces)
			return true;
		if (kt_service_check_name(kt_secret_reveal(&line), &refusal))
			return kt_text_set(&identity->username, kt_secret_reveal(&line), error);
		if (left == 0) {
			*error = refusal;
			return false;
		}
		kt_report_note("%s", refusal.message);
	}
}

static bool confirm(const char *name, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *prompt = NULL;
	bool yes;

	if (!kt_text_format(&prompt, error, "Replace %s? [y/N] ", name) ||
	    !kt_terminal_confirm(prompt, &yes, error))
		return false;
	return yes || fail_kept(name, error);
}

/* One round: the account of this name, and whether the person has another name for the login. */
static bool settle(const struct kt_login_options *login, enum kt_kind kind,
                   const struct kt_credential *old, struct kt_identity *identity, bool *is_settled,
                   struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;
	bool is_again = login->like && login->account &&
	                strcmp(login->like, login->account) == 0;
	bool is_other = is_other_kind(old->kind, kind, false);

	*is_settled = true;
	if (login->replaces || (is_again && !is_other))
		return true;
	if (!kt_service_full_name(identity, &name, error))
		return false;
	if (!kt_terminal_is_interactive()) {
		if (!is_other)
			return true;
		kt_fail(error, KT_ERROR_UNSAFE, "%s is a login of another kind (%s)", name,
		        kt_kind_name(old->kind));
		return fail_other(login, name, error);
	}
	describe(old, name);
	if (login->account)
		return !is_other || confirm(name, error);
	return ask_name(name, identity, is_settled, error);
}

bool kt_login_settle_account(const struct kt_login_options *login, enum kt_kind kind,
                             struct kt_keyring *keyring, struct kt_identity *identity,
                             struct kt_credential *old, bool *found, struct kt_error *error)
{
	bool is_settled = false;

	while (!is_settled) {
		kt_credential_clear(old);
		if (!kt_keyring_load_to_replace(keyring, identity, old, found, error))
			return false;
		if (!*found)
			return true;
		if (!settle(login, kind, old, identity, &is_settled, error))
			return false;
	}
	return true;
}

/* The user that a token is of; NULL: it does not work, or nobody can tell. */
static char *user_of(const struct kt_credential *credential, const struct kt_secret *token)
{
	KT_CLEANUP(kt_whoami_clear) struct kt_whoami whoami = { 0 };
	struct kt_error ignored = { 0 };
	char *name = NULL;

	if (!kt_secret_is_empty(token) &&
	    kt_whoami_ask(&whoami, credential, token, KT_LOGIN_CHECK_MILLISECONDS, &ignored) &&
	    whoami.verdict == KT_WHOAMI_WORKS)
		kt_text_set(&name, whoami.user_name, &ignored);
	return name;
}

static bool refuse_person(const struct kt_login_options *login, const char *name,
                          const char *old_user, const char *user, struct kt_error *error)
{
	if (kt_terminal_is_interactive()) {
		kt_report_note("%s is of the user %s, and the new login of %s", name, old_user, user);
		return confirm(name, error);
	}
	kt_fail(error, KT_ERROR_UNSAFE, "%s is a login of the user %s, and the new one of %s", name,
	        old_user, user);
	return fail_other(login, name, error);
}

bool kt_login_check_replaced(const struct kt_login_options *login,
                             const struct kt_credential *old,
                             const struct kt_credential *credential, const char *user,
                             struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;
	KT_CLEANUP(kt_text_free) char *old_user = NULL;
	KT_CLEANUP(kt_text_free) char *asked = NULL;

	if (login->replaces)
		return true;
	if (!kt_service_full_name(&credential->identity, &name, error))
		return false;
	if (is_other_kind(old->kind, credential->kind, true)) {
		if (kt_terminal_is_interactive())
			return !kt_kind_is_fixed(old->kind) || confirm(name, error);
		kt_fail(error, KT_ERROR_UNSAFE, "%s is a login of another kind (%s)", name,
		        kt_kind_name(old->kind));
		return fail_other(login, name, error);
	}
	if (old->subject && credential->subject)
		return kt_text_is_equal(old->subject, credential->subject) ||
		       refuse_person(login, name, old->subject, credential->subject, error);
	if (kt_secret_is_equal(&old->token, &credential->token) || old->refused ||
	    kt_kind_is_app(credential->kind) || !kt_whoami_is_known(credential))
		return true;
	old_user = user_of(old, &old->token);
	if (!old_user)
		return true;
	if (!user)
		user = asked = user_of(credential, &credential->token);
	return !user || strcmp(user, old_user) == 0 ||
	       refuse_person(login, name, old_user, user, error);
}
