/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper/seal/mounts.h"
#include "helper/seal/namespaces.h"
#include "helper/user_namespaces.h"
#include "keyring/cleanup.h"

static bool write_file(const char *path, const char *text)
{
	KT_CLEANUP(kt_descriptor_close) int descriptor = open(path, O_WRONLY | O_CLOEXEC);
	size_t length = strlen(text);

	return descriptor >= 0 && write(descriptor, text, length) == (ssize_t)length;
}

/* The same user and group inside as outside; no other can be had. */
static bool map_user(uid_t user, gid_t group)
{
	char users[64];
	char groups[64];

	snprintf(users, sizeof(users), "%lu %lu 1\n", (unsigned long)user, (unsigned long)user);
	snprintf(groups, sizeof(groups), "%lu %lu 1\n", (unsigned long)group,
	         (unsigned long)group);
	return write_file("/proc/self/uid_map", users) &&
	       write_file("/proc/self/setgroups", "deny") &&
	       write_file("/proc/self/gid_map", groups);
}

/* Systems forbid it at any of these: the last two are where AppArmor does. */
static bool enter(struct kt_error *error)
{
	uid_t user = geteuid();
	gid_t group = getegid();

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWIPC) == 0 && map_user(user, group) &&
	    mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == 0)
		return true;
	if (errno == EPERM || errno == EACCES || errno == ENOSPC || errno == EUSERS ||
	    errno == ENOSYS || errno == EINVAL)
		return kt_user_namespaces_fail(error);
	kt_fail(error, KT_ERROR_UNAVAILABLE, "the seal cannot be made: %s", strerror(errno));
	return kt_advise(error, "run it again; or take the weaker seal: --sealed=basic");
}

bool kt_namespaces_drop_rights(struct kt_error *error)
{
	unsigned long right = 0;

	while (prctl(PR_CAPBSET_DROP, right, 0, 0, 0) == 0)
		right++;
	/* Nobody has possession of the caller's keys through this one. Where it is forbidden, so is the
	   kernel keyring. */
	syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL, 0, 0, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		return true;
	return kt_fail(error, KT_ERROR_UNAVAILABLE, "the seal cannot be made: %s",
	               strerror(errno));
}

bool kt_namespaces_enter(const struct kt_places *places, struct kt_error *error)
{
	return enter(error) && kt_mounts_make(places, error) && kt_namespaces_drop_rights(error);
}
