/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "helper/keeper/terminal.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"

#define LINE_MAXIMUM 65536
/* Others wait for the vault's prompt to end while it lasts. */
#define PASSPHRASE_MILLISECONDS 120000
#define NO_LIMIT INT64_MAX

static int open_terminal(void)
{
	return open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
}

bool kt_terminal_is_there(void)
{
	KT_CLEANUP(kt_descriptor_close) int terminal = open_terminal();

	return terminal >= 0;
}

bool kt_terminal_is_interactive(void)
{
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

/* False when the deadline, in the monotonic clock's milliseconds, has passed. */
static bool wait_for_line(int terminal, int64_t deadline)
{
	struct pollfd wanted = { .fd = terminal, .events = POLLIN };

	while (deadline != NO_LIMIT) {
		int64_t left = deadline - kt_clock_monotonic();

		if (left <= 0)
			return false;
		if (poll(&wanted, 1, (int)left) > 0)
			return true;
	}
	return true;
}

/* One character at a time, so that not a byte of the next line is taken. */
static bool read_line(int terminal, int64_t deadline, struct kt_secret *line,
                      struct kt_error *error)
{
	for (;;) {
		char byte;
		ssize_t got;

		if (!wait_for_line(terminal, deadline))
			return kt_fail(error, KT_ERROR_USAGE, "nobody typed an answer in time");
		got = read(terminal, &byte, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || kt_secret_length(line) > LINE_MAXIMUM)
			return kt_fail(error, KT_ERROR_USAGE, "nothing was typed");
		if (byte == '\n')
			return true;
		if (!kt_secret_append(line, &byte, 1, error))
			return false;
	}
}

static bool say(int terminal, const char *text)
{
	size_t length = strlen(text);

	return write(terminal, text, length) == (ssize_t)length;
}

/*
 * While nothing is echoed the signals that would end us wait: a terminal left silent is worse
 * than a Ctrl-C that takes effect at the end of the line. Ctrl-C itself is read as a character.
 */
static bool ask_silently(int terminal, const char *prompt, int64_t deadline,
                         struct kt_secret *line, struct kt_error *error)
{
	struct termios loud;
	struct termios silent;
	sigset_t held;
	sigset_t before;
	bool done;

	if (tcgetattr(terminal, &loud) != 0)
		return kt_fail(error, KT_ERROR_USAGE, "the terminal cannot be made silent");
	sigemptyset(&held);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGTSTP);
	sigprocmask(SIG_BLOCK, &held, &before);
	silent = loud;
	silent.c_lflag &= (tcflag_t)~(ECHO | ISIG);
	silent.c_cc[VEOF] = 3;
	done = tcsetattr(terminal, TCSAFLUSH, &silent) == 0 && say(terminal, prompt) &&
	       read_line(terminal, deadline, line, error);
	tcsetattr(terminal, TCSAFLUSH, &loud);
	say(terminal, "\n");
	sigprocmask(SIG_SETMASK, &before, NULL);
	return done || kt_fail(error, KT_ERROR_USAGE, "the terminal cannot be asked");
}

static bool ask(const char *prompt, bool echo, int64_t deadline, struct kt_secret *line,
                struct kt_error *error)
{
	KT_CLEANUP(kt_descriptor_close) int terminal = open_terminal();

	if (terminal < 0)
		return kt_fail(error, KT_ERROR_USAGE, "there is no terminal to ask");
	if (!echo)
		return ask_silently(terminal, prompt, deadline, line, error);
	return say(terminal, prompt) && read_line(terminal, deadline, line, error);
}

bool kt_terminal_ask(const char *prompt, struct kt_secret *line, struct kt_error *error)
{
	if (!ask(prompt, true, NO_LIMIT, line, error))
		return false;
	kt_secret_trim(line);
	return true;
}

bool kt_terminal_ask_secret(const char *prompt, struct kt_secret *line, struct kt_error *error)
{
	return ask(prompt, false, NO_LIMIT, line, error);
}

bool kt_terminal_ask_vault_passphrase(struct kt_secret *passphrase, struct kt_error *error)
{
	int64_t deadline = kt_clock_monotonic() + PASSPHRASE_MILLISECONDS;
	struct kt_error cause = { 0 };

	if (ask("Passphrase of keyturn's vault: ", false, deadline, passphrase, &cause))
		return true;
	kt_fail(error, KT_ERROR_DISMISSED, "the vault's passphrase was not given: %s",
	        cause.message);
	return kt_advise(error, "run: keyturn unlock");
}

bool kt_terminal_ask_new_passphrase(struct kt_secret *passphrase, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret again = { 0 };

	if (!ask("New passphrase for keyturn's vault: ", false, NO_LIMIT, passphrase, error) ||
	    !ask("The same again: ", false, NO_LIMIT, &again, error))
		return false;
	if (kt_secret_is_empty(passphrase))
		return kt_fail(error, KT_ERROR_USAGE, "a passphrase cannot be empty");
	if (!kt_secret_is_equal(passphrase, &again))
		return kt_fail(error, KT_ERROR_USAGE, "the two passphrases differ");
	return true;
}
