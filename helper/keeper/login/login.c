/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "helper/keeper/account/default.h"
#include "helper/keeper/account/facts.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/cache/change.h"
#include "helper/keeper/login/discovery.h"
#include "helper/keeper/login/login.h"
#include "helper/keeper/login/pasted.h"
#include "helper/keeper/login/resource.h"
#include "helper/keeper/oauth/dialect.h"
#include "helper/keeper/oauth/token_error.h"
#include "helper/keeper/terminal.h"
#include "helper/keeper/token/escrow.h"
#include "helper/keeper/token/rotation.h"
#include "helper/report.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/environment.h"
#include "keyring/text.h"
#include "keyring/translate.h"

static bool fail_no_site(struct kt_error *error)
{
	kt_fail(error, KT_ERROR_USAGE, "login: no service is named; tokens of coze.cn and coze.com "
	                               "are never mixed");
	return kt_advise(error, "add --site coze.cn, --site coze.com or --api-base URL");
}

/* A page of Coze's site means the site: tokens are for its API. */
static bool set_base(struct kt_identity *identity, const char *url, struct kt_error *error)
{
	const char *site = kt_service_site_meant(url);
	const char *host = site ? kt_service_host_of_site(site) : NULL;

	if (site && !strstr(url, host)) {
		kt_report_note("%.*s is a page of %s: the service is %s", kt_characters_fit(url, 200),
		               url, site, site);
		return kt_service_set_site(identity, site, error);
	}
	return kt_service_set_base(identity, url, error);
}

static bool take_site(struct kt_identity *identity, const char *answer, struct kt_error *error)
{
	if (strcmp(answer, "1") == 0 || strcmp(answer, "2") == 0)
		return kt_service_set_site(identity, *answer == '1' ? "cn" : "com", error);
	if (kt_text_has_prefix(answer, "http") && !kt_service_site_meant(answer))
		return kt_service_set_base(identity, answer, error);
	if (kt_service_site_meant(answer))
		return kt_service_set_site(identity, answer, error);
	kt_fail(error, KT_ERROR_USAGE, "the site is neither coze.cn nor coze.com");
	return kt_advise(error, "for another server give its address: --api-base URL");
}

static bool ask_site(struct kt_identity *identity, struct kt_error *error)
{
	static const char prompt[] = KT_TEXT("Which site is it for?\n  1  coze.cn\n  2  coze.com\n  "
	                                     "or the https:// address of another service\nSite: ");

	for (int left = KT_LOGIN_TRIES - 1;; left--) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret line = { 0 };
		struct kt_error refusal = { 0 };
		unsigned int removed = 0;

		if (!kt_terminal_ask(prompt, &line, error) ||
		    !kt_pasted_strip(&line, &removed, error))
			return false;
		if (take_site(identity, kt_secret_reveal(&line), &refusal))
			return true;
		if (left == 0) {
			*error = refusal;
			return false;
		}
		kt_report_note("%s", kt_secret_is_empty(&line) ? kt_translate("type 1, 2 or an address")
		                                               : refusal.message);
	}
}

/* Where an issuer's token may go: --host, else the issuer's own host, or the resource's. */
static bool set_issuer_host(const struct kt_settings *settings, struct kt_identity *identity,
                            struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *base = NULL;
	const char *server = settings->issuer ? settings->issuer
	                     : settings->token_endpoint ? settings->token_endpoint
	                                                : settings->resource;

	if (server == settings->resource && !kt_resource_check(server, error))
		return false;
	if (!settings->host) {
		if (!kt_service_set_base(identity, server, error))
			return false;
		return kt_text_set(&identity->path, "", error);
	}
	if (kt_text_has_prefix(settings->host, "http"))
		return kt_service_set_base(identity, settings->host, error);
	return kt_text_format(&base, error, "https://%s", settings->host) &&
	       kt_service_set_base(identity, base, error);
}

static bool names_server(const struct kt_login_options *login)
{
	static const char *const options[] = {
		"host", "issuer", "provider", "resource", "token-endpoint",
	};

	for (size_t i = 0; i < KT_COUNT(options); i++)
		if (kt_login_given(login, options[i]))
			return true;
	return false;
}

static bool find_service(const struct kt_login_options *login, const struct kt_settings *settings,
                         const char *site_of_name, struct kt_identity *identity,
                         struct kt_error *error)
{
	const char *base = kt_environment_get("COZE_API_BASE");
	/* As it was tidied. */
	const char *api_base = kt_login_given(login, "api-base") ? settings->api_base : NULL;
	bool is_issuer = kt_kind_is_standard(settings->kind) &&
	                 (settings->issuer || settings->token_endpoint || settings->resource);

