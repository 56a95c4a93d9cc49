/* SPDX-License-Identifier: MIT */

/*
 * Asks real libpam the same of two directories of services and compares the answers:
 *
 *   pam_matrix WITHOUT WITH SERVICES USERS PASSWORDS SHADOW
 *
 * for each service, user (NAME or NAME=PASSWORD, the password that is theirs) and password
 * ("right", "empty" or a word) of the comma lists. A cell is the answer of each phase, whatever
 * the phase before it said: authenticate, setcred, acct_mgmt, open_session, close_session, and
 * chauthtok as the user's own passwd(1) calls it. SHADOW is a copy of /etc/shadow that is put
 * back after each.
 * Runs as root where /etc is a copy, in which /etc/pam.d becomes a link to either.
 *
 * Prints a line a cell: "same" or "DIFFERS", service, user, password, the answers, and what
 * pam_keyturn logged at login and at the change: "password", "none" (a login without one) or "-"
 * (not reached). The last line counts; the exit status is 1 where a cell differs.
 */

#include "config.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <security/pam_appl.h>
#include <security/pam_ext.h>

#define CELL_SECONDS 60
#define NEW_PASSWORD "Quite-another-goat-77"

enum phase { AUTH, CRED, ACCT, OPEN, CLOSE, CHANGE, PHASES };

struct answers {
	int codes[PHASES];
	char opened;  /* 'p' with a password, 'n' without one, '-' not reached */
	char changed;
};

static const char *typed;
static char reached;

/* Every module's log lines end here, as this program comes before libpam. */
void pam_syslog(const pam_handle_t *handle, int priority, const char *format, ...)
{
	char line[512];
	va_list arguments;
	Dl_info caller;

	(void)handle;
	(void)priority;
	if (!dladdr(__builtin_return_address(0), &caller) ||
	    !strstr(caller.dli_fname, "/pam_keyturn"))
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	reached = strstr(line, "without a password") ? 'n' : 'p';
}

static void die(const char *what)
{
	perror(what);
	exit(99);
}

static void wait_for_nobody(int status, unsigned int delay, void *data)
{
	(void)status;
	(void)delay;
	(void)data;
}

static int converse(int count, const struct pam_message **messages,
                    struct pam_response **responses, void *data)
{
	struct pam_response *answers = calloc((size_t)count, sizeof(*answers));

	(void)data;
	if (!answers)
		return PAM_BUF_ERR;
	for (int i = 0; i < count; i++) {
		const char *text = messages[i]->msg;

		if (messages[i]->msg_style != PAM_PROMPT_ECHO_OFF)
			continue;
		answers[i].resp = strdup(strcasestr(text, "new") || strcasestr(text, "retype")
		                                 ? NEW_PASSWORD : typed);
	}
	*responses = answers;
	return PAM_SUCCESS;
}

/* libpam's own choice of a directory is not for the files that a service includes. */
static void put_in_place(const char *directory)
{
	unlink("/etc/pam.d.matrix");
	if (symlink(directory, "/etc/pam.d.matrix") != 0 ||
	    rename("/etc/pam.d.matrix", "/etc/pam.d") != 0)
		die("/etc/pam.d");
}

static pam_handle_t *begin(const char *service, const char *user)
{
	static const struct pam_conv conversation = { converse, NULL };
	union {
		void (*function)(int, unsigned int, void *);
		const void *item;
	} delay = { wait_for_nobody };
	pam_handle_t *handle = NULL;

	if (pam_start(service, user, &conversation, &handle) != PAM_SUCCESS)
		die("pam_start");
	pam_set_item(handle, PAM_FAIL_DELAY, delay.item);
	pam_set_item(handle, PAM_TTY, "/dev/tty1");
	return handle;
}

static void log_in(const char *service, const char *user, struct answers *answers)
{
	pam_handle_t *handle = begin(service, user);

	reached = '-';
	answers->codes[AUTH] = pam_authenticate(handle, PAM_SILENT);
	answers->codes[ACCT] = pam_acct_mgmt(handle, PAM_SILENT);
	answers->codes[CRED] = pam_setcred(handle, PAM_ESTABLISH_CRED | PAM_SILENT);
	answers->codes[OPEN] = pam_open_session(handle, PAM_SILENT);
	answers->codes[CLOSE] = pam_close_session(handle, PAM_SILENT);
	pam_end(handle, answers->codes[OPEN]);
	answers->opened = reached;
}

