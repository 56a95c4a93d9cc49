/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/oauth/dialect.h"
#include "helper/keeper/oauth/grant.h"
#include "keyring/text.h"

#define INTERVAL_STEP 5

bool kt_grant_device_begin(const struct kt_credential *credential, int64_t timeout,
                           struct kt_errand *errand, struct kt_error *error)
{
	return kt_grant_begin_at(credential->device_authorization_endpoint, credential, timeout,
	                         errand, error) &&
	       kt_dialect_of(credential)->identify_client(credential, errand, error) &&
	       (!credential->scope || kt_errand_add(errand, "body.scope", credential->scope, error)) &&
	       (!credential->resource ||
	        kt_errand_add(errand, "body.resource", credential->resource, error)) &&
	       kt_grant_add_parameters(credential, errand, error);
}

bool kt_grant_device_code(const struct kt_credential *credential,
                          const struct kt_secret *device_code, int64_t timeout,
                          struct kt_errand *errand, struct kt_error *error)
{
	return kt_grant_begin(credential, timeout, errand, error) &&
	       kt_errand_add(errand, "body.grant_type",
	                     "urn:ietf:params:oauth:grant-type:device_code", error) &&
	       kt_dialect_of(credential)->identify_client(credential, errand, error) &&
	       kt_errand_add_secret(errand, "body.device_code", device_code, error) &&
	       (!credential->resource ||
	        kt_errand_add(errand, "body.resource", credential->resource, error));
}

/* RFC 8628, 3.5: slow_down lengthens every later poll, not only the next. */
int64_t kt_grant_device_slower(const struct kt_dialect *dialect, int64_t interval)
{
	if (dialect->slowest_poll && interval >= dialect->slowest_poll)
		return interval;
	return interval + INTERVAL_STEP;
}
