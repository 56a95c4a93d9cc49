/* SPDX-License-Identifier: MIT */
#pragma once

/* The answer of a service's account, for git and for other tools that name a service. */

#include <stdbool.h>

#include "helper/answer.h"
#include "helper/keeper/keeper.h"
#include "helper/request.h"
#include "keyring/credential.h"

/* How a lookup ended. */
enum kt_service_found {
	KT_SERVICE_NONE,    /* no login is stored for the service */
	KT_SERVICE_EXPIRED, /* a password, but its time is over: credential is its login */
	KT_SERVICE_ANSWER,
};

/*
 * Finds the account that answers the request, renews its token if need be and puts the answer into
 * the cache. of_tool: not git's, for which the door has asked the cache; it is asked first, and an
 * answer that holds for each path of the host is kept as such. credential may stay empty where the
 * answer was found there.
 */
bool kt_service_lookup(struct kt_keeper *keeper, const struct kt_request *request,
                       bool of_tool, struct kt_credential *credential, struct kt_answer *answer,
                       enum kt_service_found *result, struct kt_error *error);
