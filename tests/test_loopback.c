/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "helper/courier/loopback.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/text.h"
#include "tests/lib/in_time.h"

/* A server in a process of its own, and the keeper's end of its socket. */
struct fixture {
	int keeper;
	pid_t pid;
	uint16_t port;
};

static int set_up(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){ .keeper = -1 };
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	if (fixture->keeper >= 0)
		close(fixture->keeper);
	if (fixture->pid > 0) {
		kill(fixture->pid, SIGKILL);
		waitpid(fixture->pid, NULL, 0);
	}
	return 0;
}

static void add(struct kt_errand *errand, const char *name, const char *value)
{
	struct kt_error error = { 0 };

	assert_true(kt_errand_add(errand, name, value, &error));
}

static void start(struct fixture *fixture, const char *uri, const char *timeout)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand errand = { 0 };
	struct kt_error error = { 0 };
	int pair[2];

	add(&errand, "redirect_uri", uri);
	add(&errand, "state", "st-1");
	add(&errand, "timeout", timeout);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	fixture->pid = fork();
	assert_true(fixture->pid >= 0);
	if (fixture->pid == 0) {
		close(pair[0]);
		_exit(!kt_loopback_run(&errand, pair[1], &error));
	}
	close(pair[1]);
	fixture->keeper = pair[0];
}

static void hear(struct fixture *fixture, struct kt_errand *message)
{
	struct kt_error error = { 0 };

	if (!kt_errand_receive(message, fixture->keeper, kt_clock_monotonic() + 8000, &error))
		fail_msg("%s", error.message);
}

static void listens(struct fixture *fixture, const char *uri)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };
	int64_t port = 0;

	start(fixture, uri, "20000");
	hear(fixture, &message);
	assert_true(kt_errand_is(&message, "say", "port"));
	assert_true(kt_errand_number(&message, "port", &port));
	assert_in_range(port, 1, UINT16_MAX);
	fixture->port = (uint16_t)port;
}

static void hears_the_code(struct fixture *fixture)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };

	hear(fixture, &message);
	assert_true(kt_errand_is(&message, "say", "code"));
	assert_true(kt_errand_is(&message, "code", "c-1"));
}

