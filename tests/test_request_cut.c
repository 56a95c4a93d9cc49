/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "helper/answer.h"
#include "helper/request.h"
#include "keyring/cleanup.h"

/*
 * Requests that come in pieces, cut at each byte: by a non-blocking pipe that is empty for a
 * while, by an end, by an error. poll() is this test's own: a reader that waits was told
 * EAGAIN, and gets the next piece.
 */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TOKEN_LENGTH 65000

/* The rest of the input, and the size of its pieces. */
static struct {
	int descriptor;
	const char *bytes;
	size_t length;
	size_t piece;
	int reader; /* or of an output: who makes room */
	size_t waits;
} rest;

int __wrap_poll(struct pollfd *entries, nfds_t count, int timeout);

int __wrap_poll(struct pollfd *entries, nfds_t count, int timeout)
{
	char bytes[4096];
	size_t length = rest.piece < rest.length ? rest.piece : rest.length;

	assert_int_equal(count, 1);
	assert_int_equal(timeout, -1);
	rest.waits++;
	if (entries[0].events == POLLOUT) {
		assert_true(read(rest.reader, bytes, sizeof(bytes)) > 0);
	} else if (length > 0) {
		assert_int_equal(write(rest.descriptor, rest.bytes, length), length);
		rest.bytes += length;
		rest.length -= length;
	} else {
		close(rest.descriptor);
		rest.descriptor = -1;
	}
	entries[0].revents = entries[0].events;
	/* A signal may end any wait, with nothing to show for it. */
	if (rest.waits % 3 == 0) {
		errno = EINTR;
		return -1;
	}
	return 1;
}

static const char *const requests[] = {
	"protocol=https\nhost=github.com.evil.example\n\n",
	"protocol=https\nhost=github.com\nusername=me\npassword=correct horse battery\n\n",
	"protocol=https\r\nhost=api.coze.cn\r\npath=a/b.git\r\n\r\n",
	"url=https://me:pass@git.example.com:8443/team/one.git\nquit=0\n\n",
	"capability[]=authtype\ncapability[]=state\nauthtype=Bearer\ncredential=czt_1\n"
	"ephemeral=1\nprotocol=https\nhost=api.coze.cn\nwwwauth[]=Bearer realm=\"x\"\n"
	"wwwauth[]=Basic realm=\"x\"\nstate[]=keyturn:acct=work\npassword_expiry_utc=1999999999\n"
	"oauth_refresh_token=rt_1\n\n",
	"protocol=https\nhost=a\nusername=\xe4\xb8\xad\xe6\x96\x87\npassword=\xc3\xa9t\xc3\xa9\n\n",
	"\n",
};

/* An input that has the first bytes, and the rest for who waits. */
static int open_input(const char *text, size_t length, size_t cut, size_t piece)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	assert_true(fcntl(ends[1], F_SETPIPE_SZ, 1 << 20) > 0);
	assert_int_equal(write(ends[1], text, cut), cut);
	rest.descriptor = ends[1];
	rest.bytes = text + cut;
	rest.length = length - cut;
	rest.piece = piece;
	rest.waits = 0;
	return ends[0];
}

static void close_input(int descriptor)
{
	close(descriptor);
	if (rest.descriptor >= 0)
		close(rest.descriptor);
	rest.descriptor = -1;
}

/* Cut there, and the rest when it is waited for: the request is whole. */
static void expect_whole(const char *text, size_t length, size_t cut, size_t piece)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
	struct kt_error error = { 0 };
	int input = open_input(text, length, cut, piece);

	assert_true(kt_request_read_git(&bytes, input, &error));
	assert_int_equal(kt_secret_length(&bytes), length);
	assert_memory_equal(kt_secret_reveal(&bytes), text, length);
	if (cut < length)
		assert_true(rest.waits > 0);
	close_input(input);
}

/* Cut there for good: whole only behind a line, as git ends its own. */
static void expect_end(const char *text, size_t cut)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
	struct kt_error error = { 0 };
	int input = open_input(text, cut, cut, 1);
	bool is_line = cut == 0 || text[cut - 1] == '\n';

	assert_int_equal(kt_request_read_git(&bytes, input, &error), is_line);
	assert_int_equal(error.code, is_line ? KT_ERROR_NONE : KT_ERROR_USAGE);
	assert_true(is_line || error.remedy[0]);
	close_input(input);
}

/* Cut there by an error: never whole. */
static void expect_error(const char *text, size_t cut)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
	struct kt_error error = { 0 };
	int ends[2];

	/* Closing a socket with bytes unread resets it. */
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(write(ends[0], "x", 1), 1);
	assert_int_equal(write(ends[1], text, cut), cut);
	close(ends[1]);

	assert_false(kt_request_read_git(&bytes, ends[0], &error));
	assert_int_equal(error.code, KT_ERROR_USAGE);
	assert_non_null(strstr(error.message, "cannot be read"));
	assert_true(error.remedy[0]);
	close(ends[0]);
}

