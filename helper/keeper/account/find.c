/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/keeper/account/default.h"
#include "helper/keeper/account/find.h"
#include "helper/keeper/account/find_failure.h"
#include "helper/keeper/account/idn.h"
#include "helper/keeper/account/service.h"
#include "helper/report.h"
#include "helper/url.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/text.h"

static bool is_listed_before(const struct kt_credentials *list, size_t count,
                             const struct kt_identity *identity)
{
	for (size_t i = 0; i < count; i++)
		if (kt_identity_is_equal(&list->items[i].identity, identity))
			return true;
	return false;
}

/* Moves items that the use does not allow out of the list. */
static void keep_usable(struct kt_credentials *list, enum kt_account_use use)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		struct kt_credential item = list->items[i];

		if ((use == KT_ACCOUNT_TOKEN && item.kind == KT_KIND_PASSWORD) ||
		    (use == KT_ACCOUNT_FORGET && is_listed_before(list, kept, &item.identity))) {
			kt_credential_clear(&item);
			continue;
		}
		list->items[kept++] = item;
	}
	list->count = kept;
}

static bool search(struct kt_keeper *keeper, const struct kt_identity *pattern,
                   enum kt_account_use use, struct kt_credentials *list, struct kt_error *error)
{
	struct kt_keyring *keyring = kt_keeper_keyring(keeper, error);

	if (!keyring || !kt_keyring_search(keyring, pattern, list, error))
		return false;
	keep_usable(list, use);
	if (list->count == 0 && list->corrupt > 0) {
		kt_fail(error, KT_ERROR_CORRUPT, "the stored login that fits is damaged");
		return kt_advise(error, "run: keyturn doctor");
	}
	return true;
}

static void take(struct kt_credential *credential, struct kt_credentials *list, size_t index)
{
	kt_credential_clear(credential);
	*credential = list->items[index];
	list->items[index] = (struct kt_credential){ 0 };
}

static bool is_listed(const struct kt_credentials *list, const struct kt_identity *identity,
                      size_t *index)
{
	for (size_t i = 0; i < list->count; i++) {
		if (kt_identity_is_equal(&list->items[i].identity, identity)) {
			*index = i;
			return true;
		}
	}
	return false;
}

/* All accounts in the list are of one service. */
static bool is_one_service(const struct kt_credentials *list)
{
	const struct kt_identity *first = &list->items[0].identity;

	for (size_t i = 1; i < list->count; i++)
		if (!kt_text_is_equal(first->protocol, list->items[i].identity.protocol) ||
		    !kt_text_is_equal(first->host, list->items[i].identity.host))
			return false;
	return true;
}

static bool is_one_account(const struct kt_credentials *list)
{
	for (size_t i = 1; i < list->count; i++)
		if (!kt_identity_is_equal(&list->items[0].identity, &list->items[i].identity))
			return false;
	return true;
}

/* Refuses two items of one account: nobody knows which is the right one. */
static bool check_once(const struct kt_credentials *rest, const struct kt_identity *taken,
                       struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;

	for (size_t i = 0; i < rest->count; i++) {
		if (!rest->items[i].identity.username ||
		    !kt_identity_is_equal(&rest->items[i].identity, taken))
			continue;
		if (!kt_service_full_name(taken, &name, error))
			return false;
		kt_fail(error, KT_ERROR_CORRUPT, "the keyring holds two items for %s", name);
		return kt_advise(error, "log in to it again, which leaves one; or forget both with: "
		                 "keyturn logout ACCOUNT");
	}
	return true;
}

/* One of the list: the only one, its service's default, the general default. */
static bool choose(struct kt_credentials *list, struct kt_credential *credential,
                   enum kt_account_by *by, struct kt_error *error)
{
	enum kt_account_by reason = KT_ACCOUNT_BY_ONLY;
	KT_CLEANUP(kt_identity_clear) struct kt_identity preferred = { 0 };
	size_t index = 0;
	bool found;

