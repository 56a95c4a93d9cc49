/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/keeper/courier.h"
#include "helper/keeper/login/login.h"
#include "helper/keeper/login/open_browser.h"
#include "helper/keeper/login/pasted.h"
#include "helper/keeper/login/redirect_uri.h"
#include "helper/keeper/oauth/grant.h"
#include "helper/keeper/random.h"
#include "helper/keeper/terminal.h"
#include "helper/language.h"
#include "helper/mask.h"
#include "helper/report.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/environment.h"
#include "keyring/text.h"

#define WAIT_MILLISECONDS 300000
#define PASTE_MAXIMUM 8192
/* Stands in the redirect URI instead of 0 where nothing listens (RFC 8252, 7.3). */
#define PASTE_PORT 49152

/* One login in a browser, from the address to the code. */
struct visit {
	struct kt_secret state;
	struct kt_secret verifier;
	struct kt_secret code;
	char *redirect_uri;
	char *url;
	bool has_verifier;
	bool is_registered; /* the server knows the redirect URI from this login itself */
};

static void clear_visit(struct visit *visit)
{
	kt_secret_clear(&visit->state);
	kt_secret_clear(&visit->verifier);
	kt_secret_clear(&visit->code);
	kt_text_free(&visit->redirect_uri);
	kt_text_free(&visit->url);
}

static bool is_loopback(const char *uri)
{
	static const char *const begins[] = {
		"http://127.0.0.1", "http://localhost", "http://[::1]",
	};

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (kt_text_has_prefix(uri, begins[i]) && strchr(":/", uri[strlen(begins[i])]))
			return true;
	return false;
}

static bool make_url(const struct kt_credential *credential, struct visit *visit,
                     struct kt_error *error)
{
	return kt_grant_authorize_url(credential, visit->redirect_uri,
	                              kt_secret_reveal(&visit->state),
	                              visit->has_verifier ? &visit->verifier : NULL, &visit->url,
	                              error);
}

static bool fail_busy(const struct visit *visit, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_USAGE, "another program has the port of %.*s",
	        kt_characters_fit(visit->redirect_uri, 150), visit->redirect_uri);
	if (visit->is_registered)
		return kt_advise(error, "run the same command again, which takes another one");
	return kt_advise(error, "end that program, register another address and name it with "
	                 "--redirect-uri, or add --paste");
}

/* Tells the command to type: it brings the port to the machine with the browser. */
static void tell_way_over_ssh(int64_t port)
{
	kt_report_note("the browser is at the other end of SSH; there run: ssh -N -L %lld:127.0.0.1:"
	               "%lld THIS-MACHINE (or log in with --paste)", (long long)port,
	               (long long)port);
}

static void invite(struct kt_keeper *keeper, const struct kt_login_options *login,
                   const struct visit *visit, int64_t port)
{
	if (!visit->is_registered)
		kt_report_note("register this redirect URI with the app, if not done: %s",
		               visit->redirect_uri);
	if (port && kt_environment_is_remote())
		tell_way_over_ssh(port);
	if (port && !login->no_browser && kt_open_browser_is_possible() &&
	    kt_open_browser(visit->url, keeper->environment))
		kt_report_note("a browser was opened; if it does not show, open:");
	else
		kt_report_note("open in a browser:");
	kt_report_note("%s", visit->url);
}

static bool start_catcher(struct kt_courier *courier, const struct kt_credential *credential,
                          const struct visit *visit, struct kt_error *error)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand errand = { 0 };

	return kt_errand_add(&errand, "errand", "redirect", error) &&
	       kt_errand_add(&errand, "redirect_uri", visit->redirect_uri, error) &&
	       kt_errand_add_secret(&errand, "state", &visit->state, error) &&
	       kt_errand_add_number(&errand, "timeout", WAIT_MILLISECONDS, error) &&
	       (!credential->issuer || kt_errand_add(&errand, "issuer", credential->issuer, error)) &&
	       (!credential->needs_issuer || kt_errand_add(&errand, "issuer_required", "1", error)) &&
	       (!kt_language_is_chinese() || kt_errand_add(&errand, "language", "zh", error)) &&
	       kt_courier_start(courier, error) && kt_courier_send(courier, &errand, error);
}

/* RFC 6749, 4.1.2.1: two of the errors are of the server's moment. */
static bool is_passing(const char *name)
{
	return strcmp(name, "server_error") == 0 || strcmp(name, "temporarily_unavailable") == 0;
}

/* A text from the address, masked of what stood in ours. */
static bool make_showable(struct kt_secret *text, const struct visit *visit, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *copy = NULL;

	if (!kt_mask(text, kt_secret_reveal(&visit->state), error) ||
	    !kt_text_set(&copy, kt_secret_reveal(text), error))
		return false;
	kt_characters_make_printable(copy);
	return kt_secret_set(text, copy, strlen(copy), error);
}

static bool fail_denied(const struct visit *visit, struct kt_secret *name, struct kt_secret *text,
                        struct kt_error *error)
{
	const char *word;
	const char *said;
	enum kt_error_code code;

