/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Renewals ahead of need. Many callers may see that a token is in the last fifth of its life.
 * One of them starts a keeper that outlives it and renews; a marker in the kernel keyring keeps
 * the others from it. libc alone: door and keeper both start renewals. service and account are
 * a kt_answer's.
 */

#include <stdbool.h>

#include "keyring/kernel_cache.h"

/* The command that is started, with service and account as its arguments. */
#define KT_BACKGROUND_RENEWAL_COMMAND "renew-ahead"

/*
 * True for one caller. The others get false until its renewal has ended, and for some time
 * after a renewal that failed. Without a kernel keyring nobody gets true.
 */
bool kt_background_renewal_claim(const struct kt_cache *cache, const char *service,
                                 const char *account);

/*
 * Starts the keeper, which holds nothing of ours: no descriptor, terminal or directory. That
 * it cannot be started is no error.
 */
void kt_background_renewal_start(const char *service, const char *account);

/* Starts the renewal of this account's token unless somebody else has. */
void kt_background_renewal_start_once(const struct kt_cache *cache, const char *service,
                                      const char *account);

/* The renewal has ended. After each failure in a row the next one may begin later. */
void kt_background_renewal_end(const struct kt_cache *cache, const char *service,
                               const char *account, bool is_done);
