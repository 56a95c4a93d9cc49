/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/login/ca_file.h"
#include "helper/keeper/login/settings_source.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/file.h"
#include "keyring/json.h"
#include "keyring/text.h"

#define FILE_MAXIMUM ((size_t)64 * 1024)

/* The values of client_type; the last two are the Java quickstart's. */
static const struct {
	const char *name;
	enum kt_kind kind;
} types[] = {
	{ "web", KT_KIND_WEB },
	{ "pkce", KT_KIND_PKCE },
	{ "device", KT_KIND_DEVICE },
	{ "jwt", KT_KIND_JWT },
	{ "single_page", KT_KIND_PKCE },
	{ "server", KT_KIND_JWT },
};

/* NULL where the member is absent or empty. */
static const char *text_of(const struct kt_json *json, const char *name)
{
	const char *text = kt_json_text(json, name);

	return text && *text ? text : NULL;
}

static bool advise_kind(struct kt_error *error)
{
	return kt_advise(error, "client_type is web, pkce, device or jwt; or say --kind");
}

/* Some loaders ignore client_type, and some files lack it: a key or a secret shows the kind. */
static bool find_kind(const struct kt_json *json, enum kt_kind wanted, enum kt_kind *kind,
                      struct kt_error *error)
{
	const char *type = text_of(json, "client_type");

	*kind = KT_KIND_NONE;
	for (size_t i = 0; type && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i].name, type) == 0)
			*kind = types[i].kind;
	if (type && *kind == KT_KIND_NONE)
		return kt_fail(error, KT_ERROR_USAGE, "the config file's client_type is unknown") ||
		       advise_kind(error);
	if (!type)
		*kind = wanted != KT_KIND_NONE ? wanted
			: text_of(json, "private_key") ? KT_KIND_JWT
			: text_of(json, "client_secret") ? KT_KIND_WEB : KT_KIND_NONE;
	if (*kind == KT_KIND_NONE)
		return kt_fail(error, KT_ERROR_USAGE, "the config file has no client_type") ||
		       advise_kind(error);
	if (wanted != KT_KIND_NONE && wanted != *kind)
		return kt_fail(error, KT_ERROR_USAGE,
		               "the config file's client_type is not that of --kind") ||
		       advise_kind(error);
	return true;
}

/* The redirect URI that a port of this machine can serve; oidc-agent has others beside. */
static const char *find_redirect_uri(const struct kt_json *json)
{
	const char *uri;

	for (size_t i = 0; (uri = kt_json_list_text(json, "redirect_uris", i)); i++)
		if (kt_text_has_prefix(uri, "http://"))
			return uri;
	return NULL;
}

/* Certificates that every program trusts are not kept with an account. */
static bool is_of_the_system(const char *path)
{
	return kt_text_has_prefix(path, "/etc/") || kt_text_has_prefix(path, "/usr/");
}

/*
 * An account of oidc-agent, as oidc-gen --print shows it. Its refresh token stays there: each of
 * the two has a grant of its own.
 */
static bool take_oidc_agent(const struct kt_json *json, enum kt_kind wanted,
                            struct kt_settings *settings, struct kt_error *error)
{
	const char *secret = text_of(json, "client_secret");
	const char *certificates = text_of(json, "cert_path");
	const char *audience = text_of(json, "audience");

	if (wanted != KT_KIND_NONE && wanted != KT_KIND_OAUTH)
		return kt_fail(error, KT_ERROR_USAGE, "the config file is an account of oidc-agent, whose "
		               "kind is oauth");
	settings->kind = KT_KIND_OAUTH;
	/* oidc-agent puts a slash behind the issuer's name. */
	settings->issuer_found = true;
	return kt_text_set(&settings->issuer, text_of(json, "issuer_url"), error) &&
	       kt_text_set(&settings->client_id, text_of(json, "client_id"), error) &&
	       (!secret || kt_secret_set(&settings->client_secret, secret, strlen(secret), error)) &&
	       kt_text_set(&settings->scope, text_of(json, "scope"), error) &&
	       kt_text_set(&settings->redirect_uri, find_redirect_uri(json), error) &&
	       (!audience || kt_text_format(&settings->parameters, error, "audience=%s", audience)) &&
	       (!certificates || is_of_the_system(certificates) ||
	        kt_ca_file_read(&settings->ca, certificates, error));
}

bool kt_settings_from_config(struct kt_settings *settings, const char *path, enum kt_kind kind,
                             struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	struct kt_settings_source source = { 0 };
	struct kt_error broken = { 0 };
	bool found;

	if (!kt_file_read_given(path, FILE_MAXIMUM, &content, &found, error))
		return false;
	if (!found) {
		kt_fail(error, KT_ERROR_USAGE, "the file of --config does not exist: %.*s",
		        kt_characters_fit(path, 200), path);
		return kt_advise(error, "give the path of the coze_oauth_config.json that Coze's console "
		                 "exports");
	}
	if (!kt_json_parse(&json, kt_secret_reveal(&content), kt_secret_length(&content), &broken)) {
		kt_fail(error, KT_ERROR_USAGE, "the file of --config is not one JSON object: %.*s",
		        kt_characters_fit(broken.message, 120), broken.message);
		return kt_advise(error, "give the coze_oauth_config.json that Coze's console exports");
	}
	source.json = json;
	if (text_of(json, "issuer_url"))
		return take_oidc_agent(json, kind, settings, error);
	return find_kind(json, kind, &settings->kind, error) &&
	       kt_settings_read_source(settings, &source, error);
}
