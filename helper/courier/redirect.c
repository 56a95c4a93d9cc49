/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/courier/redirect.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

#define HTTP_PORT 80

static bool parse_port(struct kt_redirect_address *address, const char **rest,
                       struct kt_error *error)
{
	size_t digits;
	int64_t port = HTTP_PORT;

	if (**rest == ':') {
		digits = strspn(*rest + 1, "0123456789");
		if (!kt_text_to_number(*rest + 1, digits, 0, UINT16_MAX, &port))
			return kt_fail(error, KT_ERROR_USAGE, "the redirect URI has a broken port");
		*rest += 1 + digits;
	}
	address->port = (uint16_t)port;
	return true;
}

bool kt_redirect_parse_uri(struct kt_redirect_address *address, const char *uri,
                           struct kt_error *error)
{
	static const char *const hosts[] = { "127.0.0.1", "[::1]", "localhost" };
	static const char scheme[] = "http://";
	const char *host = NULL;
	const char *rest = uri + strlen(scheme);

	for (size_t i = 0; i < 3 && kt_text_has_prefix(uri, scheme); i++)
		if (kt_text_has_prefix(rest, hosts[i]) &&
		    strchr(":/", rest[strlen(hosts[i])]))
			host = hosts[i];
	if (!host)
		return kt_fail(error, KT_ERROR_USAGE,
		               "the redirect URI is not http to 127.0.0.1, [::1] or localhost");
	rest += strlen(host);
	if (!parse_port(address, &rest, error))
		return false;
	if (*rest == '\0')
		rest = "/";
	if (*rest != '/' || !kt_characters_are_visible_ascii(rest, strlen(rest)) ||
	    strpbrk(rest, "?#"))
		return kt_fail(error, KT_ERROR_USAGE, "the redirect URI has more than a plain path");
	return kt_text_set(&address->host, host, error) &&
	       kt_text_set(&address->path, rest, error);
}

void kt_redirect_address_clear(struct kt_redirect_address *address)
{
	kt_text_free(&address->host);
	kt_text_free(&address->path);
	*address = (struct kt_redirect_address){ 0 };
}

/* A part of the request. */
struct span {
	const char *bytes;
	size_t length;
};

static bool is_equal(struct span span, const char *text)
{
	return span.length == strlen(text) && memcmp(span.bytes, text, span.length) == 0;
}

/* Splits rest at the first separator, which belongs to neither; without one head is all. */
static bool split(struct span *rest, const char *separator, struct span *head)
{
	size_t width = strlen(separator);
	const char *end = memmem(rest->bytes, rest->length, separator, width);

	*head = *rest;
	if (!end) {
		*rest = (struct span){ rest->bytes + rest->length, 0 };
		return false;
	}
	head->length = (size_t)(end - rest->bytes);
	rest->bytes = end + width;
	rest->length -= head->length + width;
	return true;
}

/* RFC 9110, 5.6.2. */
static bool is_token(struct span span)
{
	for (size_t i = 0; i < span.length; i++)
		if (!kt_characters_are_visible_ascii(span.bytes + i, 1) ||
		    strchr("\"(),/:;<=>?@[\\]{}", span.bytes[i]))
			return false;
	return span.length > 0;
}

static bool is_header_value(struct span span)
{
	for (size_t i = 0; i < span.length; i++)
		if (span.bytes[i] != '\t' && !kt_characters_are_clean(span.bytes + i, 1))
			return false;
	return true;
}

static struct span trim(struct span span)
{
	while (span.length > 0 && strchr(" \t", span.bytes[0])) {
		span.bytes++;
		span.length--;
	}
	while (span.length > 0 && strchr(" \t", span.bytes[span.length - 1]))
		span.length--;
	return span;
}

static bool is_host(struct span span, const struct kt_redirect_address *address)
{
	struct span host;
	int64_t port = HTTP_PORT;
	size_t length = strlen(address->host);

	host = (struct span){ span.bytes, span.length < length ? span.length : length };
	if (!is_equal(host, address->host))
		return false;
	if (span.length > length && (span.bytes[length] != ':' ||
	                             !kt_text_to_number(span.bytes + length + 1,
	                                                span.length - length - 1, 1, UINT16_MAX,
	                                                &port)))
		return false;
	return port == address->port;
}

/* Reads the header lines, each of which must be good; exactly one is Host, and it is right. */
static bool check_headers(struct span lines, const struct kt_redirect_address *address,
                          bool *is_ours)
{
	size_t hosts = 0;

	*is_ours = false;
	while (lines.length > 0) {
		struct span value;
		struct span name;

		split(&lines, "\r\n", &value);
		if (!split(&value, ":", &name) || !is_token(name) || !is_header_value(value))
			return false;
		if (name.length != 4 || strncasecmp(name.bytes, "Host", 4) != 0)
			continue;
		hosts++;
		*is_ours = is_host(trim(value), address);
	}
	return hosts == 1;
}

