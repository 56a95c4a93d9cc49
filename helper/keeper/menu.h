/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A list at the terminal, of which a person takes one: by the arrow keys, or by what is typed
 * behind the prompt. It is drawn in place; the terminal is as it was afterwards, however it ends.
 */

#include <stdbool.h>
#include <stddef.h>

#include "keyring/error.h"
#include "keyring/secret.h"

struct kt_menu {
	const char *title;
	char **rows; /* printable */
	size_t count;
	const char *prompt;
};

/* The terminal can draw it. */
bool kt_menu_is_possible(void);

/*
 * Lets a person choose; *index: the row under the cursor, at first and at the end. typed: the line
 * behind the prompt, empty where Enter alone was typed. Escape and the end of input are
 * KT_ERROR_ACCOUNT_NEEDED; a signal, Ctrl-C too, ends the process.
 */
bool kt_menu_choose(const struct kt_menu *menu, size_t *index, struct kt_secret *typed,
                    struct kt_error *error);
