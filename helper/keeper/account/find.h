/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The account that answers, and why: the one named; else KEYTURN_ACCOUNT; else the one to which the
 * remote's URL or the directory is bound; else the one that the tool which asks stored last; else
 * the only one there is; else the service's default; else the general default; else
 * KT_ERROR_ACCOUNT_NEEDED with the list. A request that names a host never leaves that host.
 */

#include <stdbool.h>

#include "helper/keeper/account/binding.h"
#include "helper/keeper/keeper.h"
#include "helper/request.h"
#include "keyring/credential.h"
#include "keyring/lock.h"

enum kt_account_use {
	KT_ACCOUNT_ANY,
	KT_ACCOUNT_TOKEN, /* not a password that a git-style caller stored */
	KT_ACCOUNT_FORGET, /* any, and one that is stored twice too */
};

/* Why an account answers. */
enum kt_account_by {
	KT_ACCOUNT_BY_NOTHING,
	KT_ACCOUNT_BY_NAME,
	KT_ACCOUNT_BY_VARIABLE,
	KT_ACCOUNT_BY_PREFIX,
	KT_ACCOUNT_BY_DIRECTORY,
	KT_ACCOUNT_BY_ONLY,
	KT_ACCOUNT_BY_SERVICE_DEFAULT,
	KT_ACCOUNT_BY_GENERAL_DEFAULT,
};

/*
 * The account that ACCOUNT (NAME, NAME@SITE or NAME@HOST; NULL where none was given) stands
 * for, with its credential. None at all is KT_ERROR_NOT_FOUND.
 */
bool kt_account_find(struct kt_keeper *keeper, const char *account, enum kt_account_use use,
                     struct kt_credential *credential, struct kt_error *error);

/* The same with the bindings as they were read, and *by, why it is that one. */
bool kt_account_find_bound(struct kt_keeper *keeper, const char *account,
                           const struct kt_bindings *bindings, enum kt_account_use use,
                           struct kt_credential *credential, enum kt_account_by *by,
                           struct kt_error *error);

/*
 * All accounts that could be the one that ACCOUNT stands for, by service and name. None is no
 * failure.
 */
bool kt_account_search(struct kt_keeper *keeper, const char *account, enum kt_account_use use,
                       struct kt_credentials *list, struct kt_error *error);

/*
 * The accounts of the service (a pattern: all where it is empty), by service and name. Items that
 * cannot be read, or lie in a locked part of the keyring, are told of.
 */
bool kt_account_list(struct kt_keeper *keeper, const struct kt_identity *service,
                     enum kt_account_use use, struct kt_credentials *list, struct kt_error *error);

/*
 * Deletes the damaged items of the account that ACCOUNT stands for, as far as it can be told
 * whose they are; *count: how many.
 */
bool kt_account_erase_damaged(struct kt_keeper *keeper, const char *account, size_t *count,
                              struct kt_error *error);

/*
 * The account that answers git's request, and why; none is no error: *found is false. That a place
 * is bound to an account that is not stored is KT_ERROR_NOT_FOUND.
 */
bool kt_account_find_for_request(struct kt_keeper *keeper, const struct kt_request *request,
                                 const struct kt_bindings *bindings,
                                 struct kt_credential *credential, bool *found,
                                 enum kt_account_by *by, struct kt_error *error);
