/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <idn2.h>
#include <string.h>

#include "helper/keeper/account/idn.h"
#include "helper/keeper/library.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"
#include "keyring/translate.h"

#define LIBRARY "libidn2.so.0"
/* RFC 1035, 2.3.4, four bytes a character. */
#define NAME_MAXIMUM 1020

static bool fail_name(const char *reason, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_USAGE, "the host is not in ASCII, and %s", kt_translate(reason));
	return kt_advise(error, "write it in its xn-- form");
}

static bool is_ascii(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (bytes[i] & 0x80)
			return false;
	return true;
}

/* The name's own bytes must be clean: the request was not looked at yet. */
static bool append_name(struct kt_secret *text, const char *bytes, size_t length,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_library_close) void *library = NULL;
	KT_CLEANUP(kt_text_free) char *name = NULL;
	__typeof__(&idn2_lookup_u8) lookup;
	__typeof__(&idn2_free) release;
	uint8_t *ascii = NULL;
	bool done;

	if (is_ascii(bytes, length))
		return kt_secret_append(text, bytes, length, error);
	if (length > NAME_MAXIMUM || !kt_characters_are_utf8(bytes, length) ||
	    !kt_characters_are_clean(bytes, length))
		return fail_name(KT_TEXT("is no name in UTF-8"), error);
	library = kt_library_open(LIBRARY);
	if (!kt_library_find(library, "idn2_lookup_u8", &lookup) ||
	    !kt_library_find(library, "idn2_free", &release))
		return fail_name(KT_TEXT("libidn2 is not installed"), error);
	if (!kt_text_set_bytes(&name, bytes, length, error))
		return false;
	/* As curl does it, in this order: it is curl that connects to the name. */
	if (lookup((const uint8_t *)name, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) !=
	            IDN2_OK &&
	    lookup((const uint8_t *)name, &ascii, IDN2_TRANSITIONAL) != IDN2_OK)
		return fail_name(KT_TEXT("has no form in ASCII"), error);
	done = kt_secret_append_text(text, (const char *)ascii, error);
	release(ascii);
	return done;
}

static size_t span(const char *bytes, size_t length, const char *stops)
{
	size_t used = 0;

	while (used < length && !memchr(stops, bytes[used], strlen(stops) + 1))
		used++;
	return used;
}

/* HOST[:PORT], or an address in brackets. */
static bool append_host(struct kt_secret *text, const char *bytes, size_t length,
                        struct kt_error *error)
{
	size_t used = length > 0 && bytes[0] == '[' ? 0 : span(bytes, length, ":\r");

	return append_name(text, bytes, used, error) &&
	       kt_secret_append(text, bytes + used, length - used, error);
}

static bool append_url(struct kt_secret *text, const char *bytes, size_t length,
                       struct kt_error *error)
{
	const char *separator = memmem(bytes, length, "://", 3);
	size_t begin = separator ? (size_t)(separator + 3 - bytes) : length;
	size_t end = begin + span(bytes + begin, length - begin, "/?#\r");
	const char *at = memchr(bytes + begin, '@', end - begin);

	if (at)
		begin = (size_t)(at + 1 - bytes);
	return kt_secret_append(text, bytes, begin, error) &&
	       append_host(text, bytes + begin, end - begin, error) &&
	       kt_secret_append(text, bytes + end, length - end, error);
}

static bool convert(char **ascii, const char *typed,
                    bool (*append)(struct kt_secret *text, const char *bytes, size_t length,
                                   struct kt_error *error),
                    struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };

	return append(&text, typed, strlen(typed), error) &&
	       kt_text_set(ascii, kt_secret_reveal(&text), error);
}

bool kt_idn_url(char **ascii, const char *url, struct kt_error *error)
{
	return convert(ascii, url, append_url, error);
}

bool kt_idn_host(char **ascii, const char *host, struct kt_error *error)
{
	return convert(ascii, host, append_host, error);
}

/* One line, its LF included. */
static bool append_line(struct kt_secret *text, const char *line, size_t length,
                        struct kt_error *error)
{
	static const struct {
		const char *key;
		bool (*append)(struct kt_secret *text, const char *bytes, size_t length,
		               struct kt_error *error);
	} keys[] = { { "host=", append_host }, { "url=", append_url } };
	size_t end = length > 0 && line[length - 1] == '\n' ? length - 1 : length;

	for (size_t i = 0; i < KT_COUNT(keys); i++) {
		size_t key = strlen(keys[i].key);

		if (end > key && memcmp(line, keys[i].key, key) == 0)
			return kt_secret_append(text, line, key, error) &&
			       keys[i].append(text, line + key, end - key, error) &&
			       kt_secret_append(text, line + end, length - end, error);
	}
	return kt_secret_append(text, line, length, error);
}

bool kt_idn_take_git(struct kt_request *request, int descriptor, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	const char *line;
	size_t left;

	if (!kt_request_read_git(&bytes, descriptor, error))
		return false;
	line = kt_secret_reveal(&bytes);
	left = kt_secret_length(&bytes);
	while (left > 0) {
		const char *feed = memchr(line, '\n', left);
		size_t length = feed ? (size_t)(feed - line) + 1 : left;

		if (!append_line(&text, line, length, error))
			return false;
		/* Behind the blank line stands nothing that is looked at. */
		if (length == 1 || (length == 2 && line[0] == '\r'))
			break;
		line += length;
		left -= length;
	}
	return kt_request_parse_git(request, kt_secret_reveal(&text), kt_secret_length(&text),
	                            error);
}
