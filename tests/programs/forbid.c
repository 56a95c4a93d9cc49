/* SPDX-License-Identifier: MIT */
#include "config.h"

/*
 * forbid EPERM|ENOSYS|namespaces|landlock COMMAND [ARGUMENT...]
 *
 * Runs COMMAND where the kernel's key calls give that error, or where no namespace can be made, as
 * containers do; or where the kernel has no Landlock.
 */

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REFUSE(call, error) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (call), 0, 1), \
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))

/* The three calls that the word stands for. */
static const unsigned int *find_calls(const char *word)
{
	static const unsigned int keys[] = { SYS_add_key, SYS_keyctl, SYS_request_key };
	static const unsigned int namespaces[] = { SYS_unshare, SYS_unshare, SYS_unshare };
	static const unsigned int landlock[] = { 444, 444, 444 /* landlock_create_ruleset */ };

	return strcmp(word, "namespaces") == 0 ? namespaces
	       : strcmp(word, "landlock") == 0 ? landlock : keys;
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";
	const unsigned int *calls = find_calls(word);
	unsigned int error = strcmp(word, "ENOSYS") == 0 || strcmp(word, "landlock") == 0 ? ENOSYS
	                                                                                  : EPERM;
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		REFUSE(calls[0], error),
		REFUSE(calls[1], error),
		REFUSE(calls[2], error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

	if (argc < 3 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
		perror("forbid");
		return 2;
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 127;
}
