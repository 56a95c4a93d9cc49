/* SPDX-License-Identifier: MIT */

/*
 * An application of PAM for tests, without privileges and without /etc/pam.d:
 *
 *   pam_harness CONFDIR SERVICE USER SIGCHLD STEP...
 *
 * SIGCHLD is how it treats that signal: default, ignore, reaper (a handler that waits for any
 * child), subreaper (the same, and it collects orphans) or thread (another thread runs and
 * allocates). Steps, in order:
 *
 *   home:DIR      the user's home, by pam_modutil_getpwnam()
 *   NAME=VALUE    into the PAM environment
 *   pw:FILE       what is typed from now on                    new:FILE     what is typed as new
 *   auth cred del acct open close change                       the PAM calls
 *   user:NAME     another PAM_USER    fork   the rest in a child   sleep:MS
 *   scan          counts clear copies of both passwords in this process's memory
 *   cycles:N      the rest N times, each between pam_start() and pam_end(), and says what changed
 *
 * Prints "STEP RESULT MILLISECONDS" for each call, "log PRIORITY TEXT" for each line that
 * pam_keyturn logs, "scan COUNT", "sigchld COUNT" at the end. The passwords are kept masked.
 */

#include "config.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <security/pam_appl.h>
#include <security/pam_ext.h>
#include <security/pam_modutil.h>

#define MASK 0x5a
#define PASSWORD_MAX 2048

struct masked {
	unsigned char bytes[PASSWORD_MAX];
	size_t length;
};

static struct masked passwords[2]; /* now, and as new */
static const char *home;
static volatile sig_atomic_t sigchld_count;
static volatile bool thread_ends;
static bool is_loud = true;

extern char **environ;

/* Every module's log lines end here, as this program comes before libpam. Ours are shown. */
void pam_syslog(const pam_handle_t *handle, int priority, const char *format, ...)
{
	va_list arguments;
	Dl_info caller;

	(void)handle;
	if (!is_loud || !dladdr(__builtin_return_address(0), &caller) ||
	    !strstr(caller.dli_fname, "/pam_keyturn"))
		return;
	printf("log %d ", priority);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
}

/* As the real one, but for a home that the test made. */
struct passwd *pam_modutil_getpwnam(pam_handle_t *handle, const char *name)
{
	struct passwd *entry = getpwnam(name);

	(void)handle;
	if (entry && home)
		entry->pw_dir = (char *)home;
	return entry;
}

static void die(const char *what)
{
	fprintf(stderr, "pam_harness: %s: %s\n", what, strerror(errno));
	exit(99);
}

static void load(struct masked *password, const char *path)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = file < 0 ? -1 : read(file, password->bytes, sizeof(password->bytes));

	if (length < 0)
		die(path);
	close(file);
	password->length = (size_t)length;
	for (size_t i = 0; i < password->length; i++)
		password->bytes[i] ^= MASK;
}

static char *unmask(const struct masked *password)
{
	char *text = calloc(1, password->length + 1);

	for (size_t i = 0; text && i < password->length; i++)
		text[i] = (char)(password->bytes[i] ^ MASK);
	return text;
}

static int converse(int count, const struct pam_message **messages,
                    struct pam_response **responses, void *data)
{
	struct pam_response *answers = calloc((size_t)count, sizeof(*answers));

	(void)data;
	if (!answers)
		return PAM_BUF_ERR;
	for (int i = 0; i < count; i++) {
		bool wants_new = strncmp(messages[i]->msg, "new", 3) == 0;

		if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF)
			answers[i].resp = unmask(&passwords[wants_new]);
	}
	*responses = answers;
	return PAM_SUCCESS;
}

static bool stands_at(const unsigned char *memory, const struct masked *password)
{
	for (size_t i = 0; i < password->length; i++) {
		if ((memory[i] ^ MASK) != password->bytes[i])
			return false;
	}
	return true;
}

static int count_in(const unsigned char *start, const unsigned char *end)
{
	int count = 0;

	for (size_t which = 0; which < 2; which++) {
		const struct masked *password = &passwords[which];

		if (password->length == 0 || (size_t)(end - start) < password->length)
			continue;
		for (const unsigned char *at = start; at <= end - password->length; at++)
			count += stands_at(at, password);
	}
	return count;
}

