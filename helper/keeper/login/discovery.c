/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/courier.h"
#include "helper/keeper/login/coze_app.h"
#include "helper/keeper/login/discovery.h"
#include "helper/keeper/login/metadata.h"
#include "helper/keeper/login/registration.h"
#include "helper/keeper/oauth/private_key.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"

/* RFC 8252, 7.3: a native client may ask for any port of the loopback. */
#define REDIRECT_URI "http://127.0.0.1:0/callback"
#define ADDRESS_FORMS 4
#define SUBJECT_TOKEN_TYPE "urn:ietf:params:oauth:token-type:access_token"

static bool advise_issuer(struct kt_error *error)
{
	return kt_advise(error, "give --issuer as the server's operator names it, with https://");
}

/*
 * The addresses at which metadata may be: RFC 8414, 3.1 puts the well-known part between host and
 * path, OpenID behind the path, and servers mix the two. Of an issuer without a path two differ.
 */
static bool make_address(const char *issuer, size_t form, char **address, struct kt_error *error)
{
	static const char *const names[] = { "oauth-authorization-server", "openid-configuration" };
	const char *path = strchr(strstr(issuer, "://") + 3, '/');
	size_t length = strlen(issuer);
	int host = (int)(path ? (size_t)(path - issuer) : length);
	const char *name = names[form % 2];

	while (length > 0 && issuer[length - 1] == '/')
		length--;
	kt_text_free(address);
	/* Forms 0 and 1 are the two standards' own. */
	if (form == 1 || form == 2)
		return (form == 2 && (int)length <= host) ||
		       kt_text_format(address, error, "%.*s/.well-known/%s", (int)length, issuer,
		                      names[form == 1]);
	return (form == 3 && (int)length <= host) ||
	       kt_text_format(address, error, "%.*s/.well-known/%s%.*s", host, issuer, name,
	                      (int)length > host ? (int)length - host : 0, issuer + host);
}

/* The name with a slash behind it, as resources and other programs write some. */
static bool is_slash_behind(const char *said, const char *issuer)
{
	size_t length = strlen(said);

	return strncmp(said, issuer, length) == 0 && strcmp(issuer + length, "/") == 0;
}

/*
 * True if the answer has metadata; *is_own: of this issuer. The name is compared byte by byte (RFC
 * 8414, 3.3), but for the last slash of one that no person named.
 */
static bool has_metadata(const struct kt_errand *answer, const char *issuer, bool is_found,
                         bool *is_own)
{
	const char *said = kt_errand_text(answer, "s.issuer");

	*is_own = said && (strcmp(said, issuer) == 0 ||
	                   (is_found && (kt_metadata_is_same(said, issuer) ||
	                                 is_slash_behind(said, issuer))));
	return kt_metadata_status(answer) == 200 && said;
}

static bool fail_nowhere(const struct kt_errand *answer, struct kt_error *error)
{
	const char *reason = kt_courier_reason(answer);
	int64_t status = kt_metadata_status(answer);

	if (!reason)
		kt_fail(error, status ? KT_ERROR_SERVER : KT_ERROR_NETWORK,
		        "the issuer has no metadata at its well-known addresses");
	else
		kt_fail(error, status ? KT_ERROR_SERVER : KT_ERROR_NETWORK,
		        "the issuer does not say where its endpoints are: %.*s",
		        kt_characters_fit(reason, 160), reason);
	if (status)
		return kt_advise(error, "check --issuer; of a server that publishes nothing name the "
		                 "endpoints: --authorization-endpoint URL --token-endpoint URL");
	return kt_advise(error, "check --issuer, and --ca-file where its certificate is a private one");
}

/* The server calls itself by another name. If it is a good one, it is what should be typed. */
static bool fail_mismatch(const struct kt_credential *credential, bool is_found, const char *found,
                          struct kt_error *error)
{
	const char *issuer = credential->issuer;
	struct kt_shell_word word;

