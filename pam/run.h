/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Runs keyturn-unlock as the user, out of whatever process PAM sits in (sshd, gdm, a screen
 * locker; threaded or not, with any signal handlers), and leaves no trace in it: no child to
 * reap, no SIGCHLD, no descriptor, no signal setting changed.
 */

#include <pwd.h>
#include <stdbool.h>
#include <sys/uio.h>

#include "pam/module_options.h"
#include "pam/unlock_request.h"

struct kt_run {
	const struct kt_module_options *options;
	const struct passwd *user;
	enum kt_unlock_op op;
	struct iovec old_password; /* borrowed, and not copied on this side */
	struct iovec new_password;
	const char *runtime_dir; /* from the PAM environment alone; NULL: not there */
	const char *bus_address;
	bool is_by_ssh_key;
	bool may_come_later; /* a runtime directory, or a keyring: no vault is opened without one */
	bool ignores_runtime_dir;
};

/* Returns within the options' timeout, whatever the program does. */
enum kt_unlock_status kt_run(const struct kt_run *run);
