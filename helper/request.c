/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/request.h"
#include "helper/url.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/* git sets no limit. No server sends a header of more entries than this. */
#define LIST_MAXIMUM 64

enum list {
	LIST_CAPABILITY,
	LIST_STATE,
	LIST_WWWAUTH,
	LIST_SETTING,
	LISTS,
};

/*
 * protocol and host are kept beside the request: url= wipes what stands before it, yet must
 * agree with them (docs/safety.md, P3).
 */
struct parser {
	struct kt_request request;
	char *protocol;
	char *host;
	struct kt_identity url;
	uint32_t seen;
	size_t entries[LISTS];
};

/* Bytes of the request that are not ours. */
struct value {
	const char *bytes;
	size_t length;
};

/* A key that may stand there once, and the member of the parser that its value goes to. */
struct key {
	const char *name;
	bool (*take)(struct parser *parser, const struct key *key, const struct value *value,
	             struct kt_error *error);
	size_t offset;
};

/* The bytes are this lower-case word, in whatever case. */
static bool is_word(const char *bytes, size_t length, const char *word)
{
	if (length != strlen(word))
		return false;
	for (size_t i = 0; i < length; i++)
		if (kt_url_to_lower(bytes[i]) != word[i])
			return false;
	return true;
}

static bool take_text(struct parser *parser, const struct key *key, const struct value *value,
                      struct kt_error *error)
{
	char **text = (char **)((char *)parser + key->offset);
	char *former = *text;

	/* Only url= can have set it before, because a second occurrence of the key is refused. */
	if (former && (strlen(former) != value->length ||
	               memcmp(former, value->bytes, value->length) != 0))
		return kt_fail(error, KT_ERROR_USAGE, "%s and url disagree", key->name);
	return kt_text_set_bytes(text, value->bytes, value->length, error);
}

/* Some callers begin a path with a slash; git does not. */
static bool take_path(struct parser *parser, const struct key *key, const struct value *value,
                      struct kt_error *error)
{
	struct value path = *value;

	while (path.length > 0 && path.bytes[0] == '/') {
		path.bytes++;
		path.length--;
	}
	return take_text(parser, key, &path, error);
}

static bool take_secret(struct parser *parser, const struct key *key, const struct value *value,
                        struct kt_error *error)
{
	struct kt_secret *secret = (struct kt_secret *)((char *)parser + key->offset);
	KT_CLEANUP(kt_secret_clear) struct kt_secret fresh = { 0 };

	if (!kt_secret_append(&fresh, value->bytes, value->length, error))
		return false;
	if (!kt_secret_is_empty(secret) && !kt_secret_is_equal(secret, &fresh))
		return kt_fail(error, KT_ERROR_USAGE, "%s and url disagree", key->name);
	kt_secret_move(secret, &fresh);
	return true;
}

static bool take_password(struct parser *parser, const struct key *key,
                          const struct value *value, struct kt_error *error)
{
	parser->request.has_password = true;
	return take_secret(parser, key, value, error);
}

/*
 * An expiry that cannot be read counts as long past; it never means "for ever" (docs/safety.md,
 * P7).
 */
static bool take_expiry(struct parser *parser, const struct key *key, const struct value *value,
                        struct kt_error *error)
{
	int64_t *expiry = (int64_t *)((char *)parser + key->offset);

	(void)error;
	parser->request.has_expiry = true;
	if (!kt_text_to_number(value->bytes, value->length, 1, INT64_MAX, expiry))
		*expiry = 1;
	return true;
}

/* git's booleans. A value that is none of them counts as yes, because then nothing is stored. */
static bool take_ephemeral(struct parser *parser, const struct key *key,
                           const struct value *value, struct kt_error *error)
{
	(void)key;
	(void)error;
	parser->request.is_ephemeral = value->length > 0 &&
	                               !is_word(value->bytes, value->length, "0") &&
	                               !is_word(value->bytes, value->length, "no") &&
	                               !is_word(value->bytes, value->length, "off") &&
	                               !is_word(value->bytes, value->length, "false");
	return true;
}