	if (!kt_metadata_is_safe(found) || strchr(found, '?'))
		return kt_fail(error, KT_ERROR_UNSAFE, "the metadata of %.*s names another issuer, whose "
		               "name is no https address", kt_characters_fit(issuer, 120), issuer) ||
		       advise_issuer(error);
	kt_fail(error, KT_ERROR_UNSAFE, "the metadata of %.*s names another issuer: %.*s",
	        kt_characters_fit(issuer, 120), issuer, kt_characters_fit(found, 120), found);
	if (is_found)
		return kt_advise(error, "if that is the server you mean, add: --issuer %s --host %s",
		                 kt_shell_word(&word, found, "URL"), credential->identity.host);
	return kt_advise(error, "if that is the server you mean, log in with: --issuer %s",
	                 kt_shell_word(&word, found, "URL"));
}

/* A document that is not this issuer's does not end the search. */
static bool fetch(const struct kt_credential *credential, bool is_found, struct kt_errand *answer,
                  struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *found = NULL;
	KT_CLEANUP(kt_text_free) char *address = NULL;

	for (size_t form = 0; form < ADDRESS_FORMS; form++) {
		KT_CLEANUP(kt_errand_clear) struct kt_errand tried = { 0 };
		bool is_own;

		if (!make_address(credential->issuer, form, &address, error))
			return false;
		if (!address)
			continue;
		if (!kt_metadata_ask(address, credential, &tried, error))
			return false;
		if (!has_metadata(&tried, credential->issuer, is_found, &is_own)) {
			if (form > 0 && answer->count > 0)
				continue;
		} else if (!is_own) {
			if (!found && !kt_text_set(&found, kt_errand_text(&tried, "s.issuer"), error))
				return false;
			continue;
		}
		kt_errand_clear(answer);
		*answer = tried;
		tried = (struct kt_errand){ 0 };
		if (has_metadata(answer, credential->issuer, is_found, &is_own))
			return true;
	}
	return found ? fail_mismatch(credential, is_found, found, error)
	             : fail_nowhere(answer, error);
}

static bool take_endpoint(const struct kt_credential *credential, const struct kt_errand *answer,
                          const char *name, char **endpoint, struct kt_error *error)
{
	const char *url = kt_errand_text(answer, name);

	/* An option over the metadata. */
	if (*endpoint)
		return true;
	if (!url)
		return true;
	if (!kt_metadata_is_safe_below(url, credential->issuer))
		return kt_fail(error, KT_ERROR_UNSAFE,
		               "one of the issuer's endpoints is not https") ||
		       advise_issuer(error);
	return kt_text_set(endpoint, url, error);
}

static const char *authentication(const struct kt_errand *answer,
                                  const struct kt_credential *credential)
{
	static const char name[] = "l.token_endpoint_auth_methods_supported";

	if (!kt_secret_is_empty(&credential->private_key))
		return "private-key-jwt";
	if (kt_secret_is_empty(&credential->client_secret))
		return "none";
	return kt_metadata_lists(answer, name, "client_secret_basic", true) ? "basic" : "post";
}

/*
 * A scope that the resource named is for its tokens. Where the server has a scope of its own for
 * a refresh token, that is asked for as well, and so the person (OpenID Connect Core, 11).
 */
static bool add_offline_access(struct kt_credential *credential, const struct kt_errand *answer,
                               struct kt_error *error)
{
	static const char word[] = "offline_access";
	const char *scope = kt_text_or_empty(credential->scope);
	KT_CLEANUP(kt_text_free) char *longer = NULL;

	if (strstr(scope, word) || !kt_metadata_lists(answer, "l.scopes_supported", word, false))
		return true;
	return kt_text_format(&longer, error, "%s %s", scope, word) &&
	       kt_text_set(&credential->scope, longer, error) &&
	       (credential->parameters ||
	        kt_text_set(&credential->parameters, "prompt=consent", error));
}

/* A token for a resource is none for the issuer's own userinfo, nor is an app's own. */
static bool take_userinfo(struct kt_credential *credential, const struct kt_errand *answer,
                          struct kt_error *error)
{
	return credential->resource || kt_kind_is_app(credential->kind) ||
	       take_endpoint(credential, answer, "s.userinfo_endpoint",
	                     &credential->userinfo_endpoint, error);
}

