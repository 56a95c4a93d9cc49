/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Landlock (landlock(7)), by its system calls: for the courier's sandbox, the seal and doctor. The
 * names are our own where the headers are older than the kernel. libc alone.
 */

#include <stdbool.h>
#include <stdint.h>

#define KT_LANDLOCK_EXECUTE (UINT64_C(1) << 0)
#define KT_LANDLOCK_WRITE_FILE (UINT64_C(1) << 1)
#define KT_LANDLOCK_READ_FILE (UINT64_C(1) << 2)
#define KT_LANDLOCK_READ_DIRECTORY (UINT64_C(1) << 3)
#define KT_LANDLOCK_TRUNCATE (UINT64_C(1) << 14)
#define KT_LANDLOCK_IOCTL_DEVICE (UINT64_C(1) << 15)
/* Every right on files that is known here. */
#define KT_LANDLOCK_FILES ((UINT64_C(1) << 16) - 1)

#define KT_LANDLOCK_BIND_TCP (UINT64_C(1) << 0)
#define KT_LANDLOCK_CONNECT_TCP (UINT64_C(1) << 1)

#define KT_LANDLOCK_ABSTRACT_SOCKETS (UINT64_C(1) << 0)
#define KT_LANDLOCK_SIGNALS (UINT64_C(1) << 1)

/* The first version that has the scopes: no abstract socket and no signal to outside. */
#define KT_LANDLOCK_HAS_SCOPES 6

/* The rights that a ruleset takes away where no rule gives them. */
struct kt_landlock_rights {
	uint64_t files;
	uint64_t network;
	uint64_t scoped;
};

/* The version (ABI) that this kernel has; 0 where it has none, or it is turned off. */
int kt_landlock_version(void);

/*
 * A new ruleset. Rights that this kernel does not know are left out. -1 where none is left, or
 * it cannot be made.
 */
int kt_landlock_create(const struct kt_landlock_rights *rights);

/* Gives rights on a file, or on all that is below a directory, which is open with O_PATH. */
bool kt_landlock_allow(int ruleset, int file, uint64_t rights);

/* Takes effect for this thread and what it starts. Needs no_new_privs. */
bool kt_landlock_enter(int ruleset);
