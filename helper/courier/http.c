/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <ctype.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include <curl/curl.h>

#include "helper/courier/amend.h"
#include "helper/courier/body.h"
#include "helper/courier/challenge.h"
#include "helper/courier/http.h"
#include "helper/sandbox.h"
#include "helper/transfer.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/text.h"
#include "keyring/translate.h"

#define BODY_MAXIMUM ((size_t)64 * 1024)
#define HEADERS_MAXIMUM ((size_t)32 * 1024)
#define HEADER_LINES 100
#define LONGEST_RETRY 3600

/* Milliseconds. */
#define TIMEOUT 30000
#define CONNECT_TIMEOUT 10000
#define LONGEST_TIMEOUT 120000
#define WATCHDOG_DELAY 700

/* One request and what is known of its answer. */
struct exchange {
	const struct kt_errand *errand;
	int keeper;
	int64_t deadline;
	bool is_rotating;
	bool is_sent;
	bool is_keeper_gone;
	int64_t sent_boot; /* CLOCK_BOOTTIME in milliseconds, before the first byte */

	CURLU *url;
	CURL *handle;
	struct curl_slist *headers;
	struct kt_secret request;

	struct kt_secret body;
	size_t header_bytes;
	size_t header_lines;
	time_t date;        /* 0: none, as in the next two */
	time_t retry_date;
	int64_t retry_after;
	char logid[129];
	struct kt_challenge challenge;
	const char *broken; /* the rule that the answer broke */
};

static void exchange_clear(struct exchange *exchange)
{
	curl_easy_cleanup(exchange->handle);
	curl_url_cleanup(exchange->url);
	curl_slist_free_all(exchange->headers);
	kt_secret_clear(&exchange->request);
	kt_secret_clear(&exchange->body);
	kt_challenge_clear(&exchange->challenge);
}

/* The value of a header of that name, trimmed, if it is short and plain ASCII. */
static bool read_header(const char *line, size_t length, const char *name, char value[static 129])
{
	size_t start = strlen(name);

	if (length <= start || line[start] != ':' || strncasecmp(line, name, start) != 0)
		return false;
	start++;
	while (start < length && (line[start] == ' ' || line[start] == '\t'))
		start++;
	while (length > start && strchr(" \t\r\n", line[length - 1]))
		length--;
	length -= start;
	if (length == 0 || length > 128 || !kt_characters_are_clean(line + start, length))
		return false;
	memcpy(value, line + start, length);
	value[length] = '\0';
	return true;
}

static time_t to_date(const char *text)
{
	time_t date = curl_getdate(text, NULL);

	return date > 0 ? date : 0;
}

static void read_retry_after(struct exchange *exchange, const char *value)
{
	if (value[strspn(value, "0123456789")] != '\0')
		exchange->retry_date = to_date(value);
	else if (!kt_text_to_number(value, strlen(value), 1, LONGEST_RETRY,
	                            &exchange->retry_after))
		exchange->retry_after = value[strspn(value, "0")] == '\0' ? 1 : LONGEST_RETRY;
}

/* A header that memory has no room for counts as none. */
static void take_challenge(struct exchange *exchange, const char *line, size_t length)
{
	static const char name[] = "WWW-Authenticate:";
	struct kt_error ignored = { 0 };

	while (length > 0 && strchr("\r\n", line[length - 1]))
		length--;
	if (length >= strlen(name) && strncasecmp(line, name, strlen(name)) == 0)
		kt_challenge_read(&exchange->challenge, line + strlen(name), length - strlen(name),
		                  &ignored);
}

static size_t take_header(char *line, size_t size, size_t length, void *context)
{
	struct exchange *exchange = context;
	char value[129];

	exchange->header_bytes += size * length;
	if (exchange->header_bytes > HEADERS_MAXIMUM || ++exchange->header_lines > HEADER_LINES) {
		exchange->broken = KT_TEXT("the server's answer has too many headers");
		return 0;
	}
	if (length > 5 && memcmp(line, "HTTP/", 5) == 0) {
		/* Headers of an interim answer (1xx) do not count. */
		exchange->date = exchange->retry_date = 0;
		exchange->retry_after = 0;
		exchange->logid[0] = '\0';
		kt_challenge_clear(&exchange->challenge);
	} else if (read_header(line, length, "Date", value)) {
		exchange->date = to_date(value);
	} else if (read_header(line, length, "Retry-After", value)) {
		read_retry_after(exchange, value);
	} else if (read_header(line, length, "X-Tt-Logid", value) &&
	           kt_characters_are_visible_ascii(value, strlen(value))) {
		memcpy(exchange->logid, value, sizeof(value));
	} else {
		take_challenge(exchange, line, size * length);
	}
	return size * length;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
	struct exchange *exchange = context;
	struct kt_error ignored = { 0 };
	size_t length = size * count;

	if (length > BODY_MAXIMUM - kt_secret_length(&exchange->body)) {
		exchange->broken = KT_TEXT("the server's answer is larger than 64 KiB");
		return 0;
	}
	return kt_secret_append(&exchange->body, bytes, length, &ignored) ? length : 0;
}

