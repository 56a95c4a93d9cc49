/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "helper/keeper/terminal.h"
#include "helper/keeper/terminal_keys.h"
#include "helper/report.h"
#include "helper/wrap.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/environment.h"
#include "keyring/translate.h"

#define LINE_MAXIMUM 65536
/* Others wait for the vault's prompt to end while it lasts. */
#define PASSPHRASE_MILLISECONDS 120000
#define TRIES 3
#define MINUTE 60000
#define TEXT_MAXIMUM 1024

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

static bool read_silently(struct kt_terminal_keys *keys, int64_t deadline, struct kt_secret *line,
                          struct kt_error *error)
{
	for (;;) {
		int number = 0;
		enum kt_terminal_event event = kt_terminal_keys_await(keys, deadline, &number);
		enum kt_terminal_typed typed = KT_TYPED_NOTHING;
		char byte;

		if (event == KT_TERMINAL_LATE)
			return kt_fail(error, KT_ERROR_USAGE, "nobody typed an answer in time");
		if (event == KT_TERMINAL_BYTE) {
			if (read(keys->terminal, &byte, 1) != 1)
				return fail_nothing(error);
			typed = kt_terminal_keys_edit(keys, byte, line, &number);
		}
		if (number) {
			kt_secret_truncate(line, 0);
			if (!kt_terminal_keys_deliver(keys, number))
				return fail_nothing(error);
		}
		if (typed == KT_TYPED_LINE)
			return true;
		if (typed == KT_TYPED_BREAK)
			return fail_broken_off(error);
		if (typed == KT_TYPED_END || kt_secret_length(line) > LINE_MAXIMUM)
			return fail_nothing(error);
		if (typed == KT_TYPED_TEXT && !kt_secret_append(line, &byte, 1, error))
			return false;
	}
}

static bool ask_silently(int terminal, const char *prompt, int64_t deadline,
                         struct kt_secret *line, struct kt_error *error)
{
	struct kt_terminal_keys keys = { .terminal = terminal, .signals = -1, .prompt = prompt };
	bool done = kt_terminal_keys_begin(&keys, error) &&
	            read_silently(&keys, deadline, line, error);

	kt_terminal_keys_end(&keys);
	return done;
}

/* One character at a time, so that not a byte of the next line is taken. */
static bool read_line(int terminal, int64_t deadline, struct kt_secret *line,
                      struct kt_error *error)
{
	const struct kt_terminal_keys loud = { .terminal = terminal, .signals = -1 };

	for (;;) {
		int number;
		char byte;
		ssize_t got;

		if (kt_terminal_keys_await(&loud, deadline, &number) == KT_TERMINAL_LATE)
			return kt_fail(error, KT_ERROR_USAGE, "nobody typed an answer in time");
		got = read(terminal, &byte, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || kt_secret_length(line) > LINE_MAXIMUM) {
			kt_terminal_say(terminal, "\n");
			return fail_nothing(error);
		}
		if (byte == '\n')
			return true;
		if (!kt_secret_append(line, &byte, 1, error))
			return false;
	}
}

/* The text, a single line, broken between words where the terminal is narrower. */
static const char *fit(int terminal, const char *text, char lines[static TEXT_MAXIMUM])
{
	struct winsize size = { 0 };

	if (strchr(text, '\n') || ioctl(terminal, TIOCGWINSZ, &size) != 0)
		return text;
	kt_wrap(text, size.ws_col, lines, TEXT_MAXIMUM);
	return lines;
}

static bool ask(const char *question, bool echo, int64_t deadline, struct kt_secret *line,
                struct kt_error *error)
{
	KT_CLEANUP(kt_descriptor_close) int terminal = open_terminal();
	char lines[TEXT_MAXIMUM];
	const char *prompt;

	kt_secret_clear(line);
	if (terminal < 0)
		return kt_fail(error, KT_ERROR_USAGE, "there is no terminal to ask");
	prompt = fit(terminal, kt_translate(question), lines);
	if (!echo)
		return ask_silently(terminal, prompt, deadline, line, error);
	return (kt_terminal_say(terminal, prompt) &&
	        read_line(terminal, deadline, line, error)) ||
	       kt_fail(error, KT_ERROR_USAGE, "the terminal cannot be asked");
}

bool kt_terminal_ask(const char *prompt, struct kt_secret *line, struct kt_error *error)
{
	if (!ask(prompt, true, KT_TERMINAL_NO_LIMIT, line, error))
		return false;
	kt_secret_trim(line);
	return true;
}

bool kt_terminal_ask_secret(const char *prompt, struct kt_secret *line, struct kt_error *error)
{
	return ask(prompt, false, KT_TERMINAL_NO_LIMIT, line, error);
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
	static const char *const prompts[2][2][2] = {
		{ { KT_TEXT("Passphrase of keyturn's vault: "),
		    KT_TEXT("Recovery code of keyturn's vault: ") },
		  { KT_TEXT("Login password, which opens keyturn's vault: "),
		    KT_TEXT("Login password, or recovery code of keyturn's vault: ") } },
		{ { KT_TEXT("Passphrase of keyturn's vault: "),
		    KT_TEXT("Passphrase or recovery code of keyturn's vault: ") },
		  { KT_TEXT("Passphrase of keyturn's vault, or login password: "),
		    KT_TEXT("Passphrase or recovery code of keyturn's vault, or login password: ") } },
	};

	return prompts[question->takes_passphrase][question->takes_login_password]
	              [question->takes_recovery_code];
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
	char lines[TEXT_MAXIMUM];

	if (terminal >= 0 && kt_terminal_say(terminal, fit(terminal, line, lines)))
		kt_terminal_say(terminal, "\n");
}

bool kt_terminal_ask_new_passphrase(struct kt_secret *passphrase, struct kt_error *error)
{
	for (int left = TRIES - 1;; left--) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret again = { 0 };
		bool is_empty;

		if (!ask(KT_TEXT("New passphrase for keyturn's "
		                 "vault: "), false, KT_TERMINAL_NO_LIMIT, passphrase, error))
			return false;
		is_empty = kt_secret_is_empty(passphrase);
		if (!is_empty &&
		    !ask(KT_TEXT("The same again: "), false, KT_TERMINAL_NO_LIMIT, &again, error))
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
