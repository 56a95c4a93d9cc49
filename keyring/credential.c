/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/credential.h"
#include "keyring/json.h"
#include "keyring/text.h"
#include "keyring/translate.h"

#define VERSION 1

enum type {
	TYPE_TEXT,
	TYPE_SECRET,
	TYPE_PASSWORD, /* a secret that may be other bytes than UTF-8 */
	TYPE_NUMBER,
	TYPE_FLAG,
};

/* Names of the members of the stored form; "version" and "kind" stand beside them. */
static const struct field {
	const char *name;
	enum type type;
	size_t offset;
} fields[] = {
#define FIELD(type, member, name) { name, type, offsetof(struct kt_credential, member) }
	FIELD(TYPE_TEXT, identity.protocol, "protocol"),
	FIELD(TYPE_TEXT, identity.host, "host"),
	FIELD(TYPE_TEXT, identity.path, "path"),
	FIELD(TYPE_TEXT, identity.username, "username"),
	FIELD(TYPE_PASSWORD, token, "token"),
	FIELD(TYPE_NUMBER, created, "created"),
	FIELD(TYPE_NUMBER, expires, "expires"),
	FIELD(TYPE_FLAG, never_expires, "never_expires"),
	FIELD(TYPE_NUMBER, refused, "refused"),
	FIELD(TYPE_TEXT, authtype, "authtype"),
	FIELD(TYPE_TEXT, git_username, "git_username"),
	FIELD(TYPE_TEXT, tool, "tool"),
	FIELD(TYPE_TEXT, api_base, "api_base"),
	FIELD(TYPE_TEXT, www_base, "www_base"),
	FIELD(TYPE_TEXT, ca, "ca"),
	FIELD(TYPE_TEXT, grant, "grant"),
	FIELD(TYPE_NUMBER, generation, "generation"),
	FIELD(TYPE_SECRET, refresh_token, "refresh_token"),
	FIELD(TYPE_SECRET, previous_refresh_token, "previous_refresh_token"),
	FIELD(TYPE_TEXT, state, "state"),
	FIELD(TYPE_NUMBER, state_since, "state_since"),
	FIELD(TYPE_NUMBER, refreshed, "refreshed"),
	FIELD(TYPE_TEXT, dialect, "dialect"),
	FIELD(TYPE_TEXT, issuer, "issuer"),
	FIELD(TYPE_FLAG, needs_issuer, "needs_issuer"),
	FIELD(TYPE_TEXT, token_endpoint, "token_endpoint"),
	FIELD(TYPE_TEXT, authorization_endpoint, "authorization_endpoint"),
	FIELD(TYPE_TEXT, device_authorization_endpoint, "device_authorization_endpoint"),
	FIELD(TYPE_TEXT, revocation_endpoint, "revocation_endpoint"),
	FIELD(TYPE_TEXT, userinfo_endpoint, "userinfo_endpoint"),
	FIELD(TYPE_TEXT, client_id, "client_id"),
	FIELD(TYPE_FLAG, client_registered, "client_registered"),
	FIELD(TYPE_SECRET, client_secret, "client_secret"),
	FIELD(TYPE_TEXT, client_authentication, "client_authentication"),
	FIELD(TYPE_TEXT, redirect_uri, "redirect_uri"),
	FIELD(TYPE_TEXT, scope, "scope"),
	FIELD(TYPE_TEXT, resource, "resource"),
	FIELD(TYPE_TEXT, provider, "provider"),
	FIELD(TYPE_TEXT, parameters, "parameters"),
	FIELD(TYPE_TEXT, token_parameters, "token_parameters"),
	FIELD(TYPE_TEXT, answer_member, "answer_member"),
	FIELD(TYPE_TEXT, body_format, "body_format"),
	FIELD(TYPE_TEXT, errors, "errors"),
	FIELD(TYPE_TEXT, usual_lifetime, "usual_lifetime"),
	FIELD(TYPE_FLAG, no_pkce, "no_pkce"),
	FIELD(TYPE_TEXT, workspace_id, "workspace_id"),
	FIELD(TYPE_TEXT, account_id, "account_id"),
	FIELD(TYPE_TEXT, enterprise_id, "enterprise_id"),
	FIELD(TYPE_TEXT, session_name, "session_name"),
	FIELD(TYPE_TEXT, device_id, "device_id"),
	FIELD(TYPE_TEXT, custom_consumer, "custom_consumer"),
	FIELD(TYPE_NUMBER, duration, "duration"),
	FIELD(TYPE_SECRET, private_key, "private_key"),
	FIELD(TYPE_TEXT, public_key_id, "public_key_id"),
	FIELD(TYPE_SECRET, subject_token, "subject_token"),
	FIELD(TYPE_TEXT, subject_token_file, "subject_token_file"),
	FIELD(TYPE_TEXT, subject_account, "subject_account"),
	FIELD(TYPE_TEXT, subject_token_type, "subject_token_type"),
	FIELD(TYPE_SECRET, journal_key, "journal_key"),
	FIELD(TYPE_TEXT, old_token, "old_token"),
	FIELD(TYPE_TEXT, rotation, "rotation"),
	FIELD(TYPE_FLAG, reuse_revokes, "reuse_revokes"),
	FIELD(TYPE_TEXT, granted_scope, "granted_scope"),
	FIELD(TYPE_TEXT, subject, "subject"),
	FIELD(TYPE_NUMBER, issued, "issued"),
	FIELD(TYPE_NUMBER, issued_boot_milliseconds, "issued_boot_milliseconds"),
	FIELD(TYPE_NUMBER, lifetime, "lifetime"),
	FIELD(TYPE_FLAG, end_unknown, "end_unknown"),
	FIELD(TYPE_TEXT, boot_id, "boot_id"),
#undef FIELD
};

