/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The file "changes" of the state directory: the mark of the last change of any account. A renewal
 * tells what it renewed, so that who renewed, or waited for it, may remember the new token. Where
 * the file cannot be had there is no mark, and nothing is known to be unchanged.
 */

#include <stdbool.h>
#include <stdint.h>

/* The last change's mark, random and new with each; 0: not known. */
uint64_t kt_mark_read(void);

/* A change begins or ends: of an account (its number) that was renewed to generation, or, 0, any. */
void kt_mark_change(uint64_t account, int64_t generation);

/* Nothing changed since the mark, but that the account, if it is not 0, was renewed so far. */
bool kt_mark_is_still(uint64_t since, uint64_t account, int64_t generation);

/*
 * A hint beside the mark: until when (wall clock, seconds) the token will do that answered a
 * question. Few are kept, and a question may be taken for another.
 */
void kt_mark_end(uint64_t question, int64_t until);

/* kt_mark_read(), and whether the question's end has passed: true for the first that asks. */
uint64_t kt_mark_begin(uint64_t question, bool *over);
