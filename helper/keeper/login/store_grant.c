/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/answer.h"
#include "helper/keeper/account/default.h"
#include "helper/keeper/account/facts.h"
#include "helper/keeper/account/lifetime.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/login/ca_file.h"
#include "helper/keeper/login/provider_file.h"
#include "helper/keeper/login/store_grant.h"
#include "helper/keeper/random.h"
#include "helper/keeper/token/escrow.h"
#include "helper/keeper/token/rotation.h"
#include "helper/url.h"
#include "keyring/characters.h"
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
	if (!kt_kind_is_grant(*kind) || kt_kind_is_app(*kind))
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

	if (!url && credential->token_endpoint)
		url = credential->token_endpoint;
	if (!url && credential->kind == KT_KIND_OAUTH)
		return kt_fail(error, KT_ERROR_USAGE, "the grant's token_endpoint= is missing") ||
		       advise_manual(error);
	if (!url)
		return kt_text_format(&credential->token_endpoint, error, "%s%s",
		                      credential->api_base, COZE_TOKEN_PATH);
	if (!kt_url_parse(&endpoint, &password, url, strlen(url), error) ||
	    !endpoint.host || !kt_url_is_safe_to_visit(&endpoint))
		return kt_fail(error, KT_ERROR_USAGE,
		               "the grant's token_endpoint= is not an https address") ||
		       advise_manual(error);
	return url == credential->token_endpoint ||
	       kt_text_set(&credential->token_endpoint, url, error);
}

static bool take_provider(struct kt_settings *settings, const char *name, struct kt_error *error)
{
	KT_CLEANUP(kt_provider_file_clear) struct kt_provider_file provider = { 0 };

	return kt_provider_file_read(&provider, name, error) &&
	       kt_provider_file_apply(&provider, NULL, false, settings, error);
}

/* One setting[]: an option of keyturn login that names no file. */
static bool take_setting(struct kt_settings *settings, const char *line, size_t length,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *value = NULL;
	size_t name = strcspn(line, "=");
	const struct kt_setting *row = kt_provider_file_row(line, name);

	if (!kt_text_set_bytes(&value, line + name + 1, length - name - 1, error))
		return false;
	if (name == 8 && strncmp(line, "provider", name) == 0)
		return take_provider(settings, value, error);
	if (!row)
		return kt_fail(error, KT_ERROR_USAGE, "setting[]=%.*s is no setting of a grant",
		               kt_characters_fit(line, name < 40 ? name : 40), line) ||
		       advise_manual(error);
	return kt_setting_take(row, settings, value, error);
}

static bool take_settings(struct kt_credential *credential, const struct kt_request *request,
                          struct kt_error *error)
{
	KT_CLEANUP(kt_settings_clear) struct kt_settings settings = { 0 };
	const char *line = kt_text_or_empty(request->settings);

	if (*line && credential->kind != KT_KIND_OAUTH)
		return kt_fail(error, KT_ERROR_USAGE, "setting[] is for a grant with kind=oauth") ||
		       advise_manual(error);
	while (*line) {
		size_t length = strcspn(line, "\n");

		if (!take_setting(&settings, line, length, error))
			return false;
		line += length + 1;
	}
	settings.kind = credential->kind;
	return kt_settings_to_credential(&settings, credential, error);
}

static const char *authentication_of(const struct kt_credential *credential)
{
	if (kt_secret_is_empty(&credential->client_secret))
		return "none";
	return credential->kind == KT_KIND_OAUTH ? "basic" : "bearer";
}

/* The access token is good to its end, as that of a login; one whose end is past is none. */
static bool set_token(struct kt_credential *credential, const struct kt_request *request,
                      struct kt_error *error)
{
	int64_t spent = kt_clock_wall_milliseconds() - credential->created * 1000;

	if (!request->has_password || !kt_answer_is_token(&request->password) ||
	    (request->has_expiry && request->expiry <= credential->created))
		return true;
	return kt_secret_copy(&credential->token, &request->password, error) &&
	       (request->has_expiry
	                ? kt_lifetime_start(credential, request->expiry - credential->created, spent,
	                                    error)
	                : kt_lifetime_start_endless(credential, 0, error));
}

