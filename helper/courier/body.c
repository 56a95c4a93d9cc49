/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/courier/body.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/json.h"
#include "keyring/text.h"

/* The part of name after the prefix, or NULL. */
static const char *behind(const char *name, const char *prefix)
{
	return kt_text_has_prefix(name, prefix) ? name + strlen(prefix) : NULL;
}

static bool add_json_field(struct kt_json *json, const struct kt_errand_field *field,
                           struct kt_error *error)
{
	const char *bytes = kt_secret_reveal(&field->value);
	size_t length = kt_secret_length(&field->value);
	const char *text = behind(field->name, "body.");
	const char *number = behind(field->name, "number.");
	const char *raw = behind(field->name, "raw.");
	int64_t value;

	if (text)
		return kt_characters_are_utf8(bytes, length) && strlen(bytes) == length
		               ? kt_json_add_text(json, text, bytes, error)
		               : kt_fail(error, KT_ERROR_USAGE, "a field to send is not text");
	if (number)
		return kt_text_to_number(bytes, length, 0, INT64_MAX, &value)
		               ? kt_json_add_number(json, number, value, error)
		               : kt_fail(error, KT_ERROR_USAGE, "a field to send is no number");
	return !raw || kt_json_add_raw(json, raw, bytes, length, error);
}

static bool compose_json(const struct kt_errand *errand, struct kt_secret *body,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;

	if (!kt_json_create(&json, error))
		return false;
	for (size_t i = 0; i < errand->count; i++)
		if (!add_json_field(json, &errand->fields[i], error))
			return false;
	return kt_json_print(json, body, error);
}

static bool compose_form(const struct kt_errand *errand, struct kt_secret *body,
                         struct kt_error *error)
{
	for (size_t i = 0; i < errand->count; i++) {
		const struct kt_errand_field *field = &errand->fields[i];
		const char *name = behind(field->name, "body.");

		if (behind(field->name, "number.") || behind(field->name, "raw."))
			return kt_fail(error, KT_ERROR_USAGE, "a form has a field that only JSON has");
		if (name &&
		    !((kt_secret_is_empty(body) || kt_secret_append_text(body, "&", error)) &&
		      kt_text_append_percent(body, name, strlen(name), error) &&
		      kt_secret_append_text(body, "=", error) &&
		      kt_text_append_percent(body, kt_secret_reveal(&field->value),
		                             kt_secret_length(&field->value), error)))
			return false;
	}
	return true;
}

bool kt_body_compose(const struct kt_errand *errand, struct kt_secret *body, const char **type,
                     struct kt_error *error)
{
	if (kt_errand_is(errand, "format", "json")) {
		*type = "application/json";
		return compose_json(errand, body, error);
	}
	if (kt_errand_is(errand, "format", "form")) {
		*type = "application/x-www-form-urlencoded";
		return compose_form(errand, body, error);
	}
	return kt_fail(error, KT_ERROR_USAGE, "an errand has no known format");
}

struct flattening {
	struct kt_errand *answer;
	const char *prefix;
};

static bool add_member(struct flattening *to, char type, const char *name, const char *value,
                       struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *full = NULL;

	/* A dot of the server's own could make one member look like another. */
	if (strchr(name, '.') || !kt_characters_are_visible_ascii(name, strlen(name)))
		return true;
	if (to->answer->count >= KT_BODY_FIELDS)
		return kt_fail(error, KT_ERROR_SERVER, "JSON has too many members");
	return kt_text_format(&full, error, "%c.%s%s", type, to->prefix, name) &&
	       kt_errand_add(to->answer, full, value, error);
}

static bool visit(void *context, const char *name, char type, const char *value,
                  struct kt_error *error)
{
	return add_member(context, type, name, value, error);
}

static bool add_members(struct kt_errand *answer, const struct kt_json *json,
                        const char *prefix, struct kt_error *error)
{
	struct flattening to = { answer, prefix };

	return !json || kt_json_each(json, visit, &to, error);
}

/* Entries that are no text, or hold the newline that joins them, are left out. */
static bool add_list(struct kt_errand *answer, const struct kt_json *json, const char *name,
                     struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret joined = { 0 };
	struct flattening to = { answer, "" };
	size_t length = kt_json_list_length(json, name);

	for (size_t i = 0; i < length; i++) {
		const char *entry = kt_json_list_text(json, name, i);

		if (!entry || !kt_characters_are_visible_ascii(entry, strlen(entry)))
			continue;
		if ((!kt_secret_is_empty(&joined) && !kt_secret_append_text(&joined, "\n", error)) ||
		    !kt_secret_append_text(&joined, entry, error))
			return false;
	}
	return length == 0 || add_member(&to, 'l', name, kt_secret_reveal(&joined), error);
}

/* The lists of metadata that a client goes by (RFC 8414, 2; RFC 9728, 2). */
static bool add_lists(struct kt_errand *answer, const struct kt_json *json,
                      struct kt_error *error)
{
	static const char *const names[] = {
		"scopes_supported", "response_types_supported", "grant_types_supported",
		"token_endpoint_auth_methods_supported", "code_challenge_methods_supported",
		"revocation_endpoint_auth_methods_supported", "authorization_servers",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!add_list(answer, json, names[i], error))
			return false;
	return true;
}