	if (list->count > 1 && !is_one_account(list)) {
		if (!kt_default_get(is_one_service(list) ? &list->items[0].identity : NULL,
		                    &preferred, &found, error))
			return false;
		reason = KT_ACCOUNT_BY_SERVICE_DEFAULT;
		if (!found || !is_listed(list, &preferred, &index)) {
			reason = KT_ACCOUNT_BY_GENERAL_DEFAULT;
			if (!kt_default_get(NULL, &preferred, &found, error))
				return false;
			if (!found || !is_listed(list, &preferred, &index))
				return kt_account_fail_ambiguous(list, error);
		}
	}
	if (*by == KT_ACCOUNT_BY_NOTHING)
		*by = reason;
	take(credential, list, index);
	return check_once(list, &credential->identity, error);
}

/* The pattern that NAME@SITE or NAME@HOST stands for; *is_split is false for anything else. */
static bool split_name(const char *account, struct kt_identity *pattern, bool *is_split,
                       struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *ascii = NULL;
	struct kt_error not_a_host = { 0 };
	const char *at = strrchr(account, '@');
	const char *host = at ? kt_service_host_of_site(at + 1) : NULL;

	*is_split = at && (host || (kt_idn_host(&ascii, at + 1, &not_a_host) &&
	                            kt_url_normal_host(&pattern->host, "https", ascii,
	                                               strlen(ascii), &not_a_host)));
	if (!*is_split)
		return true;
	return (!host || kt_text_set(&pattern->host, host, error)) &&
	       kt_text_set_bytes(&pattern->username, account, (size_t)(at - account), error);
}

/* Adds the accounts that ACCOUNT names: first as a whole name, then as NAME@SITE or NAME@HOST. */
static bool search_named(struct kt_keeper *keeper, const char *account, enum kt_account_use use,
                         struct kt_credentials *list, struct kt_error *error)
{
	KT_CLEANUP(kt_identity_clear) struct kt_identity pattern = { 0 };
	bool is_split;

	if (!kt_text_set(&pattern.username, account, error) ||
	    !search(keeper, &pattern, use, list, error))
		return false;
	if (list->count > 0)
		return true;
	return split_name(account, &pattern, &is_split, error) &&
	       (!is_split || search(keeper, &pattern, use, list, error));
}

bool kt_account_erase_damaged(struct kt_keeper *keeper, const char *account, size_t *count,
                              struct kt_error *error)
{
	KT_CLEANUP(kt_identity_clear) struct kt_identity pattern = { 0 };
	struct kt_keyring *keyring = kt_keeper_keyring(keeper, error);
	bool is_split;

	if (!keyring || !kt_text_set(&pattern.username, account, error) ||
	    !kt_keyring_erase_damaged(keyring, &pattern, count, error))
		return false;
	if (*count > 0)
		return true;
	return split_name(account, &pattern, &is_split, error) &&
	       (!is_split || kt_keyring_erase_damaged(keyring, &pattern, count, error));
}

/* All accounts, as far as they are seen without asking anybody. */
static void search_unasked(struct kt_keeper *keeper, struct kt_credentials *list)
{
	const struct kt_identity anything = { 0 };
	struct kt_keyring *keyring = &keeper->keyring;
	bool may_prompt = keyring->options.may_prompt;
	struct kt_error ignored = { 0 };

	keyring->options.may_prompt = false;
	kt_keyring_search(keyring, &anything, list, &ignored);
	keyring->options.may_prompt = may_prompt;
}

static bool fail_absent(struct kt_keeper *keeper, const char *account, struct kt_error *error)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials list = { 0 };

	search_unasked(keeper, &list);
	return kt_account_fail_absent(&list, account, error);
}

/*
 * A request with a path may also get a token, which is kept for the whole host. A password
 * answers only for the exact path it was stored for, but for a tool that always names a path.
 */
