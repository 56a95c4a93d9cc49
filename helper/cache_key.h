/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Key: the keys under which answers lie in the kernel cache. Door and keeper build them
 * here, so that the door finds what the keeper put. They borrow all texts.
 */

#include "helper/request.h"
#include "keyring/kernel_cache.h"

/* git's get. variable is KEYTURN_ACCOUNT's value or NULL. */
struct kt_cache_key kt_cache_key_of_get(const struct kt_request *request,
                                        const char *variable);

/*
 * A tool's get with a path and no user name, whichever the path: tools ask for one URL after the
 * other. False: the request is another one.
 */
bool kt_cache_key_of_host(const struct kt_request *request, const char *variable,
                          struct kt_cache_key *key);

/* token and header: the ACCOUNT argument or NULL, and KEYTURN_ACCOUNT's value or NULL. */
struct kt_cache_key kt_cache_key_of_token(const char *argument, const char *variable);
