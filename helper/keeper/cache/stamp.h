/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The file "changes" of the state directory: the stamp of the last change of any account. A
 * renewal records which account it renewed, so that its callers may put the new token into the
 * cache. If the file cannot be had there is no stamp, and nothing counts as unchanged.
 */

#include <stdbool.h>
#include <stdint.h>

/* The last change's stamp, random and new with each; 0: not known. */
uint64_t kt_stamp_read(void);

/*
 * Records that a change begins or ends. account and generation: the account was renewed to this
 * generation; 0: any other change.
 */
void kt_stamp_advance(uint64_t account, int64_t generation);

/*
 * A hint beside the stamp: the moment (wall clock, seconds) until which the token that answered
 * the question will do. Few are kept, and one question may be taken for another.
 */
struct kt_stamp_end {
	uint64_t question;
	int64_t until;
};

/*
 * True if nothing has changed since the stamp, except that this account (0: none) was renewed to
 * this generation. end, unless NULL, is noted then.
 */
bool kt_stamp_is_still(uint64_t since, uint64_t account, int64_t generation,
                       const struct kt_stamp_end *end);

/* kt_stamp_read(), and whether the question's end has passed: true for the first that asks. */
uint64_t kt_stamp_claim_end(uint64_t question, bool *over);
