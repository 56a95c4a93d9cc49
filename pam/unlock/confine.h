/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What keyturn-unlock gives up before it is sent a password: nobody may look into it, gain rights
 * through it, or find its memory in swap or in a core dump.
 *
 * The program is installed without read permission (0711), so that the kernel lets nobody but root
 * look into it from execve(2) on; this is for what comes after.
 */

#include <stdbool.h>

/* False where it cannot be had, or where the program was started with rights of another user. */
bool kt_confine(void);
