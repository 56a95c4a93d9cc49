/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "helper/keeper/terminal.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/environment.h"
#include "keyring/translate.h"

#define LINE_MAXIMUM 65536
/* Others wait for the vault's prompt to end while it lasts. */
#define PASSPHRASE_MILLISECONDS 120000
#define NO_LIMIT INT64_MAX
#define TRIES 3
#define MINUTE 60000

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
	/* A job in the background would be stopped by its question. */
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO) &&
	       tcgetpgrp(STDIN_FILENO) == getpgrp();
}

bool kt_terminal_is_smart(void)
{
	const char *terminal = kt_environment_get("TERM");

	return isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
}

size_t kt_terminal_columns(void)
{
	struct winsize size = { 0 };

	return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0
	               ? size.ws_col : 0;
}

void kt_terminal_wait_tell(struct kt_terminal_wait *wait, const char *what)
{
	int64_t now = kt_clock_monotonic();
	long long left = (long long)((wait->deadline - now + 999) / 1000);

	left = left < 0 ? 0 : left;
	if (kt_terminal_is_smart()) {
		fputs("\r  ", stderr);
		fprintf(stderr, kt_translate("%s, %lld:%02lld left"), kt_translate(what), left / 60,
		        left % 60);
		fputs(" \033[K", stderr);
		fflush(stderr);
		wait->told = now;
	} else if (wait->told == 0 || now - wait->told >= MINUTE) {
		kt_report_note("%s, %lld:%02lld left", kt_translate(what), left / 60, left % 60);
		wait->told = now;
	}
}

void kt_terminal_wait_end(const struct kt_terminal_wait *wait)
{
	if (wait->told && kt_terminal_is_smart())
		fputs("\r\033[K", stderr);
}

/* A terminal that is asked without echo, and how it was before. */
struct silence {
	int terminal;
	int signals; /* a signalfd; the signals are blocked while nothing is echoed */
	sigset_t before;
	struct termios loud;
	const char *prompt;
};

static bool say(int terminal, const char *text)
{
	size_t length = strlen(text);

	return write(terminal, text, length) == (ssize_t)length;
}

/* Without the canonical mode, which ends a line at 4,095 characters. */
static bool silence_again(const struct silence *silence)
{
	const tcflag_t off = ECHO | ISIG | ICANON | IEXTEN;
	struct termios silent = silence->loud;

	silent.c_lflag &= ~off;
	silent.c_cc[VMIN] = 1;
	silent.c_cc[VTIME] = 0;
	return tcsetattr(silence->terminal, TCSAFLUSH, &silent) == 0 &&
	       say(silence->terminal, silence->prompt);
}

static bool silence_begin(struct silence *silence, struct kt_error *error)
{
	sigset_t held;

	if (tcgetattr(silence->terminal, &silence->loud) != 0)
		return kt_fail(error, KT_ERROR_USAGE, "the terminal cannot be made silent");
	sigemptyset(&held);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGHUP);
	sigaddset(&held, SIGQUIT);
	sigaddset(&held, SIGTSTP);
	silence->signals = signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK);
	if (silence->signals < 0)
		return kt_fail(error, KT_ERROR_INTERNAL, "no signalfd: %s", strerror(errno));
	sigprocmask(SIG_BLOCK, &held, &silence->before);
	return silence_again(silence) ||
	       kt_fail(error, KT_ERROR_USAGE, "the terminal cannot be asked");
}

static void silence_end(const struct silence *silence)
{
	if (silence->signals < 0)
		return;
	tcsetattr(silence->terminal, TCSAFLUSH, &silence->loud);
	say(silence->terminal, "\n");
	close(silence->signals);
	sigprocmask(SIG_SETMASK, &silence->before, NULL);
}

/*
 * Lets a signal have its effect, with the terminal as it was. False: we live, and were not stopped
 * but interrupted.
 */
static bool deliver(struct silence *silence, int number)
{
	sigset_t one;

	tcsetattr(silence->terminal, TCSAFLUSH, &silence->loud);
	say(silence->terminal, "\n");
	sigemptyset(&one);
	sigaddset(&one, number);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	sigprocmask(SIG_BLOCK, &one, NULL);
	return number == SIGTSTP && silence_again(silence);
}

enum event {
	EVENT_BYTE,
	EVENT_SIGNAL,
	EVENT_LATE,
};