static void scan(void)
{
	static char line[512];
	FILE *maps = fopen("/proc/self/maps", "re");
	int count = 0;

	if (!maps)
		die("/proc/self/maps");
	while (fgets(line, sizeof(line), maps)) {
		char *rest;
		uintptr_t start = strtoul(line, &rest, 16);
		uintptr_t end = strtoul(rest + 1, &rest, 16);

		if (strncmp(rest, " rw", 3) == 0)
			count += count_in((const unsigned char *)start, (const unsigned char *)end);
	}
	fclose(maps);
	printf("scan %d\n", count);
}

static void on_sigchld(int number)
{
	int saved = errno;

	(void)number;
	sigchld_count++;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	errno = saved;
}

static void *work(void *data)
{
	while (!thread_ends) {
		free(malloc(1000));
		nanosleep(&(struct timespec){ 0, 1000 }, NULL);
	}
	return data;
}

static void set_sigchld(const char *way, pthread_t *thread)
{
	struct sigaction action = { .sa_handler = SIG_DFL };

	if (strcmp(way, "ignore") == 0)
		action.sa_handler = SIG_IGN;
	else if (strcmp(way, "reaper") == 0 || strcmp(way, "subreaper") == 0)
		action.sa_handler = on_sigchld;
	else if (strcmp(way, "thread") == 0 && pthread_create(thread, NULL, work, NULL) != 0)
		die("pthread_create");
	if (strcmp(way, "subreaper") == 0 && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
		die("prctl");
	sigaction(SIGCHLD, &action, NULL);
}

static double milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* The state of the host that a module might change. */
struct state {
	int descriptors;
	int mappings;
	bool has_child;
	size_t heap;
	uintptr_t environment;
	mode_t mask;
	uid_t uids[3];
	sigset_t blocked;
	void (*handlers[NSIG])(int);
	int handler_flags[NSIG];
};

static int count_lines(const char *path)
{
	FILE *file = fopen(path, "re");
	int count = 0;

	if (!file)
		die(path);
	for (int c; (c = getc(file)) != EOF;)
		count += c == '\n';
	fclose(file);
	return count;
}

static int count_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int count = 0;

	if (!directory)
		die("/proc/self/fd");
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

static void take_state(struct state *state)
{
	memset(state, 0, sizeof(*state));
	state->descriptors = count_descriptors();
	state->mappings = count_lines("/proc/self/maps");
	state->has_child = waitpid(-1, NULL, WNOHANG | __WALL) >= 0;
	state->heap = mallinfo2().uordblks;
	for (char **entry = environ; *entry; entry++) {
		for (const char *c = *entry; *c; c++)
			state->environment = state->environment * 31 + (unsigned char)*c;
	}
	state->mask = umask(0);
	umask(state->mask);
	getresuid(&state->uids[0], &state->uids[1], &state->uids[2]);
	sigprocmask(SIG_SETMASK, NULL, &state->blocked);
	for (int number = 1; number < NSIG; number++) {
		struct sigaction action = { .sa_handler = SIG_DFL };

		sigaction(number, NULL, &action);
		state->handlers[number] = action.sa_handler;
		state->handler_flags[number] = action.sa_flags;
	}
}

static int difference(const char *what, long before, long after, long slack)
{
	if (after - before <= slack && before - after <= slack)
		return 0;
	printf("changed %s %ld %ld\n", what, before, after);
	return 1;
}

static int compare_states(const struct state *before, const struct state *after)
{
	return difference("descriptors", before->descriptors, after->descriptors, 0) +
	       difference("mappings", before->mappings, after->mappings, 2) +
	       difference("children", before->has_child, after->has_child, 0) +
	       difference("heap", (long)before->heap, (long)after->heap, 4096) +
	       difference("environment", before->environment != after->environment, 0, 0) +
	       difference("umask", before->mask, after->mask, 0) +
	       difference("uids", memcmp(before->uids, after->uids, sizeof(before->uids)), 0, 0) +
	       difference("signal mask",
	                  memcmp(&before->blocked, &after->blocked, sizeof(before->blocked)), 0,
	                  0) +
	       difference("signal handlers",
	                  memcmp(before->handlers, after->handlers, sizeof(before->handlers)), 0,
	                  0) +
	       difference("signal flags",
	                  memcmp(before->handler_flags, after->handler_flags,
	                         sizeof(before->handler_flags)),
	                  0, 0);
}

static int call(pam_handle_t *handle, const char *step)
{
	if (strcmp(step, "auth") == 0)
		return pam_authenticate(handle, PAM_SILENT);
	if (strcmp(step, "cred") == 0)
		return pam_setcred(handle, PAM_ESTABLISH_CRED);
	if (strcmp(step, "del") == 0)
		return pam_setcred(handle, PAM_DELETE_CRED);
	if (strcmp(step, "acct") == 0)
		return pam_acct_mgmt(handle, 0);
	if (strcmp(step, "open") == 0)
		return pam_open_session(handle, 0);
	if (strcmp(step, "close") == 0)
		return pam_close_session(handle, 0);
	if (strcmp(step, "change") == 0)
		return pam_chauthtok(handle, 0);
	fprintf(stderr, "pam_harness: no step %s\n", step);
	exit(99);
}

static void timed_call(pam_handle_t *handle, const char *step)
{
	double start = milliseconds();
	int result = call(handle, step);

	if (is_loud) {
		printf("%s %d %.1f\n", step, result, milliseconds() - start);
		fflush(stdout);
	}
}

/* True if the step was one that sets something. */
static bool set_up(pam_handle_t *handle, const char *step)
{
	if (strncmp(step, "home:", 5) == 0)
		home = step + 5;
	else if (strncmp(step, "pw:", 3) == 0)
		load(&passwords[0], step + 3);
	else if (strncmp(step, "new:", 4) == 0)
		load(&passwords[1], step + 4);
	else if (strncmp(step, "user:", 5) == 0)
		pam_set_item(handle, PAM_USER, step + 5);
	else if (strncmp(step, "sleep:", 6) == 0)
		usleep((useconds_t)strtoul(step + 6, NULL, 10) * 1000);
	else if (strchr(step, '='))
		pam_putenv(handle, step);
	else
		return false;
	return true;
}

static pam_handle_t *begin(char **argv)
{
	static const struct pam_conv conversation = { converse, NULL };
	pam_handle_t *handle = NULL;

	if (pam_start_confdir(argv[2], argv[3], &conversation, argv[1], &handle) != PAM_SUCCESS)
		die("pam_start");
	return handle;
}

static void run_steps(pam_handle_t *handle, char **steps)
{
	for (; *steps; steps++) {
		int status;
		pid_t child;

		if (set_up(handle, *steps))
			continue;
		if (strcmp(*steps, "scan") == 0) {
			scan();
		} else if (strcmp(*steps, "fork") == 0) {
			fflush(stdout);
			child = fork();
			if (child == 0)
				continue;
			if (waitpid(child, &status, 0) < 0)
				die("fork");
			return;
		} else {
			timed_call(handle, *steps);
		}
	}
}

static int cycle(char **argv, char **steps, unsigned long count)
{
	static struct state before, after;
	double start = 0;

	/* Memory that libraries set up once is not a leak. */
	for (unsigned long i = 0; i < count + 3; i++) {
		pam_handle_t *handle;

		if (i == 3) {
			is_loud = false;
			/* Twice: looking allocates as well. */
			take_state(&before);
			take_state(&before);
			start = milliseconds();
		}
		handle = begin(argv);
		run_steps(handle, steps);
		pam_end(handle, PAM_SUCCESS);
	}
	take_state(&after);
	printf("cycles %lu %.2f ms each\n", count, (milliseconds() - start) / (double)count);
	return compare_states(&before, &after);
}

int main(int argc, char **argv)
{
	pthread_t thread = 0;
	int result = 0;

	if (argc < 6) {
		fputs("usage: pam_harness CONFDIR SERVICE USER SIGCHLD STEP...\n", stderr);
		return 99;
	}
	set_sigchld(argv[4], &thread);
	if (strncmp(argv[5], "cycles:", 7) == 0) {
		result = cycle(argv, argv + 6, strtoul(argv[5] + 7, NULL, 10)) != 0;
	} else {
		pam_handle_t *handle = begin(argv);

		run_steps(handle, argv + 5);
		pam_end(handle, PAM_SUCCESS);
	}
	if (thread) {
		thread_ends = true;
		pthread_join(thread, NULL);
	}
	printf("sigchld %d\n", (int)sigchld_count);
	return result;
}
