/* SPDX-License-Identifier: MIT */
#pragma once

/* The unix sockets of this machine that have a name (proc_net(5)). libc alone. */

#include <stdbool.h>

#include "keyring/error.h"

/*
 * Calls act with the path of each socket in the file system that this user could speak to. False
 * as soon as act is, or if the list cannot be read.
 */
bool kt_sockets_each(bool (*act)(const char *path, void *context, struct kt_error *error),
                     void *context, struct kt_error *error);
