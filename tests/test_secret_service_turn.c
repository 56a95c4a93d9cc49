/* SPDX-License-Identifier: MIT */
#include "config.h"

/*
 * Turns with the desktop's keyring: many callers at once, a service that is slow, stopped, killed,
 * restarted or absent, a bus that is not there. backend_secret_service.sh puts a real
 * gnome-keyring into the state and runs the tests whose names begin so.
 */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "keyring/clock.h"
#include "tests/lib/desktop_backend.h"

/* In processes of their own, all at once: milliseconds until the last has ended. */
static int64_t crowd(int size, bool may_prompt, enum kt_error_code expected)
{
	int64_t start = kt_clock_monotonic();
	int wrong = 0;
	int status;

	for (int i = 0; i < size; i++) {
		struct kt_identity pattern = name(api, work);
		struct kt_keyring_options options = { .may_prompt = may_prompt };
		struct kt_credentials found = { 0 };
		struct kt_error error = { 0 };
		void *state = NULL;
		pid_t child = fork();

		assert_true(child >= 0);
		if (child > 0)
			continue;
		if (backend->open(&state, &options, &error) &&
		    on_backend_search(backend, state, &pattern, &found, &error) && found.count != 1)
			_exit(99);
		if (error.code != expected)
			dprintf(2, "%d: %s\n", error.code, error.message);
		_exit(error.code != expected);
	}
	for (int i = 0; i < size; i++) {
		assert_true(wait(&status) > 0);
		wrong += status != 0;
	}
	assert_int_equal(wrong, 0);
	return kt_clock_monotonic() - start;
}

static int crowd_size(int usual)
{
	const char *size = getenv("KT_TEST_CROWD");
	int64_t number;

	return size && kt_text_to_number(size, strlen(size), 1, 10000, &number) ? (int)number : usual;
}

static void crowd_behind_a_living_daemon_is_all_served(void **state)
{
	int64_t duration = crowd(crowd_size(100), false, KT_ERROR_NONE);

	(void)state;
	print_message("crowd served in %lld ms\n", (long long)duration);
}

static void locked_crowd_ends_soon(void **state)
{
	(void)state;
	assert_true(crowd(crowd_size(100), false, KT_ERROR_LOCKED) < 7000);
}

/* Locked, with somebody at the display: one answer is there for all of them together. */
static void asked_once_for_a_crowd(void **state)
{
	(void)state;
	assert_true(is_in_time(crowd(8, true, KT_ERROR_NONE), 250, 4000));
}

/* Stopped, killed, not there. */

static int64_t assert_unavailable(void *state)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials found = { 0 };
	struct kt_identity pattern = name(api, work);
	struct kt_error error = { 0 };
	int64_t start = kt_clock_monotonic();

	assert_false(on_backend_search(backend, state, &pattern, &found, &error));
	if (error.code != KT_ERROR_UNAVAILABLE)
		fail_msg("%d %s", (int)error.code, error.message);
	assert_string_not_equal(error.remedy, "");
	return kt_clock_monotonic() - start;
}

static void stopped_service_is_given_up_in_time(void **state)
{
	int64_t first = assert_unavailable(*state);
	int64_t at_once = assert_unavailable(*state);

	assert_true(is_in_time(first, 4500, 6000));
	assert_true(is_in_time(at_once, 0, 500));
}

static void stopped_service_holds_a_crowd_no_longer(void **state)
{
	(void)state;
	assert_true(is_in_time(crowd(crowd_size(100), false, KT_ERROR_UNAVAILABLE), 4500, 7000));
}

static pid_t daemon_pid(void)
{
	const char *text = getenv("DESKTOP_DAEMON");
	int64_t number = 0;

	assert_non_null(text);
	assert_true(kt_text_to_number(text, strlen(text), 2, INT32_MAX, &number));
	return (pid_t)number;
}

/* Who lets the service go on. */
static pid_t waker;

static void end_waker(void)
{
	if (waker > 0 && kill(waker, SIGKILL) == 0)
		waitpid(waker, NULL, 0);
	waker = 0;
}

