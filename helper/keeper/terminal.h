/* SPDX-License-Identifier: MIT */
#pragma once

/* The person at the terminal: /dev/tty, whatever stdin and stdout are. */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/secret.h"

/* A terminal can be asked. */
bool kt_terminal_is_there(void);

/* stdin and stderr are a terminal: somebody typed this command and reads along. */
bool kt_terminal_is_interactive(void);

/* Asks for one line. Blanks around it are removed, except from a secret, which is not echoed. */
bool kt_terminal_ask(const char *prompt, struct kt_secret *line, struct kt_error *error);
bool kt_terminal_ask_secret(const char *prompt, struct kt_secret *line, struct kt_error *error);

/* kt_keyring_options.ask_passphrase; blanks belong to a passphrase. */
bool kt_terminal_ask_vault_passphrase(struct kt_secret *passphrase, struct kt_error *error);

/* Asks twice for a new passphrase; refuses an empty one and two that differ. */
bool kt_terminal_ask_new_passphrase(struct kt_secret *passphrase, struct kt_error *error);
