/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/oauth/dialect.h"
#include "helper/keeper/oauth/grant.h"

bool kt_grant_token_exchange(const struct kt_credential *credential,
                             const struct kt_secret *subject_token, int64_t timeout,
                             struct kt_errand *errand, struct kt_error *error)
{
	return kt_grant_begin(credential, timeout, errand, error) &&
	       kt_errand_add(errand, "body.grant_type",
	                     "urn:ietf:params:oauth:grant-type:token-exchange", error) &&
	       kt_dialect_of(credential)->identify_client(credential, errand, error) &&
	       kt_errand_add_secret(errand, "body.subject_token", subject_token, error) &&
	       kt_errand_add(errand, "body.subject_token_type", credential->subject_token_type,
	                     error) &&
	       (!credential->scope || kt_errand_add(errand, "body.scope", credential->scope, error)) &&
	       (!credential->resource ||
	        kt_errand_add(errand, "body.resource", credential->resource, error));
}
