/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "helper/proxy_start.h"

/* Beyond all numbers that the programs know, so that no copy lands on another one's source. */
#define ASIDE (KT_PROXY_LOG + 1)

bool kt_proxy_start_sockets(int sockets[2])
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) == 0;
}

void kt_proxy_start_become(enum kt_libexec_program program,
                           const struct kt_proxy_descriptors *descriptors)
{
	const char *path = kt_libexec_path(program);
	char *arguments[] = { (char *)path, NULL };
	const int sources[] = { descriptors->socket, descriptors->listener, descriptors->command,
		                descriptors->log };
	int aside[4];
	sigset_t none;

	for (int i = 0; i < 4; i++)
		aside[i] = sources[i] < 0 ? -1 : fcntl(sources[i], F_DUPFD_CLOEXEC, ASIDE);
	for (int i = 0; i < 4; i++)
		if (aside[i] < 0 ? (close(KT_PROXY_SOCKET + i), sources[i] >= 0)
		                 : dup2(aside[i], KT_PROXY_SOCKET + i) < 0)
			return;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execv(path, arguments);
}
