/* SPDX-License-Identifier: MIT */
#include "config.h"

/*
 * The door: program keyturn, also git-credential-keyturn. It answers from the kernel cache, and
 * otherwise becomes the keeper, with the same arguments and environment and with the bytes that
 * it has read of stdin.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "helper/answer.h"
#include "helper/courier_start.h"
#include "helper/door/hot.h"
#include "helper/libexec.h"
#include "keyring/cleanup.h"

extern char **environ;

/* An error without words was told on stdout. */
static int fail(const struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	struct kt_error ignored = { 0 };

	if (error->message[0] != '\0' && kt_secret_append_text(&text, "keyturn: ", &ignored) &&
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

static bool write_whole(int descriptor, const struct kt_secret *bytes)
{
	size_t length = kt_secret_length(bytes);

	return write(descriptor, kt_secret_reveal(bytes), length) == (ssize_t)length;
}

/* A pipe, which is never swapped; false where it does not take all of it at once. */
static bool fill_pipe(int *source, const struct kt_secret *bytes)
{
	int ends[2];
	bool is_filled;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	is_filled = fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0 && write_whole(ends[1], bytes);
	close(ends[1]);
	*source = ends[0];
	if (!is_filled)
		kt_descriptor_close(source);
	return is_filled;
}

static bool fill_memory(int *source, const struct kt_secret *bytes)
{
	*source = memfd_create("keyturn-request", MFD_CLOEXEC);
	if (*source >= 0 && write_whole(*source, bytes) && lseek(*source, 0, SEEK_SET) == 0)
		return true;
	kt_descriptor_close(source);
	return false;
}

/* Puts what was read of stdin before the keeper again. */
static bool give_back(const struct kt_secret *input, struct kt_error *error)
{
	KT_CLEANUP(kt_descriptor_close) int source = -1;

	if (kt_secret_is_empty(input))
		return true;
	if (!fill_pipe(&source, input) && !fill_memory(&source, input))
		return kt_fail(error, KT_ERROR_INTERNAL, "the request cannot be handed on: %s",
		               strerror(errno));
	if (dup2(source, STDIN_FILENO) < 0)
		return kt_fail(error, KT_ERROR_INTERNAL, "the request cannot be handed on: %s",
		               strerror(errno));
	return true;
}

/* True if a token will be renewed: "refresh" by itself or with an account. */
static bool is_renewal(int count, char **arguments)
{
	return count >= 2 && strcmp(arguments[1], "refresh") == 0 &&
	       (count == 2 || arguments[2][0] != '-');
}

static bool become_keeper(char **arguments, const struct kt_secret *input,
                          struct kt_error *error)
{
	const char *path = kt_libexec_path(KT_LIBEXEC_KEEPER);

	if (!give_back(input, error))
		return false;
	execve(path, arguments, environ);
	kt_fail(error, KT_ERROR_INTERNAL, "%s cannot be run: %s", path, strerror(errno));
	return kt_advise(error, "install keyturn again, all of it: make install");
}

int main(int count, char **arguments)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret input = { 0 };
	struct kt_error error = { 0 };

	if (guard(&error) && kt_hot_answer(count, arguments, environ, &input, &error))
		return EXIT_SUCCESS;
	if (error.code == KT_ERROR_NONE) {
		if (is_renewal(count, arguments))
			kt_courier_start_ahead();
		become_keeper(arguments, &input, &error);
	}
	return fail(&error);
}
