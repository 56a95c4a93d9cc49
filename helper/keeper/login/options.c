/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "helper/keeper/account/find.h"
#include "helper/keeper/login/ca_file.h"
#include "helper/keeper/login/login.h"
#include "helper/keeper/token/service_app.h"
#include "keyring/cleanup.h"
#include "keyring/file.h"
#include "keyring/text.h"

#define SECRET_MAXIMUM 16384

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

static bool set(char **text, const char *option, struct kt_error *error)
{
	return !option || kt_text_set(text, *option ? option : NULL, error);
}

static bool apply_texts(const struct kt_login_options *login, struct kt_settings *settings,
                        struct kt_error *error)
{
	return set(&settings->www_base, login->www_base, error) &&
	       set(&settings->issuer, login->issuer, error) &&
	       set(&settings->client_id, login->client_id, error) &&
	       set(&settings->public_key_id, login->public_key_id, error) &&
	       set(&settings->redirect_uri, login->redirect_uri, error) &&
	       set(&settings->workspace_id, login->workspace_id, error) &&
	       set(&settings->account_id, login->account_id, error) &&
	       set(&settings->enterprise_id, login->enterprise_id, error) &&
	       set(&settings->session_name, login->session_name, error) &&
	       set(&settings->device_id, login->device_id, error) &&
	       set(&settings->custom_consumer, login->custom_consumer, error) &&
	       set(&settings->resource, login->resource, error) &&
	       set(&settings->scope, login->scope, error) &&
	       set(&settings->authtype, login->authtype, error) &&
	       set(&settings->git_username, login->git_username, error);
}

bool kt_login_read_secret(struct kt_secret *secret, const char *path, struct kt_error *error)
{
	bool found = true;

	kt_secret_clear(secret);
	if (!(strcmp(path, "-") == 0
	      ? kt_secret_read(secret, STDIN_FILENO, SECRET_MAXIMUM, error)
	      : kt_file_read_given(path, SECRET_MAXIMUM, secret, &found, error)))
		return false;
	kt_secret_trim(secret);
	if (!kt_secret_is_empty(secret))
		return true;
	if (found)
		kt_fail(error, KT_ERROR_USAGE, "the client secret is empty");
	else
		kt_fail(error, KT_ERROR_USAGE, "the file of --client-secret-file does not exist");
	return kt_advise(error, "give the path of a file that holds the secret alone, or - for stdin");
}

static bool apply_files(const struct kt_login_options *login, struct kt_settings *settings,
                        struct kt_error *error)
{
	if (login->client_secret_file &&
	    !kt_login_read_secret(&settings->client_secret, login->client_secret_file, error))
		return false;
	if (login->private_key_file) {
		kt_secret_clear(&settings->private_key);
		if (!kt_text_set(&settings->private_key_file, login->private_key_file, error))
			return false;
	}
	if (login->scope && login->scope_file)
		return kt_fail(error, KT_ERROR_USAGE, "login: --scope and --scope-file exclude each "
		               "other");
	if (login->scope_file &&
	    !kt_service_app_read_scope(&settings->scope, login->scope_file, error))
		return false;
	if (login->duration &&
	    !kt_service_app_read_duration(login->duration, &settings->duration, error))
		return false;
	return !login->ca_file || kt_ca_file_read(&settings->ca, login->ca_file, error);
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
	const struct {
		const char *given;
		const char *name;
		bool fits;
	} rules[] = {
		{ login->account_id, "account-id", kind == KT_KIND_JWT },
		{ login->enterprise_id, "enterprise-id", kind == KT_KIND_JWT },
		{ login->session_name, "session-name", kind == KT_KIND_JWT },
		{ login->device_id, "device-id", kind == KT_KIND_JWT },
		{ login->custom_consumer, "custom-consumer", kind == KT_KIND_JWT },
		{ login->duration, "duration", kind == KT_KIND_JWT },
		{ login->scope_file, "scope-file", kind == KT_KIND_JWT },
		{ login->private_key_file, "private-key-file", kind == KT_KIND_JWT },
		{ login->public_key_id, "public-key-id", kind == KT_KIND_JWT },
		{ login->issuer, "issuer", kind == KT_KIND_OAUTH },
		{ login->host, "host", kind == KT_KIND_OAUTH },
		{ login->scope, "scope", kind == KT_KIND_OAUTH },
		{ login->resource, "resource", kind == KT_KIND_OAUTH },
		{ login->workspace_id, "workspace-id", kind != KT_KIND_JWT && kind != KT_KIND_OAUTH },
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].given && !rules[i].fits)
			return kt_fail(error, KT_ERROR_USAGE, "login: --%s has no meaning for a %s login",
			               rules[i].name, kt_kind_name(kind));
	return true;
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
	if (!apply_texts(login, settings, error) || !apply_files(login, settings, error))
		return false;
	if (settings->kind == KT_KIND_NONE)
		settings->kind = infer_kind(settings);
	return settings->kind == KT_KIND_NONE || check_fit(login, settings->kind, error);
}