	if (!make_showable(name, visit, error) || !make_showable(text, visit, error))
		return false;
	word = kt_secret_reveal(name);
	said = kt_secret_reveal(text);
	code = is_passing(word) ? KT_ERROR_SERVER : KT_ERROR_REFUSED;
	if (*said)
		kt_fail(error, code, "the login was not allowed: %.*s: %.*s",
		        kt_characters_fit(word, 80), word, kt_characters_fit(said, 120), said);
	else
		kt_fail(error, code, "the login was not allowed: %.*s", kt_characters_fit(word, 80),
		        word);
	return kt_advise(error, "run the same command to ask again");
}

static bool fail_redirect(const struct visit *visit, const struct kt_errand *answer,
                          struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret name = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	const char *reason = kt_text_or_empty(kt_courier_reason(answer));

	if (kt_errand_is(answer, "say", "timeout")) {
		kt_fail(error, KT_ERROR_REFUSED, "nobody allowed the login within 5 minutes");
		return kt_advise(error, "run the same command again, or add --paste where the browser "
		                 "cannot reach this machine");
	}
	if (kt_errand_is(answer, "say", "refused"))
		return kt_fail(error, KT_ERROR_USAGE, "the redirect cannot be caught: %.*s",
		               kt_characters_fit(reason, 200), reason);
	return kt_secret_append_text(&name, kt_text_or_empty(kt_errand_text(answer, "error")),
	                             error) &&
	       kt_secret_append_text(&text, kt_text_or_empty(kt_errand_text(answer, "description")),
	                             error) &&
	       fail_denied(visit, &name, &text, error);
}

/* A wrong redirect URI shows its error in the browser alone: the wait says what it would mean. */
static void await_browser(const struct kt_courier *courier, const struct visit *visit,
                          int64_t deadline)
{
	struct kt_terminal_wait wait = { .deadline = deadline };

	if (!isatty(STDERR_FILENO))
		return;
	if (!visit->is_registered)
		kt_report_note("an error about redirect_uri there? register the URI above with the "
		               "app");
	do {
		kt_terminal_wait_tell(&wait, "waiting for the browser");
	} while (!kt_courier_await(courier, 1000) && kt_clock_monotonic() < deadline);
	kt_terminal_wait_end(&wait);
}

static bool catch_code(struct kt_keeper *keeper, const struct kt_login_options *login,
                       const struct kt_credential *credential, struct visit *visit,
                       struct kt_error *error)
{
	KT_CLEANUP(kt_courier_end) struct kt_courier courier = { 0 };
	KT_CLEANUP(kt_errand_clear) struct kt_errand answer = { 0 };
	int64_t deadline = kt_clock_monotonic() + WAIT_MILLISECONDS + 2000;
	int64_t port = 0;

	if (!start_catcher(&courier, credential, visit, error) ||
	    !kt_courier_receive(&courier, &answer, deadline, error))
		return false;
	if (kt_errand_is(&answer, "say", "busy"))
		return fail_busy(visit, error);
	if (!kt_errand_is(&answer, "say", "port") || !kt_errand_number(&answer, "port", &port))
		return fail_redirect(visit, &answer, error);
	if (!kt_redirect_uri_put_port(&visit->redirect_uri, port, error) ||
	    !make_url(credential, visit, error))
		return false;
	invite(keeper, login, visit, port);
	await_browser(&courier, visit, deadline - 2000);
	if (!kt_courier_receive(&courier, &answer, deadline, error))
		return false;
	if (!kt_errand_is(&answer, "say", "code"))
		return fail_redirect(visit, &answer, error);
	return kt_errand_copy_secret(&answer, "code", &visit->code, error);
}

/* Appends a query's value, in which a plus is a blank. */
static bool decode(struct kt_secret *target, const char *bytes, size_t length,
                   struct kt_error *error)
{
	for (;;) {
		const char *plus = memchr(bytes, '+', length);
		size_t part = plus ? (size_t)(plus - bytes) : length;

		if (!kt_text_append_unescaped(target, bytes, part, error))
			return false;
		if (!plus)
			return true;
		if (!kt_secret_append(target, " ", 1, error))
			return false;
		bytes += part + 1;
		length -= part + 1;
	}
}

/* The value of a query parameter that stands there once; empty where it does not. */
static bool read_parameter(const char *query, const char *name, struct kt_secret *value,
                           struct kt_error *error)
{
	size_t length = strlen(name);
	int count = 0;

	while (*query) {
		size_t part = strcspn(query, "&#");

		if (part > length && strncmp(query, name, length) == 0 && query[length] == '=') {
			kt_secret_clear(value);
			if (++count > 1)
				return true;
			if (!decode(value, query + length + 1, part - length - 1, error))
				return false;
		}
		query += part;
		if (*query == '#')
			break;
		query += *query == '&';
	}
	return true;
}

static bool advise_paste(struct kt_error *error)
{
	return kt_advise(error, "run the command again; copy the whole address that the browser shows "
	                 "at the end, from http to its last character");
}

