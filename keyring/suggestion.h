/* SPDX-License-Identifier: MIT */
#pragma once

/* The word that was probably meant: "did you mean token?". libc alone. */

#include <stddef.h>

/* The nearest of the words seen so far. A zeroed one has seen none. */
struct kt_suggestion {
	const char *word; /* borrowed; NULL: none is near */
	size_t distance;
};

/*
 * Looks whether candidate is nearer to word than those before it. Near is a slip or two, counted
 * as letters that are missing, too many, wrong or swapped, in words that are long enough for them;
 * or a beginning of three letters and more.
 */
void kt_suggestion_consider(struct kt_suggestion *suggestion, const char *word,
                            const char *candidate);
