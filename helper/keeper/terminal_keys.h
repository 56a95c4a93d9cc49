/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A terminal whose keys are read one by one, without echo, and how it was before. Signals are held
 * meanwhile, so that none leaves the terminal changed.
 */

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <termios.h>

#include "keyring/error.h"
#include "keyring/secret.h"

#define KT_TERMINAL_NO_LIMIT INT64_MAX

struct kt_terminal_keys {
	int terminal;
	int signals; /* a signalfd; -1: none are held */
	sigset_t before;
	struct termios loud;
	const char *prompt;
	bool wants_resize; /* SIGWINCH is an event too */
};

enum kt_terminal_event {
	KT_TERMINAL_BYTE,
	KT_TERMINAL_SIGNAL,
	KT_TERMINAL_LATE,
};

enum kt_terminal_typed {
	KT_TYPED_TEXT,
	KT_TYPED_LINE,
	KT_TYPED_END,
	KT_TYPED_BREAK,
	KT_TYPED_NOTHING,
};

/* Writes the whole text. */
bool kt_terminal_say(int terminal, const char *text);

/* Holds the signals, silences the terminal and writes the prompt; again: after a stop. */
bool kt_terminal_keys_begin(struct kt_terminal_keys *keys, struct kt_error *error);
bool kt_terminal_keys_again(const struct kt_terminal_keys *keys);

/* Everything as it was, on a new line; safe where begin failed. */
void kt_terminal_keys_end(const struct kt_terminal_keys *keys);

/*
 * Lets a signal have its effect, with the terminal as it was. False: we live, and were not stopped
 * but interrupted.
 */
bool kt_terminal_keys_deliver(struct kt_terminal_keys *keys, int number);

/* Waits for a byte or a signal until the deadline, in the monotonic clock's milliseconds. */
enum kt_terminal_event kt_terminal_keys_await(const struct kt_terminal_keys *keys, int64_t deadline,
                                              int *number);

/* The editing that the canonical mode would do. *number: a signal that the key stands for, or 0. */
enum kt_terminal_typed kt_terminal_keys_edit(struct kt_terminal_keys *keys, char byte,
                                             struct kt_secret *line, int *number);