/* Like git's, it forgets what stands before it, capabilities included. */
static bool take_url(struct parser *parser, const struct key *key, const struct value *value,
                     struct kt_error *error)
{
	struct kt_request *request = &parser->request;

	(void)key;
	kt_request_clear(request);
	memset(parser->entries, 0, sizeof(parser->entries));
	if (!kt_url_parse(&parser->url, &request->password, value->bytes, value->length,
	                  error))
		return false;
	request->has_password = !kt_secret_is_empty(&request->password);
	return kt_text_set(&request->pattern.path, parser->url.path, error) &&
	       kt_text_set(&request->pattern.username, parser->url.username, error);
}

/* Keys of git that only a helper writes. In a request they have no meaning. */
static bool take_nothing(struct parser *parser, const struct key *key, const struct value *value,
                         struct kt_error *error)
{
	(void)parser;
	(void)key;
	(void)value;
	(void)error;
	return true;
}

static const struct key keys[] = {
	{ "protocol", take_text, offsetof(struct parser, protocol) },
	{ "host", take_text, offsetof(struct parser, host) },
	{ "path", take_path, offsetof(struct parser, request.pattern.path) },
	{ "username", take_text, offsetof(struct parser, request.pattern.username) },
	{ "password", take_password, offsetof(struct parser, request.password) },
	{ "password_expiry_utc", take_expiry, offsetof(struct parser, request.expiry) },
	{ "oauth_refresh_token", take_secret,
	  offsetof(struct parser, request.oauth_refresh_token) },
	{ "url", take_url, 0 },
	{ "authtype", take_text, offsetof(struct parser, request.authtype) },
	{ "credential", take_secret, offsetof(struct parser, request.credential) },
	{ "ephemeral", take_ephemeral, 0 },
	{ "quit", take_nothing, 0 },
	{ "continue", take_nothing, 0 },
	{ "kind", take_text, offsetof(struct parser, request.kind) },
	{ "client_id", take_text, offsetof(struct parser, request.client_id) },
	{ "client_secret", take_secret, offsetof(struct parser, request.client_secret) },
	{ "token_endpoint", take_text, offsetof(struct parser, request.token_endpoint) },
	{ "session_name", take_text, offsetof(struct parser, request.session_name) },
	{ "ca_file", take_text, offsetof(struct parser, request.ca_file) },
};

_Static_assert(sizeof(keys) / sizeof(keys[0]) <= 32, "a bit in seen for each key");

static bool is_name(const struct value *text, const char *name)
{
	return text->length == strlen(name) && memcmp(text->bytes, name, text->length) == 0;
}

static bool take_single(struct parser *parser, const struct value *name,
                        const struct value *value, struct kt_error *error)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!is_name(name, keys[i].name))
			continue;
		if (parser->seen & 1u << i)
			return kt_fail(error, KT_ERROR_USAGE, "%s stands there twice", keys[i].name);
		parser->seen |= 1u << i;
		/* A password goes to its server as it came; it may be of a time before UTF-8. */
		if (keys[i].take != take_password &&
		    !kt_characters_are_utf8(value->bytes, value->length))
			return kt_fail(error, KT_ERROR_USAGE, "%s is not UTF-8", keys[i].name);
		return keys[i].take(parser, &keys[i], value, error);
	}
	return true;
}

/*
 * A challenge of this scheme stands in the header: at its start or behind a comma outside
 * quotes, and followed by a blank, a comma or nothing (RFC 9110, 11.6.1).
 */
static bool has_scheme(const struct value *header, const char *scheme)
{
	bool may_begin = true;
	bool is_quoted = false;

	for (size_t i = 0; i < header->length; i++) {
		char byte = header->bytes[i];

		if (is_quoted && byte == '\\') {
			i++;
		} else if (byte == '"') {
			is_quoted = !is_quoted;
			may_begin = false;
		} else if (byte == ',' && !is_quoted) {
			may_begin = true;
		} else if (byte != ' ' && may_begin) {
			size_t word = kt_url_span(header->bytes + i, header->length - i,
			                          " ,\"");

			if (is_word(header->bytes + i, word, scheme))
				return true;
			may_begin = false;
			i += word - 1;
		}
	}
	return false;
}

