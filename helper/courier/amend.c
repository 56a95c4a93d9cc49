/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/courier/amend.h"
#include "helper/mask.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

static struct kt_secret *find(struct kt_errand *answer, const char *name)
{
	for (size_t i = 0; i < answer->count; i++)
		if (strcmp(answer->fields[i].name, name) == 0)
			return &answer->fields[i].value;
	return NULL;
}

/* Sets "s.NAME" from "s.MEMBER.NAME", and so for each type. */
static bool lift_field(struct kt_errand *answer, const struct kt_errand_field *field,
                       const char *rest, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret value = { 0 };
	struct kt_secret *own;

	if (!kt_text_format(&name, error, "%c.%s", field->name[0], rest) ||
	    !kt_secret_copy(&value, &field->value, error))
		return false;
	own = find(answer, name);
	if (!own)
		return kt_errand_add_secret(answer, name, &value, error);
	kt_secret_move(own, &value);
	return true;
}

static bool lift_member(struct kt_errand *answer, const char *member, struct kt_error *error)
{
	size_t count = answer->count;
	size_t length = strlen(member);

	for (size_t i = 0; i < count; i++) {
		const struct kt_errand_field field = answer->fields[i];
		const char *name = field.name;

		if (strlen(name) > length + 3 && name[1] == '.' &&
		    strncmp(name + 2, member, length) == 0 && name[length + 2] == '.' &&
		    answer->count < KT_ERRAND_FIELDS - 16 &&
		    !lift_field(answer, &field, name + length + 3, error))
			return false;
	}
	return true;
}

static bool set_lifetime(struct kt_errand *answer, const char *lifetime, struct kt_error *error)
{
	if (strcmp(lifetime, "never") == 0 || !kt_errand_secret(answer, "s.access_token") ||
	    kt_errand_secret(answer, "n.expires_in") || kt_errand_secret(answer, "s.expires_in"))
		return true;
	return kt_errand_add(answer, "n.expires_in", lifetime, error);
}

/* The standards' name for a word of refusal that only this service has. */
static const char *standard_name(const char *meaning)
{
	static const struct {
		const char *meaning;
		const char *name;
	} names[] = {
		{ "dead", "invalid_grant" },
		{ "person", "interaction_required" },
		{ "setting", "invalid_request" },
		{ "passing", "temporarily_unavailable" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].meaning, meaning) == 0)
			return names[i].name;
	return NULL;
}

static bool put(struct kt_errand *answer, const char *name, const char *text,
                struct kt_error *error)
{
	struct kt_secret *own = find(answer, name);

	if (own)
		return kt_secret_set(own, text, strlen(text), error);
	return kt_errand_add(answer, name, text, error);
}

/* Says the error by its standard name, and the service's own word beside it. */
static bool name_error(const struct kt_errand *errand, struct kt_errand *answer,
                       struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *field = NULL;
	KT_CLEANUP(kt_text_free) char *word = NULL;
	KT_CLEANUP(kt_text_free) char *text = NULL;
	const char *own = kt_errand_text(answer, "s.error");
	const char *said;
	const char *name;

	if (!own || !*own || strlen(own) > 60)
		return true;
	if (!kt_text_format(&field, error, "error.%s", own))
		return false;
	name = kt_errand_text(errand, field) ? standard_name(kt_errand_text(errand, field)) : NULL;
	if (!name)
		return true;
	said = kt_text_or_empty(kt_errand_text(answer, "s.error_description"));
	return kt_text_set(&word, own, error) &&
	       kt_text_format(&text, error, "%s%s%s", word, *said ? ": " : "", said) &&
	       put(answer, "s.error", name, error) &&
	       put(answer, "s.error_description", text, error);
}

/* A text that is shown to people, and never a token. */
static bool is_shown(const char *name)
{
	static const char *const shown[] = {
		"s.error", "s.error_code", "s.error_description", "s.error_message", "s.error_uri",
		"s.message", "s.msg",
	};

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		if (strcmp(shown[i], name) == 0)
			return true;
	return kt_text_has_prefix(name, "s.detail.");
}

/* The secret in a field that was sent, or that is named only to be masked. */
static const char *secret_of(const struct kt_errand_field *field)
{
	static const char *const secrets[] = {
		"body.client_assertion", "body.client_secret", "body.code", "body.code_verifier",
		"body.device_code", "body.refresh_token", "body.subject_token", "body.token",
	};
	const char *text = kt_secret_reveal(&field->value);
	const char *blank = strchr(text, ' ');

	if (strcmp(field->name, "authorization") == 0)
		return blank ? blank + 1 : text;
	if (kt_text_has_prefix(field->name, "mask."))
		return text;
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		if (strcmp(secrets[i], field->name) == 0)
			return text;
	return NULL;
}

static bool mask_field(struct kt_secret *text, const struct kt_errand *errand,
                       struct kt_error *error)
{
	for (size_t i = 0; i < errand->count; i++) {
		const char *secret = secret_of(&errand->fields[i]);

		if (secret && !kt_mask(text, secret, error))
			return false;
	}
	return true;
}

bool kt_amend_answer(const struct kt_errand *errand, struct kt_errand *answer,
                     struct kt_error *error)
{
	const char *member = kt_errand_text(errand, "member");
	const char *lifetime = kt_errand_text(errand, "lifetime");

	if ((member && !lift_member(answer, member, error)) ||
	    (lifetime && !set_lifetime(answer, lifetime, error)) ||
	    !name_error(errand, answer, error))
		return false;
	for (size_t i = 0; i < answer->count; i++)
		if (is_shown(answer->fields[i].name) &&
		    !mask_field(&answer->fields[i].value, errand, error))
			return false;
	return true;
}