/* Called at least once a second; stops when nobody is there to take the answer. */
static int watch_keeper(void *context, curl_off_t to_download, curl_off_t downloaded,
                        curl_off_t to_upload, curl_off_t uploaded)
{
	struct exchange *exchange = context;
	struct pollfd entry = { .fd = exchange->keeper, .events = POLLRDHUP };

	(void)to_download;
	(void)downloaded;
	(void)to_upload;
	(void)uploaded;
	exchange->is_keeper_gone = poll(&entry, 1, 0) > 0;
	return exchange->is_keeper_gone;
}

static bool say_ready(struct exchange *exchange)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };
	struct kt_error ignored = { 0 };

	return kt_errand_add(&message, "say", "ready", &ignored) &&
	       kt_errand_send(&message, exchange->keeper, exchange->deadline, &ignored) &&
	       kt_errand_receive(&message, exchange->keeper, exchange->deadline, &ignored) &&
	       kt_errand_is(&message, "say", "go");
}

/* Connected, TLS done, nothing of the request sent: the last moment to turn back. */
static int before_request(void *context, char *address, char *own_address, int port,
                          int own_port)
{
	struct exchange *exchange = context;

	(void)address;
	(void)own_address;
	(void)port;
	(void)own_port;
	/* A second time would be libcurl sending again what may not be sent twice. */
	if (exchange->is_sent || (exchange->is_rotating && !say_ready(exchange)))
		return CURL_PREREQFUNC_ABORT;
	exchange->is_sent = true;
	exchange->sent_boot = kt_clock_boot_milliseconds();
	return CURL_PREREQFUNC_OK;
}

static void curl_text_free(char **text)
{
	curl_free(*text);
}

/*
 * https; or http where it does not leave this machine. libcurl (7.78) asks no resolver for
 * localhost, and knows its two addresses.
 */
static bool check_url(struct exchange *exchange, bool *is_local, struct kt_error *error)
{
	KT_CLEANUP(curl_text_free) char *scheme = NULL;
	KT_CLEANUP(curl_text_free) char *host = NULL;
	const char *text = kt_errand_text(exchange->errand, "url");
	bool is_plain;

	exchange->url = curl_url();
	if (!exchange->url)
		return kt_fail_memory(error);
	if (!text || !kt_characters_are_visible_ascii(text, strlen(text)) || strchr(text, '#') ||
	    curl_url_set(exchange->url, CURLUPART_URL, text, CURLU_DISALLOW_USER) != CURLUE_OK ||
	    curl_url_get(exchange->url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(exchange->url, CURLUPART_HOST, &host, 0) != CURLUE_OK)
		return kt_fail(error, KT_ERROR_USAGE, "the endpoint is not a plain URL");
	is_plain = strcmp(scheme, "http") == 0;
	*is_local = strcmp(host, "127.0.0.1") == 0 || strcmp(host, "[::1]") == 0 ||
	            (is_plain && strcmp(host, "localhost") == 0);
	if (strcmp(scheme, "https") != 0 && !(*is_local && is_plain))
		return kt_fail(error, KT_ERROR_UNSAFE, "the endpoint is not https");
	return true;
}

static bool add_header(struct exchange *exchange, const char *name, const char *value,
                       struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret line = { 0 };
	struct curl_slist *longer;

	if (!kt_characters_are_clean(value, strlen(value)))
		return kt_fail(error, KT_ERROR_USAGE, "a header to send has a control character");
	if (!kt_secret_append_text(&line, name, error) ||
	    !kt_secret_append_text(&line, value, error))
		return false;
	longer = curl_slist_append(exchange->headers, kt_secret_reveal(&line));
	if (!longer)
		return kt_fail_memory(error);
	exchange->headers = longer;
	return true;
}

static bool set_number(struct exchange *exchange, CURLoption option, long value)
{
	return curl_easy_setopt(exchange->handle, option, value) == CURLE_OK;
}

static bool set_pointer(struct exchange *exchange, CURLoption option, const void *value)
{
	return curl_easy_setopt(exchange->handle, option, value) == CURLE_OK;
}

static bool set_callbacks(struct exchange *exchange)
{
	CURL *handle = exchange->handle;

	return curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
	       curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
	       curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, watch_keeper) == CURLE_OK &&
	       curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, before_request) == CURLE_OK &&
	       set_pointer(exchange, CURLOPT_HEADERDATA, exchange) &&
	       set_pointer(exchange, CURLOPT_WRITEDATA, exchange) &&
	       set_pointer(exchange, CURLOPT_XFERINFODATA, exchange) &&
	       set_pointer(exchange, CURLOPT_PREREQDATA, exchange);
}

