/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/oauth/grant.h"
#include "helper/keeper/oauth/jwt.h"
#include "helper/keeper/random.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

static bool add_assertion(const struct kt_credential *credential, int64_t now,
                          struct kt_errand *errand, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *id = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret header = { 0 };
	struct kt_jwt jwt = {
		.key_id = credential->public_key_id,
		.issuer = credential->client_id,
		.audience = credential->identity.host,
		.issued = now,
		.session_name = credential->session_name,
		.device_id = credential->device_id,
		.custom_consumer = credential->custom_consumer,
	};

	if (!kt_random_text(&id, error))
		return false;
	jwt.id = id;
	return kt_secret_append_text(&header, "Bearer ", error) &&
	       kt_jwt_sign(&jwt, &credential->private_key, &header, error) &&
	       kt_errand_add_secret(errand, "authorization", &header, error);
}

bool kt_grant_jwt_bearer(const struct kt_credential *credential, int64_t now, int64_t timeout,
                         struct kt_errand *errand, struct kt_error *error)
{
	return kt_grant_begin(credential, timeout, errand, error) &&
	       add_assertion(credential, now, errand, error) &&
	       kt_errand_add(errand, "body.grant_type",
	                     "urn:ietf:params:oauth:grant-type:jwt-bearer", error) &&
	       (credential->duration == 0 ||
	        kt_errand_add_number(errand, "number.duration_seconds", credential->duration,
	                             error)) &&
	       (!credential->scope || kt_errand_add(errand, "raw.scope", credential->scope, error));
}
