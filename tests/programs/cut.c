/* SPDX-License-Identifier: MIT */
#include "config.h"

/*
 * cut EVERY wait|end|reset REQUEST SAID STATUS [-b VERB FILE] [-a VERB FILE SAID] PROGRAM VERB
 *
 * Runs PROGRAM VERB once for each EVERYth byte of the file REQUEST, with a stdin that is cut there:
 *
 *   wait   a non-blocking pipe, which stays empty until PROGRAM waits; then the rest comes
 *   end    a pipe that ends; behind a whole line, where git ends its own requests, is no cut
 *   reset  a socket that the other side resets
 *
 * Each time stdout must be what the file SAID holds and the exit status be STATUS. -b runs PROGRAM
 * with that verb and the whole FILE before each, -a after each, and looks at its output. Prints
 * "CUTS cuts, WRONG wrong", and a line for each of the first that are wrong.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SIZE 262144

struct bytes {
	char content[SIZE];
	size_t length;
};

/* A call beside the cut one. */
struct side {
	const char *verb;
	struct bytes request;
	struct bytes said;
};

struct plan {
	size_t every;
	const char *way;
	struct bytes request;
	struct bytes said;
	int status;
	struct side before;
	struct side after;
	char *program;
	char *verb;
};

extern char **environ;

static struct plan plan;
static int cuts;
static int wrong;

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static void read_all(int descriptor, struct bytes *bytes)
{
	ssize_t got;

	bytes->length = 0;
	while ((got = read(descriptor, bytes->content + bytes->length, SIZE - bytes->length)) != 0) {
		if (got < 0 && errno != EINTR)
			die("read");
		if (got > 0)
			bytes->length += (size_t)got;
	}
	close(descriptor);
}

static void read_file(const char *path, struct bytes *bytes)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);

	if (descriptor < 0)
		die(path);
	read_all(descriptor, bytes);
}

static void write_all(int descriptor, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = write(descriptor, bytes, length);

		/* It need not read on. */
		if (written < 0 && errno == EPIPE)
			return;
		if (written < 0 && errno != EINTR)
			die("write");
		if (written > 0) {
			bytes += written;
			length -= (size_t)written;
		}
	}
}

static pid_t start(const char *verb, int input, int *output)
{
	char *arguments[] = { plan.program, (char *)verb, NULL };
	posix_spawn_file_actions_t actions;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		die("pipe");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	errno = posix_spawnp(&pid, plan.program, &actions, NULL, arguments, environ);
	if (errno != 0)
		die(plan.program);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	close(input);
	*output = ends[0];
	return pid;
}

/* The program's output and exit status, when it has ended. */
static int finish(pid_t pid, int output, struct bytes *said)
{
	int status;

	read_all(output, said);
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool has_ended(pid_t pid)
{
	siginfo_t information = { 0 };

	return waitid(P_PID, (id_t)pid, &information, WEXITED | WNOHANG | WNOWAIT) != 0 ||
	       information.si_pid == pid;
}

static bool sleeps(pid_t pid)
{
	char path[64];
	char line[512] = "";
	const char *state;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return true;
	if (!fgets(line, sizeof(line), file))
		line[0] = '\0';
	fclose(file);
	state = strrchr(line, ')');
	return state && strncmp(state, ") S", 3) == 0;
}

/* It has read what was there and waits for more, or has ended. */
static void await_reader(pid_t pid, int input)
{
	const struct timespec pause = { 0, 50000 };
	int left;

	for (;;) {
		if (ioctl(input, FIONREAD, &left) != 0)
			die("FIONREAD");
		if (has_ended(pid) || (left == 0 && sleeps(pid)))
			return;
		nanosleep(&pause, NULL);
	}
}

static int run_whole(const char *verb, const struct bytes *request, struct bytes *said)
{
	int ends[2];
	int output;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		die("pipe");
	pid = start(verb, ends[0], &output);
	write_all(ends[1], request->content, request->length);
	close(ends[1]);
	return finish(pid, output, said);
}

static int run_waiting(size_t cut, struct bytes *said)
{
	int ends[2];
	int output;
	int input;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0)
		die("pipe");
	write_all(ends[1], plan.request.content, cut);
	input = dup(ends[0]);
	pid = start(plan.verb, ends[0], &output);
	await_reader(pid, input);
	close(input);
	write_all(ends[1], plan.request.content + cut, plan.request.length - cut);
	close(ends[1]);
	return finish(pid, output, said);
}