static bool search_whole_host(struct kt_keeper *keeper, const struct kt_identity *wanted,
                              enum kt_account_use use, struct kt_credentials *list,
                              struct kt_error *error)
{
	struct kt_identity pattern = *wanted;
	char no_path[] = "";

	if (list->count > 0 || !wanted->path || !*wanted->path)
		return true;
	pattern.path = no_path;
	return search(keeper, &pattern, use, list, error);
}

/* The account of that user name at the service that is wanted. */
static bool search_user_at(struct kt_keeper *keeper, const char *username,
                           const struct kt_identity *wanted, struct kt_credentials *list,
                           struct kt_error *error)
{
	struct kt_identity pattern = *wanted;

	pattern.username = (char *)username;
	return search(keeper, &pattern, KT_ACCOUNT_ANY, list, error) &&
	       search_whole_host(keeper, &pattern, KT_ACCOUNT_TOKEN, list, error);
}

/*
 * The same of a name as a person writes it, NAME or NAME@HOST. *is_meant: it says that it is of
 * this service.
 */
static bool search_name_at(struct kt_keeper *keeper, const char *name,
                           const struct kt_identity *wanted, struct kt_credentials *list,
                           bool *is_meant, struct kt_error *error)
{
	KT_CLEANUP(kt_identity_clear) struct kt_identity pattern = { 0 };
	bool is_split;

	*is_meant = false;
	if (!search_user_at(keeper, name, wanted, list, error) ||
	    !split_name(name, &pattern, &is_split, error))
		return false;
	*is_meant = is_split && kt_text_is_equal(pattern.host, wanted->host);
	return list->count > 0 || !*is_meant ||
	       search_user_at(keeper, pattern.username, wanted, list, error);
}

static bool is_stored(struct kt_keeper *keeper, const struct kt_identity *identity, bool *stored,
                      struct kt_error *error)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials list = { 0 };

	if (!search(keeper, identity, KT_ACCOUNT_ANY, &list, error))
		return false;
	*stored = list.count > 0;
	return true;
}

/*
 * The account of a binding, unless it is of another service than the one that is wanted. Where a
 * token is, a git password is passed over. One that was stored for the whole host answers for every
 * path that is bound to it.
 */
static bool search_binding(struct kt_keeper *keeper, const struct kt_binding *binding,
                           const struct kt_identity *wanted, enum kt_account_use use,
                           struct kt_credentials *list, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;
	const struct kt_identity *bound = &binding->identity;
	size_t before = list->count;
	bool stored = false;

	if (wanted && (!kt_text_is_equal(bound->protocol, wanted->protocol) ||
	               !kt_text_is_equal(bound->host, wanted->host)))
		return true;
	if (wanted && !search_user_at(keeper, bound->username, wanted, list, error))
		return false;
	if (list->count == before && !search(keeper, bound, use, list, error))
		return false;
	if (list->count > before)
		return true;
	if (!is_stored(keeper, bound, &stored, error) ||
	    !kt_service_full_name(bound, &name, error))
		return false;
	return stored || kt_account_fail_unstored(binding->place, name, error);
}

/* The accounts of a directory's file: those that are stored. */
static bool search_names(struct kt_keeper *keeper, const struct kt_binding *binding,
                         const struct kt_identity *wanted, enum kt_account_use use,
                         struct kt_credentials *list, struct kt_error *error)
{
	const char *line = binding->names;
	bool is_any_meant = false;
	char name[256] = "";

	while (*line) {
		size_t length = strcspn(line, "\n");
		bool is_meant = true;

		snprintf(name, sizeof(name), "%.*s", (int)length, line);
		line += length + (line[length] == '\n');
		if (wanted ? !search_name_at(keeper, name, wanted, list, &is_meant, error)
		           : !search_named(keeper, name, use, list, error))
			return false;
		if (list->count > 0)
			return true;
		is_any_meant = is_any_meant || is_meant;
	}
	return !is_any_meant || kt_account_fail_unstored(binding->place, name, error);
}

