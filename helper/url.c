/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <arpa/inet.h>
#include <string.h>

#include "helper/url.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/* RFC 1035, 2.3.4. */
#define HOST_MAXIMUM 255
/* A network interface's name has at most 15 bytes; a zone may be longer. */
#define ZONE_MAXIMUM 32

char kt_url_to_lower(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

static bool is_letter(char byte)
{
	byte = kt_url_to_lower(byte);
	return byte >= 'a' && byte <= 'z';
}

static bool is_letter_or_digit(char byte)
{
	return is_letter(byte) || (byte >= '0' && byte <= '9');
}

static bool set_lower(char **target, const char *bytes, size_t length, struct kt_error *error)
{
	if (!kt_text_set_bytes(target, bytes, length, error))
		return false;
	for (char *byte = *target; *byte; byte++)
		*byte = kt_url_to_lower(*byte);
	return true;
}

bool kt_url_normal_protocol(char **protocol, const char *bytes, size_t length,
                            struct kt_error *error)
{
	if (length == 0)
		return kt_fail(error, KT_ERROR_USAGE, "the protocol is empty");
	for (size_t i = 0; i < length; i++)
		if (i == 0 ? !is_letter(bytes[i])
		           : !is_letter_or_digit(bytes[i]) && !memchr("+-.", bytes[i], 3))
			return kt_fail(error, KT_ERROR_USAGE,
			               "the protocol holds a character that none has");
	return set_lower(protocol, bytes, length, error);
}

/* RFC 4007, 11.2 as RFC 6874 writes it in a URL (%25), and as people do (%). */
static bool normal_zone(char zone[ZONE_MAXIMUM + 1], const char *bytes, size_t length,
                        struct kt_error *error)
{
	if (length > 2 && memcmp(bytes, "25", 2) == 0) {
		bytes += 2;
		length -= 2;
	}
	if (length == 0 || length > ZONE_MAXIMUM)
		return kt_fail(error, KT_ERROR_USAGE, "the zone of the host's address is not 1 to %d bytes",
		               ZONE_MAXIMUM);
	for (size_t i = 0; i < length; i++)
		if (!is_letter_or_digit(bytes[i]) && !memchr(".-_", bytes[i], 3))
			return kt_fail(error, KT_ERROR_USAGE,
			               "the zone of the host's address holds a character that none has");
	memcpy(zone, bytes, length);
	zone[length] = '\0';
	return true;
}

static bool normal_address(char **host, const char *bytes, size_t length, struct kt_error *error)
{
	const char *percent = memchr(bytes, '%', length);
	size_t used = percent ? (size_t)(percent - bytes) : length;
	char text[INET6_ADDRSTRLEN] = "";
	char zone[ZONE_MAXIMUM + 1] = "";
	struct in6_addr address;

	if (used >= sizeof(text))
		return kt_fail(error, KT_ERROR_USAGE, "the host's IPv6 address is too long");
	memcpy(text, bytes, used);
	if (inet_pton(AF_INET6, text, &address) != 1)
		return kt_fail(error, KT_ERROR_USAGE, "the host is not an IPv6 address in brackets");
	if (percent && !IN6_IS_ADDR_LINKLOCAL(&address))
		return kt_fail(error, KT_ERROR_USAGE, "only a link-local address has a zone");
	if (percent && !normal_zone(zone, percent + 1, length - used - 1, error))
		return false;
	inet_ntop(AF_INET6, &address, text, sizeof(text));
	return kt_text_format(host, error, "[%s%s%s]", text, percent ? "%" : "", zone);
}

/*
 * A final dot says that the name is a whole one, which it is. Behind a number it does not go:
 * 127.0.0.1. is no address but a name to look up.
 */
static size_t without_final_dot(const char *bytes, size_t length)
{
	size_t used = length > 1 && bytes[length - 1] == '.' ? length - 1 : length;
	size_t label = used;

	while (label > 0 && bytes[label - 1] != '.')
		label--;
	for (; label < used; label++)
		if (is_letter(bytes[label]))
			return used;
	return length;
}

static bool normal_name(char **host, const char *bytes, size_t length, struct kt_error *error)
{
	if (length == 0)
		return kt_fail(error, KT_ERROR_USAGE, "the host is empty");
	length = without_final_dot(bytes, length);
	if (length > HOST_MAXIMUM)
		return kt_fail(error, KT_ERROR_USAGE, "the host is longer than %d bytes",
		               HOST_MAXIMUM);
	if (bytes[0] == '-')
		return kt_fail(error, KT_ERROR_USAGE, "the host begins with a hyphen");
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] == '.' && (i == 0 || i + 1 == length || bytes[i + 1] == '.'))
			return kt_fail(error, KT_ERROR_USAGE, "the host has an empty part beside a dot");
		if (bytes[i] & 0x80) {
			kt_fail(error, KT_ERROR_USAGE, "the host is not in ASCII");
			return kt_advise(error, "write it in its xn-- form");
		}
		if (!is_letter_or_digit(bytes[i]) && !memchr(".-_", bytes[i], 3))
			return kt_fail(error, KT_ERROR_USAGE,
			               "the host holds a character that no host name has");
	}
	return set_lower(host, bytes, length, error);
}

/* *port is 0 where there is none, or only the protocol's own. */
static bool normal_port(int64_t *port, const char *protocol, const char *bytes, size_t length,
                        struct kt_error *error)
{
	*port = 0;
	/* RFC 3986, 3.2.3: an empty port is the protocol's own. */
	if (length == 0)
		return true;
	if (length > 5 || !kt_text_to_number(bytes, length, 1, 65535, port))
		return kt_fail(error, KT_ERROR_USAGE, "the host's port is not a number from 1 to 65535");
	if ((*port == 443 && kt_text_is_equal(protocol, "https")) ||
	    (*port == 80 && kt_text_is_equal(protocol, "http")))
		*port = 0;
	return true;
}

