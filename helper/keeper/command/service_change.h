/* SPDX-License-Identifier: MIT */
#pragma once

/* Changes of a service's logins that git and other tools ask for. */

#include <stdbool.h>

#include "helper/keeper/keeper.h"
#include "helper/request.h"

/*
 * Keeps the login that the request describes. An answer of ours that comes back changes nothing,
 * and a password never replaces a grant.
 */
bool kt_service_change_store(struct kt_keeper *keeper, const struct kt_request *request,
                             struct kt_error *error);

/*
 * Drops the login that the request describes: a password is deleted, of a grant the access token
 * alone is dropped. Without a password in the request a PAT or SAT stays. A tool other than git
 * (request->tool) deletes what it stored, and nothing else.
 */
bool kt_service_change_erase(struct kt_keeper *keeper, const struct kt_request *request,
                             struct kt_error *error);
