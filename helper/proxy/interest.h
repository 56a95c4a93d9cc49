/* SPDX-License-Identifier: MIT */
#pragma once

/* Interest: which events of its client and its server an exchange waits for. */

#include <stdbool.h>

#include "helper/proxy/state.h"

/* More of the client's bytes are wanted. */
bool kt_interest_is_in_client(const struct kt_exchange *exchange);

/* Tells the room's watch; false: no memory. */
bool kt_interest_set(struct kt_exchange *exchange);