static int run_reset(size_t cut, struct bytes *said)
{
	int ends[2];
	int output;
	pid_t pid;

	/* Closing a socket with bytes unread resets it. */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		die("socketpair");
	write_all(ends[0], "x", 1);
	write_all(ends[1], plan.request.content, cut);
	close(ends[1]);
	pid = start(plan.verb, ends[0], &output);
	return finish(pid, output, said);
}

static int run_cut(size_t cut, struct bytes *said)
{
	static struct bytes half;

	if (strcmp(plan.way, "wait") == 0)
		return run_waiting(cut, said);
	if (strcmp(plan.way, "reset") == 0)
		return run_reset(cut, said);
	memcpy(half.content, plan.request.content, cut);
	half.length = cut;
	return run_whole(plan.verb, &half, said);
}

static bool is_equal(const struct bytes *bytes, const struct bytes *other)
{
	return bytes->length == other->length &&
	       memcmp(bytes->content, other->content, bytes->length) == 0;
}

static void complain(size_t cut, const char *what, int status)
{
	if (wrong++ < 5)
		printf("%s %s, cut at %zu: %s, exit status %d\n", plan.verb, plan.way, cut, what,
		       status);
}

static void try_cut(size_t cut)
{
	static struct bytes said;
	int status;

	cuts++;
	if (plan.before.verb && run_whole(plan.before.verb, &plan.before.request, &said) != 0)
		complain(cut, "the call before it failed", 0);
	status = run_cut(cut, &said);
	if (status != plan.status || !is_equal(&said, &plan.said))
		complain(cut, "another answer", status);
	if (!plan.after.verb)
		return;
	status = run_whole(plan.after.verb, &plan.after.request, &said);
	if (!is_equal(&said, &plan.after.said))
		complain(cut, "another state", status);
}

/* No cut at all: the request is whole there for who ends it as git does. */
static bool is_whole(size_t cut)
{
	const char *content = plan.request.content;

	if (strcmp(plan.way, "end") == 0)
		return cut == 0 || content[cut - 1] == '\n';
	return strcmp(plan.way, "reset") == 0 && cut == plan.request.length;
}

static void read_side(struct side *side, const char *verb, const char *file)
{
	side->verb = verb;
	read_file(file, &side->request);
}

static void read_plan(int argc, char **argv)
{
	int next = 6;

	if (argc < 8)
		exit(2);
	plan.every = strtoul(argv[1], NULL, 10);
	if (plan.every == 0)
		exit(2);
	plan.way = argv[2];
	read_file(argv[3], &plan.request);
	read_file(argv[4], &plan.said);
	plan.status = (int)strtol(argv[5], NULL, 10);
	if (next + 3 < argc && strcmp(argv[next], "-b") == 0) {
		read_side(&plan.before, argv[next + 1], argv[next + 2]);
		next += 3;
	}
	if (next + 4 < argc && strcmp(argv[next], "-a") == 0) {
		read_side(&plan.after, argv[next + 1], argv[next + 2]);
		read_file(argv[next + 3], &plan.after.said);
		next += 4;
	}
	if (argc != next + 2)
		exit(2);
	plan.program = argv[next];
	plan.verb = argv[next + 1];
}

int main(int argc, char **argv)
{
	read_plan(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	for (size_t cut = 0; cut <= plan.request.length; cut += plan.every)
		if (!is_whole(cut))
			try_cut(cut);
	printf("%d cuts, %d wrong\n", cuts, wrong);
	return wrong > 0;
}
