/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/oauth/dialect.h"
#include "helper/keeper/oauth/grant.h"

static bool begin(const char *errand_name, const char *url, const struct kt_credential *credential,
                  int64_t timeout, struct kt_errand *errand, struct kt_error *error)
{
	return kt_errand_add(errand, "errand", errand_name, error) &&
	       kt_errand_add(errand, "url", url, error) &&
	       kt_errand_add_number(errand, "timeout", timeout, error) &&
	       (!credential->ca || kt_errand_add(errand, "ca", credential->ca, error));
}

bool kt_grant_begin_at(const char *url, const struct kt_credential *credential, int64_t timeout,
                       struct kt_errand *errand, struct kt_error *error)
{
	return begin("post", url, credential, timeout, errand, error) &&
	       kt_errand_add(errand, "format", kt_dialect_of(credential)->format, error);
}

bool kt_grant_begin_get(const char *url, const struct kt_credential *credential, int64_t timeout,
                        struct kt_errand *errand, struct kt_error *error)
{
	return begin("get", url, credential, timeout, errand, error);
}

bool kt_grant_begin(const struct kt_credential *credential, int64_t timeout,
                    struct kt_errand *errand, struct kt_error *error)
{
	return kt_grant_begin_at(credential->token_endpoint, credential, timeout, errand, error);
}