static long milliseconds(const struct kt_errand *errand, const char *name, int64_t usual,
                         int64_t most)
{
	int64_t value;

	if (!kt_errand_number(errand, name, &value) || value == 0)
		value = usual;
	return (long)(value < most ? value : most);
}

/*
 * A connection that hardly moves is given up after 10 s. A rotating grant's is not: giving up
 * could lose the grant.
 */
static bool set_times(struct exchange *exchange)
{
	long timeout = milliseconds(exchange->errand, "timeout", TIMEOUT, LONGEST_TIMEOUT);
	long connecting = milliseconds(exchange->errand, "connect_timeout", CONNECT_TIMEOUT,
	                               timeout);
	long alarm_time = timeout + WATCHDOG_DELAY;
	const struct itimerval watchdog = {
		.it_value = { alarm_time / 1000, alarm_time % 1000 * 1000 },
	};

	exchange->deadline = kt_clock_monotonic() + timeout;
	return setitimer(ITIMER_REAL, &watchdog, NULL) == 0 &&
	       set_number(exchange, CURLOPT_TIMEOUT_MS, timeout) &&
	       set_number(exchange, CURLOPT_CONNECTTIMEOUT_MS, connecting) &&
	       (exchange->is_rotating || (set_number(exchange, CURLOPT_LOW_SPEED_LIMIT, 1) &&
	                                  set_number(exchange, CURLOPT_LOW_SPEED_TIME, 10)));
}

static bool set_request(struct exchange *exchange, bool is_local)
{
	bool is_post = kt_errand_is(exchange->errand, "errand", "post");

	return set_pointer(exchange, CURLOPT_CURLU, exchange->url) &&
	       (!is_local || set_pointer(exchange, CURLOPT_PROXY, "")) &&
	       set_pointer(exchange, CURLOPT_HTTPHEADER, exchange->headers) &&
	       (!is_post ||
	        (set_number(exchange, CURLOPT_POST, 1) &&
	         set_pointer(exchange, CURLOPT_POSTFIELDS, kt_secret_reveal(&exchange->request)) &&
	         set_number(exchange, CURLOPT_POSTFIELDSIZE,
	                    (long)kt_secret_length(&exchange->request))));
}

/* Makes everything ready up to the first packet. */
static bool prepare(struct exchange *exchange, struct kt_error *error)
{
	const struct kt_errand *errand = exchange->errand;
	const char *authorization = kt_errand_text(errand, "authorization");
	const char *type = NULL;
	bool is_local = false;

	if (!check_url(exchange, &is_local, error))
		return false;
	if (kt_errand_is(errand, "errand", "post") &&
	    (!kt_body_compose(errand, &exchange->request, &type, error) ||
	     !add_header(exchange, "Content-Type: ", type, error)))
		return false;
	if (!add_header(exchange, "Accept: ", "application/json", error) ||
	    !add_header(exchange, "Expect:", "", error) ||
	    (authorization && !add_header(exchange, "Authorization: ", authorization, error)))
		return false;
	exchange->handle = curl_easy_init();
	if (!exchange->handle || !kt_transfer_set_rules(exchange->handle) ||
	    !set_number(exchange, CURLOPT_NOPROGRESS, 0) || !set_callbacks(exchange) ||
	    !set_times(exchange) ||
	    !kt_transfer_set_trust(exchange->handle, kt_errand_secret(errand, "ca")) ||
	    !set_request(exchange, is_local))
		return kt_fail(error, KT_ERROR_INTERNAL, "libcurl cannot be set up");
	return true;
}

static struct kt_diagnosis diagnose(const struct exchange *exchange, CURLcode code)
{
	if (exchange->broken)
		return (struct kt_diagnosis){ "body", exchange->broken };
	return kt_transfer_diagnose(exchange->handle, (int)code, exchange->is_sent);
}

static bool is_form(const char *type)
{
	static const char form[] = "application/x-www-form-urlencoded";

	return type && strcspn(type, "; \t") == strlen(form) &&
	       strncasecmp(type, form, strlen(form)) == 0;
}

