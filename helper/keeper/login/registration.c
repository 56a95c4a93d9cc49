/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <sys/random.h>

#include "helper/keeper/courier.h"
#include "helper/keeper/login/metadata.h"
#include "helper/keeper/login/redirect_uri.h"
#include "helper/keeper/login/registration.h"
#include "helper/keeper/oauth/grant.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/json.h"
#include "keyring/text.h"

#define CLIENT_NAME "keyturn"
#define DEVICE_CODE "urn:ietf:params:oauth:grant-type:device_code"
#define CLIENT_ID_MAXIMUM 2048
/* Above the ports that Linux gives out by itself, so that nothing is there by chance. */
#define PORT_FIRST 61000
#define PORT_LAST 65535

/* The names of RFC 7591 for the ways that a client with or without a secret has. */
static const struct {
	const char *way;
	const char *name;
} ways[] = {
	{ "none", "none" },
	{ "basic", "client_secret_basic" },
	{ "post", "client_secret_post" },
};

static bool advise_client(struct kt_error *error)
{
	return kt_advise(error, "register a native client with the server, with the redirect URI "
	                 "http://127.0.0.1/callback, and add: --client-id ID");
}

static const char *name_of(const char *way)
{
	for (size_t i = 0; i < KT_COUNT(ways); i++)
		if (kt_text_is_equal(ways[i].way, way))
			return ways[i].name;
	return NULL;
}

static const char *way_of(const char *name)
{
	for (size_t i = 0; i < KT_COUNT(ways); i++)
		if (kt_text_is_equal(ways[i].name, name))
			return ways[i].way;
	return NULL;
}

/* The way that an option names, else the first that the server knows. */
static bool choose_way(const struct kt_credential *credential, const struct kt_errand *metadata,
                       const char **name, struct kt_error *error)
{
	static const char list[] = "l.token_endpoint_auth_methods_supported";

	*name = name_of(credential->client_authentication);
	if (credential->client_authentication && !*name)
		return kt_fail(error, KT_ERROR_USAGE, "login: --client-auth %s is for a client that is "
		               "registered already", credential->client_authentication) ||
		       kt_advise(error, "add its --client-id ID");
	for (size_t i = 0; !*name && i < KT_COUNT(ways); i++)
		if (kt_metadata_lists(metadata, list, ways[i].name, false))
			*name = ways[i].name;
	if (!*name)
		*name = "none";
	return true;
}

/*
 * Not every server lets a native client take any port (RFC 8252, 7.3): the port is chosen before
 * the registration, and the redirect comes to no other.
 */
static bool choose_port(struct kt_credential *credential, struct kt_error *error)
{
	uint32_t number;

	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return kt_fail(error, KT_ERROR_INTERNAL, "the kernel gives no random numbers");
	return kt_redirect_uri_put_port(&credential->redirect_uri,
	                                PORT_FIRST + number % (PORT_LAST - PORT_FIRST + 1), error);
}

/* The scope of a client limits its grants, and some servers take only scopes that they list. */
static bool is_scope_listed(const struct kt_credential *credential,
                            const struct kt_errand *metadata, struct kt_error *error)
{
	const char *scope = kt_text_or_empty(credential->scope);

	while (*scope) {
		KT_CLEANUP(kt_text_free) char *word = NULL;
		size_t length = strcspn(scope, " ");

		if (length > 0 && (!kt_text_set_bytes(&word, scope, length, error) ||
		                   !kt_metadata_lists(metadata, "l.scopes_supported", word, true)))
			return false;
		scope += length + (scope[length] == ' ');
	}
	return credential->scope != NULL;
}

static bool add_lists(struct kt_json *json, const struct kt_credential *credential,
                      const struct kt_errand *metadata, struct kt_error *error)
{
	bool has_browser = credential->authorization_endpoint != NULL;
	bool has_device = credential->device_authorization_endpoint != NULL;
	bool has_refresh = kt_metadata_lists(metadata, "l.grant_types_supported", "refresh_token",
	                                     true);

	return kt_json_add_list(json, "redirect_uris", error) &&
	       kt_json_add_list(json, "response_types", error) &&
	       kt_json_add_list(json, "grant_types", error) &&
	       (!has_browser ||
	        (kt_json_append_text(json, "redirect_uris", credential->redirect_uri, error) &&
	         kt_json_append_text(json, "response_types", "code", error) &&
	         kt_json_append_text(json, "grant_types", "authorization_code", error))) &&
	       (!has_device || kt_json_append_text(json, "grant_types", DEVICE_CODE, error)) &&
	       (!has_refresh || kt_json_append_text(json, "grant_types", "refresh_token", error));
}

