/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Words that a person typed where a name belongs, and that may be a token all the same: they stand
 * in no message. libc alone.
 */

#include <stdbool.h>
#include <stddef.h>

/*
 * True for a token, alone or with what is copied with it: quotes, a variable's name, "Bearer". It
 * begins like one of Coze's, GitHub's or GitLab's, and is longer than a name.
 */
bool kt_secret_word_is_token(const char *word);

/* The first token in the text, and its length; NULL: there is none. */
const char *kt_secret_word_find(const char *text, size_t *length);

/* True if so many bytes of the text are one token, and nothing beside it. */
bool kt_secret_word_is_whole(const char *text, size_t length);

/*
 * True for a word that could hold a secret: it begins like a token, or is long and looks as if
 * chance had made it. A message says what is wrong without it.
 */
bool kt_secret_word_is_likely(const char *word);
