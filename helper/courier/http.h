/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * One request over TLS, bounded in every direction (docs/safety.md, H1 to H4): a fresh
 * handle, no cookies, no compression, the rest as transfer.h has it; plain http to 127.0.0.1 and
 * [::1] alone, which are never reached through a proxy. An answer may have 64 KiB of body, and
 * 32 KiB and 100 lines of headers.
 */

#include <stdbool.h>

#include "helper/errand.h"
#include "keyring/error.h"

/*
 * Runs a post or get errand to its end and sends its messages. Ends within the errand's time
 * even where a name server hangs: at the last by SIGALRM, whose action must be the default.
 * False where the keeper is gone or memory ran out.
 */
bool kt_http_run(const struct kt_errand *errand, int keeper, struct kt_error *error);