/* The members that are lists go as they are written. */
static bool add_raw(struct kt_errand *errand, const struct kt_json *json, const char *name,
                    struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	KT_CLEANUP(kt_text_free) char *field = NULL;

	return kt_json_raw(json, name, &text, error) &&
	       kt_text_format(&field, error, "raw.%s", name) &&
	       kt_errand_add(errand, field, kt_secret_reveal(&text), error);
}

static bool fill(const struct kt_credential *credential, const struct kt_errand *metadata,
                 struct kt_errand *errand, struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	const char *endpoint = kt_errand_text(metadata, "s.registration_endpoint");
	const char *way;

	return choose_way(credential, metadata, &way, error) && kt_json_create(&json, error) &&
	       add_lists(json, credential, metadata, error) &&
	       kt_grant_begin_json(endpoint, credential, KT_COURIER_MILLISECONDS, errand, error) &&
	       kt_errand_add(errand, "body.client_name", CLIENT_NAME, error) &&
	       kt_errand_add(errand, "body.application_type", "native", error) &&
	       kt_errand_add(errand, "body.token_endpoint_auth_method", way, error) &&
	       add_raw(errand, json, "redirect_uris", error) &&
	       add_raw(errand, json, "response_types", error) &&
	       add_raw(errand, json, "grant_types", error) &&
	       (!is_scope_listed(credential, metadata, error) ||
	        kt_errand_add(errand, "body.scope", credential->scope, error));
}

static bool fail_refused(const struct kt_credential *credential, const struct kt_errand *answer,
                         struct kt_error *error)
{
	const char *name = kt_text_or_empty(kt_errand_text(answer, "s.error"));
	const char *text = kt_text_or_empty(kt_errand_text(answer, "s.error_description"));
	const char *reason = kt_text_or_empty(kt_courier_reason(answer));
	int length = kt_characters_fit(credential->issuer, 100);
	long long status = (long long)kt_metadata_status(answer);

	if (status == 0) {
		kt_fail(error, KT_ERROR_NETWORK, "%.*s did not register this client: %.*s", length,
		        credential->issuer, kt_characters_fit(reason, 100), reason);
		return kt_advise(error, "run the same command again");
	}
	if (*text)
		kt_fail(error, KT_ERROR_REFUSED, "%.*s does not register this client: %.*s: %.*s", length,
		        credential->issuer, kt_characters_fit(name, 40), name,
		        kt_characters_fit(text, 100), text);
	else
		kt_fail(error, KT_ERROR_REFUSED, "%.*s does not register this client: it answered %lld",
		        length, credential->issuer, status);
	return advise_client(error);
}

static bool take(struct kt_credential *credential, const struct kt_errand *answer,
                 struct kt_error *error)
{
	const char *id = kt_text_or_empty(kt_errand_text(answer, "s.client_id"));
	const char *name = kt_errand_text(answer, "s.token_endpoint_auth_method");
	const struct kt_secret *secret = kt_errand_secret(answer, "s.client_secret");
	bool has_secret = secret && !kt_secret_is_empty(secret);
	const char *way = name ? way_of(name) : has_secret ? "basic" : "none";

	if (!kt_characters_are_visible_ascii(id, strlen(id)) || strlen(id) > CLIENT_ID_MAXIMUM)
		return fail_refused(credential, answer, error);
	if (!way || (!has_secret && strcmp(way, "none") != 0))
		return kt_fail(error, KT_ERROR_REFUSED, "%.*s registered this client for a way to "
		               "authenticate itself that it cannot go",
		               kt_characters_fit(credential->issuer, 100), credential->issuer) ||
		       advise_client(error);
	credential->client_registered = true;
	return kt_text_set(&credential->client_id, id, error) &&
	       kt_text_set(&credential->client_authentication, way, error) &&
	       (strcmp(way, "none") == 0 ||
	        kt_secret_copy(&credential->client_secret, secret, error));
}

bool kt_registration_run(struct kt_credential *credential, const struct kt_errand *metadata,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand errand = { 0 };
	KT_CLEANUP(kt_errand_clear) struct kt_errand answer = { 0 };
	const char *endpoint = kt_errand_text(metadata, "s.registration_endpoint");
	int length = kt_characters_fit(credential->issuer, 150);
	int64_t status;

	if (!endpoint)
		return kt_fail(error, KT_ERROR_REFUSED, "%.*s has to know this client, and registers none "
		               "that asks for it", length, credential->issuer) ||
		       advise_client(error);
	if (!kt_metadata_is_safe_below(endpoint, credential->issuer))
		return kt_fail(error, KT_ERROR_UNSAFE, "the registration endpoint of %.*s is not https",
		               length, credential->issuer) ||
		       advise_client(error);
	if (!choose_port(credential, error) || !fill(credential, metadata, &errand, error) ||
	    !kt_courier_ask(&errand, &answer, error))
		return false;
	status = kt_metadata_status(&answer);
	if (status != 200 && status != 201)
		return fail_refused(credential, &answer, error);
	return take(credential, &answer, error);
}
