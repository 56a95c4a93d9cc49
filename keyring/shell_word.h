/* SPDX-License-Identifier: MIT */
#pragma once

/* Words that a message tells a person to type in a shell. libc alone. */

/* Room for one word. Messages are shorter than a word with more quotes than this. */
struct kt_shell_word {
	char text[200];
};

/*
 * The word as a POSIX shell reads it: as it is where no byte of it is special, else in single
 * quotes. A word that is too long for a message is stand_in ("ACCOUNT", "FILE") instead. The
 * result is borrowed from buffer or from the arguments.
 */
const char *kt_shell_word(struct kt_shell_word *buffer, const char *word, const char *stand_in);
