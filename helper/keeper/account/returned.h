/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Answers of ours that come back: git stores what worked and erases what was refused. It sends the
 * user name that it was told, which need not be the account's own, and, from 2.46 on, our state[].
 */

#include <stdbool.h>

#include "helper/request.h"
#include "keyring/credential.h"
#include "keyring/keyring.h"

/* The request's password, or its pre-encoded credential; NULL where it brings neither. */
const struct kt_secret *kt_returned_secret(const struct kt_request *request);

/*
 * The accounts that an erase may mean: those that fit the request in service, path and either of
 * their user names, and those whose secret it brings.
 */
bool kt_returned_search(struct kt_keyring *keyring, const struct kt_request *request,
                        struct kt_credentials *list, struct kt_error *error);

/*
 * True if the request would store an answer of ours: its state[] names an account of this
 * service that has a token, or its password is such a token, or an account that goes by its user
 * name has its password, or that name is the --git-username of one whose token was not refused, and
 * no account's own.
 */
bool kt_returned_find(struct kt_keyring *keyring, const struct kt_request *request, bool *found,
                      struct kt_error *error);
