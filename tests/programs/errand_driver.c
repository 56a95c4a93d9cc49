/* SPDX-License-Identifier: MIT */

/*
 * Plays the keeper: starts a courier, hands it one errand and prints what it says.
 *
 *   errand_driver [-g WORD] [-w MS] [-c MS] COURIER NAME=VALUE|NAME@FILE...
 *
 * -g  what to say to "ready" instead of "go"
 * -w  wait so long before saying it
 * -c  close the socket that long after the errand was sent
 *
 * Each field of each message is a line "name=value" (line ends in a value shown as "|"); the
 * last line is "end: STATUS MILLISECONDS KILOBYTES", the courier's exit status (128 + signal
 * where one ended it), its life from the errand on, and its peak memory. Fails only where it
 * could not play its part.
 */

#include "config.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/errand.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"

struct play {
	const char *word;
	int64_t wait;
	int64_t close_after;
	const char *courier;
	int socket;
	pid_t pid;
};

static void fail(const char *what)
{
	fprintf(stderr, "errand_driver: %s\n", what);
	exit(EXIT_FAILURE);
}

static void add_file(struct kt_errand *errand, const char *name, const char *path,
                     struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
	FILE *file = fopen(path, "re");

	if (!file || !kt_secret_read(&content, fileno(file), KT_ERRAND_MAXIMUM, error) ||
	    !kt_errand_add_secret(errand, name, &content, error))
		fail("a file cannot be read");
	fclose(file);
}

static void read_fields(struct kt_errand *errand, char **words)
{
	struct kt_error error = { 0 };

	for (; *words; words++) {
		char *mark = *words + strcspn(*words, "=@");
		char sort = *mark;

		if (sort == '\0')
			fail("a field is neither NAME=VALUE nor NAME@FILE");
		*mark = '\0';
		if (sort == '@')
			add_file(errand, *words, mark + 1, &error);
		else if (!kt_errand_add(errand, *words, mark + 1, &error))
			fail(error.message);
	}
}

static void start(struct play *play)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		fail("no socketpair");
	play->pid = fork();
	if (play->pid < 0)
		fail("no fork");
	if (play->pid == 0) {
		/* dup2() of a descriptor to itself would leave it close-on-exec. */
		int end = pair[1] == KT_ERRAND_DESCRIPTOR ? dup(pair[1]) : pair[1];

		if (dup2(end, KT_ERRAND_DESCRIPTOR) != KT_ERRAND_DESCRIPTOR)
			_exit(127);
		execl(play->courier, play->courier, (char *)NULL);
		_exit(127);
	}
	close(pair[1]);
	play->socket = pair[0];
}

static void print(const struct kt_errand *message)
{
	for (size_t i = 0; i < message->count; i++) {
		printf("%s=", message->fields[i].name);
		for (const char *byte = kt_secret_reveal(&message->fields[i].value); *byte; byte++)
			putchar(*byte == '\n' || *byte == '\r' ? '|' : *byte);
		putchar('\n');
	}
	fflush(stdout);
}

/* Listens until the courier ends, and answers it where it asks. */
static void talk(const struct play *play, int64_t deadline)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };
	KT_CLEANUP(kt_errand_clear) struct kt_errand reply = { 0 };
	struct kt_error error = { 0 };

	if (!kt_errand_add(&reply, "say", play->word, &error))
		fail(error.message);
	while (kt_errand_receive(&message, play->socket, deadline, &error)) {
		print(&message);
		if (!kt_errand_is(&message, "say", "ready"))
			continue;
		kt_clock_sleep(play->wait);
		/* A courier that did not wait for it has its last message under way. */
		if (!kt_errand_send(&reply, play->socket, deadline, &error))
			kt_error_clear(&error);
	}
}

static void finish(const struct play *play, int64_t begin)
{
	struct rusage usage;
	int status;

	close(play->socket);
	if (wait4(play->pid, &status, 0, &usage) != play->pid)
		fail("the courier is lost");
	printf("end: %d %" PRId64 " %ld\n",
	       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
	       kt_clock_monotonic() - begin, usage.ru_maxrss);
}

int main(int argc, char **argv)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand errand = { 0 };
	struct kt_error error = { 0 };
	struct play play = { .word = "go" };
	int64_t begin;
	int option;

	while ((option = getopt(argc, argv, "g:w:c:")) != -1) {
		if (option == 'g')
			play.word = optarg;
		else if (option == 'w')
			play.wait = strtol(optarg, NULL, 10);
		else if (option == 'c')
			play.close_after = strtol(optarg, NULL, 10);
		else
			fail("unknown option");
	}
	if (optind == argc)
		fail("no courier given");
	play.courier = argv[optind];
	read_fields(&errand, argv + optind + 1);
	start(&play);
	begin = kt_clock_monotonic();
	if (!kt_errand_send(&errand, play.socket, begin + 10000, &error))
		fail(error.message);
	talk(&play, play.close_after ? begin + play.close_after : 0);
	finish(&play, begin);
	return EXIT_SUCCESS;
}
