/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/keeper/command/run_watch.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/environment.h"

#define LONGEST_SECONDS (INT64_C(24) * 60 * 60)

/* Nothing but stderr and the command is kept open, and no secret of the environment stays. */
static int let_go(int command)
{
	static const int ignored[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE };

	for (size_t i = 0; i < KT_COUNT(ignored); i++)
		signal(ignored[i], SIG_IGN);
	for (char **variable = environ; *variable; variable++)
		explicit_bzero(*variable, strlen(*variable));
	if (dup2(command, STDIN_FILENO) != STDIN_FILENO)
		_exit(1);
	close(STDOUT_FILENO);
	if (syscall(SYS_close_range, STDERR_FILENO + 1, ~0u, 0) != 0)
		for (int descriptor = STDERR_FILENO + 1; descriptor < 1024; descriptor++)
			close(descriptor);
	if (chdir("/") != 0)
		_exit(1);
	return STDIN_FILENO;
}

/* True at the end of the token, by the wall clock; false once the command has ended. */
static bool outlives(int command, int64_t expires)
{
	const struct itimerspec end = { .it_value = { .tv_sec = expires } };
	struct pollfd wanted[] = { { .fd = command, .events = POLLIN }, { .events = POLLIN } };

	wanted[1].fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC);
	if (wanted[1].fd < 0 || timerfd_settime(wanted[1].fd, TFD_TIMER_ABSTIME, &end, NULL) != 0)
		return false;
	while (poll(wanted, 2, -1) <= 0)
		continue;
	return wanted[0].revents == 0;
}

/* Stays until the command has ended: whoever reaps it may be the command itself. */
static void watch(int command, int64_t expires, const char *name)
{
	struct pollfd end = { .fd = let_go(command), .events = POLLIN };

	if (!outlives(end.fd, expires))
		return;
	kt_report_note("the token that %s was started with has ended, and it goes on with that token",
	               name);
	kt_report_note("a program that runs longer asks keyturn itself: see run in keyturn(1)");
	close(STDERR_FILENO);
	while (poll(&end, 1, -1) <= 0)
		continue;
}

/* A container's first process waits for no child that it did not start. */
static bool is_reaped(void)
{
	return !kt_environment_is_container() || kt_environment_has_service_manager();
}

void kt_run_watch_start(int64_t expires, const char *name)
{
	int64_t left = expires - kt_clock_wall();
	KT_CLEANUP(kt_descriptor_close) int command = -1;
	pid_t child;

	if (expires == 0 || left <= 0 || left > LONGEST_SECONDS || !is_reaped())
		return;
	command = (int)syscall(SYS_pidfd_open, getpid(), 0);
	child = command >= 0 ? fork() : -1;
	if (child == 0) {
		/* The command has no child that it did not start. */
		if (fork() == 0)
			watch(command, expires, name);
		_exit(0);
	}
	if (child > 0)
		waitpid(child, NULL, 0);
}