static bool fill(struct kt_credential *credential, const struct kt_identity *identity,
                 const struct kt_request *request, struct kt_error *error)
{
	bool is_coze = credential->kind != KT_KIND_OAUTH;

	if (!take_settings(credential, request, error) ||
	    !kt_identity_copy(&credential->identity, identity, error) ||
	    !kt_service_format(identity, &credential->api_base, error) ||
	    !set_endpoint(credential, request, error) ||
	    !kt_text_set(&credential->client_id, request->client_id, error) ||
	    !kt_secret_copy(&credential->client_secret, &request->client_secret, error) ||
	    !kt_secret_copy(&credential->refresh_token, &request->oauth_refresh_token, error) ||
	    !kt_text_set(&credential->dialect, is_coze ? "coze" : "standard", error) ||
	    (!credential->client_authentication &&
	     !kt_text_set(&credential->client_authentication, authentication_of(credential),
	                  error)) ||
	    !kt_random_text(&credential->grant, error) ||
	    !kt_random_secret(&credential->journal_key, error))
		return false;
	credential->created = kt_clock_wall();
	credential->refreshed = credential->created;
	return (!request->ca_file || kt_ca_file_read(&credential->ca, request->ca_file, error)) &&
	       set_token(credential, request, error);
}

/* Keeps the settings of the account's earlier login or hand-over that this one does not name. */
static bool keep_settings(struct kt_credential *credential, struct kt_keyring *keyring,
                          struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential before = { 0 };
	char **const kept[][2] = {
		{ &credential->ca, &before.ca },
		{ &credential->authtype, &before.authtype },
		{ &credential->git_username, &before.git_username },
		{ &credential->scope, &before.scope },
		{ &credential->resource, &before.resource },
		{ &credential->issuer, &before.issuer },
		{ &credential->authorization_endpoint, &before.authorization_endpoint },
		{ &credential->device_authorization_endpoint, &before.device_authorization_endpoint },
		{ &credential->revocation_endpoint, &before.revocation_endpoint },
		{ &credential->userinfo_endpoint, &before.userinfo_endpoint },
		{ &credential->redirect_uri, &before.redirect_uri },
	};
	bool found;
	bool is_same_client;

	if (!kt_keyring_load_to_replace(keyring, &credential->identity, &before, &found, error))
		return false;
	is_same_client = found && kt_text_is_equal(before.client_id, credential->client_id) &&
	                 kt_text_is_equal(before.token_endpoint, credential->token_endpoint);
	/* The first three are the account's; the others another client's service may not have. */
	for (size_t i = 0; i < (is_same_client ? KT_COUNT(kept) : 3); i++)
		if (!*kept[i][0] && !kt_text_set(kept[i][0], *kept[i][1], error))
			return false;
	return !found || kt_facts_inherit(credential, &before, error);
}

bool kt_store_grant_fill(struct kt_credential *credential, const struct kt_identity *identity,
                         const struct kt_request *request, struct kt_error *error)
{
	if (!kt_url_is_safe_for_tokens(identity)) {
		kt_fail(error, KT_ERROR_UNSAFE, "a grant is kept for https services only");
		return kt_advise(error, "store it for the https:// address of the service");
	}
	return find_kind(request, identity, &credential->kind, error) &&
	       fill(credential, identity, request, error);
}

bool kt_store_grant(struct kt_keyring *keyring, const struct kt_identity *identity,
                    const struct kt_request *request, struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	enum kt_default_scope became;

	return kt_store_grant_fill(&credential, identity, request, error) &&
	       keep_settings(&credential, keyring, error) &&
	       kt_escrow_store_login(NULL, keyring, &credential, error) &&
	       kt_rotation_forget(identity, error) &&
	       kt_default_offer(identity, KT_DEFAULT_GENERAL, &became, error);
}
