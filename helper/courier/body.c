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

/* The lists of server metadata that a client goes by (RFC 8414, 2). */
static bool add_lists(struct kt_errand *answer, const struct kt_json *json,
                      struct kt_error *error)
{
	static const char *const names[] = {
		"scopes_supported", "response_types_supported", "grant_types_supported",
		"token_endpoint_auth_methods_supported", "code_challenge_methods_supported",
		"revocation_endpoint_auth_methods_supported",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!add_list(answer, json, names[i], error))
			return false;
	return true;
}

bool kt_body_flatten(struct kt_errand *answer, const struct kt_secret *body,
                     struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;

	if (kt_json_parse(&json, kt_secret_reveal(body), kt_secret_length(body), error) &&
	    add_members(answer, json, "", error) &&
	    add_members(answer, kt_json_object(json, "data"), "data.", error) &&
	    add_members(answer, kt_json_object(json, "detail"), "detail.", error) &&
	    add_lists(answer, json, error))
		return true;
	kt_errand_clear(answer);
	return false;
}