/* Appends a query's value, decoded. */
static bool decode(struct kt_secret *target, struct span value)
{
	struct kt_error ignored = { 0 };

	for (;;) {
		struct span part;
		bool has_more = split(&value, "+", &part);

		if (!kt_text_append_unescaped(target, part.bytes, part.length, &ignored))
			return false;
		if (!has_more)
			return true;
		if (!kt_secret_append(target, " ", 1, &ignored))
			return false;
	}
}

enum parameter { STATE, CODE, ERROR, ISSUER, DESCRIPTION, PARAMETERS };

struct query {
	struct span values[PARAMETERS];
	size_t counts[PARAMETERS];
};

static void read_query(struct span text, struct query *query)
{
	static const char *const names[] = { "state", "code", "error", "iss", "error_description" };

	while (text.length > 0) {
		struct span value;
		struct span name;

		split(&text, "&", &value);
		split(&value, "=", &name);
		for (size_t i = 0; i < PARAMETERS; i++) {
			if (!is_equal(name, names[i]))
				continue;
			query->counts[i]++;
			query->values[i] = value;
		}
	}
}

static bool has_state(const struct query *query, const struct kt_secret *expected)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret state = { 0 };

	return query->counts[STATE] == 1 && decode(&state, query->values[STATE]) &&
	       !kt_secret_is_empty(expected) && kt_secret_is_equal(&state, expected);
}

static bool has_issuer(const struct query *query, const struct kt_redirect *redirect)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret issuer = { 0 };

	if (!redirect->issuer)
		return true;
	if (query->counts[ISSUER] == 0)
		return !redirect->needs_issuer;
	return query->counts[ISSUER] == 1 && decode(&issuer, query->values[ISSUER]) &&
	       is_equal((struct span){ kt_secret_reveal(&issuer), kt_secret_length(&issuer) },
	                redirect->issuer);
}

static enum kt_redirect_verdict judge_query(const struct kt_redirect *redirect, struct span text,
                                            struct kt_redirect_result *result)
{
	struct query query = { 0 };

	read_query(text, &query);
	if (!has_state(&query, redirect->state) || !has_issuer(&query, redirect) ||
	    query.counts[CODE] + query.counts[ERROR] != 1)
		return KT_REDIRECT_STRAY;
	if (query.counts[CODE])
		return decode(&result->code, query.values[CODE]) &&
		       !kt_secret_is_empty(&result->code) ? KT_REDIRECT_CODE : KT_REDIRECT_STRAY;
	if (!decode(&result->error, query.values[ERROR]) || kt_secret_is_empty(&result->error))
		return KT_REDIRECT_STRAY;
	/* Decoration: where it is broken or there twice, the error stands without it. */
	if (query.counts[DESCRIPTION] != 1 ||
	    !decode(&result->description, query.values[DESCRIPTION]))
		kt_secret_clear(&result->description);
	return KT_REDIRECT_DENIED;
}

static enum kt_redirect_verdict judge_head(const struct kt_redirect *redirect, struct span head,
                                           struct kt_redirect_result *result)
{
	struct span version;
	struct span method;
	struct span target;
	struct span path;
	bool is_ours;

	split(&head, "\r\n", &version);
	if (!split(&version, " ", &method) || !split(&version, " ", &target) ||
	    !is_token(method) || !kt_characters_are_visible_ascii(target.bytes, target.length) ||
	    (!is_equal(version, "HTTP/1.1") && !is_equal(version, "HTTP/1.0")) ||
	    !check_headers(head, &redirect->address, &is_ours))
		return KT_REDIRECT_STRAY;
	split(&target, "?", &path);
	if (!is_ours || !is_equal(path, redirect->address.path))
		return KT_REDIRECT_NOT_FOUND;
	if (!is_equal(method, "GET"))
		return KT_REDIRECT_NOT_ALLOWED;
	return judge_query(redirect, target, result);
}

enum kt_redirect_verdict kt_redirect_judge(const struct kt_redirect *redirect,
                                           const char *bytes, size_t length,
                                           struct kt_redirect_result *result)
{
	struct span rest = { bytes, length };
	struct span head;
	enum kt_redirect_verdict verdict;

	if (!split(&rest, "\r\n\r\n", &head))
		return length < KT_REDIRECT_REQUEST ? KT_REDIRECT_INCOMPLETE
		                                    : KT_REDIRECT_TOO_LARGE;
	if (head.length + 4 > KT_REDIRECT_REQUEST)
		return KT_REDIRECT_TOO_LARGE;
	verdict = judge_head(redirect, head, result);
	if (verdict != KT_REDIRECT_CODE && verdict != KT_REDIRECT_DENIED)
		kt_redirect_result_clear(result);
	return verdict;
}

void kt_redirect_result_clear(struct kt_redirect_result *result)
{
	kt_secret_clear(&result->code);
	kt_secret_clear(&result->error);
	kt_secret_clear(&result->description);
}
