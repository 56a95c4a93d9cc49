/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "helper/keeper/account/service.h"
#include "helper/keeper/courier.h"
#include "helper/keeper/login/login.h"
#include "helper/keeper/login/qr.h"
#include "helper/keeper/oauth/dialect.h"
#include "helper/keeper/oauth/grant.h"
#include "helper/keeper/oauth/token_error.h"
#include "helper/keeper/terminal.h"
#include "helper/report.h"
#include "helper/request.h"
#include "helper/url.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/environment.h"
#include "keyring/text.h"
#include "keyring/translate.h"

#define INTERVAL_DEFAULT 5
#define LIFE_DEFAULT 300
#define LIFE_LONGEST 1800
#define MINUTE 60000

/* One device login, from the codes to the tokens. */
struct device {
	struct kt_secret device_code;
	char *user_code;
	char *uri;
	char *complete_uri; /* with the code in it */
	int64_t interval;   /* seconds */
	int64_t deadline;   /* monotonic milliseconds */
	bool has_screen;
	int64_t told;       /* when the last line was written */
};

static void clear_device(struct device *device)
{
	kt_secret_clear(&device->device_code);
	kt_text_free(&device->user_code);
	kt_text_free(&device->uri);
	kt_text_free(&device->complete_uri);
}

static bool advise_service(struct kt_error *error)
{
	return kt_advise(error, "try again; if it stays so, tell whoever runs the service");
}

/* A page for a person: https, or this machine itself, and nothing that steers a terminal. */
static bool is_page(const char *uri)
{
	KT_CLEANUP(kt_identity_clear) struct kt_identity page = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret password = { 0 };
	struct kt_error ignored = { 0 };

	return uri && strlen(uri) <= 1024 && kt_characters_are_visible_ascii(uri, strlen(uri)) &&
	       kt_url_parse(&page, &password, uri, strlen(uri), &ignored) &&
	       page.host && kt_url_is_safe_to_visit(&page);
}

/* docs/coze.md, section 5: the address with the code is put together by the client. */
static bool complete(struct device *device, const char *sent, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };

	if (is_page(sent))
		return kt_text_set(&device->complete_uri, sent, error);
	return kt_secret_append_text(&text, device->uri, error) &&
	       kt_secret_append_text(&text, strchr(device->uri, '?') ? "&" : "?", error) &&
	       kt_secret_append_text(&text, "user_code=", error) &&
	       kt_text_append_percent(&text, device->user_code, strlen(device->user_code), error) &&
	       kt_text_set(&device->complete_uri, kt_secret_reveal(&text), error);
}

/* A number, or the text of one. */
static bool read_seconds(const struct kt_errand *answer, const char *name, int64_t *seconds)
{
	char number[32];
	char text[32];

	snprintf(number, sizeof(number), "n.%s", name);
	snprintf(text, sizeof(text), "s.%s", name);
	return kt_errand_number(answer, number, seconds) || kt_errand_number(answer, text, seconds);
}

static bool read_codes(struct device *device, const struct kt_errand *answer,
                       struct kt_error *error)
{
	const struct kt_secret *code = kt_errand_secret(answer, "s.device_code");
	const char *user_code = kt_errand_text(answer, "s.user_code");
	const char *uri = kt_errand_text(answer, "s.verification_uri");
	int64_t life = LIFE_DEFAULT;

