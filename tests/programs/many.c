/* SPDX-License-Identifier: MIT */
#include "config.h"

/*
 * many [-n COUNT] [-p MILLISECONDS] [-i INPUT] [-o BEGINNING] COMMAND [ARGUMENT...]
 *
 * Starts COMMAND COUNT times, back to back or one each MILLISECONDS, with the file INPUT as
 * stdin. A caller has its answer when it has ended and its stdout is at its end. One that fails
 * or whose output does not begin with BEGINNING is wrong. Prints one line, times in
 * microseconds and the largest memory in KiB: total=... p50=... p95=... p999=... max=...
 * rss=... wrong=...
 */

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct caller {
	pid_t pid;
	int output;
	int64_t began;
	int64_t took;
	long memory;
	bool is_wrong;
};

struct plan {
	int count;
	int pause;
	const char *input;
	const char *beginning;
	char **command;
};

extern char **environ;

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static void start(const struct plan *plan, struct caller *caller)
{
	posix_spawn_file_actions_t actions;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		die("pipe");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, plan->input, O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	caller->output = ends[0];
	caller->began = now();
	errno = posix_spawnp(&caller->pid, plan->command[0], &actions, NULL, plan->command, environ);
	if (errno != 0)
		die(plan->command[0]);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
}

static void end(const struct plan *plan, struct caller *caller, int status, long memory)
{
	char text[4096];
	size_t length = 0;
	ssize_t got;

	while ((got = read(caller->output, text + length, sizeof(text) - length)) > 0)
		length += (size_t)got;
	close(caller->output);
	caller->took = now() - caller->began;
	caller->is_wrong = status != 0 || length < strlen(plan->beginning) ||
	                   memcmp(text, plan->beginning, strlen(plan->beginning)) != 0;
	caller->memory = memory;
	caller->pid = 0;
}

/* Reaps one; false where none has ended, or none is left. */
static bool reap(const struct plan *plan, struct caller *callers, int options)
{
	struct rusage usage;
	int status;
	pid_t pid = wait4(-1, &status, options, &usage);

	for (int i = 0; pid > 0 && i < plan->count; i++)
		if (callers[i].pid == pid)
			end(plan, &callers[i], status, usage.ru_maxrss);
	return pid > 0;
}

static int compare(const void *left, const void *right)
{
	int64_t a = ((const struct caller *)left)->took;
	int64_t b = ((const struct caller *)right)->took;

	return (a > b) - (a < b);
}

static void report(const struct plan *plan, struct caller *callers, int64_t total)
{
	size_t count = (size_t)plan->count;
	long memory = 0;
	int wrong = 0;

	for (size_t i = 0; i < count; i++) {
		wrong += callers[i].is_wrong;
		memory = callers[i].memory > memory ? callers[i].memory : memory;
	}
	qsort(callers, count, sizeof(*callers), compare);
	printf("total=%lld p50=%lld p95=%lld p999=%lld max=%lld rss=%ld wrong=%d\n", (long long)total,
	       (long long)callers[count / 2].took, (long long)callers[count * 95 / 100].took,
	       (long long)callers[count * 999 / 1000].took, (long long)callers[count - 1].took,
	       memory, wrong);
}

static void read_plan(struct plan *plan, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "+n:p:i:o:")) != -1) {
		if (option == 'n')
			plan->count = (int)strtol(optarg, NULL, 10);
		else if (option == 'p')
			plan->pause = (int)strtol(optarg, NULL, 10);
		else if (option == 'i')
			plan->input = optarg;
		else if (option == 'o')
			plan->beginning = optarg;
		else
			exit(2);
	}
	plan->command = argv + optind;
	if (plan->count < 1 || !plan->command[0])
		exit(2);
}

int main(int argc, char **argv)
{
	struct plan plan = { .count = 1, .input = "/dev/null", .beginning = "" };
	struct caller *callers;
	struct rlimit files;
	int64_t began;

	read_plan(&plan, argc, argv);
	callers = calloc((size_t)plan.count, sizeof(*callers));
	if (!callers || getrlimit(RLIMIT_NOFILE, &files) != 0)
		die("many");
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	began = now();
	for (int i = 0; i < plan.count; i++) {
		while (plan.pause && now() < began + (int64_t)i * plan.pause * 1000)
			usleep(200);
		start(&plan, &callers[i]);
		while (reap(&plan, callers, plan.pause ? 0 : WNOHANG))
			;
	}
	while (reap(&plan, callers, 0))
		;
	report(&plan, callers, now() - began);
	free(callers);
	return 0;
}