/* Bytes that are no UTF-8 (a text in another encoding) become U+FFFD each. */
static bool mend(const struct kt_secret *body, struct kt_secret *mended, struct kt_error *error)
{
	const char *bytes = kt_secret_reveal(body);
	size_t length = kt_secret_length(body);

	if (kt_characters_are_utf8(bytes, length))
		return kt_secret_append(mended, bytes, length, error);
	for (size_t i = 0; i < length;) {
		size_t size = 1;

		while (size <= 4 && i + size <= length && !kt_characters_are_utf8(bytes + i, size))
			size++;
		if (size > 4 || i + size > length) {
			if (!kt_secret_append_text(mended, "\xef\xbf\xbd", error))
				return false;
			i++;
		} else {
			if (!kt_secret_append(mended, bytes + i, size, error))
				return false;
			i += size;
		}
	}
	return true;
}

static int value_of(char digit)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *place = digit ? strchr(digits, digit) : NULL;

	return place ? (int)(place - digits) : -1;
}

/* base64url without padding (RFC 4648, 5); false for anything else. */
static bool decode(const char *text, size_t length, struct kt_secret *bytes)
{
	struct kt_error ignored = { 0 };
	unsigned int bits = 0;
	int count = 0;

	for (size_t i = 0; i < length; i++) {
		int value = value_of(text[i]);
		char byte;

		if (value < 0)
			return false;
		bits = (bits << 6 | (unsigned int)value) & 0xffff;
		count += 6;
		if (count < 8)
			continue;
		count -= 8;
		byte = (char)(bits >> count & 0xff);
		if (!kt_secret_append(bytes, &byte, 1, &ignored))
			return false;
	}
	return true;
}

/*
 * The person whom an ID token is about. It came over TLS from the token endpoint itself, which is
 * as good as its signature (OpenID Connect Core, 3.1.3.7). One that cannot be read is none.
 */
static bool add_subject(struct kt_errand *answer, const struct kt_json *json,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret claims = { 0 };
	KT_CLEANUP(kt_json_free) struct kt_json *token = NULL;
	struct kt_error ignored = { 0 };
	const char *text = kt_json_text(json, "id_token");
	const char *begin = text ? strchr(text, '.') : NULL;
	const char *end = begin ? strchr(begin + 1, '.') : NULL;
	const char *subject;

	if (!end || !decode(begin + 1, (size_t)(end - begin - 1), &claims) ||
	    !kt_json_parse(&token, kt_secret_reveal(&claims), kt_secret_length(&claims), &ignored))
		return true;
	subject = kt_json_text(token, "sub");
	return !subject || kt_errand_add(answer, "s.id_token.sub", subject, error);
}

static bool flatten_json(struct kt_errand *answer, const struct kt_secret *body,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;

	return kt_json_parse(&json, kt_secret_reveal(body), kt_secret_length(body), error) &&
	       add_members(answer, json, "", error) &&
	       add_members(answer, kt_json_object(json, "data"), "data.", error) &&
	       add_members(answer, kt_json_object(json, "detail"), "detail.", error) &&
	       add_members(answer, kt_json_object(json, "authed_user"), "authed_user.", error) &&
	       add_subject(answer, json, error) && add_lists(answer, json, error);
}

static bool unescape(struct kt_secret *target, const char *bytes, size_t length,
                     struct kt_error *error)
{
	for (size_t i = 0; i < length;) {
		size_t part = strcspn(bytes + i, "+");

		part = part < length - i ? part : length - i;
		if (!kt_text_append_unescaped(target, bytes + i, part, error))
			return false;
		i += part;
		if (i < length && !kt_secret_append_text(target, " ", error))
			return false;
		i += i < length;
	}
	return true;
}

static bool add_pair(struct flattening *to, const char *pair, size_t length,
                     struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret name = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret value = { 0 };
	const char *equals = memchr(pair, '=', length);
	size_t name_length = equals ? (size_t)(equals - pair) : length;

	return length == 0 ||
	       (unescape(&name, pair, name_length, error) &&
	        (!equals || unescape(&value, equals + 1, length - name_length - 1, error)) &&
	        add_member(to, 's', kt_secret_reveal(&name), kt_secret_reveal(&value), error));
}

/* A body as a form has it, such as GitHub's where nobody asks for JSON. */
static bool flatten_form(struct kt_errand *answer, const struct kt_secret *body,
                         struct kt_error *error)
{
	struct flattening to = { answer, "" };
	const char *text = kt_secret_reveal(body);

	if (strlen(text) != kt_secret_length(body) || !strchr(text, '='))
		return kt_fail(error, KT_ERROR_SERVER, "this is no form");
	while (*text) {
		size_t length = strcspn(text, "&\r\n");

		if (!add_pair(&to, text, length, error)) {
			error->code = KT_ERROR_SERVER;
			return false;
		}
		text += length + (text[length] != '\0');
	}
	return true;
}

bool kt_body_flatten(struct kt_errand *answer, const struct kt_secret *body, bool is_form,
                     struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret mended = { 0 };

	if (mend(body, &mended, error) && (is_form ? flatten_form(answer, &mended, error)
	                                           : flatten_json(answer, &mended, error)))
		return true;
	kt_errand_clear(answer);
	return false;
}
