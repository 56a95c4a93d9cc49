/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/courier.h"
#include "helper/keeper/oauth/dialect.h"
#include "helper/keeper/oauth/grant.h"
#include "helper/keeper/oauth/revocation.h"
#include "keyring/cleanup.h"

#define MILLISECONDS 5000

static bool fill(const struct kt_credential *credential, struct kt_errand *errand,
                 struct kt_error *error)
{
	return kt_grant_begin_at(credential->revocation_endpoint, credential, MILLISECONDS, errand,
	                         error) &&
	       kt_dialect_of(credential)->identify_client(credential, errand, error) &&
	       kt_errand_add_secret(errand, "body.token", &credential->refresh_token, error) &&
	       kt_errand_add(errand, "body.token_type_hint", "refresh_token", error);
}

bool kt_revocation_send(const struct kt_credential *credential)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand errand = { 0 };
	KT_CLEANUP(kt_errand_clear) struct kt_errand answer = { 0 };
	struct kt_error ignored = { 0 };
	int64_t status = 0;

	return credential->revocation_endpoint && !kt_secret_is_empty(&credential->refresh_token) &&
	       fill(credential, &errand, &ignored) && kt_courier_ask(&errand, &answer, &ignored) &&
	       kt_errand_number(&answer, "status", &status) && status == 200;
}
