/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/account/find.h"
#include "helper/keeper/login/login.h"
#include "helper/keeper/login/pasted.h"
#include "helper/keeper/login/provider_file.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"
#include "keyring/translate.h"

static bool read_kind(const struct kt_login_options *login, enum kt_kind *kind,
                      struct kt_error *error)
{
	*kind = login->kind ? kt_kind_from_name(login->kind) : KT_KIND_NONE;
	if (!login->kind || kt_kind_is_grant(*kind) || kt_kind_is_fixed(*kind))
		return true;
	return kt_fail(error, KT_ERROR_USAGE, "login: --kind is web, pkce, device, jwt, oauth, "
	               "client-credentials or token-exchange");
}

/* An endpoint beside --like would get that account's secrets. */
static bool check_endpoints(const struct kt_login_options *login,
                            const struct kt_credential *credential, struct kt_error *error)
{
	const struct {
		const char *option;
		const char *now;
	} endpoints[] = {
		{ "issuer", credential->issuer },
		{ "provider", credential->provider },
		{ "token-endpoint", credential->token_endpoint },
		{ "device-endpoint", credential->device_authorization_endpoint },
		{ "revocation-endpoint", credential->revocation_endpoint },
		{ "userinfo-endpoint", credential->userinfo_endpoint },
	};

	for (size_t i = 0; i < KT_COUNT(endpoints); i++) {
		const char *given = kt_login_given(login, endpoints[i].option);

		if (!given || kt_text_is_equal(given, endpoints[i].now))
			continue;
		kt_fail(error, KT_ERROR_UNSAFE, "login: --%s is another one than that of the account of "
		        "--like, whose secrets are not sent there", endpoints[i].option);
		return kt_advise(error, "leave one of the two away");
	}
	return true;
}

/* A client that a login registered for itself was for that login: the next one has its own. */
static void forget_client(struct kt_settings *settings)
{
	kt_text_free(&settings->client_id);
	kt_secret_clear(&settings->client_secret);
	kt_text_free(&settings->redirect_uri);
}

/* The issuer tells them anew. */
static void forget_metadata(struct kt_settings *settings)
{
	kt_text_free(&settings->authorization_endpoint);
	kt_text_free(&settings->token_endpoint);
	kt_text_free(&settings->device_endpoint);
	kt_text_free(&settings->revocation_endpoint);
	kt_text_free(&settings->userinfo_endpoint);
	kt_text_free(&settings->client_authentication);
}

/* The service is that account's; the name too, where no other one is given. */
static bool read_like(struct kt_keeper *keeper, const struct kt_login_options *login,
                      struct kt_settings *settings, struct kt_identity *identity,
                      struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };

	if (!kt_account_find(keeper, login->like, KT_ACCOUNT_TOKEN, &credential, error))
		return false;
	if (credential.kind == KT_KIND_OAUTH && !credential.authorization_endpoint &&
	    !credential.device_authorization_endpoint && !credential.issuer) {
		kt_fail(error, KT_ERROR_USAGE, "login: that account was handed over by another program");
		return kt_advise(error, "log in there again, or name the server with --issuer");
	}
	if (!check_endpoints(login, &credential, error) ||
	    !kt_settings_from_credential(settings, &credential, error) ||
	    !kt_identity_copy(&settings->like, &credential.identity, error))
		return false;
	if (settings->issuer)
		forget_metadata(settings);
	if (credential.client_registered)
		forget_client(settings);
	if (identity->username)
		return true;
	if (!kt_identity_copy(identity, &credential.identity, error))
		return false;
	if (login->account)
		kt_text_free(&identity->username);
	return true;
}

