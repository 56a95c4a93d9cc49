/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/account/service.h"
#include "helper/keeper/login/coze_app.h"
#include "helper/keeper/login/pasted.h"
#include "helper/keeper/oauth/private_key.h"
#include "helper/keeper/oauth/token_error.h"
#include "helper/keeper/random.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/text.h"
#include "keyring/translate.h"

#define OAUTH "/api/permission/oauth2"

static bool advise_option(const char *option, struct kt_error *error)
{
	return kt_advise(error, "add %s, or --config coze_oauth_config.json as the console exports "
	                        "it",
	                 option);
}

static bool check_complete(const struct kt_settings *settings, struct kt_error *error)
{
	bool is_jwt = settings->kind == KT_KIND_JWT;

	if (!settings->client_id)
		return kt_fail(error, KT_ERROR_USAGE, "a %s login needs the app's client id",
		               kt_kind_name(settings->kind)) ||
		       advise_option("--client-id ID", error);
	if (settings->kind == KT_KIND_WEB && kt_secret_is_empty(&settings->client_secret))
		return kt_fail(error, KT_ERROR_USAGE, "a web login needs the client secret") ||
		       advise_option("--client-secret-file FILE", error);
	if (is_jwt && kt_secret_is_empty(&settings->private_key) && !settings->private_key_file)
		return kt_fail(error, KT_ERROR_USAGE, "a jwt login needs the private key") ||
		       advise_option("--private-key-file FILE", error);
	if (is_jwt && !settings->public_key_id)
		return kt_fail(error, KT_ERROR_USAGE,
		               "a jwt login needs the public key's fingerprint") ||
		       advise_option("--public-key-id KID", error);
	return true;
}

/* An id becomes a part of a path. */
static bool check_id(const char *id, const char *option, struct kt_error *error)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                              "0123456789_-";

	if (!id || (*id && strlen(id) <= 128 && strspn(id, allowed) == strlen(id)))
		return true;
	return kt_fail(error, KT_ERROR_USAGE, "%s is 1 to 128 letters, digits, '-' and '_'", option);
}

static bool check_texts(const struct kt_settings *settings, struct kt_error *error)
{
	const char *id = kt_text_or_empty(settings->client_id);
	const char *key_id = kt_text_or_empty(settings->public_key_id);

	if (!kt_pasted_check_id(id, KT_TEXT("the client id"), error) ||
	    !kt_pasted_check_id(key_id, KT_TEXT("the fingerprint"), error))
		return false;
	if (!kt_secret_is_empty(&settings->client_secret) &&
	    !kt_characters_are_visible_ascii(kt_secret_reveal(&settings->client_secret),
	                              kt_secret_length(&settings->client_secret)))
		return kt_fail(error, KT_ERROR_USAGE, "the client secret is not visible ASCII alone");
	return check_id(settings->workspace_id, "--workspace-id", error) &&
	       check_id(settings->account_id, "--account-id", error) &&
	       check_id(settings->enterprise_id, "--enterprise-id", error);
}

static bool set_key(struct kt_credential *credential, const struct kt_settings *settings,
                    struct kt_error *error)
{
	if (!kt_secret_is_empty(&settings->private_key))
		return kt_private_key_import(&credential->private_key, &settings->private_key, error);
	return kt_private_key_read(&credential->private_key, settings->private_key_file, error);
}

/*
 * If a service app names both an account and an enterprise, the account is used, as in two of
 * Coze's SDKs.
 */
static bool set_token_endpoint(struct kt_credential *credential, struct kt_error *error)
{
	if (credential->kind == KT_KIND_JWT && credential->account_id)
		return kt_text_format(&credential->token_endpoint, error, "%s" OAUTH "/account/%s/token",
		                      credential->api_base, credential->account_id);
	if (credential->kind == KT_KIND_JWT && credential->enterprise_id)
		return kt_text_format(&credential->token_endpoint, error,
		                      "%s" OAUTH "/enterprise_id/%s/token", credential->api_base,
		                      credential->enterprise_id);
	return kt_text_format(&credential->token_endpoint, error, "%s" OAUTH "/token",
	                      credential->api_base);
}

/* A workspace stands in the paths of authorize and device code alone. */
static bool set_login_endpoints(struct kt_credential *credential, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *www = NULL;
	const char *id = kt_text_or_empty(credential->workspace_id);
	const char *folder = *id ? "/workspace_id/" : "";

	return kt_service_console(credential, &www, error) &&
	       kt_text_format(&credential->authorization_endpoint, error, "%s" OAUTH "%s%s/authorize",
	                      www, folder, id) &&
	       kt_text_format(&credential->device_authorization_endpoint, error,
	                      "%s" OAUTH "%s%s/device/code", credential->api_base, folder, id);
}

static bool set_www_base(struct kt_credential *credential, const char *base,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_identity_clear) struct kt_identity www = { 0 };

	return !base || (kt_service_set_base(&www, base, error) &&
	                 kt_service_format(&www, &credential->www_base, error));
}

bool kt_login_begin_grant(struct kt_credential *credential, const struct kt_settings *settings,
                          struct kt_error *error)
{
	credential->created = kt_clock_wall();
	return kt_settings_to_credential(settings, credential, error) &&
	       kt_service_format(&credential->identity, &credential->api_base, error) &&
	       kt_random_text(&credential->grant, error) &&
	       kt_random_secret(&credential->journal_key, error);
}

static bool set_app(struct kt_credential *credential, const struct kt_settings *settings,
                    struct kt_error *error)
{
	bool has_secret = !kt_secret_is_empty(&settings->client_secret);

	if (!credential->redirect_uri &&
	    (credential->kind == KT_KIND_WEB || credential->kind == KT_KIND_PKCE) &&
	    !kt_text_set(&credential->redirect_uri, KT_COZE_APP_REDIRECT_URI, error))
		return false;
	return set_www_base(credential, settings->www_base, error) &&
	       kt_text_set(&credential->dialect, "coze", error) &&
	       kt_text_set(&credential->client_authentication, has_secret ? "bearer" : "none", error);
}

bool kt_coze_app_fill(struct kt_credential *credential, const struct kt_settings *settings,
                      struct kt_error *error)
{
	return check_texts(settings, error) && check_complete(settings, error) &&
	       kt_login_begin_grant(credential, settings, error) &&
	       set_app(credential, settings, error) &&
	       (settings->kind != KT_KIND_JWT || set_key(credential, settings, error)) &&
	       set_token_endpoint(credential, error) && set_login_endpoints(credential, error);
}