#define FIELDS KT_COUNT(fields)

static void *member_of(const struct kt_credential *credential, const struct field *field)
{
	return (char *)credential + field->offset;
}

bool kt_credential_copy(struct kt_credential *credential, const struct kt_credential *source,
                        struct kt_error *error)
{
	struct kt_credential copy = { .kind = source->kind };
	bool done = true;

	for (size_t i = 0; i < FIELDS && done; i++) {
		void *to = member_of(&copy, &fields[i]);
		const void *from = member_of(source, &fields[i]);

		switch (fields[i].type) {
		case TYPE_TEXT:
			done = kt_text_set(to, *(char *const *)from, error);
			break;
		case TYPE_SECRET:
		case TYPE_PASSWORD:
			done = kt_secret_copy(to, from, error);
			break;
		case TYPE_NUMBER:
			*(int64_t *)to = *(const int64_t *)from;
			break;
		case TYPE_FLAG:
			*(bool *)to = *(const bool *)from;
			break;
		}
	}
	if (done && kt_text_set(&copy.place, source->place, error)) {
		kt_credential_clear(credential);
		*credential = copy;
	} else {
		kt_credential_clear(&copy);
		done = false;
	}
	return done;
}

void kt_credential_clear(struct kt_credential *credential)
{
	for (size_t i = 0; i < FIELDS; i++) {
		if (fields[i].type == TYPE_TEXT)
			kt_text_free(member_of(credential, &fields[i]));
		else if (fields[i].type == TYPE_SECRET || fields[i].type == TYPE_PASSWORD)
			kt_secret_clear(member_of(credential, &fields[i]));
	}
	kt_text_free(&credential->place);
	*credential = (struct kt_credential){ 0 };
}

static bool is_field_equal(const struct kt_credential *credential,
                           const struct kt_credential *other, const struct field *field)
{
	const void *one = member_of(credential, field);
	const void *two = member_of(other, field);

	switch (field->type) {
	case TYPE_TEXT:
		return kt_text_is_equal(*(char *const *)one, *(char *const *)two);
	case TYPE_SECRET:
	case TYPE_PASSWORD:
		return kt_secret_is_equal(one, two);
	case TYPE_NUMBER:
		return *(const int64_t *)one == *(const int64_t *)two;
	case TYPE_FLAG:
		return *(const bool *)one == *(const bool *)two;
	}
	return false;
}

bool kt_credential_is_equal(const struct kt_credential *credential,
                            const struct kt_credential *other)
{
	for (size_t i = 0; i < FIELDS; i++)
		if (!is_field_equal(credential, other, &fields[i]))
			return false;
	return credential->kind == other->kind;
}

/* JSON holds UTF-8 alone: other bytes stand, percent-encoded, under a name of their own. */
static void encoded_name(char name[64], const struct field *field)
{
	snprintf(name, 64, "%s_percent_encoded", field->name);
}

