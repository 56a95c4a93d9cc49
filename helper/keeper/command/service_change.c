/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/account/default.h"
#include "helper/keeper/account/returned.h"
#include "helper/keeper/cache/answers.h"
#include "helper/keeper/cache/change.h"
#include "helper/keeper/command/service_change.h"
#include "helper/keeper/login/parked.h"
#include "helper/keeper/login/store_grant.h"
#include "helper/keeper/token/escrow.h"
#include "helper/keeper/token/refused.h"
#include "helper/keeper/token/service_app.h"
#include "helper/report.h"
#include "helper/url.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/text.h"

/* True if the request has something to store, as far as can be told without the keyring. */
static bool is_worth_storing(const struct kt_request *request)
{
	if (request->is_foreign)
		kt_report_trace("store: it is of no server");
	else if (request->is_ephemeral)
		kt_report_trace("store: an ephemeral credential is not kept");
	else if (!request->has_password && kt_secret_is_empty(&request->oauth_refresh_token))
		kt_report_trace("store: nothing to keep");
	else if (request->has_expiry && request->expiry <= kt_clock_wall() &&
	         kt_secret_is_empty(&request->oauth_refresh_token))
		kt_report_trace("store: it has expired already");
	else
		return true;
	return false;
}

static enum kt_kind kind_of(const struct kt_request *request)
{
	const char *password = kt_secret_reveal(&request->password);

	if (!kt_characters_are_visible_ascii(password, kt_secret_length(&request->password)) ||
	    !kt_url_is_safe_for_tokens(&request->pattern))
		return KT_KIND_PASSWORD;
	if (kt_text_has_prefix(password, "pat_"))
		return KT_KIND_PAT;
	if (kt_text_has_prefix(password, "sat_"))
		return KT_KIND_SAT;
	return KT_KIND_PASSWORD;
}

/*
 * Replaces the stored secrets by the request's, and with them the tool that stored them. *changed
 * tells whether anything differs.
 */
static bool update(struct kt_credential *credential, const struct kt_request *request,
                   bool *changed, struct kt_error *error)
{
	bool is_same = kt_secret_is_equal(&credential->token, &request->password);

	*changed = !is_same;
	if (request->has_expiry && request->expiry != credential->expires &&
	    !kt_kind_is_fixed(credential->kind)) {
		credential->expires = request->expiry;
		*changed = true;
	} else if (!is_same) {
		credential->expires = request->has_expiry ? request->expiry : 0;
	}
	if (!kt_secret_is_empty(&request->oauth_refresh_token) || !is_same) {
		if (!kt_secret_is_equal(&credential->refresh_token, &request->oauth_refresh_token))
			*changed = true;
		if (!kt_secret_copy(&credential->refresh_token, &request->oauth_refresh_token, error))
			return false;
	}
	if (is_same)
		return true;
	credential->refused = 0;
	credential->never_expires = false;
	credential->created = kt_clock_wall();
	return kt_text_set(&credential->tool, request->tool, error) &&
	       kt_secret_copy(&credential->token, &request->password, error);
}

/*
 * The credential becomes the last that its tool stored at this service. created counts seconds, in
 * which there is room for two logins.
 */
static bool put_last(struct kt_keyring *keyring, struct kt_credential *credential, bool *changed,
                     struct kt_error *error)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials list = { 0 };
	const struct kt_identity service = {
		.protocol = credential->identity.protocol,
		.host = credential->identity.host,
	};

	if (!credential->tool)
		return true;
	if (!kt_keyring_search(keyring, &service, &list, error))
		return false;
	for (size_t i = 0; i < list.count; i++) {
		const struct kt_credential *other = &list.items[i];

		if (kt_identity_is_equal(&other->identity, &credential->identity) ||
		    !kt_text_is_equal(other->tool, credential->tool) ||
		    other->created < credential->created)
			continue;
		credential->created = other->created + 1;
		*changed = true;
	}
	return true;
}

/* A login takes the place of a default whose secret the service refused. */
static bool take_default(struct kt_keyring *keyring, const struct kt_credential *credential,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential before = { 0 };
	KT_CLEANUP(kt_identity_clear) struct kt_identity preferred = { 0 };
	const struct kt_identity *identity = &credential->identity;
	enum kt_default_scope became;
	bool found;

	if (!kt_default_offer(identity, credential->kind == KT_KIND_PASSWORD ? KT_DEFAULT_SERVICE
	                                                                     : KT_DEFAULT_GENERAL,
	                      &became, error) ||
	    !kt_default_get(identity, &preferred, &found, error))
		return false;
	if (!found || kt_identity_is_equal(&preferred, identity))
		return true;
	if (!kt_keyring_load(keyring, &preferred, &before, &found, error))
		return false;
	return !found || before.refused == 0 ||
	       kt_default_set(identity, KT_DEFAULT_SERVICE, error);
}

/*
 * Stores a secret without a grant. It never replaces an OAuth or JWT grant of that name: git
 * stores back whatever worked, access tokens too.
 */
