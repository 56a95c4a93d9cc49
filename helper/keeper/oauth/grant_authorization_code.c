/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/oauth/dialect.h"
#include "helper/keeper/oauth/grant.h"
#include "helper/keeper/oauth/pkce.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

static bool add_parameter(void *context, const char *name, const char *value,
                          struct kt_error *error)
{
	struct kt_secret *url = context;
	bool is_first = !strchr(kt_secret_reveal(url), '?');

	return !value || (kt_secret_append_text(url, is_first ? "?" : "&", error) &&
	                  kt_text_append_percent(url, name, strlen(name), error) &&
	                  kt_secret_append_text(url, "=", error) &&
	                  kt_text_append_percent(url, value, strlen(value), error));
}

bool kt_grant_authorize_url(const struct kt_credential *credential, const char *redirect_uri,
                            const char *state, const struct kt_secret *verifier, char **url,
                            struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	KT_CLEANUP(kt_text_free) char *challenge = NULL;
	bool is_standard = credential->kind == KT_KIND_OAUTH;

	if (verifier && !kt_pkce_challenge(verifier, &challenge, error))
		return false;
	return kt_secret_append_text(&text, credential->authorization_endpoint, error) &&
	       add_parameter(&text, "response_type", "code", error) &&
	       add_parameter(&text, "client_id", credential->client_id, error) &&
	       add_parameter(&text, "redirect_uri", redirect_uri, error) &&
	       add_parameter(&text, "state", state, error) &&
	       add_parameter(&text, "code_challenge", challenge, error) &&
	       add_parameter(&text, "code_challenge_method", challenge ? "S256" : NULL, error) &&
	       add_parameter(&text, "scope", is_standard ? credential->scope : NULL, error) &&
	       add_parameter(&text, "resource", is_standard ? credential->resource : NULL, error) &&
	       kt_grant_each_parameter(credential->parameters, add_parameter, &text, error) &&
	       kt_text_set(url, kt_secret_reveal(&text), error);
}

bool kt_grant_authorization_code(const struct kt_credential *credential,
                                 const struct kt_secret *code, const char *redirect_uri,
                                 const struct kt_secret *verifier, int64_t timeout,
                                 struct kt_errand *errand, struct kt_error *error)
{
	return kt_grant_begin(credential, timeout, errand, error) &&
	       kt_errand_add(errand, "body.grant_type", "authorization_code", error) &&
	       kt_dialect_of(credential)->identify_client(credential, errand, error) &&
	       kt_errand_add_secret(errand, "body.code", code, error) &&
	       kt_errand_add(errand, "body.redirect_uri", redirect_uri, error) &&
	       (!verifier || kt_errand_add_secret(errand, "body.code_verifier", verifier, error)) &&
	       (!credential->resource ||
	        kt_errand_add(errand, "body.resource", credential->resource, error));
}