static bool read_encoded(struct kt_secret *secret, const struct kt_json *json,
                         const struct field *field, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
	const char *text;
	char name[64];

	encoded_name(name, field);
	if (!kt_json_has(json, name))
		return true;
	text = kt_json_text(json, name);
	if (!text || !kt_text_append_unescaped(&bytes, text, strlen(text), error))
		return false;
	kt_secret_move(secret, &bytes);
	return true;
}

static bool read_field(struct kt_credential *credential, const struct kt_json *json,
                       const struct field *field, struct kt_error *error)
{
	void *to = member_of(credential, field);
	const char *text;

	/* Looked for once: most fields are absent, and each look goes through all that are there. */
	if (!kt_json_has(json, field->name))
		return field->type != TYPE_PASSWORD || read_encoded(to, json, field, error);
	text = kt_json_text(json, field->name);
	switch (field->type) {
	case TYPE_TEXT:
		return text && kt_text_set(to, text, error);
	case TYPE_SECRET:
	case TYPE_PASSWORD:
		return text && kt_secret_set(to, text, strlen(text), error);
	case TYPE_NUMBER:
		return kt_json_number(json, field->name, to);
	case TYPE_FLAG:
		*(bool *)to = kt_json_is_true(json, field->name);
		return true;
	}
	return true;
}

/*
 * An identity is whole in the stored form; nothing in it can break a protocol's line. A password is
 * whatever its service takes, several lines too: each protocol says what it can carry.
 */
static bool is_sound(const struct kt_credential *credential)
{
	const char *const parts[] = {
		credential->identity.protocol, credential->identity.host,
		credential->identity.path, credential->identity.username,
	};

	for (size_t i = 0; i < KT_COUNT(parts); i++)
		if (!parts[i] || !kt_characters_are_clean(parts[i], strlen(parts[i])))
			return false;
	return credential->kind != KT_KIND_NONE &&
	       (credential->kind == KT_KIND_PASSWORD ||
	        kt_characters_are_clean(kt_secret_reveal(&credential->token),
	                                kt_secret_length(&credential->token)));
}

static bool corrupt(struct kt_error *error, const char *message)
{
	return kt_fail(error, KT_ERROR_CORRUPT, "%s", kt_translate(message));
}

bool kt_credential_read(struct kt_credential *credential, const char *form, size_t length,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	KT_CLEANUP(kt_credential_clear) struct kt_credential fresh = { 0 };
	struct kt_error syntax = { 0 };
	int64_t version = 0;

	if (!kt_json_parse(&json, form, length, &syntax))
		return corrupt(error, KT_TEXT("a stored credential is damaged"));
	if (!kt_json_number(json, "version", &version) || version < 1)
		return corrupt(error, KT_TEXT("a stored credential is not keyturn's"));
	if (version > VERSION)
		return corrupt(error, KT_TEXT("a stored credential is of a newer keyturn"));
	fresh.kind = kt_kind_from_name(kt_text_or_empty(kt_json_text(json, "kind")));
	for (size_t i = 0; i < FIELDS; i++)
		if (!read_field(&fresh, json, &fields[i], error))
			return corrupt(error, KT_TEXT("a stored credential has a damaged field"));
	if (!is_sound(&fresh))
		return corrupt(error, KT_TEXT("a stored credential is incomplete"));
	kt_credential_clear(credential);
	*credential = fresh;
	fresh = (struct kt_credential){ 0 };
	return true;
}

static bool fail_field(const struct field *field, const char *reason, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_USAGE, "a login cannot be kept whose %s %s", field->name,
	        kt_translate(reason));
	return kt_advise(error, "change it, then try again; what was stored before is as it was");
}

static bool check_bytes(const struct field *field, const char *bytes, size_t length,
                        struct kt_error *error)
{
	if (memchr(bytes, '\0', length))
		return fail_field(field, KT_TEXT("holds a NUL"), error);
	return kt_characters_are_utf8(bytes, length) || fail_field(field, KT_TEXT("is not "
	                                                                          "UTF-8"), error);
}

static bool write_encoded(struct kt_json *json, const struct field *field,
                          const struct kt_secret *secret, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret encoded = { 0 };
	char name[64];

	encoded_name(name, field);
	return kt_text_append_percent(&encoded, kt_secret_reveal(secret), kt_secret_length(secret),
	                              error) &&
	       kt_json_add_text(json, name, kt_secret_reveal(&encoded), error);
}

