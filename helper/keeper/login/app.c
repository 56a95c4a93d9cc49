/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/account/find.h"
#include "helper/keeper/account/lifetime.h"
#include "helper/keeper/account/lock.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/login/coze_app.h"
#include "helper/keeper/login/discovery.h"
#include "helper/keeper/login/login.h"
#include "helper/keeper/login/open_browser.h"
#include "helper/keeper/login/parked.h"
#include "helper/keeper/login/pasted.h"
#include "helper/keeper/login/replace.h"
#include "helper/keeper/login/resource.h"
#include "helper/keeper/terminal.h"
#include "helper/keeper/token/fault_point.h"
#include "helper/keeper/token/service_app.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/text.h"
#include "keyring/translate.h"

/* For the store of a login, before it is parked. */
#define STORE_MILLISECONDS 5000

/* Asks for a text that is to be visible ASCII; an empty answer or another slip is asked again. */
static bool ask_text(const char *prompt, const char *thing, char **text, struct kt_error *error)
{
	for (int left = KT_LOGIN_TRIES - 1; !*text; left--) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret line = { 0 };
		struct kt_error refusal = { 0 };
		unsigned int removed = 0;

		if (!kt_terminal_ask(prompt, &line, error) || !kt_pasted_strip(&line, &removed, error))
			return false;
		if (kt_secret_is_empty(&line)) {
			kt_fail(&refusal, KT_ERROR_USAGE, "%s cannot be empty", kt_translate(thing));
			kt_advise(&refusal, "copy it from the page of the app in the console");
		} else if (kt_pasted_check(kt_secret_reveal(&line), kt_secret_length(&line), thing,
		                           &refusal)) {
			kt_pasted_tell(removed);
			return kt_text_set(text, kt_secret_reveal(&line), error);
		}
		if (left == 0) {
			*error = refusal;
			return false;
		}
		kt_report_note("%s; try again (%d left)", refusal.message, left);
	}
	return true;
}

/* The name of a file may have any character. */
static bool ask_file(const char *prompt, char **path, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret line = { 0 };

	return *path || (kt_terminal_ask(prompt, &line, error) &&
	                 kt_text_set(path, kt_secret_is_empty(&line) ? NULL
	                             : kt_secret_reveal(&line), error));
}

/* At a terminal, missing settings are typed in. */
static bool ask_missing(struct kt_settings *settings, struct kt_error *error)
{
	bool is_jwt = settings->kind == KT_KIND_JWT;

	if (!kt_terminal_is_interactive())
		return true;
	/* An issuer may register a client for itself. */
	if (kt_kind_is_standard(settings->kind))
		return true;
	if (!ask_text(is_jwt ? KT_TEXT("The app's id: ") : KT_TEXT("The app's client id: "
	                                                           ""), KT_TEXT("the client id"),
	              &settings->client_id, error))
		return false;
	if (settings->kind == KT_KIND_WEB && kt_secret_is_empty(&settings->client_secret) &&
	    !kt_terminal_ask_secret("Client secret (not shown while you type): ",
	                            &settings->client_secret, error))
		return false;
	if (!is_jwt)
		return true;
	if (kt_secret_is_empty(&settings->private_key) &&
	    !ask_file(KT_TEXT("File of the private key: "), &settings->private_key_file, error))
		return false;
	return ask_text(KT_TEXT("Fingerprint of its public key, as the console shows it: "),
	                KT_TEXT("the fingerprint"), &settings->public_key_id, error);
}

/*
 * The ladder: a browser that can be opened here, else another device, else an address to paste.
 * A redirect URI that is named means the browser.
 */
static bool climb(struct kt_keeper *keeper, const struct kt_login_options *login,
                  struct kt_credential *credential, struct kt_error *error)
{
	struct kt_login_options pasted = *login;
	bool may_open = kt_open_browser_is_possible() && !login->no_browser;

	if (credential->authorization_endpoint &&
	    (may_open || login->paste || kt_login_given(login, "redirect-uri")))
		return kt_login_browser(keeper, login, credential, error);
	if (credential->device_authorization_endpoint)
		return kt_login_device(credential, error);
	if (!credential->authorization_endpoint)
		return kt_fail(error, KT_ERROR_REFUSED, "the issuer has neither an authorization nor a "
		               "device endpoint");
	pasted.paste = true;
	return kt_login_browser(keeper, &pasted, credential, error);
}

static bool get_tokens(struct kt_keeper *keeper, const struct kt_login_options *login,
                       struct kt_credential *credential, struct kt_error *error)
{
	switch (credential->kind) {
	case KT_KIND_JWT:
	case KT_KIND_CLIENT_CREDENTIALS:
	case KT_KIND_TOKEN_EXCHANGE:
		return kt_service_app_ask(keeper, credential, error);
	case KT_KIND_DEVICE:
		return kt_login_device(credential, error);
	case KT_KIND_WEB:
	case KT_KIND_PKCE:
		return kt_login_browser(keeper, login, credential, error);
	case KT_KIND_OAUTH:
		return climb(keeper, login, credential, error);
	default:
		return kt_fail(error, KT_ERROR_USAGE, "login: that kind is none of an app");
	}
}

