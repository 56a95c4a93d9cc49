/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Values as people paste them: with the quotes of a file, the name of a variable, the "Bearer" of a
 * header, the blanks and invisible characters of a web page. No message has the value in it.
 */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/secret.h"

/* The things that were taken off, each a bit. ASCII blanks around a value count as none. */
enum kt_pasted_removed {
	KT_PASTED_QUOTES = 1,
	KT_PASTED_NAME = 2,      /* NAME= or "name": */
	KT_PASTED_SCHEME = 4,    /* Bearer */
	KT_PASTED_INVISIBLE = 8, /* blanks of other scripts, zero-width characters */
};

/* Takes off what does not belong to the value; *removed: bits of kt_pasted_removed. */
bool kt_pasted_strip(struct kt_secret *value, unsigned int *removed, struct kt_error *error);

/* The same for a text of the caller's; NULL stays so. */
bool kt_pasted_strip_text(char **text, unsigned int *removed, struct kt_error *error);

/* Tells what was taken off, a line each. */
void kt_pasted_tell(unsigned int removed);

/*
 * KT_ERROR_USAGE unless the value is visible ASCII alone: the sentence names what it is of (thing:
 * "the token"), the character and its place, and not the value.
 */
bool kt_pasted_check(const char *value, size_t length, const char *thing, struct kt_error *error);

/* The same for an id, which a page may mask, too. */
bool kt_pasted_check_id(const char *id, const char *thing, struct kt_error *error);

/*
 * The same for an address, whose host may be of any script: KT_ERROR_USAGE for blanks, characters
 * that cannot be seen, dashes that a page made of '-', and for a part that is masked.
 */
bool kt_pasted_check_address(const char *address, const char *thing, struct kt_error *error);

/* KT_ERROR_USAGE if the middle of the value is stars, dots or the like, as in pat_****. */
bool kt_pasted_check_whole(const struct kt_secret *token, struct kt_error *error);

/* True for a prefix that Coze's tokens have (docs/coze.md, 1), and a rest without odd bytes. */
bool kt_pasted_is_coze_token(const char *token);
