/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/oauth/dialect.h"
#include "helper/keeper/oauth/grant.h"

bool kt_grant_client_credentials(const struct kt_credential *credential, int64_t timeout,
                                 struct kt_errand *errand, struct kt_error *error)
{
	return kt_grant_begin(credential, timeout, errand, error) &&
	       kt_errand_add(errand, "body.grant_type", "client_credentials", error) &&
	       kt_dialect_of(credential)->identify_client(credential, errand, error) &&
	       (!credential->scope || kt_errand_add(errand, "body.scope", credential->scope, error)) &&
	       (!credential->resource ||
	        kt_errand_add(errand, "body.resource", credential->resource, error));
}
