/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/oauth/dialect.h"
#include "keyring/cleanup.h"

/*
 * docs/coze.md, 4.2: a secret travels as Bearer header and nowhere else. A client without one
 * sends no header.
 */
static bool identify_client(const struct kt_credential *credential, struct kt_errand *errand,
                            struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret header = { 0 };
	const struct kt_secret *secret = &credential->client_secret;

	if (!kt_errand_add(errand, "body.client_id", credential->client_id, error))
		return false;
	return kt_secret_is_empty(secret) ||
	       (kt_secret_append_text(&header, "Bearer ", error) &&
	        kt_secret_append(&header, kt_secret_reveal(secret), kt_secret_length(secret),
	                         error) &&
	        kt_errand_add_secret(errand, "authorization", &header, error));
}

/*
 * docs/coze.md, 8.1. The error for a dead refresh token is not documented: any unknown name
 * means it.
 */
static enum kt_error_meaning meaning_of(const char *name)
{
	static const struct {
		const char *name;
		enum kt_error_meaning refusal;
	} known[] = {
		{ "authorization_pending", KT_MEANING_PENDING },
		{ "slow_down", KT_MEANING_SLOW_DOWN },
		{ "access_denied", KT_MEANING_DENIED },
		{ "expired_token", KT_MEANING_EXPIRED },
		{ "access_deny", KT_MEANING_PASSING },
		{ "internal_error", KT_MEANING_PASSING },
		{ "temporarily_unavailable", KT_MEANING_PASSING },
		{ "server_error", KT_MEANING_PASSING },
		{ "invalid_client", KT_MEANING_SETTING },
		{ "unauthorized_client", KT_MEANING_SETTING },
		{ "invalid_scope", KT_MEANING_SETTING },
		{ "invalid_request", KT_MEANING_SETTING },
		{ "unsupported_grant_type", KT_MEANING_SETTING },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].name, name) == 0)
			return known[i].refusal;
	return KT_MEANING_DEAD;
}

const struct kt_dialect kt_dialect_coze = {
	.name = "coze",
	.format = "json",
	.slowest_poll = 30,
	.identify_client = identify_client,
	.meaning_of = meaning_of,
};
