/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * For tests of locks: an empty state directory of this process's own, so that tests that run
 * beside each other do not share one. The directory is that of passwd's home, so it takes a mount
 * namespace; where that is not to be had (not root), the user's own is used.
 */

#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>

#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/text.h"

static inline int alone(void **state)
{
	KT_CLEANUP(kt_text_free) char *directory = NULL;
	struct kt_error error = { 0 };

	(void)state;
	if (!kt_environment_state_directory(&directory, &error))
		return -1;
	if (unshare(CLONE_NEWNS) == 0 &&
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0 &&
	    mount("none", directory, "tmpfs", 0, "mode=700") != 0)
		return -1;
	return 0;
}
