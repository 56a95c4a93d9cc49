/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/keeper/doctor/doctor.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/secret.h"

/* git reads a few files; one that hangs is not waited for. */
#define PATIENCE 3000
#define OUTPUT_MAXIMUM ((size_t)65536)
#define KEY_SHOWN 120

/* git itself reads its configuration: it has includes, conditions and four places. */
static bool start(char *const *environment, pid_t *pid, int *output)
{
	char *arguments[] = { "git", "config", "--null", "--get-regexp",
		              "^credential\\.(.*\\.)?helper$", NULL };
	posix_spawn_file_actions_t actions;
	int ends[2];
	bool done;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	done = posix_spawnp(pid, arguments[0], &actions, NULL, arguments, environment) == 0;
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	*output = ends[0];
	if (!done)
		kt_descriptor_close(output);
	return done;
}

/* All that it says, in time. */
static bool read_output(int output, struct kt_secret *text)
{
	int64_t deadline = kt_clock_monotonic() + PATIENCE;
	struct kt_error ignored = { 0 };
	size_t taken = 1;

	while (taken > 0) {
		struct pollfd entry = { .fd = output, .events = POLLIN };
		int64_t left = deadline - kt_clock_monotonic();
		int ready = left > 0 ? poll(&entry, 1, (int)left) : 0;

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0 || kt_secret_length(text) > OUTPUT_MAXIMUM ||
		    !kt_secret_read_some(text, output, &taken, &ignored))
			return false;
	}
	return true;
}

static bool read_configuration(char *const *environment, struct kt_secret *text)
{
	KT_CLEANUP(kt_descriptor_close) int output = -1;
	pid_t pid = 0;
	int status = 0;
	bool done;

	if (!start(environment, &pid, &output))
		return false;
	done = read_output(output, text);
	if (!done)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	/* 1: no such setting. */
	return done && WIFEXITED(status) && WEXITSTATUS(status) <= 1;
}

/* The program is keyturn, as a line of the configuration names it. */
static bool is_keyturn(const char *program, size_t length, bool is_path)
{
	static const char *const names[] = { "keyturn", "git-credential-keyturn" };
	const char *slash = memrchr(program, '/', length);

	if (slash) {
		length -= (size_t)(slash + 1 - program);
		program = slash + 1;
	}
	/* Of a bare name git makes git-credential-NAME. */
	for (size_t i = 0; i < (is_path ? KT_COUNT(names) : 1); i++)
		if (strlen(names[i]) == length && memcmp(names[i], program, length) == 0)
			return true;
	return false;
}

/* What stands behind keyturn in a helper's line; NULL where the helper is another. */
static const char *words_behind(const char *helper)
{
	bool is_snippet = helper[0] == '!';
	size_t length;

	helper += is_snippet;
	helper += strspn(helper, " \t");
	length = strcspn(helper, " \t");
	if (!is_keyturn(helper, length, is_snippet || helper[0] == '/'))
		return NULL;
	helper += length;
	return helper + strspn(helper, " \t");
}

/* key ends at its LF. A URL in it may hold a password. */
static void check_line(struct kt_findings *findings, const char *key, const char *helper,
                       bool *is_asked)
{
	const char *words = words_behind(helper);
	int length = (int)strcspn(key, "\n");

	if (memchr(key, '@', (size_t)length) || length > KEY_SHOWN) {
		key = "credential.<url>.helper";
		length = (int)strlen(key);
	}
	if (!words)
		return;
	if (!*words) {
		*is_asked = true;
		return;
	}
	kt_findings_add(findings, "git", KT_FINDING_WARNING,
	                "run: git config --global --replace-all credential.helper keyturn",
	                "git's setting %.*s has words behind keyturn, which takes none there: it "
	                "answers nothing", length, key);
}

void kt_doctor_check_git(struct kt_findings *findings, const struct kt_keeper *keeper)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	size_t before = findings->count;
	bool is_asked = false;
	const char *line;
	const char *end;

	if (!read_configuration(keeper->environment, &text))
		return;
	line = kt_secret_reveal(&text);
	end = line + kt_secret_length(&text);
	/* KEY LF VALUE NUL; a key without a value has no LF. */
	for (; line < end; line += strlen(line) + 1) {
		const char *helper = strchr(line, '\n');

		if (helper)
			check_line(findings, line, helper + 1, &is_asked);
	}
	if (is_asked)
		kt_findings_add(findings, "git", KT_FINDING_OK, NULL, "git asks keyturn");
	else if (findings->count == before)
		kt_findings_add(findings, "git", KT_FINDING_OK,
		                "to have it asked: git config --global credential.helper keyturn",
		                "git does not ask keyturn");
}