/* After each answer the service stands still for a while. */
static void halt(const char *line)
{
	if (!strstr(line, "answered"))
		return;
	end_waker();
	assert_int_equal(kill(daemon_pid(), SIGSTOP), 0);
	waker = fork();
	assert_true(waker >= 0);
	if (waker == 0) {
		kt_clock_sleep(900);
		_exit(kill(daemon_pid(), SIGCONT));
	}
}

static void slow_service_is_waited_for_while_it_answers(void **state)
{
	static const struct kt_keyring_options options = { .trace = halt };
	void *waiting = reach(&options);
	int64_t start = kt_clock_monotonic();

	(void)state;
	store(waiting, api, work, KT_KIND_PAT, "pat_one");
	assert_true(kt_clock_monotonic() - start > 5000);
	backend->close(waiting);
	end_waker();
	assert_int_equal(kill(daemon_pid(), SIGCONT), 0);
}

static void kill_within_a_call_ends_it(void **state)
{
	pid_t daemon = daemon_pid();
	pid_t child;

	assert_int_equal(count(*state, name(api, work)), 1);
	assert_int_equal(kill(daemon, SIGSTOP), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		kt_clock_sleep(300);
		_exit(kill(daemon, SIGKILL));
	}

	assert_true(is_in_time(assert_unavailable(*state), 200, 2000));
	assert_true(is_in_time(assert_unavailable(*state), 0, 1000));
	waitpid(child, NULL, 0);
}

static void absent_service_is_told_at_once(void **state)
{
	assert_true(is_in_time(assert_unavailable(*state), 0, 1000));
}

static void restarted_service_is_connected_anew(void **state)
{
	char *const command[] = { "sh", "-c",
		". \"$DESKTOP_SCRIPT\" && desktop_restart_daemon && desktop_unlock && "
		"echo $DESKTOP_DAEMON >\"$DESKTOP_DIRECTORY/daemon.pid\"", NULL };
	int status;
	pid_t child;

	assert_int_equal(count(*state, name(api, work)), 1);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		execvp(command[0], command);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);

	assert_int_equal(count(*state, name(api, work)), 1);
}

static void bus_address(const char *address, enum kt_error_code expected)
{
	static const struct kt_keyring_options options = { 0 };
	struct kt_error error = { 0 };
	void *opened = NULL;

	if (address)
		setenv("DBUS_SESSION_BUS_ADDRESS", address, 1);
	else
		unsetenv("DBUS_SESSION_BUS_ADDRESS");
	assert_false(backend->open(&opened, &options, &error));
	assert_int_equal(error.code, expected);
	assert_string_not_equal(error.remedy, "");
}

static void no_bus_is_told_at_once(void **state)
{
	static const struct kt_keyring_options options = { 0 };
	void *opened;

	(void)state;
	setenv("XDG_RUNTIME_DIR", "/nonexistent", 1);
	bus_address(NULL, KT_ERROR_UNAVAILABLE);
	bus_address("", KT_ERROR_UNAVAILABLE);
	bus_address("autolaunch:", KT_ERROR_UNSAFE);
	bus_address("tcp:host=127.0.0.1,port=1", KT_ERROR_UNSAFE);
	bus_address("unix:path=/nonexistent;tcp:host=127.0.0.1,port=1", KT_ERROR_UNSAFE);

	setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent", 1);
	opened = reach(&options);
	assert_true(is_in_time(assert_unavailable(opened), 0, 1000));
	backend->close(opened);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crowd_behind_a_living_daemon_is_all_served),
		cmocka_unit_test(locked_crowd_ends_soon),
		cmocka_unit_test(asked_once_for_a_crowd),
		cmocka_unit_test(stopped_service_holds_a_crowd_no_longer),
		OPENED(stopped_service_is_given_up_in_time),
		OPENED(restarted_service_is_connected_anew),
		cmocka_unit_test(slow_service_is_waited_for_while_it_answers),
		OPENED(kill_within_a_call_ends_it),
		OPENED(absent_service_is_told_at_once),
		cmocka_unit_test(no_bus_is_told_at_once),
	};

	if (argc == 2)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("turns with the secret service", tests, NULL, NULL);
}
