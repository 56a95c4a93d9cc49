/* SPDX-License-Identifier: MIT */
#pragma once

/* keyturn help, written from the table of commands. */

#include <stdbool.h>
#include <stddef.h>

#include "helper/keeper/command/command.h"
#include "keyring/secret.h"

/* All commands, a line each. */
bool kt_help_overview(const struct kt_command *const *commands, size_t count,
                      struct kt_secret *output, struct kt_error *error);

/* One command, whole. */
bool kt_help_command(const struct kt_command *command, struct kt_secret *output,
                     struct kt_error *error);