	if ((login->site != NULL) + (api_base != NULL) +
	    (kt_login_given(login, "issuer") || kt_login_given(login, "resource")) > 1)
		return kt_fail(error, KT_ERROR_USAGE, "login: --site, --api-base and --issuer or "
		               "--resource exclude each other");
	if (is_issuer && (!identity->host || names_server(login)))
		return set_issuer_host(settings, identity, error);
	if (api_base)
		return set_base(identity, api_base, error);
	if (login->site || site_of_name)
		return kt_service_set_site(identity, login->site ? login->site : site_of_name,
		                           error);
	if (identity->host)
		return true;
	if (kt_kind_is_standard(settings->kind))
		return kt_discovery_fail_no_server(settings->kind, error);
	if (settings->api_base || base)
		return set_base(identity, settings->api_base ? settings->api_base : base, error);
	if (kt_terminal_is_interactive())
		return ask_site(identity, error);
	return fail_no_site(error);
}

/* The secrets of another account's app go to that account's service and to no other. */
static bool check_like(const struct kt_settings *settings, const struct kt_identity *identity,
                       struct kt_error *error)
{
	const struct kt_identity *like = &settings->like;

	if (!like->host || (kt_text_is_equal(like->protocol, identity->protocol) &&
	                    kt_text_is_equal(like->host, identity->host) &&
	                    kt_text_is_equal(like->path, identity->path)))
		return true;
	kt_fail(error, KT_ERROR_UNSAFE, "login: --like names an account of %s, whose app's secrets "
	                                "are not sent to %s", like->host, identity->host);
	return kt_advise(error, "leave the other service away, or name an app of %s without --like",
	                 identity->host);
}

/* NAME@coze.cn is the account NAME of that site, unless another service is named. */
bool kt_login_identify(const struct kt_login_options *login, const struct kt_settings *settings,
                       struct kt_identity *identity, struct kt_error *error)
{
	const char *site = NULL;

	if (!login->account) {
		if (!identity->username && !kt_text_set(&identity->username, "main", error))
			return false;
		return find_service(login, settings, NULL, identity, error) &&
		       check_like(settings, identity, error);
	}
	/* The account was found by its full name already: do not split NAME@SITE again. */
	if (!identity->username) {
		if (!kt_service_split_site(login->account, &identity->username, &site, error))
			return false;
		if (site && ((login->site && strcmp(login->site, site) != 0) ||
		             kt_login_given(login, "api-base") || kt_login_given(login, "issuer"))) {
			site = NULL;
			if (!kt_text_set(&identity->username, login->account, error))
				return false;
		}
	}
	return kt_service_check_name(identity->username, error) &&
	       find_service(login, settings, site, identity, error) &&
	       check_like(settings, identity, error);
}

bool kt_login_open_keyring(struct kt_keeper *keeper, const struct kt_identity *identity,
                           struct kt_keyring **keyring, struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential before = { 0 };
	bool found = false;
	bool open = false;

	*keyring = kt_keeper_keyring(keeper, error);
	if (!*keyring || !kt_keyring_is_open(*keyring, &open, error))
		return false;
	if (open)
		return true;
	if (identity && !kt_keyring_load_to_replace(*keyring, identity, &before, &found, error))
		return false;
	return found || kt_keyring_unlock(*keyring, error);
}

/* A grant of the same client, and, as far as the service told, of the same person. */
static bool is_same_grant(const struct kt_credential *credential,
                          const struct kt_credential *before)
{
	return before->kind == credential->kind &&
	       kt_text_is_equal(before->issuer, credential->issuer) &&
	       kt_text_is_equal(before->token_endpoint, credential->token_endpoint) &&
	       kt_text_is_equal(before->client_id, credential->client_id) &&
	       (!before->subject || !credential->subject ||
	        kt_text_is_equal(before->subject, credential->subject));
}

/*
 * Some services give the refresh token at the first consent alone: it stays with the account, and
 * so does what its journal tells of it.
 */
static bool keep_refresh_token(struct kt_credential *credential, struct kt_credential *before,
                               struct kt_keyring *keyring, bool *is_kept, struct kt_error *error)
{
	if (!kt_secret_is_empty(&credential->refresh_token) || kt_kind_is_app(credential->kind) ||
	    !is_same_grant(credential, before))
		return true;
	if (!kt_rotation_adopt(keyring, before, error))
		return false;
	if (!kt_facts_is_renewable(before))
		return true;
	kt_secret_move(&credential->refresh_token, &before->refresh_token);
	kt_secret_move(&credential->previous_refresh_token, &before->previous_refresh_token);
	kt_secret_move(&credential->journal_key, &before->journal_key);
	credential->refreshed = before->refreshed;
	credential->generation = before->generation + 1;
	*is_kept = true;
	return kt_text_set(&credential->grant, before->grant, error);
}

/* The parts of the account's earlier login that are kept; one that cannot be read has none. */
static bool take_over(struct kt_credential *credential, struct kt_keyring *keyring, bool *is_kept,
                      struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential before = { 0 };
	struct kt_error ignored = { 0 };
	bool found = false;

	if (!kt_kind_is_grant(credential->kind) ||
	    !kt_keyring_load(keyring, &credential->identity, &before, &found, &ignored) || !found)
		return true;
	return kt_facts_inherit(credential, &before, error) &&
	       keep_refresh_token(credential, &before, keyring, is_kept, error);
}