static bool take_state(struct kt_request *request, const struct value *value,
                       struct kt_error *error)
{
	static const char prefix[] = "keyturn:";
	size_t length = sizeof(prefix) - 1;

	if (value->length < length || memcmp(value->bytes, prefix, length) != 0)
		return true;
	if (request->state)
		return kt_fail(error, KT_ERROR_USAGE, "two states of keyturn stand there");
	if (!kt_characters_are_utf8(value->bytes, value->length))
		return kt_fail(error, KT_ERROR_USAGE, "state[] is not UTF-8");
	return kt_text_set_bytes(&request->state, value->bytes + length, value->length - length,
	                         error);
}

/* A setting of keyturn login, NAME=VALUE; they stand in one text, a line each. */
static bool take_setting(struct kt_request *request, const struct value *value,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret lines = { 0 };
	const char *before = kt_text_or_empty(request->settings);

	if (!kt_characters_are_utf8(value->bytes, value->length) ||
	    !memchr(value->bytes, '=', value->length))
		return kt_fail(error, KT_ERROR_USAGE, "setting[] is not NAME=VALUE in UTF-8");
	return kt_secret_append_text(&lines, before, error) &&
	       kt_secret_append(&lines, value->bytes, value->length, error) &&
	       kt_secret_append_text(&lines, "\n", error) &&
	       kt_text_set(&request->settings, kt_secret_reveal(&lines), error);
}

static void reset_list(struct kt_request *request, enum list list)
{
	if (list == LIST_CAPABILITY)
		request->can_authtype = request->can_state = false;
	if (list == LIST_STATE)
		kt_text_free(&request->state);
	if (list == LIST_SETTING)
		kt_text_free(&request->settings);
	if (list == LIST_WWWAUTH)
		request->wants_bearer = request->wants_basic = false;
}

static bool add_entry(struct kt_request *request, enum list list, const struct value *value,
                      struct kt_error *error)
{
	if (list == LIST_STATE)
		return take_state(request, value, error);
	if (list == LIST_SETTING)
		return take_setting(request, value, error);
	if (list == LIST_CAPABILITY) {
		request->can_authtype |= is_name(value, "authtype");
		request->can_state |= is_name(value, "state");
	}
	if (list == LIST_WWWAUTH) {
		request->wants_bearer |= has_scheme(value, "bearer");
		request->wants_basic |= has_scheme(value, "basic");
	}
	return true;
}

static bool take_entry(struct parser *parser, const struct value *name,
                       const struct value *value, struct kt_error *error)
{
	static const char *const names[LISTS] = {
		[LIST_CAPABILITY] = "capability",
		[LIST_STATE] = "state",
		[LIST_WWWAUTH] = "wwwauth",
		[LIST_SETTING] = "setting",
	};

	for (int list = 0; list < LISTS; list++) {
		if (!is_name(name, names[list]))
			continue;
		if (value->length == 0) {
			reset_list(&parser->request, (enum list)list);
			parser->entries[list] = 0;
			return true;
		}
		if (++parser->entries[list] > LIST_MAXIMUM)
			return kt_fail(error, KT_ERROR_USAGE, "%s[] has more than %d entries",
			               names[list], LIST_MAXIMUM);
		return add_entry(&parser->request, (enum list)list, value, error);
	}
	return true;
}

static bool is_key(const struct value *name)
{
	for (size_t i = 0; i < name->length; i++)
		if (!(name->bytes[i] >= 'a' && name->bytes[i] <= 'z') &&
		    !(name->bytes[i] >= '0' && name->bytes[i] <= '9') && name->bytes[i] != '_' &&
		    name->bytes[i] != '-')
			return false;
	return name->length > 0;
}

