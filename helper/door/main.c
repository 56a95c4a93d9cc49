/* SPDX-License-Identifier: MIT */
#include "config.h"

/*
 * The door: program keyturn, also git-credential-keyturn. It becomes the keeper, with the same
 * arguments and environment.
 */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "helper/answer.h"
#include "helper/libexec.h"
#include "keyring/cleanup.h"

extern char **environ;

static int fail(const struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	struct kt_error ignored = { 0 };

	if (kt_secret_append_text(&text, "keyturn: ", &ignored) &&
	    kt_secret_append_text(&text, error->message, &ignored) &&
	    (error->remedy[0] == '\0' ||
	     (kt_secret_append_text(&text, "\nkeyturn: ", &ignored) &&
	      kt_secret_append_text(&text, error->remedy, &ignored))) &&
	    kt_secret_append_text(&text, "\n", &ignored))
		kt_answer_send(STDERR_FILENO, &text, &ignored);
	return kt_error_exit_status(error->code);
}

/*
 * A descriptor that our caller closed is taken, so that no pipe or key comes to lie there, but
 * in the wrong direction: reading from it or writing to it still fails.
 */
static bool take_standard_descriptors(struct kt_error *error)
{
	for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++) {
		int direction = descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY;

		if (fcntl(descriptor, F_GETFD) < 0 && open("/dev/null", direction) != descriptor)
			return kt_fail(error, KT_ERROR_INTERNAL, "/dev/null cannot be opened");
	}
	return true;
}

static bool guard(struct kt_error *error)
{
	if (!take_standard_descriptors(error))
		return false;
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (!getauxval(AT_SECURE))
		return true;
	kt_fail(error, KT_ERROR_UNSAFE, "keyturn was started with another user's rights");
	return kt_advise(error, "remove its setuid, setgid or file capability bits");
}

static bool become_keeper(char **arguments, struct kt_error *error)
{
	const char *path = kt_libexec_path(KT_LIBEXEC_KEEPER);

	execve(path, arguments, environ);
	kt_fail(error, KT_ERROR_INTERNAL, "%s cannot be run: %s", path, strerror(errno));
	return kt_advise(error, "install keyturn again, all of it: make install");
}

int main(int count, char **arguments)
{
	struct kt_error error = { 0 };

	(void)count;
	if (guard(&error))
		become_keeper(arguments, &error);
	return fail(&error);
}