/* The address of a refusal has an error instead of a code, and perhaps a text. */
static bool fail_address(const struct visit *visit, const char *query, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret name = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	struct kt_error ignored = { 0 };

	if (!read_parameter(query, "error", &name, error))
		return false;
	if (kt_secret_is_empty(&name))
		return kt_fail(error, KT_ERROR_REFUSED, "the login was not allowed: the address has no "
		               "code");
	/* Decoration: where it is broken, the error stands without it. */
	if (!read_parameter(query, "error_description", &text, &ignored))
		kt_secret_clear(&text);
	return fail_denied(visit, &name, &text, error);
}

/* Checks a pasted address as the redirect itself would be checked: state first. */
static bool read_address(const struct kt_credential *credential, struct visit *visit,
                         const struct kt_secret *address, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret state = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret issuer = { 0 };
	const char *query = strchr(kt_secret_reveal(address), '?');

	if (!query)
		return kt_fail(error, KT_ERROR_USAGE, "that is not the last address: it must contain "
		               "code=") ||
		       advise_paste(error);
	query++;
	if (!read_parameter(query, "state", &state, error) ||
	    !kt_secret_is_equal(&state, &visit->state))
		return kt_fail(error, KT_ERROR_USAGE, "the pasted address is of another login: its "
		               "state is another one") ||
		       advise_paste(error);
	if (!read_parameter(query, "iss", &issuer, error))
		return false;
	if (credential->issuer && (credential->needs_issuer || !kt_secret_is_empty(&issuer)) &&
	    strcmp(kt_secret_reveal(&issuer), credential->issuer) != 0)
		return kt_fail(error, KT_ERROR_USAGE,
		               "the pasted address is of another server") ||
		       advise_paste(error);
	if (!read_parameter(query, "code", &visit->code, error))
		return false;
	return !kt_secret_is_empty(&visit->code) || fail_address(visit, query, error);
}

/* The consent is not wasted by a wrong paste: it is asked for again. */
static bool ask_address(const struct kt_credential *credential, struct visit *visit,
                        struct kt_error *error)
{
	for (int left = KT_LOGIN_TRIES - 1;; left--) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret address = { 0 };
		struct kt_error refusal = { 0 };
		unsigned int removed = 0;

		if (!kt_terminal_ask_secret("Paste that whole address here (not shown): ", &address,
		                            error) ||
		    !kt_pasted_strip(&address, &removed, error))
			return false;
		if (read_address(credential, visit, &address, &refusal))
			return true;
		if (left == 0 || refusal.code != KT_ERROR_USAGE) {
			*error = refusal;
			return false;
		}
		kt_report_note("%s; try again (%d left)", refusal.message, left);
	}
}

static bool paste_code(struct kt_keeper *keeper, const struct kt_login_options *login,
                       const struct kt_credential *credential, struct visit *visit,
                       struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret address = { 0 };

	if (!kt_redirect_uri_put_port(&visit->redirect_uri, PASTE_PORT, error) ||
	    !make_url(credential, visit, error))
		return false;
	invite(keeper, login, visit, 0);
	kt_report_note("allow the login there; the browser then shows an address, perhaps with an "
	               "error page");
	if (isatty(STDIN_FILENO))
		return ask_address(credential, visit, error);
	if (!kt_secret_read(&address, STDIN_FILENO, PASTE_MAXIMUM, error))
		return false;
	kt_secret_trim(&address);
	return read_address(credential, visit, &address, error);
}

/* The code works once, so it is never sent again, even if the answer is lost. */
static bool exchange(struct kt_credential *credential, const struct visit *visit,
                     struct kt_error *error)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand errand = { 0 };
	KT_CLEANUP(kt_errand_clear) struct kt_errand answer = { 0 };

	return kt_grant_authorization_code(credential, &visit->code, visit->redirect_uri,
	                                   visit->has_verifier ? &visit->verifier : NULL,
	                                   KT_COURIER_MILLISECONDS, &errand, error) &&
	       kt_courier_ask(&errand, &answer, error) &&
	       kt_login_take_tokens(credential, &answer, error);
}

bool kt_login_browser(struct kt_keeper *keeper, const struct kt_login_options *login,
                      struct kt_credential *credential, struct kt_error *error)
{
	KT_CLEANUP(clear_visit) struct visit visit = {
		/* Coze's web apps have a secret instead (docs/coze.md, 4.1). */
		.has_verifier = credential->kind != KT_KIND_WEB && !credential->no_pkce,
		.is_registered = credential->client_registered,
	};
	bool pastes = login->paste || !is_loopback(credential->redirect_uri);

	return kt_random_secret(&visit.state, error) && kt_random_secret(&visit.verifier, error) &&
	       kt_text_set(&visit.redirect_uri, credential->redirect_uri, error) &&
	       (pastes ? paste_code(keeper, login, credential, &visit, error)
	               : catch_code(keeper, login, credential, &visit, error)) &&
	       exchange(credential, &visit, error);
}
