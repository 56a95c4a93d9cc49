/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/courier.h"
#include "helper/keeper/login/coze_app.h"
#include "helper/keeper/login/discovery.h"
#include "helper/keeper/oauth/grant.h"
#include "helper/request.h"
#include "helper/url.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/* RFC 8252, 7.3: a native client may ask for any port of the loopback. */
#define REDIRECT_URI "http://127.0.0.1:0/callback"

static bool is_safe(const char *url)
{
	KT_CLEANUP(kt_identity_clear) struct kt_identity parsed = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret password = { 0 };
	struct kt_error ignored = { 0 };

	return kt_characters_are_visible_ascii(url, strlen(url)) && !strchr(url, '#') &&
	       kt_url_parse(&parsed, &password, url, strlen(url), &ignored) &&
	       parsed.host && !parsed.username && kt_url_is_safe_for_tokens(&parsed);
}

static bool advise_issuer(struct kt_error *error)
{
	return kt_advise(error, "give --issuer as the server's operator names it, with https://");
}

/* RFC 8414, 3.1: the well-known part stands between host and path; OpenID puts it behind. */
static bool make_address(const char *issuer, bool is_openid, char **address,
                         struct kt_error *error)
{
	const char *path = strchr(strstr(issuer, "://") + 3, '/');
	size_t length = strlen(issuer);
	int host = (int)(path ? (size_t)(path - issuer) : length);

	while (length > 0 && issuer[length - 1] == '/')
		length--;
	if (is_openid)
		return kt_text_format(address, error, "%.*s/.well-known/openid-configuration",
		                      (int)length, issuer);
	return kt_text_format(address, error, "%.*s/.well-known/oauth-authorization-server%.*s", host,
	                      issuer, (int)length > host ? (int)length - host : 0, issuer + host);
}

static bool ask(const char *address, const struct kt_credential *credential,
                struct kt_errand *answer, struct kt_error *error)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand errand = { 0 };

	return kt_grant_begin_get(address, credential, KT_COURIER_MILLISECONDS, &errand, error) &&
	       kt_courier_ask(&errand, answer, error);
}

static bool has_metadata(const struct kt_errand *answer)
{
	int64_t status = 0;

	return kt_errand_number(answer, "status", &status) && status == 200 &&
	       kt_errand_text(answer, "s.issuer");
}

static bool fetch(const struct kt_credential *credential, struct kt_errand *answer,
                  struct kt_error *error)
{
	const char *reason;
	int64_t status = 0;

	for (int is_openid = 0; is_openid < 2; is_openid++) {
		KT_CLEANUP(kt_text_free) char *address = NULL;

		kt_errand_clear(answer);
		if (!make_address(credential->issuer, is_openid, &address, error) ||
		    !ask(address, credential, answer, error))
			return false;
		if (has_metadata(answer))
			return true;
	}
	kt_errand_number(answer, "status", &status);
	reason = kt_errand_text(answer, "reason");
	if (!reason)
		kt_fail(error, status ? KT_ERROR_SERVER : KT_ERROR_NETWORK,
		        "the issuer has no metadata at its well-known addresses");
	else
		kt_fail(error, status ? KT_ERROR_SERVER : KT_ERROR_NETWORK,
		        "the issuer does not say where its endpoints are: %.*s",
		        kt_characters_fit(reason, 160), reason);
	return kt_advise(error, "check --issuer, and --ca-file where its certificate is a private one");
}

static bool take_endpoint(const struct kt_errand *answer, const char *name, bool is_needed,
                          char **endpoint, struct kt_error *error)
{
	const char *url = kt_errand_text(answer, name);

	if (!url)
		return !is_needed ||
		       kt_fail(error, KT_ERROR_UNSAFE, "the issuer has no token endpoint") ||
		       advise_issuer(error);
	if (!is_safe(url))
		return kt_fail(error, KT_ERROR_UNSAFE,
		               "one of the issuer's endpoints is not https") ||
		       advise_issuer(error);
	return kt_text_set(endpoint, url, error);
}

/* True if the list (entries joined by newlines) has the word; by_default if there is no list. */
static bool is_listed(const struct kt_errand *answer, const char *name, const char *word,
                      bool by_default)
{
	const char *list = kt_errand_text(answer, name);
	size_t length = strlen(word);

	if (!list)
		return by_default;
	while (*list) {
		size_t entry = strcspn(list, "\n");

		if (entry == length && strncmp(list, word, length) == 0)
			return true;
		list += entry + (list[entry] == '\n');
	}
	return false;
}

static const char *authentication(const struct kt_errand *answer,
                                  const struct kt_settings *settings)
{
	static const char name[] = "l.token_endpoint_auth_methods_supported";

	if (kt_secret_is_empty(&settings->client_secret))
		return "none";
	return is_listed(answer, name, "client_secret_basic", true) ? "basic" : "post";
}

static bool take(struct kt_credential *credential, const struct kt_settings *settings,
                 const struct kt_errand *answer, struct kt_error *error)
{
	if (!kt_errand_is(answer, "s.issuer", settings->issuer))
		return kt_fail(error, KT_ERROR_UNSAFE,
		               "the issuer's metadata names another issuer") ||
		       advise_issuer(error);
	if (!is_listed(answer, "l.code_challenge_methods_supported", "S256", true))
		return kt_fail(error, KT_ERROR_UNSAFE,
		               "the issuer does not know PKCE with S256") ||
		       advise_issuer(error);
	credential->needs_issuer =
		kt_errand_is(answer, "b.authorization_response_iss_parameter_supported", "true");
	return take_endpoint(answer, "s.token_endpoint", true, &credential->token_endpoint, error) &&
	       take_endpoint(answer, "s.authorization_endpoint", false,
	                     &credential->authorization_endpoint, error) &&
	       take_endpoint(answer, "s.device_authorization_endpoint", false,
	                     &credential->device_authorization_endpoint, error) &&
	       take_endpoint(answer, "s.revocation_endpoint", false,
	                     &credential->revocation_endpoint, error) &&
	       take_endpoint(answer, "s.userinfo_endpoint", false,
	                     &credential->userinfo_endpoint, error) &&
	       kt_text_set(&credential->client_authentication, authentication(answer, settings),
	                   error);
}

bool kt_discovery_fill(struct kt_credential *credential, const struct kt_settings *settings,
                       struct kt_error *error)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand answer = { 0 };

	if (!settings->issuer || !settings->client_id) {
		kt_fail(error, KT_ERROR_USAGE, "login: an oauth login needs --issuer and --client-id");
		return kt_advise(error, "register a native client with the server and name both");
	}
	if (!is_safe(settings->issuer) || strchr(settings->issuer, '?'))
		return kt_fail(error, KT_ERROR_UNSAFE, "the issuer is not an https address without "
		               "query and fragment") ||
		       advise_issuer(error);
	return kt_login_begin_grant(credential, settings, error) &&
	       kt_text_set(&credential->dialect, "standard", error) &&
	       (credential->redirect_uri ||
	        kt_text_set(&credential->redirect_uri, REDIRECT_URI, error)) &&
	       fetch(credential, &answer, error) && take(credential, settings, &answer, error);
}
