/* SPDX-License-Identifier: MIT */
#pragma once

/* The person at the terminal: /dev/tty, whatever stdin and stdout are. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keyring/error.h"
#include "keyring/keyring_options.h"
#include "keyring/secret.h"

/* A terminal can be asked. */
bool kt_terminal_is_there(void);

/*
 * stdin and stderr are the terminal, and we are in its foreground: somebody typed this command and
 * reads along.
 */
bool kt_terminal_is_interactive(void);

/* The terminal can move its cursor and clear a line: count-downs are drawn in place there. */
bool kt_terminal_is_smart(void);

/* The columns of the terminal that stdout is; 0 where it is none, or does not say. */
size_t kt_terminal_columns(void);

/* A wait that a person sees: how long it still lasts. Zeroed but for its deadline. */
struct kt_terminal_wait {
	int64_t deadline; /* monotonic milliseconds */
	int64_t told;
};

/* Tells how the wait goes: in place, or a line a minute where the terminal cannot do that. */
void kt_terminal_wait_tell(struct kt_terminal_wait *wait, const char *what);

/* Clears the line of the wait. */
void kt_terminal_wait_end(const struct kt_terminal_wait *wait);

/*
 * Asks for one line. Blanks around it are removed, except from a secret, which is not echoed and
 * may be as long as 65,536 bytes. A signal that ends us does so at once, with the terminal as it
 * was. The end of input (Ctrl-D), and Ctrl-C at a secret, are refusals.
 */
bool kt_terminal_ask(const char *prompt, struct kt_secret *line, struct kt_error *error);
bool kt_terminal_ask_secret(const char *prompt, struct kt_secret *line, struct kt_error *error);

/* Asks for yes or no; anything but y and yes is no. */
bool kt_terminal_confirm(const char *prompt, bool *yes, struct kt_error *error);

/* kt_keyring_options.ask_passphrase; blanks belong to a passphrase. */
bool kt_terminal_ask_vault_passphrase(const struct kt_passphrase_question *question,
                                      struct kt_secret *passphrase, struct kt_error *error);

/* kt_security_keys.ask_pin, and its tell: a line on the terminal, whatever stderr is. */
bool kt_terminal_ask_pin(struct kt_secret *pin, struct kt_error *error);
void kt_terminal_tell(const char *line);

/* Asks twice for a new passphrase; three times at most if it is empty or the two differ. */
bool kt_terminal_ask_new_passphrase(struct kt_secret *passphrase, struct kt_error *error);