static bool write_field(struct kt_json *json, const struct kt_credential *credential,
                        const struct field *field, struct kt_error *error)
{
	const void *from = member_of(credential, field);
	const char *text = NULL;
	size_t length = 0;

	switch (field->type) {
	case TYPE_TEXT:
		text = *(char *const *)from;
		length = text ? strlen(text) : 0;
		break;
	case TYPE_SECRET:
	case TYPE_PASSWORD:
		text = kt_secret_is_empty(from) ? NULL : kt_secret_reveal(from);
		length = kt_secret_length(from);
		if (field->type == TYPE_PASSWORD && !kt_characters_are_utf8(text, length))
			return write_encoded(json, field, from, error);
		break;
	case TYPE_NUMBER:
		if (!kt_json_is_exact(*(const int64_t *)from))
			return fail_field(field, KT_TEXT("is too large a number"), error);
		return *(const int64_t *)from == 0 ||
		       kt_json_add_number(json, field->name, *(const int64_t *)from, error);
	case TYPE_FLAG:
		return !*(const bool *)from ||
		       kt_json_add_boolean(json, field->name, true, error);
	}
	return !text || (check_bytes(field, text, length, error) &&
	                 kt_json_add_text(json, field->name, text, error));
}

static bool print_form(const struct kt_credential *credential, struct kt_secret *form,
                       struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;

	if (!kt_json_create(&json, error) ||
	    !kt_json_add_number(json, "version", VERSION, error) ||
	    !kt_json_add_text(json, "kind", kt_kind_name(credential->kind), error))
		return false;
	for (size_t i = 0; i < FIELDS; i++)
		if (!write_field(json, credential, &fields[i], error))
			return false;
	return kt_json_print(json, form, error);
}

/* A form that cannot be read again is not written: it would replace one that can. */
bool kt_credential_write(const struct kt_credential *credential, struct kt_secret *form,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	KT_CLEANUP(kt_credential_clear) struct kt_credential again = { 0 };
	struct kt_error cause = { 0 };

	if (!print_form(credential, &text, error))
		return false;
	if (kt_credential_read(&again, kt_secret_reveal(&text), kt_secret_length(&text), &cause) &&
	    kt_credential_is_equal(credential, &again))
		return kt_secret_append(form, kt_secret_reveal(&text), kt_secret_length(&text), error);
	if (cause.code == KT_ERROR_INTERNAL) {
		*error = cause;
		return false;
	}
	kt_fail(error, KT_ERROR_USAGE, "a login cannot be kept whose stored form cannot be read "
	                               "again");
	return kt_advise(error, "control characters in a name or a token are the usual cause; what "
	                        "was stored before is as it was");
}

bool kt_credentials_add(struct kt_credentials *credentials, struct kt_credential *credential,
                        struct kt_error *error)
{
	struct kt_credential *items;

	/* The structs hold pointers, no secret bytes: growing in place leaves nothing behind. */
	items = reallocarray(credentials->items, credentials->count + 1, sizeof(*items));
	if (!items)
		return kt_fail_memory(error);
	items[credentials->count++] = *credential;
	credentials->items = items;
	*credential = (struct kt_credential){ 0 };
	return true;
}

static bool is_newer(const struct kt_secret *form)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	struct kt_error syntax = { 0 };
	int64_t version = 0;

	return form && kt_json_parse(&json, kt_secret_reveal(form), kt_secret_length(form), &syntax) &&
	       kt_json_number(json, "version", &version) && version > VERSION;
}

bool kt_credentials_add_damaged(struct kt_credentials *credentials, const char *place,
                                const struct kt_secret *form, struct kt_error *error)
{
	struct kt_damaged *damaged = reallocarray(credentials->damaged, credentials->corrupt + 1,
	                                          sizeof(*damaged));

	if (!damaged)
		return kt_fail_memory(error);
	credentials->damaged = damaged;
	damaged[credentials->corrupt] = (struct kt_damaged){ .is_newer = is_newer(form) };
	return kt_text_set(&damaged[credentials->corrupt++].place, place, error);
}

void kt_credentials_clear(struct kt_credentials *credentials)
{
	for (size_t i = 0; i < credentials->count; i++)
		kt_credential_clear(&credentials->items[i]);
	for (size_t i = 0; credentials->damaged && i < credentials->corrupt; i++)
		kt_text_free(&credentials->damaged[i].place);
	free(credentials->damaged);
	free(credentials->items);
	*credentials = (struct kt_credentials){ 0 };
}