static bool search_place(struct kt_keeper *keeper, const struct kt_bindings *bindings,
                         const struct kt_route_place *place, const struct kt_identity *wanted,
                         enum kt_account_use use, struct kt_credentials *list,
                         struct kt_error *error)
{
	bool is_bound = false;

	for (size_t i = 0; i < bindings->count; i++) {
		const struct kt_binding *binding = &bindings->items[i];

		if (binding->kind != KT_BINDING_DIRECTORY || !kt_binding_is_of(binding, place))
			continue;
		is_bound = true;
		if (!search_binding(keeper, binding, wanted, use, list, error))
			return false;
	}
	for (size_t i = 0; !is_bound && i < bindings->count; i++)
		if (bindings->items[i].kind == KT_BINDING_ALLOWED &&
		    kt_binding_is_of(&bindings->items[i], place) &&
		    !search_names(keeper, &bindings->items[i], wanted, use, list, error))
			return false;
	return true;
}

/*
 * The accounts to which the remote's URL or the directory is bound; the deepest directory first,
 * and those passed over that are bound to another service than the one that is wanted (NULL: any).
 */
static bool search_bound(struct kt_keeper *keeper, const struct kt_bindings *bindings,
                         const struct kt_identity *wanted, enum kt_account_use use,
                         struct kt_credentials *list, enum kt_account_by *by,
                         struct kt_error *error)
{
	const struct kt_binding *prefix = wanted ? kt_bindings_prefix(bindings, wanted) : NULL;
	struct kt_route_place place = bindings->place;

	if (prefix) {
		*by = KT_ACCOUNT_BY_PREFIX;
		return search_binding(keeper, prefix, wanted, use, list, error);
	}
	for (; place.text[0] && list->count == 0; kt_bindings_climb(bindings, &place))
		if (!search_place(keeper, bindings, &place, wanted, use, list, error))
			return false;
	if (list->count > 0)
		*by = KT_ACCOUNT_BY_DIRECTORY;
	return true;
}

/* The general default, if there is one and it still exists. */
static bool load_default(struct kt_keeper *keeper, enum kt_account_use use,
                         struct kt_credentials *list, struct kt_error *error)
{
	KT_CLEANUP(kt_identity_clear) struct kt_identity preferred = { 0 };
	bool found;

	if (!kt_default_get(NULL, &preferred, &found, error))
		return false;
	return !found || search(keeper, &preferred, use, list, error);
}

static int compare(const void *left, const void *right)
{
	const struct kt_identity *one = &((const struct kt_credential *)left)->identity;
	const struct kt_identity *other = &((const struct kt_credential *)right)->identity;
	int order = strcmp(one->host, other->host);

	return order ? order : strcmp(one->username, other->username);
}

static void sort(struct kt_credentials *list)
{
	if (list->count > 0)
		qsort(list->items, list->count, sizeof(list->items[0]), compare);
}

/* All that fit ACCOUNT, the variable, the bindings or the defaults; *by where that decides. */
static bool search_account(struct kt_keeper *keeper, const char *account,
                           const struct kt_bindings *bindings, enum kt_account_use use,
                           struct kt_credentials *list, enum kt_account_by *by,
                           struct kt_error *error)
{
	const struct kt_identity anything = { 0 };
	const char *variable = kt_environment_get("KEYTURN_ACCOUNT");

	if (account || variable) {
		*by = account ? KT_ACCOUNT_BY_NAME : KT_ACCOUNT_BY_VARIABLE;
		return search_named(keeper, account ? account : variable, use, list, error);
	}
	if (!search_bound(keeper, bindings, NULL, use, list, by, error))
		return false;
	if (list->count == 0 && !load_default(keeper, use, list, error))
		return false;
	if (list->count > 0 && *by == KT_ACCOUNT_BY_NOTHING)
		*by = KT_ACCOUNT_BY_GENERAL_DEFAULT;
	return list->count > 0 || search(keeper, &anything, use, list, error);
}