	if (!user_code)
		user_code = kt_errand_text(answer, "n.user_code");
	if (!uri)
		uri = kt_errand_text(answer, "s.verification_url");
	if (!code || kt_secret_is_empty(code))
		return kt_fail(error, KT_ERROR_SERVER,
		               "the service's answer to the device login has no device code") ||
		       advise_service(error);
	if (!user_code || strlen(user_code) > 64 ||
	    !kt_characters_are_visible_ascii(user_code, strlen(user_code)))
		return kt_fail(error, KT_ERROR_SERVER, "the service's answer to the device login has "
		               "no code that can be shown") ||
		       advise_service(error);
	if (!is_page(uri))
		return kt_fail(error, KT_ERROR_SERVER, "the service's answer to the device login "
		               "names a page that is not https") ||
		       advise_service(error);
	device->interval = 0;
	if (!read_seconds(answer, "interval", &device->interval) || device->interval < 1)
		device->interval = INTERVAL_DEFAULT;
	read_seconds(answer, "expires_in", &life);
	if (life < 1)
		life = LIFE_DEFAULT;
	device->deadline = kt_clock_monotonic() + (life < LIFE_LONGEST ? life : LIFE_LONGEST) * 1000;
	return kt_secret_copy(&device->device_code, code, error) &&
	       kt_text_set(&device->user_code, user_code, error) &&
	       kt_text_set(&device->uri, uri, error) &&
	       complete(device, kt_errand_text(answer, "s.verification_uri_complete"), error);
}

static bool begin(const struct kt_credential *credential, struct device *device,
                  struct kt_error *error)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand errand = { 0 };
	KT_CLEANUP(kt_errand_clear) struct kt_errand answer = { 0 };
	struct kt_token_response response;

	if (!kt_grant_device_begin(credential, KT_COURIER_MILLISECONDS, &errand, error) ||
	    !kt_courier_ask(&errand, &answer, error))
		return false;
	kt_token_response_read(&response, &answer, kt_dialect_of(credential));
	if ((response.name && *response.name) || response.status < 200 || response.status >= 300)
		return kt_token_error_write(&response, credential, error);
	return read_codes(device, &answer, error);
}

/*
 * Shows the code with room between its characters, because it is copied by hand to another
 * device.
 */
static void show_code(const struct device *device)
{
	bool is_plain = kt_environment_get("NO_COLOR") != NULL;

	fprintf(stderr, "\n    %s", is_plain ? "" : "\033[1;7m");
	for (const char *byte = device->user_code; *byte; byte++)
		fprintf(stderr, " %c", *byte);
	fprintf(stderr, " %s\n\n", is_plain ? "" : "\033[0m");
}

static void show(const struct kt_credential *credential, struct device *device)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret picture = { 0 };
	struct kt_error ignored = { 0 };

	device->has_screen = kt_terminal_is_smart();
	device->told = kt_clock_monotonic();
	kt_report_note("log in to %s as \"%s\" with the app %s, on any device:",
	               credential->identity.host, credential->identity.username,
	               credential->client_id);
	kt_report_note("open %s and type the code %s", device->uri, device->user_code);
	if (!device->has_screen)
		return;
	show_code(device);
	if (kt_qr_draw(device->complete_uri, &picture, &ignored))
		fputs(kt_secret_reveal(&picture), stderr);
	fputc('\n', stderr);
	fflush(stderr);
}

/* Tells how the wait goes: a count-down in place, or a line a minute if there is no terminal. */
static void tell(struct device *device, const char *what)
{
	int64_t now = kt_clock_monotonic();
	long long left = (long long)((device->deadline - now + 999) / 1000);

	if (left < 0)
		left = 0;
	if (device->has_screen) {
		fputs("\r  ", stderr);
		fprintf(stderr, kt_translate("%s, %lld:%02lld left"), kt_translate(what), left / 60,
		        left % 60);
		fputs(" \033[K", stderr);
		fflush(stderr);
	} else if (now - device->told >= MINUTE) {
		kt_report_note("%s, %lld:%02lld left", kt_translate(what), left / 60, left % 60);
		device->told = now;
	}
}

static void end_screen(const struct device *device, const char *what)
{
	if (device->has_screen)
		fprintf(stderr, "\r  %s\033[K\n", kt_translate(what));
}

/* False when the deadline has come. */
static bool wait_interval(struct device *device, const char *what)
{
	int64_t end = kt_clock_monotonic() + device->interval * 1000;

	for (;;) {
		int64_t now = kt_clock_monotonic();
		int64_t pause = end - now < 1000 ? end - now : 1000;

		if (now >= device->deadline)
			return false;
		if (pause <= 0)
			return true;
		tell(device, what);
		kt_clock_sleep(pause);
	}
}

