/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/account/service.h"
#include "helper/keeper/oauth/token_error.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"
#include "keyring/translate.h"

/* The client types as Coze's console calls them, in English. */
static const char *client_type(enum kt_kind kind)
{
	switch (kind) {
	case KT_KIND_WEB:
		return KT_TEXT("Web backend app");
	case KT_KIND_PKCE:
		return KT_TEXT("mobile, desktop or single-page app");
	case KT_KIND_DEVICE:
		return KT_TEXT("TV, device or command-line app");
	default:
		return KT_TEXT("service app");
	}
}

static bool fail_app_type(const struct kt_credential *credential, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *console = NULL;

	if (!kt_service_console(credential, &console, error))
		return false;
	kt_fail(error, KT_ERROR_REFUSED, "the app is not of the client type that a %s login needs: "
	        "the service says invalid app type", kt_kind_name(credential->kind));
	return kt_advise(error, "create an app of the client type \"%s\" at %.*s/open/oauth/apps",
	                 kt_translate(client_type(credential->kind)),
	                 kt_characters_fit(console, 150), console);
}

/* A key id that the app does not have, which an app of the other site has not either. */
static bool fail_key_id(const struct kt_credential *credential, struct kt_error *error)
{
	const char *id = kt_text_or_empty(credential->public_key_id);
	const char *other = kt_service_other_site(&credential->identity);

	kt_fail(error, KT_ERROR_REFUSED, "the app %.*s at %s has no key with the fingerprint %.*s",
	        kt_characters_fit(credential->client_id, 60), credential->client_id,
	        credential->identity.host, kt_characters_fit(id, 80), id);
	if (other)
		return kt_advise(error, "compare the fingerprint with the console's; if the app is of %s, "
		                 "log in with --site %s; a new key takes some seconds to work", other,
		                 other);
	return kt_advise(error, "compare the fingerprint with the console's; a new key takes some "
	                 "seconds to work");
}

static bool fail_key(const struct kt_credential *credential, struct kt_error *error)
{
	const char *id = kt_text_or_empty(credential->public_key_id);

	kt_fail(error, KT_ERROR_REFUSED, "the private key does not belong to the fingerprint %.*s",
	        kt_characters_fit(id, 80), id);
	return kt_advise(error, "compare both in the console, or make a new key there");
}

static bool fail_client(const struct kt_token_response *response,
                        const struct kt_credential *credential, struct kt_error *error)
{
	const char *text = kt_text_or_empty(response->text);

	if (credential->kind == KT_KIND_JWT && strstr(text, "kid"))
		return fail_key_id(credential, error);
	if (credential->kind == KT_KIND_JWT && strstr(text, "signature"))
		return fail_key(credential, error);
	kt_fail(error, KT_ERROR_REFUSED, "%s does not know this client: %.*s: %.*s",
	        credential->identity.host, kt_characters_fit(response->name, 60), response->name,
	        kt_characters_fit(text, 120), text);
	if (kt_kind_is_standard(credential->kind))
		return kt_advise(error, "check the client id, and the client's secret or key");
	if (credential->kind == KT_KIND_JWT)
		return kt_advise(error, "check the client id, the key's fingerprint and the site (coze.cn "
		                 "and coze.com have apps of their own); a new app takes some seconds to "
		                 "work");
	return kt_advise(error, "check the client id, its secret and the site (coze.cn and coze.com "
	                 "have apps of their own); a new app takes some seconds to work");
}

/*
 * RFC 8693, 2.2.2: a subject token that is not accepted is told as an invalid request, or as an
 * invalid grant.
 */
static bool is_of_the_subject(const struct kt_token_response *response,
                              const struct kt_credential *credential)
{
	return credential->kind == KT_KIND_TOKEN_EXCHANGE &&
	       response->verdict == KT_VERDICT_REFUSED &&
	       (response->meaning == KT_MEANING_DEAD ||
	        strcmp(response->name, "invalid_request") == 0);
}

static bool fail_subject(const struct kt_token_response *response,
                         const struct kt_credential *credential, const char *whose,
                         struct kt_error *error)
{
	const char *text = kt_text_or_empty(response->text);
	struct kt_shell_word word;

	kt_fail(error, KT_ERROR_REFUSED, "the service does not give %s a token in exchange: %.*s: %.*s",
	        whose, kt_characters_fit(response->name, 60), response->name,
	        kt_characters_fit(text, 120), text);
	if (credential->subject_account)
		return kt_advise(error, "see whether the token that is exchanged works: keyturn status %s",
		                 kt_shell_word(&word, credential->subject_account, "ACCOUNT"));
	if (credential->subject_token_file)
		return kt_advise(error, "see to the token in %s",
		                 kt_shell_word(&word, credential->subject_token_file, "FILE"));
	return kt_advise(error, "give a new token to exchange on stdin: keyturn login %s "
	                 "--subject-token-file -", kt_shell_word(&word, whose, "ACCOUNT"));
}

/* docs/coze.md, 8.1: its owner can bring the app back, and the grant with it. */
static bool fail_deactivated(const struct kt_credential *credential, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *console = NULL;

	if (!kt_service_console(credential, &console, error))
		return false;
	kt_fail(error, KT_ERROR_REFUSED, "the app %.*s is deactivated by its owner",
	        kt_characters_fit(credential->client_id, 60), credential->client_id);
	return kt_advise(error, "the login is kept: have the app activated at %.*s/open/oauth/apps, "
	                 "then run the command again", kt_characters_fit(console, 150), console);
}

bool kt_token_error_write(const struct kt_token_response *response,
                          const struct kt_credential *credential, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;
	const char *text = kt_text_or_empty(response->text);

	if (response->status && response->name && strstr(text, "invalid app type"))
		return fail_app_type(credential, error);
	if (response->status && response->name && credential->client_id &&
	    strstr(text, "deactivated"))
		return fail_deactivated(credential, error);
	if (response->verdict == KT_VERDICT_REFUSED &&
	    strcmp(response->name, "invalid_client") == 0)
		return fail_client(response, credential, error);
	if (!kt_service_full_name(&credential->identity, &name, error))
		return false;
	if (is_of_the_subject(response, credential))
		return fail_subject(response, credential, name, error);
	return kt_token_response_fail(response, name, error);
}