static bool parse_line(struct parser *parser, const char *bytes, size_t length,
                       struct kt_error *error)
{
	const char *equals = memchr(bytes, '=', length);
	struct value name = { bytes, equals ? (size_t)(equals - bytes) : 0 };
	struct value value;
	bool is_list;

	if (!kt_characters_are_clean(bytes, length))
		return kt_fail(error, KT_ERROR_USAGE, "it holds a control character");
	if (!equals)
		return kt_fail(error, KT_ERROR_USAGE, "it has no =");
	value = (struct value){ equals + 1, length - name.length - 1 };
	is_list = name.length > 2 && memcmp(equals - 2, "[]", 2) == 0;
	if (is_list)
		name.length -= 2;
	if (!is_key(&name))
		return kt_fail(error, KT_ERROR_USAGE,
		               "its key is empty or has a character that no key has");
	return is_list ? take_entry(parser, &name, &value, error)
	               : take_single(parser, &name, &value, error);
}

/* The line's bytes up to and with its LF; *length is what it holds without its end. */
static size_t next_line(const char *bytes, size_t left, size_t *length)
{
	const char *feed = memchr(bytes, '\n', left);
	size_t used = feed ? (size_t)(feed - bytes) + 1 : left;

	*length = feed ? used - 1 : used;
	if (feed && *length > 0 && bytes[*length - 1] == '\r')
		(*length)--;
	return used;
}

static bool parse_lines(struct parser *parser, const char *bytes, size_t length,
                        struct kt_error *error)
{
	size_t offset = 0;

	for (size_t line = 1; offset < length; line++) {
		struct kt_error reason = { 0 };
		size_t held;
		size_t used = next_line(bytes + offset, length - offset, &held);

		if (held == 0)
			return true;
		if (used > KT_REQUEST_LINE_MAXIMUM)
			return kt_fail(error, KT_ERROR_USAGE,
			               "line %zu of the request is longer than %d bytes", line,
			               KT_REQUEST_LINE_MAXIMUM);
		if (line > KT_REQUEST_LINES)
			return kt_fail(error, KT_ERROR_USAGE, "the request has more than %d lines",
			               KT_REQUEST_LINES);
		if (offset + used > KT_REQUEST_MAXIMUM)
			return kt_fail(error, KT_ERROR_USAGE, "the request is longer than %zu bytes",
			               KT_REQUEST_MAXIMUM);
		if (!parse_line(parser, bytes + offset, held, &reason)) {
			kt_fail(error, reason.code, "line %zu of the request is refused: %s", line,
			        reason.message);
			return reason.remedy[0] ? kt_advise(error, "%s", reason.remedy) : false;
		}
		offset += used;
	}
	return true;
}

/*
 * git asks for the passphrase of a client certificate with protocol=cert, an empty host and the
 * file's name as path. Where there is a server a host is never empty.
 */
static bool is_foreign(const struct parser *parser, const char *protocol)
{
	return parser->host && !*parser->host && !parser->url.protocol &&
	       !kt_text_is_equal(protocol, "https") && !kt_text_is_equal(protocol, "http");
}

/* protocol and host, from their keys, from url, or from both where they agree. */
static bool settle_service(struct parser *parser, struct kt_error *error)
{
	struct kt_identity *pattern = &parser->request.pattern;
	const struct kt_identity *url = &parser->url;

	if (!parser->protocol && !url->protocol)
		return kt_fail(error, KT_ERROR_USAGE, "the request names no protocol");
	if (!parser->host && !url->host)
		return kt_fail(error, KT_ERROR_USAGE, "the request names no host");
	if (parser->protocol ? !kt_url_normal_protocol(&pattern->protocol, parser->protocol,
	                                               strlen(parser->protocol), error)
	                     : !kt_text_set(&pattern->protocol, url->protocol, error))
		return false;
	parser->request.is_foreign = is_foreign(parser, pattern->protocol);
	if (parser->request.is_foreign)
		return kt_text_set(&pattern->host, "", error);
	if (parser->host ? !kt_url_normal_host(&pattern->host, pattern->protocol, parser->host,
	                                       strlen(parser->host), error)
	                 : !kt_text_set(&pattern->host, url->host, error))
		return false;
	if (url->protocol && (!kt_text_is_equal(url->protocol, pattern->protocol) ||
	                      !kt_text_is_equal(url->host, pattern->host)))
		return kt_fail(error, KT_ERROR_USAGE, "url disagrees with protocol or host");
	return true;
}

