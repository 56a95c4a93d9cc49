/* SPDX-License-Identifier: MIT */
#pragma once

/* The seal's filter of system calls (seccomp(2)), which make_filter.c made for the build. */

#include <stdbool.h>

#include "keyring/error.h"

/*
 * Forbids calls that reach past the namespaces: kernel keyring, io_uring, key input for a terminal,
 * limits of other processes and the like; the same for 32-bit programs, and every call of other
 * architectures. denies_unix: no unix socket is made either, but pairs of them. For good, for this
 * thread and what it starts. Needs no_new_privs.
 */
bool kt_filter_enter(bool denies_unix, struct kt_error *error);