/* Nothing becomes a default in silence. */
static void tell_default(const struct kt_credential *credential, enum kt_default_scope became)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;
	struct kt_error ignored = { 0 };

	if (became == KT_DEFAULT_NONE ||
	    !kt_service_full_name(&credential->identity, &name, &ignored))
		return;
	if (became == KT_DEFAULT_GENERAL)
		kt_report_note("%s is the default account now", name);
	else
		kt_report_note("%s is the default at %s now", name, credential->identity.host);
}

bool kt_login_store_inside(struct kt_keyring *keyring, struct kt_credential *credential,
                           struct kt_escrow *escrow, struct kt_error *error)
{
	enum kt_default_scope became;
	bool is_kept = false;

	if (!take_over(credential, keyring, &is_kept, error) ||
	    !kt_escrow_store_login(escrow, keyring, credential, error))
		return false;
	if (is_kept)
		kt_report_note("%s keeps the refresh token of its earlier login: the service gave no "
		               "new one", credential->identity.username);
	if ((!is_kept && !kt_rotation_forget(&credential->identity, error)) ||
	    !kt_default_offer(&credential->identity, KT_DEFAULT_GENERAL, &became, error))
		return false;
	tell_default(credential, became);
	return true;
}

bool kt_login_store(struct kt_keyring *keyring, struct kt_credential *credential,
                    struct kt_escrow *escrow, struct kt_error *error)
{
	KT_CLEANUP(kt_change_end) struct kt_change change = { 0 };

	return kt_change_begin(&change, &credential->identity, error) &&
	       kt_login_store_inside(keyring, credential, escrow, error);
}

/* The list has the word; its words stand between blanks or commas. */
static bool has_word(const char *list, const char *word, size_t length)
{
	while (*list) {
		size_t part = strcspn(list, " ,");

		if (part == length && strncmp(list, word, length) == 0)
			return true;
		list += part + (list[part] != '\0');
	}
	return false;
}

/* RFC 6749, 5.1: a scope that is not the one that was asked for is told. */
static void tell_narrower_scope(const struct kt_credential *credential)
{
	const char *asked = kt_kind_is_standard(credential->kind) ? credential->scope : NULL;

	while (asked && credential->granted_scope && *asked) {
		size_t part = strcspn(asked, " ,");

		if (part > 0 && !has_word(credential->granted_scope, asked, part))
			kt_report_note("the service granted less than was asked for: not %.*s",
			               (int)part, asked);
		asked += part + (asked[part] != '\0');
	}
}

/* A token that is bound to a key (RFC 9449) is no use as a bearer token. */
static bool check_type(const struct kt_token_response *response, struct kt_error *error)
{
	static const char *const bound[] = { "dpop", "pop", "mac" };
	const char *type = kt_text_or_empty(response->token_type);

	for (size_t i = 0; i < KT_COUNT(bound); i++) {
		if (strcasecmp(type, bound[i]) != 0)
			continue;
		kt_fail(error, KT_ERROR_REFUSED, "the service binds its tokens to a key (token_type "
		        "%s): nobody else could use one that is handed out", type);
		return kt_advise(error, "have the client registered for bearer tokens, then log in "
		                 "again");
	}
	return true;
}

/* Nothing was there to be renewed: the login has to be done again. */
static bool fail_unfinished(const struct kt_token_response *response,
                            const struct kt_credential *credential, struct kt_error *error)
{
	const char *host = credential->identity.host;
	const char *text = kt_text_or_empty(response->text);

	if (response->cause && strcmp(response->cause, "certificate") == 0)
		return kt_token_error_write(response, credential, error);
	if (response->status)
		kt_fail(error, KT_ERROR_SERVER, "the login did not get through: %s answered %lld", host,
		        (long long)response->status);
	else if (*text)
		kt_fail(error, KT_ERROR_NETWORK, "the login did not get through: %.*s",
		        kt_characters_fit(text, 160), text);
	else
		kt_fail(error, KT_ERROR_NETWORK, "the login did not get through: %s did not answer",
		        host);
	return kt_advise(error, "run the same command again");
}

bool kt_login_take_tokens(struct kt_credential *credential, const struct kt_errand *answer,
                          struct kt_error *error)
{
	KT_CLEANUP(kt_tokens_clear) struct kt_tokens tokens = { 0 };
	struct kt_token_response response;

	kt_token_response_read(&response, answer, kt_dialect_of(credential));
	if (response.verdict != KT_VERDICT_TOKENS && response.verdict != KT_VERDICT_REFUSED)
		return fail_unfinished(&response, credential, error);
	if (response.verdict != KT_VERDICT_TOKENS)
		return kt_token_error_write(&response, credential, error);
	if (!check_type(&response, error) ||
	    !kt_tokens_read(&tokens, &response, answer, error) ||
	    !kt_tokens_give(&tokens, credential, error))
		return false;
	kt_secret_move(&credential->refresh_token, &tokens.refresh_token);
	credential->refreshed = kt_clock_wall();
	tell_narrower_scope(credential);
	return true;
}