/* Coze serves one account under two names; credentials bear the first (docs/coze.md, section 2). */
static bool map_to_service(char **host, const char *protocol, struct kt_error *error)
{
	if (!kt_text_is_equal(protocol, "https"))
		return true;
	if (kt_text_is_equal(*host, "ws.coze.cn"))
		return kt_text_set(host, "api.coze.cn", error);
	if (kt_text_is_equal(*host, "ws.coze.com"))
		return kt_text_set(host, "api.coze.com", error);
	return true;
}

bool kt_url_normal_host(char **host, const char *protocol, const char *bytes, size_t length,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;
	bool is_address = length > 0 && bytes[0] == '[';
	const char *end = memchr(bytes, is_address ? ']' : ':', length);
	size_t used = end ? (size_t)(end - bytes) : length;
	const char *port_bytes = NULL;
	size_t port_length = 0;
	int64_t port;

	if (is_address && !end)
		return kt_fail(error, KT_ERROR_USAGE, "the host's address has no closing bracket");
	if (is_address ? !normal_address(&name, bytes + 1, used - 1, error)
	               : !normal_name(&name, bytes, used, error))
		return false;
	used += is_address;
	if (used < length) {
		if (bytes[used] != ':')
			return kt_fail(error, KT_ERROR_USAGE, "something follows the host's address");
		port_bytes = bytes + used + 1;
		port_length = length - used - 1;
	}
	if (!normal_port(&port, protocol, port_bytes, port_length, error))
		return false;
	if (port)
		return kt_text_format(host, error, "%s:%d", name, (int)port);
	return map_to_service(&name, protocol, error) && kt_text_set(host, name, error);
}

/* Percent-decodes into text that is UTF-8 and holds no control character. */
static bool set_unescaped(char **target, const char *bytes, size_t length,
                          struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };

	if (!kt_text_append_unescaped(&text, bytes, length, error))
		return false;
	if (!kt_characters_are_utf8(kt_secret_reveal(&text), kt_secret_length(&text)))
		return kt_fail(error, KT_ERROR_USAGE, "a URL holds an encoded text that is not UTF-8");
	return kt_text_set_bytes(target, kt_secret_reveal(&text), kt_secret_length(&text), error);
}

static bool parse_user(struct kt_identity *identity, struct kt_secret *password,
                       const char *bytes, size_t length, struct kt_error *error)
{
	const char *colon = memchr(bytes, ':', length);
	size_t name = colon ? (size_t)(colon - bytes) : length;

	if (!set_unescaped(&identity->username, bytes, name, error))
		return false;
	return !colon || kt_text_append_unescaped(password, colon + 1, length - name - 1, error);
}

/* As git cuts it: without slashes around it; only slashes are no path. */
static bool parse_path(char **path, const char *bytes, size_t length, struct kt_error *error)
{
	while (length > 0 && bytes[0] == '/') {
		bytes++;
		length--;
	}
	while (length > 0 && bytes[length - 1] == '/')
		length--;
	return length == 0 || set_unescaped(path, bytes, length, error);
}

size_t kt_url_span(const char *bytes, size_t length, const char *stops)
{
	size_t used = 0;

	while (used < length && !memchr(stops, bytes[used], strlen(stops)))
		used++;
	return used;
}

bool kt_url_parse(struct kt_identity *identity, struct kt_secret *password,
                  const char *bytes, size_t length, struct kt_error *error)
{
	KT_CLEANUP(kt_identity_clear) struct kt_identity parts = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret word = { 0 };
	const char *separator = memmem(bytes, length, "://", 3);
	const char *authority;
	const char *at;
	size_t used;

	if (!separator)
		return kt_fail(error, KT_ERROR_USAGE, "a URL has no :// in it");
	if (!kt_url_normal_protocol(&parts.protocol, bytes, (size_t)(separator - bytes), error))
		return false;
	authority = separator + 3;
	length -= (size_t)(authority - bytes);
	used = kt_url_span(authority, length, "/?#");
	if (memchr(authority, '\\', used))
		return kt_fail(error, KT_ERROR_USAGE, "a URL has a backslash before its path");
	if (!parse_path(&parts.path, authority + used, length - used, error))
		return false;
	at = memchr(authority, '@', used);
	if (at && !parse_user(&parts, &word, authority, (size_t)(at - authority), error))
		return false;
	if (at) {
		used -= (size_t)(at + 1 - authority);
		authority = at + 1;
	}
	if (!kt_url_normal_host(&parts.host, parts.protocol, authority, used, error))
		return false;
	kt_identity_clear(identity);
	*identity = parts;
	parts = (struct kt_identity){ 0 };
	kt_secret_move(password, &word);
	return true;
}

/* Over plain http to this host, at any port. */
static bool is_plain_at(const struct kt_identity *pattern, const char *host)
{
	const char *asked = kt_text_or_empty(pattern->host);
	size_t length = strlen(host);

	return kt_text_is_equal(pattern->protocol, "http") && strncmp(asked, host, length) == 0 &&
	       (asked[length] == '\0' || asked[length] == ':');
}

bool kt_url_is_safe_for_tokens(const struct kt_identity *pattern)
{
	return kt_text_is_equal(pattern->protocol, "https") || is_plain_at(pattern, "127.0.0.1") ||
	       is_plain_at(pattern, "[::1]");
}

bool kt_url_is_safe_to_visit(const struct kt_identity *pattern)
{
	return kt_url_is_safe_for_tokens(pattern) || is_plain_at(pattern, "localhost");
}
