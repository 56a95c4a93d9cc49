/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <fcntl.h>
#include <unistd.h>

#include "helper/user_namespaces.h"
#include "keyring/cleanup.h"

/* The first character of a setting below /proc/sys; NUL where there is no such setting. */
static char read_setting(const char *path)
{
	KT_CLEANUP(kt_descriptor_close) int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	char first = '\0';

	if (descriptor < 0 || read(descriptor, &first, 1) != 1)
		return '\0';
	return first;
}

bool kt_user_namespaces_fail(struct kt_error *error)
{
	kt_fail(error, KT_ERROR_UNAVAILABLE,
	        "this system forbids user namespaces to programs, which the seal is made of");
	if (read_setting("/proc/sys/user/max_user_namespaces") == '0')
		return kt_advise(error, "as root run: sysctl user.max_user_namespaces=10000; or take "
		                 "the weaker seal: --sealed=basic");
	if (read_setting("/proc/sys/kernel/unprivileged_userns_clone") == '0')
		return kt_advise(error, "as root run: sysctl kernel.unprivileged_userns_clone=1; or "
		                 "take the weaker seal: --sealed=basic");
	if (read_setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == '1')
		return kt_advise(error, "give keyturn-seal an AppArmor profile that has userns (see "
		                 "docs/agents.md); or take the weaker seal: --sealed=basic");
	return kt_advise(error, "in a container, allow them in its seccomp profile; or take the "
	                 "weaker seal: --sealed=basic");
}