static bool read_source(struct kt_keeper *keeper, const struct kt_login_options *login,
                        enum kt_kind kind, struct kt_settings *settings,
                        struct kt_identity *identity, struct kt_error *error)
{
	if ((login->config != NULL) + login->from_environment + (login->env_file != NULL) +
	    (login->like != NULL) > 1)
		return kt_fail(error, KT_ERROR_USAGE, "login: --config, --from-env, --env-file and "
		               "--like exclude each other");
	if (login->config)
		return kt_settings_from_config(settings, login->config, kind, error);
	if (login->from_environment)
		return kt_settings_from_environment(settings, kind, error);
	if (login->env_file)
		return kt_settings_from_env_file(settings, login->env_file, kind, error);
	return !login->like || read_like(keeper, login, settings, identity, error);
}

/* Characters pasted around an id or an address are no part of it. */
static bool tidy(struct kt_settings *settings, struct kt_error *error)
{
	const struct {
		char **text;
		const char *thing;
	} addresses[] = {
		{ &settings->api_base, KT_TEXT("the address of --api-base") },
		{ &settings->www_base, KT_TEXT("the address of --www-base") },
		{ &settings->issuer, KT_TEXT("the address of --issuer") },
		{ &settings->redirect_uri, KT_TEXT("the redirect URI") },
	};
	unsigned int removed = 0;

	if (!kt_pasted_strip_text(&settings->client_id, &removed, error) ||
	    !kt_pasted_strip_text(&settings->public_key_id, &removed, error))
		return false;
	for (size_t i = 0; i < KT_COUNT(addresses); i++)
		if (!kt_pasted_strip_text(addresses[i].text, &removed, error) ||
		    !kt_pasted_check_address(kt_text_or_empty(*addresses[i].text),
		                             addresses[i].thing, error))
			return false;
	kt_pasted_tell(removed);
	return true;
}

static bool apply(const struct kt_login_options *login, struct kt_settings *settings,
                  struct kt_error *error)
{
	for (size_t i = 0; i < kt_setting_count; i++) {
		const char *const *value = login->given[i].values;

		if (login->given[i].is_set &&
		    !kt_setting_take(&kt_setting_rows[i], settings, "", error))
			return false;
		for (; *value; value++)
			if (!kt_setting_take(&kt_setting_rows[i], settings, *value, error))
				return false;
	}
	return true;
}

/*
 * Infers the kind from the settings. pkce and device apps both have a client id alone, so they
 * cannot be told apart here.
 */
static enum kt_kind infer_kind(const struct kt_settings *settings)
{
	if (settings->subject_token_file || settings->subject_account ||
	    !kt_secret_is_empty(&settings->subject_token))
		return KT_KIND_TOKEN_EXCHANGE;
	if (settings->issuer || settings->token_endpoint || settings->resource)
		return KT_KIND_OAUTH;
	if (settings->private_key_file || settings->public_key_id ||
	    !kt_secret_is_empty(&settings->private_key))
		return KT_KIND_JWT;
	if (!kt_secret_is_empty(&settings->client_secret))
		return KT_KIND_WEB;
	return KT_KIND_NONE;
}

/* Refuses options that the kind has no use for. */
static bool check_fit(const struct kt_login_options *login, enum kt_kind kind,
                      struct kt_error *error)
{
	for (size_t i = 0; i < kt_setting_count; i++)
		if ((login->given[i].values[0] || login->given[i].is_set) &&
		    !kt_setting_fits(&kt_setting_rows[i], kind))
			return kt_fail(error, KT_ERROR_USAGE, "login: --%s has no meaning for a %s login",
			               kt_setting_rows[i].option, kt_kind_name(kind));
	return true;
}

const char *kt_login_given(const struct kt_login_options *login, const char *option)
{
	for (size_t i = 0; i < kt_setting_count; i++)
		if (kt_text_is_equal(kt_setting_rows[i].option, option))
			return login->given[i].values[0];
	return NULL;
}

static bool fail_instead(const struct kt_provider_file *provider, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_USAGE, "login: %s is no plain OAuth server",
	        kt_text_or_empty(provider->title));
	return kt_advise(error, "run: %s", provider->instead);
}