/* RFC 8414 has no userinfo: a login that asks for openid looks where OpenID Connect has it. */
static bool find_userinfo(struct kt_credential *credential, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *address = NULL;
	bool is_own = false;

	if (credential->userinfo_endpoint || credential->resource ||
	    kt_kind_is_app(credential->kind) ||
	    !strstr(kt_text_or_empty(credential->scope), "openid"))
		return true;
	/* Forms 1 and 3 are OpenID's name in both places. */
	for (size_t form = 1; form < ADDRESS_FORMS; form += 2) {
		KT_CLEANUP(kt_errand_clear) struct kt_errand tried = { 0 };

		if (!make_address(credential->issuer, form, &address, error) ||
		    (address && !kt_metadata_ask(address, credential, &tried, error)))
			return false;
		if (address && has_metadata(&tried, credential->issuer, false, &is_own) && is_own)
			return take_userinfo(credential, &tried, error);
	}
	return true;
}

static bool take(struct kt_credential *credential, const struct kt_errand *answer,
                 struct kt_error *error)
{
	if (!credential->no_pkce && !kt_kind_is_app(credential->kind) &&
	    !kt_metadata_lists(answer, "l.code_challenge_methods_supported", "S256", true)) {
		kt_fail(error, KT_ERROR_UNSAFE, "the issuer does not know PKCE with S256");
		return kt_advise(error, "if its operator knows better, add --no-pkce");
	}
	credential->needs_issuer =
		kt_errand_is(answer, "b.authorization_response_iss_parameter_supported", "true");
	if (!take_endpoint(credential, answer, "s.token_endpoint", &credential->token_endpoint,
	                   error))
		return false;
	if (!credential->token_endpoint)
		return kt_fail(error, KT_ERROR_UNSAFE, "the issuer has no token endpoint") ||
		       advise_issuer(error);
	return kt_text_set(&credential->issuer, kt_errand_text(answer, "s.issuer"), error) &&
	       take_endpoint(credential, answer, "s.authorization_endpoint",
	                     &credential->authorization_endpoint, error) &&
	       take_endpoint(credential, answer, "s.device_authorization_endpoint",
	                     &credential->device_authorization_endpoint, error) &&
	       take_endpoint(credential, answer, "s.revocation_endpoint",
	                     &credential->revocation_endpoint, error) &&
	       take_userinfo(credential, answer, error) && find_userinfo(credential, error);
}

bool kt_discovery_fail_no_server(enum kt_kind kind, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_USAGE, "login: a login of the kind %s needs --issuer, --resource, "
	        "--provider or --token-endpoint", kt_kind_name(kind));
	return kt_advise(error, "name the server that gives the tokens");
}

static bool check_app(const struct kt_settings *settings, struct kt_error *error)
{
	bool has_subject = settings->subject_account || settings->subject_token_file ||
	                   !kt_secret_is_empty(&settings->subject_token);

	if (!settings->issuer && !settings->token_endpoint)
		return kt_discovery_fail_no_server(settings->kind, error);
	if (settings->kind == KT_KIND_TOKEN_EXCHANGE)
		return has_subject ||
		       kt_fail(error, KT_ERROR_USAGE, "login: no token to exchange is named") ||
		       kt_advise(error, "add --subject-token-file FILE, or --subject-account ACCOUNT");
	if (settings->client_id && (!kt_secret_is_empty(&settings->client_secret) ||
	                            !kt_secret_is_empty(&settings->private_key) ||
	                            settings->private_key_file))
		return true;
	kt_fail(error, KT_ERROR_USAGE, "login: a client-credentials login needs the client's id, and "
	        "its secret or key");
	return kt_advise(error, "add --client-id ID and --client-secret-file FILE, or "
	                 "--private-key-file FILE and --public-key-id KID");
}

/* An issuer may register a client by itself; a known service has a page for that. */
static bool check_complete(const struct kt_settings *settings, struct kt_error *error)
{
	if (kt_kind_is_app(settings->kind))
		return check_app(settings, error);
	if ((settings->issuer && !settings->provider) ||
	    (settings->client_id && (settings->issuer || settings->token_endpoint)))
		return true;
	kt_fail(error, KT_ERROR_USAGE, "login: an oauth login needs --client-id, and --issuer, "
	        "--provider or --token-endpoint");
	return kt_advise(error, "register a native client with the server and name both");
}