/* Adds the fields of a whole answer. If the answer cannot be read, says why. */
static struct kt_diagnosis read_answer(struct exchange *exchange, struct kt_errand *answer,
                                    long status, struct kt_error *error)
{
	const char *type = NULL;

	curl_easy_getinfo(exchange->handle, CURLINFO_CONTENT_TYPE, &type);
	if (status >= 300 && status < 400)
		return (struct kt_diagnosis){ "redirect",
			                   KT_TEXT("the server sends elsewhere, and that is not followed") };
	if (kt_secret_is_empty(&exchange->body))
		return (struct kt_diagnosis){ "body", KT_TEXT("the server's answer is empty") };
	/* Whatever type is said: a whole JSON object is the answer of a server that was verified. */
	if (!kt_body_flatten(answer, &exchange->body, is_form(type), error) ||
	    !kt_amend_answer(exchange->errand, answer, error))
		return (struct kt_diagnosis){ "body", error->message };
	return (struct kt_diagnosis){ 0 };
}

/*
 * Seconds to wait. A date is compared with the server's own Date, if it sent one, so that clock
 * skew cancels.
 */
static int64_t retry_after(const struct exchange *exchange)
{
	int64_t now = exchange->date ? exchange->date : kt_clock_wall();
	int64_t left = exchange->retry_date - now;

	if (!exchange->retry_date)
		return exchange->retry_after;
	return left < 1 ? 1 : left > LONGEST_RETRY ? LONGEST_RETRY : left;
}

static bool add_facts(const struct exchange *exchange, struct kt_errand *answer, long status,
                      struct kt_error *error)
{
	const struct kt_challenge *challenge = &exchange->challenge;
	int64_t wait = retry_after(exchange);

	return kt_errand_add_number(answer, "status", status, error) &&
	       kt_errand_add_number(answer, "sent", exchange->sent_boot, error) &&
	       (!exchange->date ||
	        kt_errand_add_number(answer, "date", exchange->date, error)) &&
	       (!wait || kt_errand_add_number(answer, "retry_after", wait, error)) &&
	       (!exchange->logid[0] ||
	        kt_errand_add(answer, "logid", exchange->logid, error)) &&
	       (!challenge->resource_metadata ||
	        kt_errand_add(answer, "challenge.resource_metadata", challenge->resource_metadata,
	                      error)) &&
	       (!challenge->scope ||
	        kt_errand_add(answer, "challenge.scope", challenge->scope, error));
}

static bool report(const struct exchange *exchange, struct kt_errand *answer,
                   const char *outcome, struct kt_diagnosis diagnosis, struct kt_error *error)
{
	return kt_errand_add(answer, "say", "answer", error) &&
	       kt_errand_add(answer, "outcome", outcome, error) &&
	       (diagnosis.reason ? kt_errand_add(answer, "cause", diagnosis.cause, error) &&
	                                   kt_errand_add(answer, "reason", diagnosis.reason, error)
	                         : kt_errand_add(answer, "json", "1", error)) &&
	       kt_errand_send(answer, exchange->keeper, kt_clock_monotonic() + CONNECT_TIMEOUT,
	                      error);
}

static bool perform(struct exchange *exchange, struct kt_error *error)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand answer = { 0 };
	struct kt_diagnosis diagnosis;
	struct kt_error broken = { 0 };
	const char *outcome = "answered";
	CURLcode code = curl_easy_perform(exchange->handle);
	long status = 0;

	if (exchange->is_keeper_gone)
		return kt_fail(error, KT_ERROR_NETWORK, "the keeper is gone");
	if (code != CURLE_OK) {
		outcome = exchange->is_sent ? "unclear" : "unsent";
		diagnosis = diagnose(exchange, code);
	} else {
		curl_easy_getinfo(exchange->handle, CURLINFO_RESPONSE_CODE, &status);
		diagnosis = read_answer(exchange, &answer, status, &broken);
		if (!add_facts(exchange, &answer, status, error))
			return false;
	}
	return report(exchange, &answer, outcome, diagnosis, error);
}

bool kt_http_run(const struct kt_errand *errand, int keeper, struct kt_error *error)
{
	KT_CLEANUP(exchange_clear) struct exchange exchange = {
		.errand = errand,
		.keeper = keeper,
		.is_rotating = kt_errand_is(errand, "rotating", "1"),
	};
	KT_CLEANUP(kt_errand_clear) struct kt_errand answer = { 0 };
	struct kt_error refusal = { 0 };

	kt_sandbox_confine(KT_SANDBOX_CONNECT);
	if (prepare(&exchange, &refusal))
		return perform(&exchange, error);
	return report(&exchange, &answer, "unsent",
	              (struct kt_diagnosis){ "other", refusal.message }, error);
}
