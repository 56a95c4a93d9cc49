/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <linux/landlock.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper/landlock.h"

#define FILES_OF_VERSION_1 ((UINT64_C(1) << 13) - 1)
#define REFER (UINT64_C(1) << 13)

int kt_landlock_version(void)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return version > 0 ? (int)version : 0;
}

static uint64_t known_files(int version)
{
	return FILES_OF_VERSION_1 | (version >= 2 ? REFER : 0) |
	       (version >= 3 ? KT_LANDLOCK_TRUNCATE : 0) |
	       (version >= 5 ? KT_LANDLOCK_IOCTL_DEVICE : 0);
}

int kt_landlock_create(const struct kt_landlock_rights *rights)
{
	int version = kt_landlock_version();
	struct kt_landlock_rights known = {
		.files = rights->files & known_files(version),
		.network = version >= 4 ? rights->network : 0,
		.scoped = version >= KT_LANDLOCK_HAS_SCOPES ? rights->scoped : 0,
	};
	size_t size = version >= KT_LANDLOCK_HAS_SCOPES ? sizeof(known)
	              : version >= 4 ? offsetof(struct kt_landlock_rights, scoped)
	                             : offsetof(struct kt_landlock_rights, network);

	if (version < 1)
		return -1;
	return (int)syscall(SYS_landlock_create_ruleset, &known, size, 0);
}

bool kt_landlock_allow(int ruleset, int file, uint64_t rights)
{
	const struct landlock_path_beneath_attr rule = {
		.allowed_access = rights & known_files(kt_landlock_version()),
		.parent_fd = file,
	};

	return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
}

bool kt_landlock_enter(int ruleset)
{
	return syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
}