/* The account whose token is exchanged is kept by its full name: no later one is taken for it. */
static bool settle_subject(struct kt_keeper *keeper, struct kt_settings *settings,
                           struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential subject = { 0 };

	return !settings->subject_account ||
	       (kt_account_find(keeper, settings->subject_account, KT_ACCOUNT_TOKEN, &subject,
	                        error) &&
	        kt_service_full_name(&subject.identity, &settings->subject_account, error));
}

/* Fills the credential with all but its tokens. */
static bool fill(struct kt_keeper *keeper, struct kt_credential *credential,
                 struct kt_settings *settings, struct kt_error *error)
{
	if (!kt_kind_is_standard(settings->kind))
		return kt_coze_app_fill(credential, settings, error);
	if (settings->resource && !settings->issuer && !settings->token_endpoint &&
	    !kt_resource_find_issuer(settings, error))
		return false;
	return settle_subject(keeper, settings, error) &&
	       kt_discovery_fill(credential, settings, error);
}

/* A service app's token stands in the item only where the kernel cannot keep it. */
static bool keep_service_app(struct kt_keeper *keeper, struct kt_credential *credential,
                             struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential bare = { 0 };

	if (!kt_credential_copy(&bare, credential, error))
		return false;
	kt_lifetime_end(&bare);
	return kt_login_store(&keeper->keyring, &bare, NULL, error) &&
	       (kt_service_app_remember(kt_keeper_cache(keeper), credential) ||
	        kt_login_store(&keeper->keyring, credential, NULL, error));
}

/* A login that a person allowed is not lost where the keyring does not take it at once. */
static bool keep(struct kt_keeper *keeper, struct kt_credential *credential,
                 struct kt_escrow *escrow, struct kt_error *error)
{
	int64_t begin = kt_clock_monotonic();
	struct kt_error cause = { 0 };

	if (kt_kind_is_app(credential->kind))
		return keep_service_app(keeper, credential, error);
	kt_fault_point("login-got");
	while (!kt_login_store(&keeper->keyring, credential, escrow, &cause)) {
		if (kt_clock_monotonic() - begin >= STORE_MILLISECONDS)
			return kt_parked_keep(escrow, credential, &cause, error);
		kt_clock_sleep(250);
		kt_error_clear(&cause);
	}
	return true;
}

/* A login that the keyring did not take earlier is saved in place of a new one. */
static bool resume(struct kt_keeper *keeper, const struct kt_login_options *login,
                   const struct kt_identity *identity, bool *is_done, struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };

	if (!kt_parked_take(keeper, identity, &credential, is_done, error))
		return false;
	if (*is_done)
		kt_login_summarize(login, &credential, &keeper->keyring, NULL);
	return true;
}

bool kt_login_with_app(struct kt_keeper *keeper, const struct kt_login_options *login,
                       struct kt_settings *settings, struct kt_identity *identity,
                       struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	KT_CLEANUP(kt_credential_clear) struct kt_credential old = { 0 };
	KT_CLEANUP(kt_lock_release) struct kt_lock login_lock = { 0 };
	KT_CLEANUP(kt_escrow_close) struct kt_escrow escrow = { 0 };
	struct kt_keyring *keyring;
	bool is_done = false;
	bool replaces;

	if (login->expires)
		return kt_fail(error, KT_ERROR_USAGE, "login: --expires is for a PAT or SAT");
	if (!kt_login_identify(login, settings, identity, error) ||
	    !kt_login_open_keyring(keeper, identity, &keyring, error) ||
	    !kt_login_settle_account(login, settings->kind, keyring, identity, &old, &replaces,
	                             error) ||
	    (!replaces && !kt_login_open_keyring(keeper, NULL, &keyring, error)) ||
	    !kt_identity_copy(&credential.identity, identity, error) ||
	    !kt_login_lock_take(&login_lock, identity, error) ||
	    !resume(keeper, login, identity, &is_done, error))
		return false;
	if (is_done)
		return true;
	if (!ask_missing(settings, error) || !fill(keeper, &credential, settings, error))
		return false;
	if (!kt_kind_is_app(credential.kind))
		kt_parked_reserve(&escrow, &credential);
	if (!get_tokens(keeper, login, &credential, error) ||
	    (replaces && !kt_login_check_replaced(login, &old, &credential, NULL, error)) ||
	    !keep(keeper, &credential, &escrow, error))
		return false;
	kt_login_summarize(login, &credential, keyring, NULL);
	return true;
}