static bool fail_expired(const struct kt_credential *credential, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;

	kt_fail(error, KT_ERROR_REFUSED, "the code has expired before the login was allowed");
	return kt_service_full_name(&credential->identity, &name, error) &&
	       kt_advise(error, "log in again and allow it in time: run the same command");
}

static bool fail_denied(struct kt_error *error)
{
	kt_fail(error, KT_ERROR_REFUSED, "the login was refused by the person who was asked");
	return kt_advise(error, "run the same command to ask again");
}

static bool finish(struct kt_credential *credential, const struct kt_errand *answer,
                   const struct kt_token_response *response, struct kt_error *error)
{
	if (response->verdict == KT_VERDICT_REFUSED && response->meaning == KT_MEANING_DENIED)
		return fail_denied(error);
	if (response->verdict == KT_VERDICT_REFUSED && response->meaning == KT_MEANING_EXPIRED)
		return fail_expired(credential, error);
	return kt_login_take_tokens(credential, answer, error);
}

/* RFC 8628, 3.5: five seconds more for every later poll, or as much as the server says. */
static void slow_down(struct device *device, const struct kt_dialect *dialect,
                      const struct kt_errand *answer, const struct kt_token_response *response)
{
	int64_t interval = 0;

	device->interval = kt_grant_device_slower(dialect, device->interval);
	if (dialect->slowest_poll)
		return;
	if (read_seconds(answer, "interval", &interval) && interval > device->interval)
		device->interval = interval;
	if (response->retry_after > device->interval)
		device->interval = response->retry_after;
}

/* docs/coze.md, section 5. Returns the reason to go on waiting; NULL if polling is over. */
static const char *meaning_of(struct device *device, const struct kt_dialect *dialect,
                              const struct kt_errand *answer,
                              const struct kt_token_response *response)
{
	switch (response->verdict) {
	case KT_VERDICT_REFUSED:
		if (response->meaning == KT_MEANING_PENDING)
			return KT_TEXT("waiting for you to allow it");
		if (response->meaning != KT_MEANING_SLOW_DOWN)
			return NULL;
		slow_down(device, dialect, answer, response);
		return KT_TEXT("waiting for you, more slowly as the service wants");
	case KT_VERDICT_UNSENT:
	case KT_VERDICT_UNCLEAR:
	case KT_VERDICT_BUSY:
		/* RFC 8628, 3.5: a service that does not answer is asked less often. */
		slow_down(device, dialect, answer, response);
		return KT_TEXT("the service did not answer, trying on");
	default:
		return NULL;
	}
}

static bool poll_once(const struct kt_credential *credential, const struct device *device,
                      struct kt_errand *answer, struct kt_error *error)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand errand = { 0 };

	return kt_grant_device_code(credential, &device->device_code, KT_COURIER_MILLISECONDS,
	                            &errand, error) &&
	       kt_courier_ask(&errand, answer, error);
}

bool kt_login_device(struct kt_credential *credential, struct kt_error *error)
{
	KT_CLEANUP(clear_device) struct device device = { 0 };
	const char *what = KT_TEXT("waiting for you to allow it");

	if (!begin(credential, &device, error))
		return false;
	show(credential, &device);
	while (wait_interval(&device, what)) {
		KT_CLEANUP(kt_errand_clear) struct kt_errand answer = { 0 };
		struct kt_token_response response;

		if (!poll_once(credential, &device, &answer, error))
			return false;
		kt_token_response_read(&response, &answer, kt_dialect_of(credential));
		what = meaning_of(&device, kt_dialect_of(credential), &answer, &response);
		if (!what) {
			end_screen(&device,
			           response.verdict == KT_VERDICT_TOKENS ? KT_TEXT("allowed")
			                                                 : KT_TEXT("ended"));
			return finish(credential, &answer, &response, error);
		}
	}
	end_screen(&device, KT_TEXT("the time is over"));
	return fail_expired(credential, error);
}