/* Waits for a byte or a signal until the deadline, in the monotonic clock's milliseconds. */
static enum event await(const struct silence *silence, int64_t deadline, int *number)
{
	struct pollfd wanted[] = {
		{ .fd = silence->terminal, .events = POLLIN },
		{ .fd = silence->signals, .events = POLLIN },
	};

	for (;;) {
		int64_t left = deadline == NO_LIMIT ? INT32_MAX : deadline - kt_clock_monotonic();
		struct signalfd_siginfo signal;

		if (left <= 0)
			return EVENT_LATE;
		if (poll(wanted, silence->signals < 0 ? 1 : 2,
		         left > INT32_MAX ? INT32_MAX : (int)left) <= 0)
			continue;
		if (silence->signals >= 0 && wanted[1].revents &&
		    read(silence->signals, &signal, sizeof(signal)) == (ssize_t)sizeof(signal)) {
			*number = (int)signal.ssi_signo;
			return EVENT_SIGNAL;
		}
		if (wanted[0].revents)
			return EVENT_BYTE;
	}
}

/* Removes the last character, which may be of several bytes. */
static void rub_out(struct kt_secret *line)
{
	const char *bytes = kt_secret_reveal(line);
	size_t length = kt_secret_length(line);

	while (length > 0 && ((unsigned char)bytes[--length] & 0xc0) == 0x80)
		continue;
	kt_secret_truncate(line, length);
}

static bool is_key(const struct silence *silence, int key, char byte)
{
	cc_t set = silence->loud.c_cc[key];

	return set != _POSIX_VDISABLE && (char)set == byte;
}

enum typed {
	TYPED_TEXT,
	TYPED_LINE,
	TYPED_END,
	TYPED_BREAK,
	TYPED_NOTHING,
};

/* The editing that the canonical mode would do. */
static enum typed edit(struct silence *silence, char byte, struct kt_secret *line, int *number)
{
	*number = 0;
	if (byte == '\n' || byte == '\r')
		return TYPED_LINE;
	if (is_key(silence, VEOF, byte))
		return kt_secret_is_empty(line) ? TYPED_END : TYPED_NOTHING;
	if (is_key(silence, VINTR, byte))
		return TYPED_BREAK;
	if (is_key(silence, VQUIT, byte))
		*number = SIGQUIT;
	else if (is_key(silence, VSUSP, byte))
		*number = SIGTSTP;
	else if (is_key(silence, VKILL, byte) || is_key(silence, VWERASE, byte))
		kt_secret_truncate(line, 0);
	else if (is_key(silence, VERASE, byte) || byte == '\b' || byte == 0x7f)
		rub_out(line);
	else
		return TYPED_TEXT;
	return TYPED_NOTHING;
}

static bool fail_nothing(struct kt_error *error)
{
	kt_fail(error, KT_ERROR_USAGE, "nothing was typed");
	return kt_advise(error, "run the command again");
}

/* Ctrl-C is a character here, and an answer: the caller says which exit status it has. */
static bool fail_broken_off(struct kt_error *error)
{
	kt_fail(error, KT_ERROR_USAGE, "broken off with Ctrl-C");
	return kt_advise(error, "run the command again");
}

static bool read_silently(struct silence *silence, int64_t deadline, struct kt_secret *line,
                          struct kt_error *error)
{
	for (;;) {
		int number = 0;
		enum event event = await(silence, deadline, &number);
		enum typed typed = TYPED_NOTHING;
		char byte;

		if (event == EVENT_LATE)
			return kt_fail(error, KT_ERROR_USAGE, "nobody typed an answer in time");
		if (event == EVENT_BYTE) {
			if (read(silence->terminal, &byte, 1) != 1)
				return fail_nothing(error);
			typed = edit(silence, byte, line, &number);
		}
		if (number) {
			kt_secret_truncate(line, 0);
			if (!deliver(silence, number))
				return fail_nothing(error);
		}
		if (typed == TYPED_LINE)
			return true;
		if (typed == TYPED_BREAK)
			return fail_broken_off(error);
		if (typed == TYPED_END || kt_secret_length(line) > LINE_MAXIMUM)
			return fail_nothing(error);
		if (typed == TYPED_TEXT && !kt_secret_append(line, &byte, 1, error))
			return false;
	}
}

static bool ask_silently(int terminal, const char *prompt, int64_t deadline,
                         struct kt_secret *line, struct kt_error *error)
{
	struct silence silence = { .terminal = terminal, .signals = -1, .prompt = prompt };
	bool done = silence_begin(&silence, error) &&
	            read_silently(&silence, deadline, line, error);

	silence_end(&silence);
	return done;
}

