/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper/seal/filter.h"
#include "helper/seal/filter_program.h"
#include "keyring/cleanup.h"

bool kt_filter_enter(bool denies_unix, struct kt_error *error)
{
	struct sock_fprog program = {
		.len = denies_unix ? KT_COUNT(without_unix) : KT_COUNT(plain),
		.filter = (struct sock_filter *)(denies_unix ? without_unix : plain),
	};

	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0)
		return true;
	kt_fail(error, KT_ERROR_UNAVAILABLE, "this system takes no filter of system calls: %s",
	        strerror(errno));
	return kt_advise(error, "use a kernel that has seccomp (CONFIG_SECCOMP_FILTER)");
}
