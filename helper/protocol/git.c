/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "helper/protocol/protocol.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/identity.h"
#include "keyring/text.h"

/* One line of the answer; a value that would end or blur it is refused. */
static bool add_line(struct kt_secret *bytes, const char *key, const char *value, size_t length,
                     struct kt_error *error)
{
	if (!kt_characters_are_clean(value, length))
		return kt_fail(error, KT_ERROR_USAGE, "%s holds a control character", key);
	return kt_secret_append_text(bytes, key, error) && kt_secret_append(bytes, "=", 1, error) &&
	       kt_secret_append(bytes, value, length, error) &&
	       kt_secret_append(bytes, "\n", 1, error);
}

static bool add_text(struct kt_secret *bytes, const char *key, const char *text,
                     struct kt_error *error)
{
	return add_line(bytes, key, text, strlen(text), error);
}

static bool add_secret(struct kt_secret *bytes, const char *key, const struct kt_secret *secret,
                       struct kt_error *error)
{
	return add_line(bytes, key, kt_secret_reveal(secret), kt_secret_length(secret), error);
}

static bool add_capabilities(const struct kt_request *request, struct kt_secret *bytes,
                             struct kt_error *error)
{
	if (request->can_authtype && !add_text(bytes, "capability[]", "authtype", error))
		return false;
	return !request->can_state || add_text(bytes, "capability[]", "state", error);
}

/*
 * A pre-encoded header. A token that a grant can renew is marked ephemeral: no other helper of
 * git has a reason to keep a copy.
 */
static bool add_bearer(const struct kt_answer *answer, struct kt_secret *bytes,
                       struct kt_error *error)
{
	enum kt_kind kind = kt_kind_from_name(kt_text_or_empty(answer->kind));

	return add_text(bytes, "authtype", "Bearer", error) &&
	       add_secret(bytes, "credential", &answer->secret, error) &&
	       (!kt_kind_is_grant(kind) || add_text(bytes, "ephemeral", "1", error));
}

static bool add_password(const struct kt_answer *answer, struct kt_secret *bytes,
                         struct kt_error *error)
{
	return (!answer->username || add_text(bytes, "username", answer->username, error)) &&
	       add_secret(bytes, "password", &answer->secret, error);
}

static bool add_expiry(const struct kt_answer *answer, struct kt_secret *bytes,
                       struct kt_error *error)
{
	char number[24];

	if (answer->expires == 0)
		return true;
	snprintf(number, sizeof(number), "%" PRId64, answer->expires);
	return add_text(bytes, "password_expiry_utc", number, error);
}

static bool add_state(const struct kt_request *request, const struct kt_answer *answer,
                      struct kt_secret *bytes, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *state = NULL;

	if (!request->can_state || !answer->account)
		return true;
	return kt_text_format(&state, error, "keyturn:acct=%s", answer->account) &&
	       add_text(bytes, "state[]", state, error);
}

bool kt_protocol_git_answer(const struct kt_request *request, const struct kt_answer *answer,
                            struct kt_secret *bytes, struct kt_error *error)
{
	bool is_asked_for = request->wants_bearer && !request->wants_basic;
	bool is_bearer = request->can_authtype && (is_asked_for || answer->is_bearer);
	size_t before = kt_secret_length(bytes);

	if (add_capabilities(request, bytes, error) &&
	    (is_bearer ? add_bearer(answer, bytes, error) : add_password(answer, bytes, error)) &&
	    add_expiry(answer, bytes, error) &&
	    (kt_secret_is_empty(&answer->oauth_refresh_token) ||
	     add_secret(bytes, "oauth_refresh_token", &answer->oauth_refresh_token, error)) &&
	    add_state(request, answer, bytes, error))
		return true;
	kt_secret_truncate(bytes, before);
	return false;
}

bool kt_protocol_git_expired(const char *username, const struct kt_secret *refresh_token,
                             struct kt_secret *bytes, struct kt_error *error)
{
	size_t before = kt_secret_length(bytes);

	if (kt_secret_is_empty(refresh_token) ||
	    (add_text(bytes, "username", username, error) &&
	     add_secret(bytes, "oauth_refresh_token", refresh_token, error)))
		return true;
	kt_secret_truncate(bytes, before);
	return false;
}

bool kt_protocol_git_capabilities(struct kt_secret *bytes, struct kt_error *error)
{
	return kt_secret_append_text(bytes, "version 0\ncapability authtype\ncapability state\n",
	                             error);
}
