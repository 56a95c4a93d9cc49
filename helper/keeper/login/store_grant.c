/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/account/default.h"
#include "helper/keeper/account/lifetime.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/login/store_grant.h"
#include "helper/keeper/random.h"
#include "helper/keeper/token/rotation.h"
#include "helper/url.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/text.h"

#define COZE_TOKEN_PATH "/api/permission/oauth2/token"

bool kt_store_grant_is_offered(const struct kt_request *request)
{
	return !kt_secret_is_empty(&request->oauth_refresh_token) &&
	       (request->client_id || request->kind);
}

static bool advise_manual(struct kt_error *error)
{
	return kt_advise(error, "see git-credential-keyturn(1), \"Handing over a grant\"");
}

/* The grant's kind: as named, else inferred from service and client. */
static bool find_kind(const struct kt_request *request, const struct kt_identity *identity,
                      enum kt_kind *kind, struct kt_error *error)
{
	bool is_coze = kt_service_site(identity) != NULL;

	if (request->kind)
		*kind = kt_kind_from_name(request->kind);
	else if (!is_coze)
		*kind = KT_KIND_OAUTH;
	else
		*kind = kt_secret_is_empty(&request->client_secret) ? KT_KIND_PKCE : KT_KIND_WEB;
	if (!kt_kind_is_grant(*kind) || *kind == KT_KIND_JWT)
		return kt_fail(error, KT_ERROR_USAGE, "the grant's kind= is none of web, pkce, device "
		               "and oauth") ||
		       advise_manual(error);
	if (!request->client_id)
		return kt_fail(error, KT_ERROR_USAGE, "the grant's client_id= is missing") ||
		       advise_manual(error);
	if (*kind == KT_KIND_WEB && kt_secret_is_empty(&request->client_secret))
		return kt_fail(error, KT_ERROR_USAGE, "a web app's grant needs client_secret=") ||
		       advise_manual(error);
	return true;
}

static bool set_endpoint(struct kt_credential *credential, const struct kt_request *request,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_identity_clear) struct kt_identity endpoint = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret password = { 0 };
	const char *url = request->token_endpoint;

	if (!url && credential->kind == KT_KIND_OAUTH)
		return kt_fail(error, KT_ERROR_USAGE, "the grant's token_endpoint= is missing") ||
		       advise_manual(error);
	if (!url)
		return kt_text_format(&credential->token_endpoint, error, "%s%s",
		                      credential->api_base, COZE_TOKEN_PATH);
	if (!kt_url_parse(&endpoint, &password, url, strlen(url), error) ||
	    !endpoint.host || !kt_url_is_safe_for_tokens(&endpoint))
		return kt_fail(error, KT_ERROR_USAGE,
		               "the grant's token_endpoint= is not an https address") ||
		       advise_manual(error);
	return kt_text_set(&credential->token_endpoint, url, error);
}

static const char *authentication_of(const struct kt_credential *credential)
{
	if (kt_secret_is_empty(&credential->client_secret))
		return "none";
	return credential->kind == KT_KIND_OAUTH ? "basic" : "bearer";
}

static bool fill(struct kt_credential *credential, const struct kt_identity *identity,
                 const struct kt_request *request, struct kt_error *error)
{
	bool is_coze = credential->kind != KT_KIND_OAUTH;

	if (!kt_identity_copy(&credential->identity, identity, error) ||
	    !kt_service_format(identity, &credential->api_base, error) ||
	    !set_endpoint(credential, request, error) ||
	    !kt_text_set(&credential->client_id, request->client_id, error) ||
	    !kt_secret_copy(&credential->client_secret, &request->client_secret, error) ||
	    !kt_secret_copy(&credential->refresh_token, &request->oauth_refresh_token, error) ||
	    !kt_text_set(&credential->dialect, is_coze ? "coze" : "standard", error) ||
	    !kt_text_set(&credential->client_authentication, authentication_of(credential), error) ||
	    !kt_random_text(&credential->grant, error) ||
	    !kt_random_secret(&credential->journal_key, error))
		return false;
	credential->created = kt_clock_wall();
	credential->refreshed = credential->created;
	if (!request->has_password || !request->has_expiry || request->expiry <= credential->created)
		return true;
	return kt_secret_copy(&credential->token, &request->password, error) &&
	       kt_lifetime_start(credential, request->expiry - credential->created,
	                         kt_clock_wall_milliseconds() - credential->created * 1000, error);
}

/* Keeps the private CA of the account's earlier login. */
static bool keep_ca(struct kt_credential *credential, struct kt_keyring *keyring,
                    struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential before = { 0 };
	bool found;

	return kt_keyring_load_to_replace(keyring, &credential->identity, &before, &found,
	                                  error) &&
	       (!before.ca || kt_text_set(&credential->ca, before.ca, error));
}

bool kt_store_grant(struct kt_keyring *keyring, const struct kt_identity *identity,
                    const struct kt_request *request, struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	enum kt_default_scope became;

	if (!kt_url_is_safe_for_tokens(identity)) {
		kt_fail(error, KT_ERROR_UNSAFE, "a grant is kept for https services only");
		return kt_advise(error, "store it for the https:// address of the service");
	}
	return find_kind(request, identity, &credential.kind, error) &&
	       fill(&credential, identity, request, error) &&
	       keep_ca(&credential, keyring, error) && kt_keyring_store(keyring, &credential, error) &&
	       kt_rotation_forget(identity, error) &&
	       kt_default_offer(identity, KT_DEFAULT_GENERAL, &became, error);
}