/* One character at a time, so that not a byte of the next line is taken. */
static bool read_line(int terminal, int64_t deadline, struct kt_secret *line,
                      struct kt_error *error)
{
	const struct silence loud = { .terminal = terminal, .signals = -1 };

	for (;;) {
		int number;
		char byte;
		ssize_t got;

		if (await(&loud, deadline, &number) == EVENT_LATE)
			return kt_fail(error, KT_ERROR_USAGE, "nobody typed an answer in time");
		got = read(terminal, &byte, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || kt_secret_length(line) > LINE_MAXIMUM) {
			say(terminal, "\n");
			return fail_nothing(error);
		}
		if (byte == '\n')
			return true;
		if (!kt_secret_append(line, &byte, 1, error))
			return false;
	}
}

static bool ask(const char *prompt, bool echo, int64_t deadline, struct kt_secret *line,
                struct kt_error *error)
{
	KT_CLEANUP(kt_descriptor_close) int terminal = open_terminal();

	kt_secret_clear(line);
	if (terminal < 0)
		return kt_fail(error, KT_ERROR_USAGE, "there is no terminal to ask");
	if (!echo)
		return ask_silently(terminal, kt_translate(prompt), deadline, line, error);
	return (say(terminal, kt_translate(prompt)) && read_line(terminal, deadline, line, error)) ||
	       kt_fail(error, KT_ERROR_USAGE, "the terminal cannot be asked");
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

bool kt_terminal_confirm(const char *prompt, bool *yes, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret line = { 0 };

	if (!kt_terminal_ask(prompt, &line, error))
		return false;
	*yes = strcasecmp(kt_secret_reveal(&line), "y") == 0 ||
	       strcasecmp(kt_secret_reveal(&line), "yes") == 0;
	return true;
}

static const char *vault_prompt(const struct kt_passphrase_question *question)
{
	if (question->takes_passphrase && question->takes_recovery_code)
		return KT_TEXT("Passphrase or recovery code of keyturn's vault: ");
	return question->takes_recovery_code ? KT_TEXT("Recovery code of keyturn's vault: ")
	                                     : KT_TEXT("Passphrase of keyturn's vault: ");
}

bool kt_terminal_ask_vault_passphrase(const struct kt_passphrase_question *question,
                                      struct kt_secret *passphrase, struct kt_error *error)
{
	int64_t deadline = kt_clock_monotonic() + PASSPHRASE_MILLISECONDS;
	struct kt_error cause = { 0 };

	if (question->left && question->is_mistyped)
		kt_report_note("a letter of the recovery code is mistyped, try again (%d left)",
		               question->left);
	else if (question->left)
		kt_report_note("wrong, try again (%d left)", question->left);
	if (ask(vault_prompt(question), false, deadline, passphrase, &cause))
		return true;
	kt_fail(error, KT_ERROR_DISMISSED, "the vault's passphrase was not given: %s",
	        cause.message);
	return kt_advise(error, "run: keyturn unlock");
}

bool kt_terminal_ask_pin(struct kt_secret *pin, struct kt_error *error)
{
	return ask(KT_TEXT("PIN of the security key: "), false,
	           kt_clock_monotonic() + PASSPHRASE_MILLISECONDS, pin, error);
}

void kt_terminal_tell(const char *line)
{
	KT_CLEANUP(kt_descriptor_close) int terminal = open_terminal();

	if (terminal >= 0 && say(terminal, line))
		say(terminal, "\n");
}

bool kt_terminal_ask_new_passphrase(struct kt_secret *passphrase, struct kt_error *error)
{
	for (int left = TRIES - 1;; left--) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret again = { 0 };
		bool is_empty;

		if (!ask(KT_TEXT("New passphrase for keyturn's "
		                 "vault: "), false, NO_LIMIT, passphrase, error))
			return false;
		is_empty = kt_secret_is_empty(passphrase);
		if (!is_empty && !ask(KT_TEXT("The same again: "), false, NO_LIMIT, &again, error))
			return false;
		if (!is_empty && kt_secret_is_equal(passphrase, &again))
			return true;
		if (left == 0 && is_empty)
			return kt_fail(error, KT_ERROR_USAGE, "a passphrase cannot be empty");
		if (left == 0)
			return kt_fail(error, KT_ERROR_USAGE, "the two passphrases differ");
		if (is_empty)
			kt_report_note("a passphrase cannot be empty, try again (%d left)", left);
		else
			kt_report_note("the two differ, try again (%d left)", left);
	}
}