/* As a set-user-ID program: without the real user, pam_unix asks for no old password. */
static void change(const char *service, const char *user, struct answers *answers)
{
	const struct passwd *entry = getpwnam(user);
	pam_handle_t *handle;

	if (entry && setresuid(entry->pw_uid, 0, 0) != 0)
		die("setresuid");
	handle = begin(service, user);
	reached = '-';
	answers->codes[CHANGE] = pam_chauthtok(handle, PAM_SILENT);
	pam_end(handle, answers->codes[CHANGE]);
	answers->changed = reached;
}

/* Each in a process of its own: modules leave sessions, limits and keyrings behind. */
static void run(void (*phases)(const char *, const char *, struct answers *),
                const char *service, const char *user, struct answers *answers)
{
	int pair[2], status;
	pid_t child = -1;

	fflush(stdout);
	if (pipe(pair) == 0)
		child = fork();
	if (child < 0)
		die("fork");
	if (child == 0) {
		alarm(CELL_SECONDS);
		phases(service, user, answers);
		_exit(write(pair[1], answers, sizeof(*answers)) != sizeof(*answers));
	}
	close(pair[1]);
	if (waitpid(child, &status, 0) < 0 || status != 0 ||
	    read(pair[0], answers, sizeof(*answers)) != sizeof(*answers))
		die("a cell did not end");
	close(pair[0]);
}

static void put_back(const char *shadow)
{
	int from = open(shadow, O_RDONLY | O_CLOEXEC);
	int to = open("/etc/shadow.matrix", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	struct stat status;

	if (from < 0 || to < 0 || fstat(from, &status) != 0 ||
	    sendfile(to, from, NULL, (size_t)status.st_size) != status.st_size ||
	    rename("/etc/shadow.matrix", "/etc/shadow") != 0)
		die("/etc/shadow");
	close(from);
	close(to);
}

/* pam_faillock(8) counts failures; the next cell starts without any. */
static void forget_failures(const char *user)
{
	char path[128];

	snprintf(path, sizeof(path), "/run/faillock/%s", user);
	unlink(path);
}

static void ask(const char *directory, const char *service, const char *user,
                const char *shadow, struct answers *answers)
{
	memset(answers, 0, sizeof(*answers));
	put_in_place(directory);
	run(log_in, service, user, answers);
	run(change, service, user, answers);
	put_back(shadow);
	forget_failures(user);
}

static const char *word(char letter)
{
	return letter == 'p' ? "password" : letter == 'n' ? "none" : "-";
}

static bool compare(char **argv, const char *service, const char *user, const char *password)
{
	struct answers without, with;
	bool is_same;

	ask(argv[1], service, user, argv[6], &without);
	ask(argv[2], service, user, argv[6], &with);
	is_same = memcmp(without.codes, with.codes, sizeof(with.codes)) == 0;
	printf("%s %s %s %s", is_same ? "same" : "DIFFERS", service, user, password);
	for (int i = 0; i < PHASES; i++) {
		printf(" %d", without.codes[i]);
		if (with.codes[i] != without.codes[i])
			printf("->%d", with.codes[i]);
	}
	printf(" %s %s\n", word(with.opened), word(with.changed));
	return is_same;
}

/* The next entry of a comma list, from *rest; NULL at its end. */
static char *next(char **rest)
{
	return strsep(rest, ",");
}

int main(int argc, char **argv)
{
	int cells = 0, different = 0;
	char *services, *service;

	if (argc != 7) {
		fputs("usage: pam_matrix WITHOUT WITH SERVICES USERS PASSWORDS SHADOW\n", stderr);
		return 99;
	}
	services = strdup(argv[3]);
	while ((service = next(&services)) != NULL) {
		char *users = strdup(argv[4]);
		char *user;

		while ((user = next(&users)) != NULL) {
			char *passwords = strdup(argv[5]);
			char *right = strchr(user, '=');
			char *password;

			if (right)
				*right++ = '\0';
			while ((password = next(&passwords)) != NULL) {
				typed = strcmp(password, "right") == 0 ? (right ? right : "") :
				        strcmp(password, "empty") == 0 ? "" : password;
				cells++;
				different += !compare(argv, service, user, password);
			}
		}
	}
	printf("%d cells, %d differ\n", cells, different);
	return different != 0;
}