bool kt_account_search(struct kt_keeper *keeper, const char *account, enum kt_account_use use,
                       struct kt_credentials *list, struct kt_error *error)
{
	KT_CLEANUP(kt_bindings_clear) struct kt_bindings bindings = { 0 };
	enum kt_account_by by = KT_ACCOUNT_BY_NOTHING;

	if ((!account && !kt_bindings_read(&bindings, error)) ||
	    !search_account(keeper, account, &bindings, use, list, &by, error))
		return false;
	sort(list);
	return true;
}

bool kt_account_list(struct kt_keeper *keeper, const struct kt_identity *service,
                     enum kt_account_use use, struct kt_credentials *list, struct kt_error *error)
{
	struct kt_keyring *keyring = kt_keeper_keyring(keeper, error);

	if (!keyring || !kt_keyring_search(keyring, service, list, error))
		return false;
	keep_usable(list, use);
	sort(list);
	if (list->corrupt == 1)
		kt_report_note("one stored login cannot be read; run: keyturn doctor");
	else if (list->corrupt)
		kt_report_note("%zu stored logins cannot be read; run: keyturn doctor", list->corrupt);
	if (list->hidden)
		kt_report_note("a locked part of the keyring may hold more; run: keyturn unlock");
	return true;
}

bool kt_account_find_bound(struct kt_keeper *keeper, const char *account,
                           const struct kt_bindings *bindings, enum kt_account_use use,
                           struct kt_credential *credential, enum kt_account_by *by,
                           struct kt_error *error)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials list = { 0 };

	*by = KT_ACCOUNT_BY_NOTHING;
	if (!search_account(keeper, account, bindings, use, &list, by, error))
		return false;
	sort(&list);
	if (list.count == 0)
		return fail_absent(keeper, account ? account : kt_environment_get("KEYTURN_ACCOUNT"),
		                   error);
	return choose(&list, credential, by, error);
}

bool kt_account_find(struct kt_keeper *keeper, const char *account, enum kt_account_use use,
                     struct kt_credential *credential, struct kt_error *error)
{
	KT_CLEANUP(kt_bindings_clear) struct kt_bindings bindings = { 0 };
	enum kt_account_by by;

	return (account || kt_bindings_read(&bindings, error)) &&
	       kt_account_find_bound(keeper, account, &bindings, use, credential, &by, error);
}

/* Several paths of one account and none asked for: the one without a path goes first. */
static void prefer_no_path(struct kt_credentials *list)
{
	size_t index = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (!kt_text_is_equal(list->items[i].identity.username,
		                      list->items[0].identity.username))
			return;
		if (kt_text_is_equal(list->items[i].identity.path, ""))
			index = i;
	}
	for (size_t i = 0; i < list->count; i++)
		if (i != index)
			kt_credential_clear(&list->items[i]);
	list->items[0] = list->items[index];
	list->count = 1;
}

/*
 * The login that this tool stored last: it names the server alone, and its own login is the one
 * that it gets back.
 */
static bool search_stored_by(struct kt_keeper *keeper, const char *tool,
                             const struct kt_identity *wanted, struct kt_credentials *list,
                             struct kt_error *error)
{
	size_t kept = 0;

	if (!tool)
		return true;
	if (!search(keeper, wanted, KT_ACCOUNT_ANY, list, error))
		return false;
	for (size_t i = 0; i < list->count; i++) {
		struct kt_credential item = list->items[i];
		bool is_own = kt_text_is_equal(item.tool, tool);

		if (!is_own || (kept > 0 && item.created <= list->items[0].created)) {
			kt_credential_clear(&item);
			continue;
		}
		if (kept > 0)
			kt_credential_clear(&list->items[0]);
		list->items[0] = item;
		kept = 1;
	}
	list->count = kept;
	return true;
}

