/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Which account answers, and why (interface.md, "Which account"): the one named; else
 * KEYTURN_ACCOUNT; else the only one there is; else the service's default; else the general
 * default; else KT_ERROR_ACCOUNT_NEEDED with the list. A request that names a host never
 * leaves that host.
 */

#include <stdbool.h>

#include "helper/keeper/keeper.h"
#include "helper/request.h"
#include "keyring/credential.h"
#include "keyring/lock.h"

enum kt_account_use {
	KT_ACCOUNT_ANY,
	KT_ACCOUNT_TOKEN, /* not a password that a git-style caller stored */
};

/*
 * The account that ACCOUNT (NAME, NAME@SITE or NAME@HOST; NULL where none was given) stands
 * for, with its credential. None at all is KT_ERROR_NOT_FOUND.
 */
bool kt_account_find(struct kt_keeper *keeper, const char *account, enum kt_account_use use,
                     struct kt_credential *credential, struct kt_error *error);

/* The account that answers git's request; none is no error: *found is false. */
bool kt_account_find_for_request(struct kt_keeper *keeper, const struct kt_request *request,
                                 struct kt_credential *credential, bool *found,
                                 struct kt_error *error);

/* "https://api.coze.cn" or with ":8443/path". */
bool kt_account_service(const struct kt_identity *identity, char **service,
                        struct kt_error *error);

/* "work@coze.cn", the form in which an account can always be named. */
bool kt_account_full_name(const struct kt_identity *identity, char **name,
                          struct kt_error *error);

/*
 * A service of ours from what the user gave: site ("coze.cn", "coze.com") or base URL. Fills
 * protocol, host and path of identity; a service that tokens must not be sent to is
 * KT_ERROR_UNSAFE.
 */
bool kt_account_set_site(struct kt_identity *identity, const char *site,
                         struct kt_error *error);
bool kt_account_set_base(struct kt_identity *identity, const char *url, struct kt_error *error);

/* Splits NAME@coze.cn or NAME@coze.com; *site is NULL where the name has no such end. */
bool kt_account_split_site(const char *account, char **name, const char **site,
                           struct kt_error *error);

/* A name that an account may have: 1 to 255 bytes of clean UTF-8, not beginning with '-'. */
bool kt_account_check_name(const char *name, struct kt_error *error);
