/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/environment.h"
#include "keyring/key_command.h"
#include "keyring/local_socket.h"
#include "keyring/secret_file.h"
#include "keyring/text.h"

#define VARIABLE "KEYTURN_VAULT_KEY_COMMAND"
#define LINE_MAXIMUM 4096
#define WORDS 64
#define KEY_MINIMUM 32
#define KEY_MAXIMUM 65536
#define PATIENCE 5000
#define PERSON 120000

static bool read_configured(const char *path, char **command, struct kt_error *error)
{
	static const struct kt_secret_file_rule rule = {
		.may_be_roots = true,
		.forbidden = S_IWGRP | S_IWOTH,
		.most = LINE_MAXIMUM,
	};
	KT_CLEANUP(kt_descriptor_close) int descriptor = -1;
	KT_CLEANUP(kt_secret_clear) struct kt_secret line = { 0 };
	enum kt_secret_file verdict = kt_secret_file_open(path, &rule, &descriptor, NULL);

	if (verdict == KT_SECRET_FILE_UNREADABLE && (errno == ENOENT || errno == ENOTDIR))
		return true;
	if (verdict != KT_SECRET_FILE_OPENED) {
		kt_fail(error, KT_ERROR_UNSAFE, "%s is not a small file that you alone can write",
		        path);
		return kt_advise(error, "let it hold one line, and be yours");
	}
	if (!kt_secret_read(&line, descriptor, LINE_MAXIMUM, error))
		return false;
	kt_secret_trim(&line);
	return kt_secret_is_empty(&line) || kt_text_set(command, kt_secret_reveal(&line), error);
}

bool kt_key_command_find(char **command, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *directory = NULL;
	KT_CLEANUP(kt_text_free) char *path = NULL;
	const char *named = kt_environment_get(VARIABLE);

	kt_text_free(command);
	if (named)
		return kt_text_set(command, named, error);
	return kt_environment_config_directory(&directory, error) &&
	       kt_text_format(&path, error, "%s/vault-key-command", directory) &&
	       read_configured(path, command, error);
}

/*
 * Splits the line in place: words stand apart by blanks, quotes of either kind keep them, and a
 * backslash outside of single ones keeps the next character. Nothing else means anything.
 */
static bool split(char *line, char *words[static WORDS + 1], struct kt_error *error)
{
	char *target = line;
	size_t count = 0;
	char quote = '\0';

	while (*line && count < WORDS) {
		line += strspn(line, " \t");
		if (!*line)
			break;
		words[count++] = target;
		while (*line && (quote || !strchr(" \t", *line))) {
			if (quote ? *line == quote : *line == '"' || *line == '\'')
				quote = quote ? '\0' : *line;
			else if (*line == '\\' && quote != '\'' && line[1])
				*target++ = *++line;
			else
				*target++ = *line;
			line++;
		}
		line += *line != '\0';
		*target++ = '\0';
	}
	words[count] = NULL;
	if (count > 0 && !quote && *line == '\0')
		return true;
	kt_fail(error, KT_ERROR_USAGE, "KEYTURN_VAULT_KEY_COMMAND is not a program and its words");
	return kt_advise(error, "quote words that hold blanks; it is not a shell's line");
}

/* In the child. One that would ask the vault itself ends there. */
static void become(char *const words[], int output, bool asks)
{
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	signal(SIGPIPE, SIG_DFL);
	setenv(VARIABLE, "false", 1);
	if (!asks)
		setsid();
	if (dup2(output, STDOUT_FILENO) >= 0 &&
	    (asks || (dup2(nothing, STDIN_FILENO) >= 0 && dup2(nothing, STDERR_FILENO) >= 0)))
		execvp(words[0], words);
	_exit(127);
}

/* Reads until the end, or until it is more than a key; false where that is not in time. */
static bool read_output(int output, int64_t deadline, struct kt_secret *material,
                        struct kt_error *error)
{
	size_t taken = 1;

	while (taken > 0 && kt_secret_length(material) <= KEY_MAXIMUM) {
		struct pollfd wanted = { .fd = output, .events = POLLIN };
		int ready = poll(&wanted, 1, kt_local_socket_time_left(deadline));

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return kt_fail(error, KT_ERROR_LOCKED, "KEYTURN_VAULT_KEY_COMMAND does not end");
		if (!kt_secret_read_some(material, output, &taken, error))
			return false;
	}
	return true;
}

static bool check(const struct kt_secret *material, int status, struct kt_error *error)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return kt_fail(error, KT_ERROR_LOCKED, "KEYTURN_VAULT_KEY_COMMAND names no "
		               "program that is here");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return kt_fail(error, KT_ERROR_LOCKED, "KEYTURN_VAULT_KEY_COMMAND failed "
		               "(status %d)",
		               WIFEXITED(status) ? WEXITSTATUS(status)
		                                 : 128 + WTERMSIG(status));
	if (kt_secret_length(material) < KEY_MINIMUM || kt_secret_length(material) > KEY_MAXIMUM)
		return kt_fail(error, KT_ERROR_LOCKED, "KEYTURN_VAULT_KEY_COMMAND did not "
		               "print %d to %d bytes",
		               KEY_MINIMUM, KEY_MAXIMUM);
	return true;
}

static bool run(char *const words[], bool asks, struct kt_secret *material,
                struct kt_error *error)
{
	KT_CLEANUP(kt_descriptor_close) int output = -1;
	int status = 0;
	bool is_read;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return kt_fail(error, KT_ERROR_INTERNAL, "no pipe: %s", strerror(errno));
	output = ends[0];
	pid = fork();
	if (pid == 0)
		become(words, ends[1], asks);
	close(ends[1]);
	if (pid < 0)
		return kt_fail(error, KT_ERROR_INTERNAL, "no process: %s", strerror(errno));
	is_read = read_output(output, kt_clock_monotonic() + (asks ? PERSON : PATIENCE), material,
	                      error);
	/* Behind its end of output it has nothing to do; what it started goes with it. */
	if (!is_read || kt_secret_length(material) > KEY_MAXIMUM)
		kill(asks ? pid : -pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return is_read && check(material, status, error);
}

bool kt_key_command_run(const char *command, bool asks, struct kt_secret *material,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *line = NULL;
	char *words[WORDS + 1];

	kt_secret_clear(material);
	if (!kt_text_set(&line, command, error) || !split(line, words, error))
		return false;
	return run(words, asks, material, error) ||
	       kt_advise(error, "run it by hand, and see what it says");
}