static int try_connect(int family, uint32_t ipv4, uint16_t port)
{
	struct sockaddr_in6 address6 = { .sin6_family = AF_INET6,
		                         .sin6_port = htons(port),
		                         .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in address4 = { .sin_family = AF_INET,
		                        .sin_port = htons(port),
		                        .sin_addr = { htonl(ipv4) } };
	bool is_ipv4 = family == AF_INET;
	int client = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (client >= 0 && connect(client, is_ipv4 ? (struct sockaddr *)&address4
	                                           : (struct sockaddr *)&address6,
	                           is_ipv4 ? sizeof(address4) : sizeof(address6)) == 0)
		return client;
	close(client);
	return -1;
}

static int connect_to(const struct fixture *fixture)
{
	int client = try_connect(AF_INET, INADDR_LOOPBACK, fixture->port);

	assert_true(client >= 0);
	return client;
}

static void write_text(int client, const char *text)
{
	assert_int_equal(send(client, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Reads everything until the end, within 8 s. */
static void read_answer(int client, char *answer, size_t size)
{
	const struct timeval limit = { .tv_sec = 8 };
	size_t length = 0;
	ssize_t got;

	setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	while (length < size - 1 && (got = recv(client, answer + length, size - 1 - length, 0)) > 0)
		length += (size_t)got;
	answer[length] = '\0';
	close(client);
}

static void check_answer(int client, const char *status)
{
	char answer[8192];
	char line[32];

	read_answer(client, answer, sizeof(answer));
	snprintf(line, sizeof(line), "HTTP/1.1 %s ", status);
	if (!kt_text_has_prefix(answer, line))
		fail_msg("the answer is not %s but: %.40s", status, answer);
	assert_non_null(strstr(answer, "\r\nConnection: close\r\n"));
	assert_null(strstr(answer, "c-1"));
	assert_null(strstr(answer, "st-1"));
	assert_null(strstr(answer, "<script"));
}

static void ask(const struct fixture *fixture, const char *method, const char *target,
                const char *host, const char *status)
{
	KT_CLEANUP(kt_text_free) char *request = NULL;
	struct kt_error error = { 0 };
	int client = connect_to(fixture);

	assert_true(kt_text_format(&request, &error, "%s %s HTTP/1.1\r\nHost: %s:%u\r\n\r\n",
	                           method, target, host, fixture->port));
	write_text(client, request);
	check_answer(client, status);
}

#define CALLBACK "http://127.0.0.1:0/callback"
#define RIGHT "/callback?code=c-1&state=st-1"

static void the_redirect_ends_the_wait(void **state)
{
	struct fixture *fixture = *state;
	int status;

	listens(fixture, CALLBACK);
	ask(fixture, "GET", RIGHT, "127.0.0.1", "200");
	hears_the_code(fixture);

	assert_int_equal(waitpid(fixture->pid, &status, 0), fixture->pid);
	assert_int_equal(status, 0);
	fixture->pid = 0;
	assert_int_equal(try_connect(AF_INET, INADDR_LOOPBACK, fixture->port), -1);
}

static void noise_is_answered_and_the_wait_goes_on(void **state)
{
	struct fixture *fixture = *state;

	listens(fixture, CALLBACK);
	ask(fixture, "GET", "/favicon.ico", "127.0.0.1", "404");
	ask(fixture, "GET", "/", "127.0.0.1", "404");
	ask(fixture, "GET", RIGHT "x", "127.0.0.1", "400");
	ask(fixture, "GET", "/callback?error=access_denied", "127.0.0.1", "400");
	ask(fixture, "GET", "/callback?error=access_denied&state=other", "127.0.0.1", "400");
	ask(fixture, "GET", RIGHT "&code=c-2", "127.0.0.1", "400");
	ask(fixture, "GET", "/callback?code=<script>&state=x", "127.0.0.1", "400");
	ask(fixture, "HEAD", RIGHT, "127.0.0.1", "405");
	ask(fixture, "POST", RIGHT, "127.0.0.1", "405");
	ask(fixture, "GET", RIGHT, "localhost", "404");
	ask(fixture, "GET", RIGHT, "attacker.example", "404");
	ask(fixture, "GET", RIGHT, "127.0.0.1", "200");
	hears_the_code(fixture);
}

static void a_refusal_is_told_in_printable_characters(void **state)
{
	struct fixture *fixture = *state;
	KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };

	listens(fixture, CALLBACK);
	ask(fixture, "GET", "/callback?error=%C2%9Bx&error_description=a%E2%80%AEb&state=st-1",
	    "127.0.0.1", "200");
	hear(fixture, &message);

	assert_true(kt_errand_is(&message, "say", "error"));
	assert_true(kt_errand_is(&message, "error", "unreadable_error"));
	assert_true(kt_errand_is(&message, "description", "a?b"));
}

static void a_long_refusal_is_cut_at_a_whole_character(void **state)
{
	struct fixture *fixture = *state;
	KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };
	char target[2000] = "/callback?state=st-1&error=x&error_description=a";
	const char *description;

	for (int i = 0; i < 100; i++)
		strcat(target, "%E4%B8%AD");
	listens(fixture, CALLBACK);
	ask(fixture, "GET", target, "127.0.0.1", "200");
	hear(fixture, &message);

	description = kt_errand_text(&message, "description");
	assert_non_null(description);
	assert_int_equal(strlen(description), 199);
	assert_null(strchr(description, '?'));
}

/* The same redirect twice at once: a browser that repeats it. One code, no fault. */
static void a_repeated_redirect_does_no_harm(void **state)
{
	struct fixture *fixture = *state;
	KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };
	struct kt_error error = { 0 };
	char request[128];
	int clients[2];
	int status;

	listens(fixture, CALLBACK);
	snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n", RIGHT,
	         fixture->port);
	clients[0] = connect_to(fixture);
	clients[1] = connect_to(fixture);
	kill(fixture->pid, SIGSTOP);
	write_text(clients[0], request);
	write_text(clients[1], request);
	kill(fixture->pid, SIGCONT);
	hears_the_code(fixture);

	assert_false(kt_errand_receive(&message, fixture->keeper, kt_clock_monotonic() + 5000,
	                               &error));
	assert_int_equal(waitpid(fixture->pid, &status, 0), fixture->pid);
	assert_int_equal(status, 0);
	fixture->pid = 0;
	close(clients[0]);
	close(clients[1]);
}

