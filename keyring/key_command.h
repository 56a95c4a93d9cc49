/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The program that prints the bytes of a vault's key file: KEYTURN_VAULT_KEY_COMMAND, else the one
 * line of vault-key-command in the configuration directory. Never the vault's own word: whoever may
 * write a vault that is synchronized would run programs here. No shell comes between.
 */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/secret.h"

/* There is such a program; a file of it that others can write is KT_ERROR_UNSAFE. */
bool kt_key_command_find(char **command, struct kt_error *error);

/*
 * Replaces material by what the program prints. asks: it may use the terminal, and has 120 s; else
 * it has neither terminal nor stdin, and 5 s. A failure is KT_ERROR_LOCKED.
 */
bool kt_key_command_run(const char *command, bool asks, struct kt_secret *material,
                        struct kt_error *error);
