/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/oauth/dialect.h"
#include "helper/keeper/oauth/grant.h"

bool kt_grant_refresh_token(const struct kt_credential *credential,
                            const struct kt_secret *refresh_token, int64_t timeout,
                            struct kt_errand *errand, struct kt_error *error)
{
	return kt_grant_begin(credential, timeout, errand, error) &&
	       kt_errand_add(errand, "rotating", "1", error) &&
	       kt_errand_add(errand, "body.grant_type", "refresh_token", error) &&
	       kt_dialect_of(credential)->identify_client(credential, errand, error) &&
	       kt_errand_add_secret(errand, "body.refresh_token", refresh_token, error) &&
	       (!credential->resource ||
	        kt_errand_add(errand, "body.resource", credential->resource, error));
}