static void a_request_that_comes_in_pieces_is_read_whole(void **state)
{
	(void)state;

	for (size_t i = 0; i < COUNT(requests); i++) {
		size_t length = strlen(requests[i]);

		for (size_t cut = 0; cut <= length; cut++)
			for (size_t piece = 1; piece <= length; piece = piece * 4 + 1)
				expect_whole(requests[i], length, cut, piece);
	}
}

static void an_end_within_a_line_is_no_end_of_a_request(void **state)
{
	(void)state;

	for (size_t i = 0; i < COUNT(requests); i++)
		for (size_t cut = 0; cut <= strlen(requests[i]); cut++)
			expect_end(requests[i], cut);
}

static void an_error_is_no_end_of_a_request(void **state)
{
	(void)state;

	for (size_t i = 0; i < COUNT(requests); i++)
		for (size_t cut = 0; cut < strlen(requests[i]); cut++)
			expect_error(requests[i], cut);
}

static void the_longest_token_is_read_whole(void **state)
{
	static const char head[] = "protocol=https\nhost=a\nusername=b\npassword=";
	size_t begin = strlen(head);
	size_t length = begin + TOKEN_LENGTH + 2;
	char *longest = malloc(length);

	(void)state;
	assert_non_null(longest);
	memcpy(longest, head, begin);
	memset(longest + begin, 'k', TOKEN_LENGTH);
	memcpy(longest + begin + TOKEN_LENGTH, "\n\n", 2);

	for (size_t cut = 0; cut <= length; cut += 509)
		expect_whole(longest, length, cut, length);
	expect_whole(longest, length, 0, 4095);
	expect_whole(longest, length, 0, 4097);
	expect_whole(longest, length, 0, 1);
	for (size_t cut = 0; cut < length - 2; cut += 509)
		expect_end(longest, cut);
	for (size_t cut = 0; cut < length - 1; cut += 509)
		expect_error(longest, cut);
	free(longest);
}

static void a_line_without_end_is_refused_early(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
	struct kt_error error = { 0 };
	char *text = calloc(1, 200000);
	int input;

	(void)state;
	assert_non_null(text);
	memset(text, 'a', 200000);
	input = open_input(text, 200000, 0, 1);

	assert_false(kt_request_read_git(&bytes, input, &error));
	assert_int_equal(error.code, KT_ERROR_USAGE);
	assert_true(kt_secret_length(&bytes) < 70000);

	close_input(input);
	free(text);
}

static void a_secret_that_comes_in_pieces_is_read_whole(void **state)
{
	static const char text[] = "pat_0123456789abcdef\n";

	(void)state;

	for (size_t cut = 0; cut < sizeof(text); cut++) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret secret = { 0 };
		struct kt_error error = { 0 };
		int input = open_input(text, sizeof(text) - 1, cut < sizeof(text) - 1 ? cut : 0, 1);

		assert_true(kt_secret_read(&secret, input, 100, &error));
		assert_string_equal(kt_secret_reveal(&secret), text);
		close_input(input);
	}
}

static void a_secret_cut_by_an_error_is_none(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret secret = { 0 };
	struct kt_error error = { 0 };
	int ends[2];

	(void)state;
	assert_true(kt_secret_append_text(&secret, "before", &error));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(write(ends[0], "x", 1), 1);
	assert_int_equal(write(ends[1], "pat_half", 8), 8);
	close(ends[1]);

	assert_false(kt_secret_read(&secret, ends[0], 100, &error));
	assert_int_equal(error.code, KT_ERROR_USAGE);
	assert_string_equal(kt_secret_reveal(&secret), "before");
	close(ends[0]);
}

static void an_answer_is_written_whole_to_a_pipe_that_is_full(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret answer = { 0 };
	struct kt_error error = { 0 };
	char piece[4096];
	size_t length = 0;
	size_t before = 0;
	ssize_t got;
	int ends[2];

	(void)state;
	memset(piece, 'a', sizeof(piece));
	for (int i = 0; i < 100; i++)
		assert_true(kt_secret_append(&answer, piece, sizeof(piece), &error));
	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	while ((got = write(ends[1], piece, sizeof(piece))) > 0)
		before += (size_t)got;
	rest.reader = ends[0];
	rest.waits = 0;

	assert_true(kt_answer_send(ends[1], &answer, &error));
	assert_true(rest.waits > 0);

	while ((got = read(ends[0], piece, sizeof(piece))) > 0)
		length += (size_t)got;
	/* Each wait took one piece out. */
	assert_int_equal(length + rest.waits * sizeof(piece), before + kt_secret_length(&answer));
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_that_comes_in_pieces_is_read_whole),
		cmocka_unit_test(an_end_within_a_line_is_no_end_of_a_request),
		cmocka_unit_test(an_error_is_no_end_of_a_request),
		cmocka_unit_test(the_longest_token_is_read_whole),
		cmocka_unit_test(a_line_without_end_is_refused_early),
		cmocka_unit_test(a_secret_that_comes_in_pieces_is_read_whole),
		cmocka_unit_test(a_secret_cut_by_an_error_is_none),
		cmocka_unit_test(an_answer_is_written_whole_to_a_pipe_that_is_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
