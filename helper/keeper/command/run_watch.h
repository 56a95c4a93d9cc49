/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * keyturn run becomes its command, and the command keeps the token that it was started with. Where
 * that token ends while the command goes on, somebody has to say so: a process of its own, without
 * a secret, that ends with the command.
 */

#include <stdint.h>

/*
 * Call before the command is started. expires: seconds since the epoch, 0 for no end; name: the
 * command, as it may be shown. Nothing waits for an end that is more than a day ahead, nor in a
 * container without a service manager.
 */
void kt_run_watch_start(int64_t expires, const char *name);
