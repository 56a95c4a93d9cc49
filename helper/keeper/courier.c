/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/keeper/courier.h"
#include "helper/libexec.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"

/* Beyond the courier's own limit: it is to speak first. */
#define GRACE_MILLISECONDS 700
#define SAY_MILLISECONDS 5000

static bool spawn(const char *path, int socket, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	char *arguments[] = { (char *)path, NULL };
	sigset_t none;
	int result;

	sigemptyset(&none);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, socket, KT_ERRAND_DESCRIPTOR);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addclosefrom_np(&actions, KT_ERRAND_DESCRIPTOR + 1);
	result = posix_spawn(pid, path, &actions, &attributes, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	errno = result;
	return result == 0;
}

/* Our end of the socket: never the courier's own descriptor, so that dup2 always copies. */
static bool make_sockets(int sockets[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0)
		return false;
	for (int i = 0; i < 2; i++) {
		int moved = fcntl(sockets[i], F_DUPFD_CLOEXEC, KT_ERRAND_DESCRIPTOR + 1);

		if (moved < 0) {
			close(sockets[0]);
			close(sockets[1]);
			return false;
		}
		close(sockets[i]);
		sockets[i] = moved;
	}
	return true;
}

bool kt_courier_start(struct kt_courier *courier, struct kt_error *error)
{
	struct kt_courier fresh = { 0 };
	int sockets[2];
	bool started;

	if (!make_sockets(sockets))
		return kt_fail(error, KT_ERROR_INTERNAL, "no socket for the courier: %s",
		               strerror(errno));
	started = spawn(kt_libexec_path(KT_LIBEXEC_COURIER), sockets[1], &fresh.pid);
	if (!started)
		kt_fail(error, KT_ERROR_INTERNAL, "the courier cannot be started: %s",
		        strerror(errno));
	close(sockets[1]);
	if (started) {
		fresh.socket_plus_one = sockets[0] + 1;
		*courier = fresh;
		return true;
	}
	close(sockets[0]);
	return kt_advise(error, "install keyturn again: its libexec programs are missing");
}

bool kt_courier_send(struct kt_courier *courier, const struct kt_errand *message,
                     struct kt_error *error)
{
	return kt_errand_send(message, courier->socket_plus_one - 1,
	                      kt_clock_monotonic() + SAY_MILLISECONDS, error);
}

bool kt_courier_receive(struct kt_courier *courier, struct kt_errand *message,
                        int64_t deadline, struct kt_error *error)
{
	return kt_errand_receive(message, courier->socket_plus_one - 1, deadline, error);
}

void kt_courier_end(struct kt_courier *courier)
{
	if (courier->socket_plus_one)
		close(courier->socket_plus_one - 1);
	if (courier->pid > 0) {
		/* It sees the closed socket within a second; one that is stuck is not waited for. */
		for (int tries = 0; waitpid(courier->pid, NULL, WNOHANG) == 0; tries++) {
			if (tries == 100)
				kill(courier->pid, SIGKILL);
			kt_clock_sleep(tries < 5 ? 1 : 10);
		}
	}
	*courier = (struct kt_courier){ 0 };
}

bool kt_courier_ask(const struct kt_errand *errand, struct kt_errand *answer,
                    struct kt_error *error)
{
	KT_CLEANUP(kt_courier_end) struct kt_courier courier = { 0 };
	int64_t timeout = KT_COURIER_MILLISECONDS;

	kt_errand_number(errand, "timeout", &timeout);
	return kt_courier_start(&courier, error) && kt_courier_send(&courier, errand, error) &&
	       kt_courier_receive(&courier, answer,
	                          kt_clock_monotonic() + timeout + GRACE_MILLISECONDS, error);
}
