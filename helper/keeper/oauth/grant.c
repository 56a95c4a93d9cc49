/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/oauth/dialect.h"
#include "helper/keeper/oauth/grant.h"

bool kt_grant_begin(const struct kt_credential *credential, int64_t timeout,
                    struct kt_errand *errand, struct kt_error *error)
{
	return kt_errand_add(errand, "errand", "post", error) &&
	       kt_errand_add(errand, "url", credential->token_endpoint, error) &&
	       kt_errand_add(errand, "format", kt_dialect_of(credential)->format, error) &&
	       kt_errand_add_number(errand, "timeout", timeout, error) &&
	       (!credential->ca || kt_errand_add(errand, "ca", credential->ca, error));
}