static void clear_parser(struct parser *parser)
{
	kt_request_clear(&parser->request);
	kt_text_free(&parser->protocol);
	kt_text_free(&parser->host);
	kt_identity_clear(&parser->url);
}

bool kt_request_parse_git(struct kt_request *request, const char *bytes, size_t length,
                          struct kt_error *error)
{
	KT_CLEANUP(clear_parser) struct parser parser = { 0 };

	if (!parse_lines(&parser, bytes, length, error) || !settle_service(&parser, error))
		return false;
	kt_request_clear(request);
	*request = parser.request;
	parser.request = (struct kt_request){ 0 };
	return true;
}

/* Passes over the whole lines from *line on; true at the blank one that ends the request. */
static bool find_end(const char *bytes, size_t length, size_t *line)
{
	const char *feed;

	while ((feed = memchr(bytes + *line, '\n', length - *line))) {
		size_t held = (size_t)(feed - bytes) - *line;

		if (held == 0 || (held == 1 && bytes[*line] == '\r'))
			return true;
		*line += held + 1;
	}
	return false;
}

bool kt_request_is_complete(const char *bytes, size_t length)
{
	size_t line = 0;

	return find_end(bytes, length, &line);
}

/* The limits of what is read; the parser's own name the line. */
static bool check_length(size_t length, size_t line, struct kt_error *error)
{
	if (length - line > KT_REQUEST_LINE_MAXIMUM)
		kt_fail(error, KT_ERROR_USAGE, "a line of the request is longer than %d bytes",
		        KT_REQUEST_LINE_MAXIMUM);
	else if (length > KT_REQUEST_MAXIMUM)
		kt_fail(error, KT_ERROR_USAGE, "the request is longer than %zu bytes",
		        KT_REQUEST_MAXIMUM);
	else
		return true;
	return kt_advise(error, "leave lines out that are not needed");
}

/*
 * git ends a request by closing its pipe behind a whole line; an end within a line is that of a
 * caller who was broken off.
 */
static bool check_end(const struct kt_secret *bytes, size_t line, struct kt_error *error)
{
	if (line == kt_secret_length(bytes))
		return true;
	kt_fail(error, KT_ERROR_USAGE, "the request ends within a line");
	return kt_advise(error, "end each of its lines with a newline");
}

bool kt_request_read_git(struct kt_secret *bytes, int descriptor, struct kt_error *error)
{
	size_t line = 0;

	while (!find_end(kt_secret_reveal(bytes), kt_secret_length(bytes), &line)) {
		size_t taken;

		if (!check_length(kt_secret_length(bytes), line, error) ||
		    !kt_secret_read_some(bytes, descriptor, &taken, error))
			return false;
		if (taken == 0)
			return check_end(bytes, line, error);
	}
	return true;
}

void kt_request_clear(struct kt_request *request)
{
	kt_identity_clear(&request->pattern);
	kt_secret_clear(&request->password);
	kt_text_free(&request->authtype);
	kt_secret_clear(&request->credential);
	kt_secret_clear(&request->oauth_refresh_token);
	kt_text_free(&request->state);
	kt_text_free(&request->kind);
	kt_text_free(&request->client_id);
	kt_secret_clear(&request->client_secret);
	kt_text_free(&request->token_endpoint);
	kt_text_free(&request->session_name);
	kt_text_free(&request->ca_file);
	kt_text_free(&request->settings);
	*request = (struct kt_request){ 0 };
}