/* Searches with the name that the environment, a binding, the tool or the default puts in front. */
static bool search_preferred(struct kt_keeper *keeper, const struct kt_request *request,
                             const struct kt_bindings *bindings, struct kt_credentials *list,
                             enum kt_account_by *by, struct kt_error *error)
{
	const struct kt_identity *wanted = &request->pattern;
	KT_CLEANUP(kt_identity_clear) struct kt_identity preferred = { 0 };
	const char *named = kt_environment_get("KEYTURN_ACCOUNT");
	bool is_meant;
	bool found;

	if (named && !search_name_at(keeper, named, wanted, list, &is_meant, error))
		return false;
	if (list->count > 0) {
		*by = KT_ACCOUNT_BY_VARIABLE;
		return true;
	}
	if (!search_bound(keeper, bindings, wanted, KT_ACCOUNT_ANY, list, by, error))
		return false;
	if (list->count > 0)
		return true;
	if (!search_stored_by(keeper, request->tool, wanted, list, error))
		return false;
	if (list->count > 0)
		return true;
	if (!kt_default_get(wanted, &preferred, &found, error) ||
	    (found && !search_user_at(keeper, preferred.username, wanted, list, error)))
		return false;
	if (list->count > 0)
		*by = KT_ACCOUNT_BY_SERVICE_DEFAULT;
	return true;
}

/* Where the environment names one of the list, that one alone. */
static void prefer_named(struct kt_credentials *list)
{
	const char *named = kt_environment_get("KEYTURN_ACCOUNT");

	for (size_t i = 0; named && i < list->count; i++) {
		struct kt_credential item = list->items[i];

		if (!kt_text_is_equal(item.identity.username, named))
			continue;
		for (size_t other = 0; other < list->count; other++)
			if (other != i)
				kt_credential_clear(&list->items[other]);
		list->items[0] = item;
		list->count = 1;
	}
}

/* The user name that git is told names the account, too (--git-username). */
static bool search_git_username(struct kt_keeper *keeper, const struct kt_identity *wanted,
                                struct kt_credentials *list, struct kt_error *error)
{
	const struct kt_identity service = { .protocol = wanted->protocol, .host = wanted->host };
	size_t kept = 0;

	if (list->count > 0 || !wanted->username || *wanted->username == '\0')
		return true;
	if (!kt_keyring_search(&keeper->keyring, &service, list, error))
		return false;
	keep_usable(list, KT_ACCOUNT_TOKEN);
	for (size_t i = 0; i < list->count; i++) {
		struct kt_credential item = list->items[i];
		const char *path = item.identity.path;

		if (item.git_username && kt_text_is_equal(item.git_username, wanted->username) &&
		    (*path == '\0' || kt_text_is_equal(path, wanted->path)))
			list->items[kept++] = item;
		else
			kt_credential_clear(&item);
	}
	list->count = kept;
	prefer_named(list);
	return true;
}

bool kt_account_find_for_request(struct kt_keeper *keeper, const struct kt_request *request,
                                 const struct kt_bindings *bindings,
                                 struct kt_credential *credential, bool *found,
                                 enum kt_account_by *by, struct kt_error *error)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials list = { 0 };
	const struct kt_identity *wanted = &request->pattern;

	*found = false;
	*by = wanted->username ? KT_ACCOUNT_BY_NAME : KT_ACCOUNT_BY_NOTHING;
	if (!wanted->username && !search_preferred(keeper, request, bindings, &list, by, error))
		return false;
	if (list.count == 0 && !search(keeper, wanted, KT_ACCOUNT_ANY, &list, error))
		return false;
	if (!search_whole_host(keeper, wanted, KT_ACCOUNT_TOKEN, &list, error) ||
	    !search_git_username(keeper, wanted, &list, error) ||
	    (request->is_of_host &&
	     !search_whole_host(keeper, wanted, KT_ACCOUNT_ANY, &list, error)))
		return false;
	if (list.count == 0)
		return true;
	if (list.count > 1)
		prefer_no_path(&list);
	*found = true;
	return choose(&list, credential, by, error);
}