static void a_request_may_come_in_pieces(void **state)
{
	struct fixture *fixture = *state;
	char request[128];
	int client;

	listens(fixture, CALLBACK);
	snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n", RIGHT,
	         fixture->port);
	client = connect_to(fixture);
	for (const char *byte = request; *byte; byte++) {
		assert_int_equal(send(client, byte, 1, MSG_NOSIGNAL), 1);
		kt_clock_sleep(1);
	}
	check_answer(client, "200");
	hears_the_code(fixture);
}

static void a_long_request_is_too_large(void **state)
{
	struct fixture *fixture = *state;
	char padding[9000];
	int client;

	listens(fixture, CALLBACK);
	memset(padding, 'a', sizeof(padding));
	client = connect_to(fixture);
	write_text(client, "GET " RIGHT " HTTP/1.1\r\nX: ");
	assert_int_equal(send(client, padding, sizeof(padding), MSG_NOSIGNAL), sizeof(padding));
	check_answer(client, "431");
	ask(fixture, "GET", RIGHT, "127.0.0.1", "200");
	hears_the_code(fixture);
}

static void slow_clients_hold_nobody_and_are_cut_off_after_5_s(void **state)
{
	struct fixture *fixture = *state;
	int64_t begin = kt_clock_monotonic();
	int clients[8];
	char byte;

	listens(fixture, CALLBACK);
	for (size_t i = 0; i < 8; i++) {
		clients[i] = connect_to(fixture);
		write_text(clients[i], "GET ");
	}
	ask(fixture, "GET", "/favicon.ico", "127.0.0.1", "404");
	assert_true(is_in_time(kt_clock_monotonic() - begin, 0, 1000));
	for (size_t i = 0; i < 8; i++) {
		struct pollfd entry = { .fd = clients[i], .events = POLLIN };

		assert_int_equal(poll(&entry, 1, 60000), 1);
		assert_int_equal(recv(clients[i], &byte, 1, 0), 0);
		close(clients[i]);
	}
	assert_true(is_in_time(kt_clock_monotonic() - begin, 4900, 6500));
	ask(fixture, "GET", RIGHT, "127.0.0.1", "200");
	hears_the_code(fixture);
}

static void of_many_idle_connections_the_oldest_gives_way(void **state)
{
	struct fixture *fixture = *state;
	int clients[40];
	int open_clients = 0;

	listens(fixture, CALLBACK);
	for (size_t i = 0; i < 40; i++)
		clients[i] = connect_to(fixture);
	ask(fixture, "GET", "/favicon.ico", "127.0.0.1", "404");
	for (size_t i = 0; i < 40; i++) {
		char byte;

		open_clients += recv(clients[i], &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
	}
	assert_in_range(open_clients, 1, 16);
	ask(fixture, "GET", RIGHT, "127.0.0.1", "200");
	hears_the_code(fixture);
	for (size_t i = 0; i < 40; i++)
		close(clients[i]);
}

static void after_1000_connections_it_gives_up(void **state)
{
	struct fixture *fixture = *state;
	KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };

	listens(fixture, CALLBACK);
	for (int i = 0; i < 1000; i++)
		ask(fixture, "GET", "/", "127.0.0.1", "404");
	hear(fixture, &message);

	assert_true(kt_errand_is(&message, "say", "refused"));
	assert_non_null(kt_errand_text(&message, "reason"));
}

static void it_ends_at_its_time(void **state)
{
	struct fixture *fixture = *state;
	KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };
	int64_t begin = kt_clock_monotonic();

	start(fixture, CALLBACK, "300");
	hear(fixture, &message);
	assert_true(kt_errand_is(&message, "say", "port"));
	hear(fixture, &message);

	assert_true(kt_errand_is(&message, "say", "timeout"));
	assert_true(is_in_time(kt_clock_monotonic() - begin, 290, 1300));
}

