/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/account/find.h"
#include "helper/keeper/login/login.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

static bool read_kind(const struct kt_login_options *login, enum kt_kind *kind,
                      struct kt_error *error)
{
	*kind = login->kind ? kt_kind_from_name(login->kind) : KT_KIND_NONE;
	if (!login->kind || kt_kind_is_grant(*kind) || kt_kind_is_fixed(*kind))
		return true;
	return kt_fail(error, KT_ERROR_USAGE, "login: --kind is web, pkce, device, jwt or oauth");
}

/* The service is that account's; the name too, where no other one is given. */
static bool read_like(struct kt_keeper *keeper, const struct kt_login_options *login,
                      struct kt_settings *settings, struct kt_identity *identity,
                      struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };

	if (!kt_account_find(keeper, login->like, KT_ACCOUNT_TOKEN, &credential, error))
		return false;
	if (credential.kind == KT_KIND_OAUTH && !credential.issuer) {
		kt_fail(error, KT_ERROR_USAGE, "login: that account was handed over by another program");
		return kt_advise(error, "log in there again, or name the server with --issuer");
	}
	if (!kt_settings_from_credential(settings, &credential, error))
		return false;
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

static bool apply(const struct kt_login_options *login, struct kt_settings *settings,
                  struct kt_error *error)
{
	for (size_t i = 0; i < kt_setting_count; i++)
		if (login->given[i] &&
		    !kt_setting_take(&kt_setting_rows[i], settings, login->given[i], error))
			return false;
	return true;
}

/*
 * Infers the kind from the settings. pkce and device apps both have a client id alone, so they
 * cannot be told apart here.
 */
static enum kt_kind infer_kind(const struct kt_settings *settings)
{
	if (settings->issuer)
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
		if (login->given[i] && !kt_setting_fits(&kt_setting_rows[i], kind))
			return kt_fail(error, KT_ERROR_USAGE, "login: --%s has no meaning for a %s login",
			               kt_setting_rows[i].option, kt_kind_name(kind));
	return true;
}

const char *kt_login_given(const struct kt_login_options *login, const char *option)
{
	for (size_t i = 0; i < kt_setting_count; i++)
		if (kt_text_is_equal(kt_setting_rows[i].option, option))
			return login->given[i];
	return NULL;
}

bool kt_login_read_settings(struct kt_keeper *keeper, const struct kt_login_options *login,
                            struct kt_settings *settings, struct kt_identity *identity,
                            struct kt_error *error)
{
	enum kt_kind kind;

	if (!read_kind(login, &kind, error) ||
	    !read_source(keeper, login, kind, settings, identity, error))
		return false;
	if (kind != KT_KIND_NONE)
		settings->kind = kind;
	if (login->with_token)
		settings->kind = KT_KIND_PAT;
	if (!apply(login, settings, error))
		return false;
	if (settings->kind == KT_KIND_NONE)
		settings->kind = infer_kind(settings);
	return settings->kind == KT_KIND_NONE || check_fit(login, settings->kind, error);
}