/* A known service's habits, below everything else that is given. */
static bool read_provider(const struct kt_login_options *login, struct kt_settings *settings,
                          struct kt_error *error)
{
	KT_CLEANUP(kt_provider_file_clear) struct kt_provider_file provider = { 0 };
	const char *name = kt_login_given(login, "provider");
	bool is_elsewhere = kt_login_given(login, "issuer") || kt_login_given(login, "token-endpoint");

	if (!name)
		return true;
	if (!kt_provider_file_read(&provider, name, error))
		return false;
	if (provider.instead)
		return fail_instead(&provider, error);
	return kt_provider_file_apply(&provider, kt_login_given(login, "host"), is_elsewhere, settings,
	                         error);
}

/* Replaces {scope} in parameters of a provider; one that would be empty is left out. */
static bool fill_scope(struct kt_settings *settings, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	static const char mark[] = "{scope}";
	const char *line = settings->token_parameters;

	if (!line || !strstr(line, mark))
		return true;
	while (*line) {
		size_t length = strcspn(line, "\n");
		const char *place = strstr(line, mark);
		bool has_mark = place && place < line + length;
		const char *rest = has_mark ? place + sizeof(mark) - 1 : line + length;

		if ((!has_mark || settings->scope) &&
		    !((kt_secret_is_empty(&text) || kt_secret_append_text(&text, "\n", error)) &&
		      kt_secret_append(&text, line, (size_t)((has_mark ? place : rest) - line), error) &&
		      (!has_mark || kt_secret_append_text(&text, settings->scope, error)) &&
		      kt_secret_append(&text, rest, (size_t)(line + length - rest), error)))
			return false;
		line += length + (line[length] == '\n');
	}
	return kt_text_set(&settings->token_parameters,
	                   kt_secret_is_empty(&text) ? NULL : kt_secret_reveal(&text), error);
}

/* The way that a provider's file names is for clients with a secret. */
static void drop_authentication(const struct kt_login_options *login,
                                struct kt_settings *settings)
{
	if (settings->provider && kt_secret_is_empty(&settings->client_secret) &&
	    !kt_login_given(login, "client-secret-file") &&
	    !kt_text_is_equal(settings->client_authentication, "private-key-jwt"))
		kt_text_free(&settings->client_authentication);
}

/* The option that a provider's file asks for is given. */
static bool check_needs(const struct kt_login_options *login, const struct kt_settings *settings,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_provider_file_clear) struct kt_provider_file provider = { 0 };
	KT_CLEANUP(kt_text_free) char *option = NULL;
	const char *name = kt_login_given(login, "provider");
	size_t length;

	if (!name || login->like || settings->like.host)
		return true;
	if (!kt_provider_file_read(&provider, name, error) || !provider.needs)
		return provider.name != NULL;
	length = strcspn(provider.needs, " ");
	if (!kt_text_set_bytes(&option, provider.needs, length, error))
		return false;
	if (kt_login_given(login, option))
		return true;
	kt_fail(error, KT_ERROR_USAGE, "login: the provider %s needs --%s", name, option);
	return kt_advise(error, "add, as it is for your own: --%s", provider.needs);
}

bool kt_login_read_settings(struct kt_keeper *keeper, const struct kt_login_options *login,
                            struct kt_settings *settings, struct kt_identity *identity,
                            struct kt_error *error)
{
	enum kt_kind kind;

	if (!read_kind(login, &kind, error) || !read_provider(login, settings, error) ||
	    !read_source(keeper, login, kind, settings, identity, error))
		return false;
	if (kind != KT_KIND_NONE)
		settings->kind = kind;
	if (login->with_token)
		settings->kind = KT_KIND_PAT;
	drop_authentication(login, settings);
	if (!apply(login, settings, error) || !tidy(settings, error) ||
	    !fill_scope(settings, error) || !check_needs(login, settings, error))
		return false;
	if (settings->kind == KT_KIND_NONE)
		settings->kind = infer_kind(settings);
	return settings->kind == KT_KIND_NONE || check_fit(login, settings->kind, error);
}