static void the_port_closes_when_the_keeper_goes(void **state)
{
	struct fixture *fixture = *state;
	int64_t begin;

	listens(fixture, CALLBACK);
	close(connect_to(fixture));
	begin = kt_clock_monotonic();
	close(fixture->keeper);
	fixture->keeper = -1;
	assert_int_equal(waitpid(fixture->pid, NULL, 0), fixture->pid);
	assert_true(is_in_time(kt_clock_monotonic() - begin, 0, 1000));
	fixture->pid = 0;
	assert_int_equal(try_connect(AF_INET, INADDR_LOOPBACK, fixture->port), -1);
}

static void a_port_that_is_taken_is_busy(void **state)
{
	struct fixture *fixture = *state;
	struct fixture second = { .keeper = -1 };
	void *second_state = &second;
	KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };
	char uri[64];

	listens(fixture, CALLBACK);
	snprintf(uri, sizeof(uri), "http://localhost:%u/callback", fixture->port);
	start(&second, uri, "1000");
	hear(&second, &message);
	tear_down(&second_state);

	assert_true(kt_errand_is(&message, "say", "busy"));
}

/* A login right after one that ended: its connections still linger in the kernel. */
static void the_same_port_serves_again_at_once(void **state)
{
	struct fixture *fixture = *state;
	char uri[64];

	listens(fixture, CALLBACK);
	snprintf(uri, sizeof(uri), "http://127.0.0.1:%u/callback", fixture->port);
	for (int i = 0; i < 3; i++) {
		ask(fixture, "GET", RIGHT, "127.0.0.1", "200");
		hears_the_code(fixture);
		tear_down(state);
		listens(fixture, uri);
	}
}

static void it_listens_on_one_address_of_this_machine_alone(void **state)
{
	struct fixture *fixture = *state;

	listens(fixture, CALLBACK);
	assert_int_equal(try_connect(AF_INET, INADDR_LOOPBACK + 1, fixture->port), -1);
	assert_int_equal(try_connect(AF_INET6, 0, fixture->port), -1);
	close(connect_to(fixture));
}

static void localhost_is_both_addresses(void **state)
{
	struct fixture *fixture = *state;
	int probe = socket(AF_INET6, SOCK_STREAM, 0);
	const struct sockaddr_in6 any = { .sin6_family = AF_INET6,
		                          .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	bool has_ipv6 = bind(probe, (const struct sockaddr *)&any, sizeof(any)) == 0;
	int client;

	close(probe);
	listens(fixture, "http://localhost:0/callback");
	client = try_connect(AF_INET6, 0, fixture->port);
	assert_int_equal(client >= 0, has_ipv6);
	close(client);
	ask(fixture, "GET", RIGHT, "127.0.0.1", "404");
	ask(fixture, "GET", RIGHT, "localhost", "200");
	hears_the_code(fixture);
}

static void other_addresses_are_refused(void **state)
{
	struct fixture *fixture = *state;
	KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };

	start(fixture, "http://0.0.0.0:0/callback", "1000");
	hear(fixture, &message);
	assert_true(kt_errand_is(&message, "say", "refused"));
	assert_non_null(kt_errand_text(&message, "reason"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_redirect_ends_the_wait),
		TEST(noise_is_answered_and_the_wait_goes_on),
		TEST(a_refusal_is_told_in_printable_characters),
		TEST(a_long_refusal_is_cut_at_a_whole_character),
		TEST(a_repeated_redirect_does_no_harm),
		TEST(a_request_may_come_in_pieces),
		TEST(a_long_request_is_too_large),
		TEST(slow_clients_hold_nobody_and_are_cut_off_after_5_s),
		TEST(of_many_idle_connections_the_oldest_gives_way),
		TEST(after_1000_connections_it_gives_up),
		TEST(it_ends_at_its_time),
		TEST(the_port_closes_when_the_keeper_goes),
		TEST(a_port_that_is_taken_is_busy),
		TEST(the_same_port_serves_again_at_once),
		TEST(it_listens_on_one_address_of_this_machine_alone),
		TEST(localhost_is_both_addresses),
		TEST(other_addresses_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
