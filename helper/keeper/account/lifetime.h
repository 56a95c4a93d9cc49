/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * How long an access token lives (docs/safety.md, 2.4). Both clocks must agree that it does:
 * the wall clock, which may jump, and CLOCK_BOOTTIME, which counts within one boot.
 */

#include <stdbool.h>
#include <stdint.h>

#include "keyring/credential.h"

/*
 * Reads expires_in: below 10^9 seconds from now, else seconds or milliseconds since the epoch, read
 * against now, the server's own time. Blanks around it are nothing, a fraction is left out. False
 * for a life that is not said: NULL, 0, a negative number, anything else.
 */
bool kt_lifetime_read(const char *expires_in, int64_t now, int64_t *lifetime);

/*
 * How much of the life is over when the response is read, in milliseconds, where it took that many
 * from before the request was sent. A lifetime given as a point in time is cut to whole seconds,
 * so up to one second is lost: our clock tells how much if it agrees with the server's Date, else
 * a whole second is taken.
 */
int64_t kt_lifetime_spent(const char *expires_in, int64_t now, int64_t took);

/* The access token was got now and lives for lifetime seconds, less what is spent of them. */
bool kt_lifetime_start(struct kt_credential *credential, int64_t lifetime, int64_t spent,
                       struct kt_error *error);

/*
 * The same for a token whose end the service did not tell. It is good until it is refused, and due
 * for a renewal, where one can be had, after an hour.
 */
bool kt_lifetime_start_endless(struct kt_credential *credential, int64_t spent,
                               struct kt_error *error);

/* There is no access token any more. */
void kt_lifetime_end(struct kt_credential *credential);

/*
 * How long the access token is still good for; 0 or less: none, expired, or not to be trusted,
 * because wall clock and CLOCK_BOOTTIME parted by more than the margin. Of a token of no known end
 * more than thirty years are left.
 */
int64_t kt_lifetime_left_milliseconds(const struct kt_credential *credential);

/* The same in whole seconds. */
int64_t kt_lifetime_left(const struct kt_credential *credential);

/* Until the end, known or, where a renewal can be had, assumed; and the same in seconds. */
int64_t kt_lifetime_until_renewal_milliseconds(const struct kt_credential *credential);
int64_t kt_lifetime_until_renewal(const struct kt_credential *credential);

/*
 * The least life that is handed out to a caller without --min-valid: 60 s, and never more than
 * a tenth of the whole life. A token with less than a second left is handed out to nobody.
 */
int64_t kt_lifetime_margin(const struct kt_credential *credential);

/* When the access token ends by this machine's wall clock; 0: there is none, or no known end. */
int64_t kt_lifetime_wall_end_milliseconds(const struct kt_credential *credential);

/* The same in seconds; the same at each call while the wall clock goes on as this boot's does. */
int64_t kt_lifetime_wall_end(const struct kt_credential *credential);
