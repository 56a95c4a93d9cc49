/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/oauth/dialect.h"
#include "helper/keeper/oauth/grant.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

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
	const char *format = credential->body_format;

	return begin("post", url, credential, timeout, errand, error) &&
	       kt_errand_add(errand, "format", format ? format : kt_dialect_of(credential)->format,
	                     error);
}

bool kt_grant_begin_json(const char *url, const struct kt_credential *credential, int64_t timeout,
                         struct kt_errand *errand, struct kt_error *error)
{
	return begin("post", url, credential, timeout, errand, error) &&
	       kt_errand_add(errand, "format", "json", error);
}

bool kt_grant_begin_get(const char *url, const struct kt_credential *credential, int64_t timeout,
                        struct kt_errand *errand, struct kt_error *error)
{
	return begin("get", url, credential, timeout, errand, error);
}

bool kt_grant_each_parameter(const char *list,
                             bool (*add)(void *context, const char *name, const char *value,
                                         struct kt_error *error),
                             void *context, struct kt_error *error)
{
	while (list && *list) {
		KT_CLEANUP(kt_text_free) char *name = NULL;
		KT_CLEANUP(kt_text_free) char *value = NULL;
		size_t length = strcspn(list, "\n");
		size_t name_length = strcspn(list, "=\n");

		if (list[name_length] == '=' &&
		    !(kt_text_set_bytes(&name, list, name_length, error) &&
		      kt_text_set_bytes(&value, list + name_length + 1, length - name_length - 1,
		                        error) &&
		      add(context, name, value, error)))
			return false;
		list += length + (list[length] == '\n');
	}
	return true;
}

static bool add_field(void *context, const char *name, const char *value, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *field = NULL;

	return kt_text_format(&field, error, "body.%s", name) &&
	       kt_errand_add(context, field, value, error);
}

static bool add_meaning(void *context, const char *name, const char *value,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *field = NULL;

	return kt_text_format(&field, error, "error.%s", name) &&
	       kt_errand_add(context, field, value, error);
}

bool kt_grant_add_parameters(const struct kt_credential *credential, struct kt_errand *errand,
                             struct kt_error *error)
{
	return kt_grant_each_parameter(credential->parameters, add_field, errand, error);
}

bool kt_grant_begin(const struct kt_credential *credential, int64_t timeout,
                    struct kt_errand *errand, struct kt_error *error)
{
	return kt_grant_begin_at(credential->token_endpoint, credential, timeout, errand, error) &&
	       (!credential->answer_member ||
	        kt_errand_add(errand, "member", credential->answer_member, error)) &&
	       (!credential->usual_lifetime ||
	        kt_errand_add(errand, "lifetime", credential->usual_lifetime, error)) &&
	       kt_grant_each_parameter(credential->errors, add_meaning, errand, error) &&
	       kt_grant_each_parameter(credential->token_parameters, add_field, errand, error);
}