static bool store_secret(struct kt_keyring *keyring, const struct kt_identity *identity,
                         const struct kt_request *request, struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	enum kt_kind kind = kind_of(request);
	bool found;
	bool returned = false;
	bool changed = false;

	if (!kt_keyring_load_to_replace(keyring, identity, &credential, &found, error))
		return false;
	/* Before it becomes an account, or another secret of one. */
	if ((!found || !kt_secret_is_equal(&credential.token, &request->password)) &&
	    !kt_returned_find(keyring, request, &returned, error))
		return false;
	if (returned) {
		kt_report_trace("store: an account of this service answered with it");
		return true;
	}
	if (found && kt_kind_is_grant(credential.kind)) {
		kt_report_trace("store: the account has a grant, which a password does not replace");
		return true;
	}
	if (found && credential.kind != kind &&
	    !kt_secret_is_equal(&credential.token, &request->password)) {
		kt_credential_clear(&credential);
		found = false;
	}
	if (!found) {
		credential.kind = kind;
		if (!kt_identity_copy(&credential.identity, identity, error))
			return false;
	}
	if (!update(&credential, request, &changed, error) ||
	    !put_last(keyring, &credential, &changed, error))
		return false;
	if (found && !changed) {
		kt_report_trace("store: it is stored already");
		return true;
	}
	return kt_escrow_store_login(NULL, keyring, &credential, error) &&
	       take_default(keyring, &credential, error);
}

/* The identity under which the request is kept: absent parts are empty. */
static bool identify(const struct kt_request *request, struct kt_identity *identity,
                     struct kt_error *error)
{
	bool has_name = request->pattern.username != NULL;
	bool is_token = kt_store_grant_is_offered(request) || kind_of(request) != KT_KIND_PASSWORD;

	return kt_identity_copy(identity, &request->pattern, error) &&
	       (identity->path || kt_text_set(&identity->path, "", error)) &&
	       (has_name || kt_text_set(&identity->username, is_token ? "main" : "", error));
}

bool kt_service_change_store(struct kt_keeper *keeper, const struct kt_request *request,
                             struct kt_error *error)
{
	KT_CLEANUP(kt_identity_clear) struct kt_identity identity = { 0 };
	KT_CLEANUP(kt_change_end) struct kt_change change = { 0 };
	struct kt_keyring *keyring;

	if (!is_worth_storing(request))
		return true;
	kt_parked_save(keeper);
	keyring = kt_keeper_keyring(keeper, error);
	if (!keyring || !identify(request, &identity, error) ||
	    !kt_change_begin(&change, &identity, error))
		return false;
	if (kt_store_grant_is_offered(request))
		return kt_store_grant(keyring, &identity, request, error);
	return store_secret(keyring, &identity, request, error);
}

/* Erases this item if the request's password matches. Without one a PAT or SAT is kept. */
static bool erase_one(struct kt_keeper *keeper, const struct kt_identity *identity,
                      const struct kt_request *request, struct kt_error *error)
{
	KT_CLEANUP(kt_change_end) struct kt_change change = { 0 };
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	const struct kt_requirement requirement = { .session_name = request->session_name };
	const struct kt_secret *secret = kt_returned_secret(request);
	struct kt_keyring *keyring = &keeper->keyring;
	bool found;

	if (!kt_change_lock(&change, identity, error) ||
	    !kt_keyring_load(keyring, identity, &credential, &found, error))
		return false;
	if (found && kt_kind_is_app(credential.kind))
		return kt_service_app_reject(keeper, &credential, &requirement, secret, error);
	if (!found || (secret && !kt_secret_is_equal(&credential.token, secret)))
		return true;
	kt_change_invalidate(&change);
	if (credential.kind == KT_KIND_PASSWORD)
		return kt_keyring_erase(keyring, identity, error) &&
		       kt_escrow_forget_login(identity, error) &&
		       kt_default_replace(identity, NULL, error);
	if (!secret && kt_kind_is_fixed(credential.kind)) {
		kt_report_trace("erase: a PAT or SAT is deleted by logout alone");
		return true;
	}
	return kt_refused_mark(keyring, &credential, error);
}

/* A damaged item answers nobody, whatever its password was; what is remembered of it goes too. */
static bool erase_damaged(struct kt_keyring *keyring, const struct kt_identity *pattern,
                          struct kt_error *error)
{
	size_t count;

	kt_answers_forget(pattern);
	if (!kt_keyring_erase_damaged(keyring, pattern, &count, error))
		return false;
	kt_answers_forget(pattern);
	return true;
}

bool kt_service_change_erase(struct kt_keeper *keeper, const struct kt_request *request,
                             struct kt_error *error)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials list = { 0 };
	struct kt_keyring *keyring;

	if (request->is_foreign)
		return true;
	kt_parked_save(keeper);
	keyring = kt_keeper_keyring(keeper, error);
	if (!keyring || !kt_returned_search(keyring, request, &list, error))
		return false;
	if (list.corrupt > 0 && !request->tool && !erase_damaged(keyring, &request->pattern, error))
		return false;
	for (size_t i = 0; i < list.count; i++)
		if ((!request->tool || kt_text_is_equal(list.items[i].tool, request->tool)) &&
		    !erase_one(keeper, &list.items[i].identity, request, error))
			return false;
	return true;
}