/* The endpoints that options or a provider's file name. */
static bool check_endpoints(const struct kt_credential *credential, struct kt_error *error)
{
	const struct {
		const char *url;
		const char *option;
	} endpoints[] = {
		{ credential->authorization_endpoint, "authorization-endpoint" },
		{ credential->token_endpoint, "token-endpoint" },
		{ credential->device_authorization_endpoint, "device-endpoint" },
		{ credential->revocation_endpoint, "revocation-endpoint" },
		{ credential->userinfo_endpoint, "userinfo-endpoint" },
	};

	for (size_t i = 0; i < KT_COUNT(endpoints); i++)
		if (endpoints[i].url && !kt_metadata_is_safe(endpoints[i].url)) {
			kt_fail(error, KT_ERROR_UNSAFE, "login: --%s is not an https address without "
			        "fragment", endpoints[i].option);
			return kt_advise(error, "give it as the server's documentation has it");
		}
	return true;
}

static bool set_key(struct kt_credential *credential, const struct kt_settings *settings,
                    struct kt_error *error)
{
	if (!settings->private_key_file)
		return true;
	return kt_private_key_read(&credential->private_key, settings->private_key_file, error);
}

/* Checks that the client has with what it is to authenticate itself. */
static bool check_authentication(const struct kt_credential *credential, struct kt_error *error)
{
	const char *way = credential->client_authentication;
	bool has_secret = !kt_secret_is_empty(&credential->client_secret);
	bool is_signed = strcmp(way, "private-key-jwt") == 0;

	if (!has_secret && (strcmp(way, "basic") == 0 || strcmp(way, "post") == 0))
		return kt_fail(error, KT_ERROR_USAGE, "login: --client-auth %s needs the client's secret",
		               way) ||
		       kt_advise(error, "add --client-secret-file FILE");
	if (is_signed && (kt_secret_is_empty(&credential->private_key) || !credential->public_key_id))
		return kt_fail(error, KT_ERROR_USAGE, "login: private-key-jwt needs the client's key and "
		               "its id") ||
		       kt_advise(error, "add --private-key-file FILE and --public-key-id KID");
	return true;
}

static bool check_issuer(const char *issuer, struct kt_error *error)
{
	if (!issuer || (kt_metadata_is_safe(issuer) && !strchr(issuer, '?')))
		return true;
	return kt_fail(error, KT_ERROR_UNSAFE, "the issuer is not an https address without query and "
	               "fragment") ||
	       advise_issuer(error);
}

/* A person's login ends at a redirect URI, and may need a client of its own. */
static bool settle_client(struct kt_credential *credential, const struct kt_settings *settings,
                          const struct kt_errand *metadata, struct kt_error *error)
{
	if (credential->kind == KT_KIND_TOKEN_EXCHANGE && !credential->subject_token_type)
		return kt_text_set(&credential->subject_token_type, SUBJECT_TOKEN_TYPE, error);
	if (credential->kind != KT_KIND_OAUTH)
		return true;
	return (credential->redirect_uri ||
	        kt_text_set(&credential->redirect_uri, REDIRECT_URI, error)) &&
	       (!settings->scope_found || add_offline_access(credential, metadata, error)) &&
	       (credential->client_id || kt_registration_run(credential, metadata, error));
}

bool kt_discovery_fill(struct kt_credential *credential, const struct kt_settings *settings,
                       struct kt_error *error)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand answer = { 0 };

	if (!check_complete(settings, error) || !check_issuer(settings->issuer, error) ||
	    !kt_login_begin_grant(credential, settings, error) ||
	    !check_endpoints(credential, error) || !set_key(credential, settings, error) ||
	    !kt_text_set(&credential->dialect, "standard", error) ||
	    (credential->issuer &&
	     (!fetch(credential, settings->issuer_found, &answer, error) ||
	      !take(credential, &answer, error))) ||
	    !settle_client(credential, settings, &answer, error))
		return false;
	return (credential->client_authentication ||
	        kt_text_set(&credential->client_authentication, authentication(&answer, credential),
	                    error)) &&
	       check_authentication(credential, error);
}
