/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/oauth/dialect.h"
#include "helper/keeper/oauth/jwt.h"
#include "helper/keeper/random.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/text.h"

/* RFC 6749, 2.3.1: both parts form-encoded, then "Basic". */
static bool add_basic(const struct kt_credential *credential, struct kt_errand *errand,
                      struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret pair = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret header = { 0 };
	const struct kt_secret *secret = &credential->client_secret;

	return kt_text_append_percent(&pair, credential->client_id, strlen(credential->client_id),
	                              error) &&
	       kt_secret_append_text(&pair, ":", error) &&
	       kt_text_append_percent(&pair, kt_secret_reveal(secret), kt_secret_length(secret),
	                              error) &&
	       kt_secret_append_text(&header, "Basic ", error) &&
	       kt_text_append_base64(&header, kt_secret_reveal(&pair), kt_secret_length(&pair),
	                             error) &&
	       kt_errand_add_secret(errand, "authorization", &header, error) &&
	       kt_errand_add_secret(errand, "mask.client_secret", secret, error);
}

/* RFC 7523, 2.2. Signed for the endpoint of the request, as RFC 7523, 3 has it. */
static bool add_assertion(const struct kt_credential *credential, struct kt_errand *errand,
                          struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *id = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret assertion = { 0 };
	struct kt_jwt jwt = {
		.key_id = credential->public_key_id,
		.issuer = credential->client_id,
		.subject = credential->client_id,
		.audience = credential->token_endpoint,
		.issued = kt_clock_wall(),
	};

	if (!kt_random_text(&id, error))
		return false;
	jwt.id = id;
	return kt_jwt_sign(&jwt, &credential->private_key, &assertion, error) &&
	       kt_errand_add(errand, "body.client_assertion_type",
	                     "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", error) &&
	       kt_errand_add_secret(errand, "body.client_assertion", &assertion, error);
}

static bool identify_client(const struct kt_credential *credential, struct kt_errand *errand,
                            struct kt_error *error)
{
	const char *way = kt_text_or_empty(credential->client_authentication);

	/*
	 * Beside Basic too: some servers find the client by it (RFC 8628, 3.1 has it so). Who
	 * exchanges a token may be no client at all (RFC 8693, 2.1).
	 */
	if (credential->client_id &&
	    !kt_errand_add(errand, "body.client_id", credential->client_id, error))
		return false;
	if (strcmp(way, "basic") == 0)
		return add_basic(credential, errand, error);
	if (strcmp(way, "private-key-jwt") == 0)
		return add_assertion(credential, errand, error);
	return strcmp(way, "post") != 0 ||
	       kt_errand_add_secret(errand, "body.client_secret", &credential->client_secret, error);
}

/* RFC 6749, 5.2 and RFC 8628, 3.5. */
static enum kt_error_meaning meaning_of(const char *name)
{
	static const struct {
		const char *name;
		enum kt_error_meaning refusal;
	} known[] = {
		{ "invalid_grant", KT_MEANING_DEAD },
		/* GitHub; Slack; Entra and OpenID Connect Core, 3.1.2.6: a person has to come. */
		{ "bad_refresh_token", KT_MEANING_DEAD },
		{ "invalid_refresh_token", KT_MEANING_DEAD },
		{ "token_revoked", KT_MEANING_DEAD },
		{ "token_expired", KT_MEANING_DEAD },
		{ "account_inactive", KT_MEANING_DEAD },
		{ "interaction_required", KT_MEANING_DEAD },
		{ "consent_required", KT_MEANING_DEAD },
		{ "login_required", KT_MEANING_DEAD },
		{ "account_selection_required", KT_MEANING_DEAD },
		{ "invalid_client", KT_MEANING_SETTING },
		{ "invalid_request", KT_MEANING_SETTING },
		{ "invalid_scope", KT_MEANING_SETTING },
		{ "invalid_target", KT_MEANING_SETTING },
		{ "unauthorized_client", KT_MEANING_SETTING },
		{ "unsupported_grant_type", KT_MEANING_SETTING },
		{ "incorrect_client_credentials", KT_MEANING_SETTING },
		{ "authorization_pending", KT_MEANING_PENDING },
		{ "slow_down", KT_MEANING_SLOW_DOWN },
		{ "access_denied", KT_MEANING_DENIED },
		{ "authorization_declined", KT_MEANING_DENIED },
		{ "expired_token", KT_MEANING_EXPIRED },
		{ "temporarily_unavailable", KT_MEANING_PASSING },
		{ "ratelimited", KT_MEANING_PASSING },
		{ "rate_limited", KT_MEANING_PASSING },
		{ "internal_error", KT_MEANING_PASSING },
		{ "fatal_error", KT_MEANING_PASSING },
		{ "server_error", KT_MEANING_PASSING },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].name, name) == 0)
			return known[i].refusal;
	return KT_MEANING_UNKNOWN;
}

const struct kt_dialect kt_dialect_standard = {
	.name = "standard",
	.format = "form",
	.identify_client = identify_client,
	.meaning_of = meaning_of,
};

const struct kt_dialect *kt_dialect_of(const struct kt_credential *credential)
{
	return kt_text_is_equal(credential->dialect, kt_dialect_coze.name) ? &kt_dialect_coze
	                                                                  : &kt_dialect_standard;
}
