/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * How long an access token lives (safety.md 4.4). Both clocks must agree that it does: the
 * wall clock, which may jump, and CLOCK_BOOTTIME, which counts within one boot.
 */

#include <stdbool.h>
#include <stdint.h>

#include "keyring/credential.h"

/*
 * Seconds that expires_in stands for, from text of digits: relative below 315,360,000, else
 * seconds or milliseconds since the epoch, read against now, the server's own time. What makes
 * no sense (or NULL) is fallback; nothing lives longer than 30 days.
 */
int64_t kt_lifetime_read(const char *expires_in, int64_t now, int64_t fallback);

/*
 * Milliseconds of that life that are over as the answer is read. A time since the epoch and
 * now are cut to seconds, so up to one is: our clock says how much, where it shows the server's
 * second, else all of it.
 */
int64_t kt_lifetime_spent(const char *expires_in, int64_t now);

/* The access token was got now and lives for lifetime seconds, less what is spent of them. */
bool kt_lifetime_start(struct kt_credential *credential, int64_t lifetime, int64_t spent,
                       struct kt_error *error);

/* There is no access token any more. */
void kt_lifetime_end(struct kt_credential *credential);

/*
 * How long the access token is still good for; 0 or less: none, expired, or not to be trusted.
 * Younger by CLOCK_BOOTTIME than half its life it is not expired on the wall clock's word.
 */
int64_t kt_lifetime_left_milliseconds(const struct kt_credential *credential);

/* The same in whole seconds. */
int64_t kt_lifetime_left(const struct kt_credential *credential);

/*
 * What a caller who asks for nothing needs: 60 s, and never more than a tenth of the life; but what
 * has less than a second left is handed out to nobody.
 */
int64_t kt_lifetime_margin(const struct kt_credential *credential);

/* When the access token ends by this machine's wall clock; 0 where there is none. */
int64_t kt_lifetime_wall_end_milliseconds(const struct kt_credential *credential);
int64_t kt_lifetime_wall_end(const struct kt_credential *credential);
