/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/keeper/setup/git_call.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"

/* git reads a few files, which takes long only on a busy machine; one that hangs is ended. */
#define PATIENCE 20000
#define OUTPUT_MAXIMUM ((size_t)1 << 20)

/* A descriptor from which the input can be read; -1 where there is no memory. */
static int open_input(const struct kt_secret *input)
{
	size_t length = input ? kt_secret_length(input) : 0;
	int descriptor;

	if (length == 0)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	descriptor = memfd_create("input", MFD_CLOEXEC);
	if (descriptor >= 0 &&
	    (write(descriptor, kt_secret_reveal(input), length) != (ssize_t)length ||
	     lseek(descriptor, 0, SEEK_SET) != 0))
		kt_descriptor_close(&descriptor);
	return descriptor;
}

static bool start(char *const *arguments, char *const *environment, const char *directory,
                  int input, pid_t *pid, int *output)
{
	posix_spawn_file_actions_t actions;
	int ends[2];
	bool done;

	if (input < 0 || pipe2(ends, O_CLOEXEC) != 0)
		return false;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (directory)
		posix_spawn_file_actions_addchdir_np(&actions, directory);
	errno = posix_spawnp(pid, arguments[0], &actions, NULL, arguments, environment);
	done = errno == 0;
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	*output = ends[0];
	if (!done) {
		int reason = errno;

		kt_descriptor_close(output);
		errno = reason;
	}
	return done;
}

/* All that it says, in time. */
static bool read_output(int output, struct kt_secret *text)
{
	int64_t deadline = kt_clock_monotonic() + PATIENCE;
	struct kt_error ignored = { 0 };
	size_t taken = 1;

	while (taken > 0) {
		struct pollfd entry = { .fd = output, .events = POLLIN };
		int64_t left = deadline - kt_clock_monotonic();
		int ready = left > 0 ? poll(&entry, 1, (int)left) : 0;

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0 || kt_secret_length(text) > OUTPUT_MAXIMUM ||
		    !kt_secret_read_some(text, output, &taken, &ignored))
			return false;
	}
	return true;
}

enum kt_git_result kt_git_call(char *const *arguments, char *const *environment,
                               const char *directory, const struct kt_secret *input,
                               struct kt_secret *output)
{
	KT_CLEANUP(kt_descriptor_close) int source = open_input(input);
	KT_CLEANUP(kt_descriptor_close) int answer = -1;
	pid_t pid = 0;
	int status = 0;
	bool done;

	if (!start(arguments, environment, directory, source, &pid, &answer))
		return errno == ENOENT ? KT_GIT_MISSING : KT_GIT_FAILED;
	done = read_output(answer, output);
	if (!done)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!done || !WIFEXITED(status) || WEXITSTATUS(status) > 1)
		return KT_GIT_FAILED;
	return WEXITSTATUS(status) == 1 ? KT_GIT_NONE : KT_GIT_DONE;
}
