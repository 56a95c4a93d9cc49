/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "helper/route.h"
#include "keyring/cleanup.h"

static void add(struct kt_secret *routes, enum kt_route_kind kind, const char *directory,
                uint64_t stamp)
{
	struct kt_error error = { 0 };

	assert_true(kt_route_append(routes, kind, directory, stamp, &error));
}

/* chosen NULL: not to be known. */
static void expect(const struct kt_secret *routes, const char *here, const char *chosen)
{
	struct kt_route_place place;
	bool is_known;

	snprintf(place.text, sizeof(place.text), "%s", here);
	is_known = kt_route_choose(kt_secret_reveal(routes), kt_secret_length(routes), &place);
	if (is_known != (chosen != NULL))
		fail_msg("%s: %s", here, is_known ? place.text : "not known");
	if (chosen && strcmp(place.text, chosen) != 0)
		fail_msg("%s leads to \"%s\", not \"%s\"", here, place.text, chosen);
}

static void the_deepest_directory_wins(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret routes = { 0 };

	(void)state;
	add(&routes, KT_ROUTE_BOUND, "/home/me/work/deep", 0);
	add(&routes, KT_ROUTE_BOUND, "/home/me/work", 0);
	add(&routes, KT_ROUTE_BOUND, "/home/me/other", 0);

	expect(&routes, "/home/me/work", "/home/me/work");
	expect(&routes, "/home/me/work/x/y", "/home/me/work");
	expect(&routes, "/home/me/work/deep", "/home/me/work/deep");
	expect(&routes, "/home/me/work/deep/er", "/home/me/work/deep");
	expect(&routes, "/home/me/work/deeper", "/home/me/work");
	expect(&routes, "/home/me/workshop", "");
	expect(&routes, "/home/me", "");
	expect(&routes, "/", "");
	expect(&routes, "", "");
}

static void the_root_holds_everything(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret routes = { 0 };

	(void)state;
	add(&routes, KT_ROUTE_BOUND, "/", 0);
	add(&routes, KT_ROUTE_BOUND, "/a", 0);
	expect(&routes, "/", "/");
	expect(&routes, "/b/c", "/");
	expect(&routes, "/a/c", "/a");
	expect(&routes, "", "");
}

static void a_file_is_obeyed_as_it_was_read(void **state)
{
	char directory[] = "/tmp/keyturn-route-XXXXXX";
	KT_CLEANUP(kt_secret_clear) struct kt_secret routes = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret closed = { 0 };
	char path[64];
	struct stat status;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/" KT_ROUTE_FILE, directory);
	add(&closed, KT_ROUTE_BOUND, "/tmp", 0);
	add(&closed, KT_ROUTE_CLOSED, directory, 0);
	expect(&closed, directory, "/tmp");

	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	expect(&closed, directory, NULL);
	assert_int_equal(lstat(path, &status), 0);
	add(&routes, KT_ROUTE_FILED, directory, kt_route_stamp(&status));
	expect(&routes, directory, directory);
	expect(&routes, "/tmp", "");
	assert_int_equal(truncate(path, 1), 0);
	expect(&routes, directory, NULL);
	unlink(path);
	expect(&routes, directory, NULL);
	rmdir(directory);
}

static void what_is_bound_goes_before_the_file_beside_it(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret routes = { 0 };

	(void)state;
	add(&routes, KT_ROUTE_FILED, "/nowhere/x", 1);
	add(&routes, KT_ROUTE_BOUND, "/nowhere/x", 0);
	expect(&routes, "/nowhere/x", "/nowhere/x");
}

static void few_files_are_looked_at(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret routes = { 0 };

	(void)state;
	add(&routes, KT_ROUTE_CLOSED, "/nowhere/a/b", 0);
	add(&routes, KT_ROUTE_CLOSED, "/nowhere/a", 0);
	expect(&routes, "/nowhere/a/b", "");
	add(&routes, KT_ROUTE_CLOSED, "/nowhere", 0);
	expect(&routes, "/nowhere/a/b", NULL);
}

static void routes_are_no_answer_and_damage_is_harmless(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret routes = { 0 };
	struct kt_route_place place = { "/a" };

	(void)state;
	assert_false(kt_route_is("", 0));
	assert_false(kt_route_is("\1outes:x", 8));
	add(&routes, KT_ROUTE_BOUND, "/a", 0);
	assert_true(kt_route_is(kt_secret_reveal(&routes), kt_secret_length(&routes)));
	for (size_t length = 8; length < kt_secret_length(&routes); length++) {
		snprintf(place.text, sizeof(place.text), "/a");
		assert_true(kt_route_choose(kt_secret_reveal(&routes), length, &place));
		assert_string_equal(place.text, "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_deepest_directory_wins),
		cmocka_unit_test(the_root_holds_everything),
		cmocka_unit_test(a_file_is_obeyed_as_it_was_read),
		cmocka_unit_test(what_is_bound_goes_before_the_file_beside_it),
		cmocka_unit_test(few_files_are_looked_at),
		cmocka_unit_test(routes_are_no_answer_and_damage_is_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
