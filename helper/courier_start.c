/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/courier_start.h"
#include "helper/errand.h"
#include "helper/libexec.h"

/*
 * The descriptor at which the keeper looks for the door's courier: shells and callers do not
 * use it.
 */
#define HANDED_ON 211

static void close_both(const int sockets[2])
{
	int reason = errno;

	close(sockets[0]);
	close(sockets[1]);
	errno = reason;
}

/* Our end of the socket: never the courier's own descriptor, so that dup2 always copies. */
static bool make_sockets(int sockets[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0)
		return false;
	for (int i = 0; i < 2; i++) {
		int moved = fcntl(sockets[i], F_DUPFD_CLOEXEC, KT_ERRAND_DESCRIPTOR + 1);

		if (moved < 0) {
			close_both(sockets);
			return false;
		}
		close(sockets[i]);
		sockets[i] = moved;
	}
	return true;
}

/*
 * Not posix_spawn: glibc's asks for and sets every signal by itself, 126 system calls. The
 * courier puts its signals and descriptors in order (sandbox.h).
 */
static bool start(int socket, pid_t *pid)
{
	const char *path = kt_libexec_path(KT_LIBEXEC_COURIER);
	char *arguments[] = { (char *)path, NULL };

	if (access(path, X_OK) != 0)
		return false;
	*pid = fork();
	if (*pid == 0) {
		/* An agent opens the vault, which is none of the courier's. */
		unsetenv("SSH_AUTH_SOCK");
		if (dup2(socket, KT_ERRAND_DESCRIPTOR) == KT_ERRAND_DESCRIPTOR)
			execv(path, arguments);
		_exit(1);
	}
	return *pid > 0;
}

bool kt_courier_spawn(pid_t *pid, int *socket)
{
	int sockets[2];

	if (!make_sockets(sockets))
		return false;
	if (!start(sockets[1], pid)) {
		close_both(sockets);
		return false;
	}
	close(sockets[1]);
	*socket = sockets[0];
	return true;
}

void kt_courier_start_ahead(void)
{
	int sockets[2];
	pid_t pid;

	if (fcntl(HANDED_ON, F_GETFD) >= 0 || !make_sockets(sockets))
		return;
	/* Not close-on-exec. The courier's number waits in it for the keeper. */
	if (start(sockets[1], &pid) && write(sockets[1], &pid, sizeof(pid)) == sizeof(pid))
		dup2(sockets[0], HANDED_ON);
	close_both(sockets);
}

/* A pair's ends bear the number of the process that made them: ours, before it became us. */
static bool is_our_own(int socket)
{
	struct ucred maker;
	socklen_t length = sizeof(maker);

	return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &maker, &length) == 0 &&
	       maker.pid == getpid();
}

static bool is_our_child(pid_t pid)
{
	siginfo_t ignored;

	return waitid(P_PID, (id_t)pid, &ignored, WEXITED | WNOHANG | WNOWAIT) == 0;
}

bool kt_courier_take_over(pid_t *pid, int *socket)
{
	if (!is_our_own(HANDED_ON) ||
	    recv(HANDED_ON, pid, sizeof(*pid), MSG_DONTWAIT) != sizeof(*pid) ||
	    !is_our_child(*pid) || fcntl(HANDED_ON, F_SETFD, FD_CLOEXEC) != 0)
		return false;
	*socket = HANDED_ON;
	return true;
}
