/* SPDX-License-Identifier: MIT */
#pragma once

/* Certificates that a service is to be trusted by (--ca-file), checked when they are given. */

#include <stdbool.h>

#include "keyring/error.h"

/*
 * Replaces *pem by the file's certificates alone, in PEM. A file without one, or with one that
 * cannot be read, is KT_ERROR_USAGE.
 */
bool kt_ca_file_read(char **pem, const char *path, struct kt_error *error);
