/* SPDX-License-Identifier: MIT */
#pragma once

/* The last step of run and of its seal: this process becomes the command. libc alone. */

#include <stdbool.h>

#include "keyring/error.h"

/* env(1): 125 our own failure, 126 the command cannot be run, 127 there is none. */
#define KT_BECOME_OURS 125
#define KT_BECOME_CANNOT_RUN 126
#define KT_BECOME_NOT_FOUND 127

/* A word of a command line that can hold no secret: of small letters, digits and a few others. */
bool kt_become_may_show(const char *word);

/* The command as a message may name it. */
const char *kt_become_name(const char *command);

/* Looks the command up in PATH and becomes it. Returns only on failure: the exit status. */
int kt_become(char **command, struct kt_error *error);
