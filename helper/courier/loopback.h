/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The loopback server: waits for the one redirect that ends a login in the browser (RFC 8252,
 * 7.3; docs/safety.md, L1 and L2). It listens where the redirect URI says, on this machine
 * alone, on one socket from bind to accept. Noise gets a constant answer and the wait goes on.
 */

#include <stdbool.h>

#include "helper/errand.h"
#include "keyring/error.h"

/*
 * Runs a redirect errand to its end and sends its messages. False where the keeper is gone or
 * memory ran out; the port is closed in any case.
 */
bool kt_loopback_run(const struct kt_errand *errand, int keeper, struct kt_error *error);
