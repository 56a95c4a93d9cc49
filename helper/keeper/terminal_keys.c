/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "helper/keeper/terminal_keys.h"
#include "keyring/clock.h"

bool kt_terminal_say(int terminal, const char *text)
{
	size_t length = strlen(text);

	return write(terminal, text, length) == (ssize_t)length;
}

/* Without the canonical mode, which ends a line at 4,095 characters. */
bool kt_terminal_keys_again(const struct kt_terminal_keys *keys)
{
	const tcflag_t off = ECHO | ISIG | ICANON | IEXTEN;
	struct termios silent = keys->loud;

	silent.c_lflag &= ~off;
	silent.c_cc[VMIN] = 1;
	silent.c_cc[VTIME] = 0;
	return tcsetattr(keys->terminal, TCSAFLUSH, &silent) == 0 &&
	       kt_terminal_say(keys->terminal, keys->prompt);
}

bool kt_terminal_keys_begin(struct kt_terminal_keys *keys, struct kt_error *error)
{
	sigset_t held;

	if (tcgetattr(keys->terminal, &keys->loud) != 0)
		return kt_fail(error, KT_ERROR_USAGE, "the terminal cannot be made silent");
	sigemptyset(&held);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGHUP);
	sigaddset(&held, SIGQUIT);
	sigaddset(&held, SIGTSTP);
	if (keys->wants_resize)
		sigaddset(&held, SIGWINCH);
	keys->signals = signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK);
	if (keys->signals < 0)
		return kt_fail(error, KT_ERROR_INTERNAL, "no signalfd: %s", strerror(errno));
	sigprocmask(SIG_BLOCK, &held, &keys->before);
	return kt_terminal_keys_again(keys) ||
	       kt_fail(error, KT_ERROR_USAGE, "the terminal cannot be asked");
}

void kt_terminal_keys_end(const struct kt_terminal_keys *keys)
{
	if (keys->signals < 0)
		return;
	tcsetattr(keys->terminal, TCSAFLUSH, &keys->loud);
	kt_terminal_say(keys->terminal, "\n");
	close(keys->signals);
	sigprocmask(SIG_SETMASK, &keys->before, NULL);
}

bool kt_terminal_keys_deliver(struct kt_terminal_keys *keys, int number)
{
	sigset_t one;

	tcsetattr(keys->terminal, TCSAFLUSH, &keys->loud);
	kt_terminal_say(keys->terminal, "\n");
	sigemptyset(&one);
	sigaddset(&one, number);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	sigprocmask(SIG_BLOCK, &one, NULL);
	return number == SIGTSTP && kt_terminal_keys_again(keys);
}

enum kt_terminal_event kt_terminal_keys_await(const struct kt_terminal_keys *keys, int64_t deadline,
                                              int *number)
{
	struct pollfd wanted[] = {
		{ .fd = keys->terminal, .events = POLLIN },
		{ .fd = keys->signals, .events = POLLIN },
	};

	for (;;) {
		int64_t left = deadline == KT_TERMINAL_NO_LIMIT
			? INT32_MAX : deadline - kt_clock_monotonic();
		struct signalfd_siginfo signal;

		if (left <= 0)
			return KT_TERMINAL_LATE;
		if (poll(wanted, keys->signals < 0 ? 1 : 2,
		         left > INT32_MAX ? INT32_MAX : (int)left) <= 0)
			continue;
		if (keys->signals >= 0 && wanted[1].revents &&
		    read(keys->signals, &signal, sizeof(signal)) == (ssize_t)sizeof(signal)) {
			*number = (int)signal.ssi_signo;
			return KT_TERMINAL_SIGNAL;
		}
		if (wanted[0].revents)
			return KT_TERMINAL_BYTE;
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

static bool is_key(const struct kt_terminal_keys *keys, int key, char byte)
{
	cc_t set = keys->loud.c_cc[key];

	return set != _POSIX_VDISABLE && (char)set == byte;
}

enum kt_terminal_typed kt_terminal_keys_edit(struct kt_terminal_keys *keys, char byte,
                                             struct kt_secret *line, int *number)
{
	*number = 0;
	if (byte == '\n' || byte == '\r')
		return KT_TYPED_LINE;
	if (is_key(keys, VEOF, byte))
		return kt_secret_is_empty(line) ? KT_TYPED_END : KT_TYPED_NOTHING;
	if (is_key(keys, VINTR, byte))
		return KT_TYPED_BREAK;
	if (is_key(keys, VQUIT, byte))
		*number = SIGQUIT;
	else if (is_key(keys, VSUSP, byte))
		*number = SIGTSTP;
	else if (is_key(keys, VKILL, byte) || is_key(keys, VWERASE, byte))
		kt_secret_truncate(line, 0);
	else if (is_key(keys, VERASE, byte) || byte == '\b' || byte == 0x7f)
		rub_out(line);
	else
		return KT_TYPED_TEXT;
	return KT_TYPED_NOTHING;
}
