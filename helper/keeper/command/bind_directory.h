/* SPDX-License-Identifier: MIT */
#pragma once

/* The part that bind and a choice among several accounts share: a directory is bound. */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/identity.h"

/* The directory without links; NULL stands for the one in which we are. */
bool kt_bind_find_directory(const char *given, char **directory, struct kt_error *error);

/* Binds the directory to the account, and says so. */
bool kt_bind_directory(const struct kt_identity *account, const char *given,
                       struct kt_error *error);

/* A binding has changed: every answer may be another one now. */
void kt_bind_forget_answers(void);
