/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pam/module_options.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static void defaults_are_those_of_the_manual(void **state)
{
	struct kt_module_options options;

	(void)state;
	kt_module_options_parse(&options, 0, NULL);

	assert_int_equal(options.timeout, 1500);
	assert_int_equal(options.grace, 20);
	assert_int_equal(options.backends[0], KT_UNLOCK_BACKEND_CONTROL);
	assert_int_equal(options.backends[1], KT_UNLOCK_BACKEND_DBUS);
	assert_int_equal(options.backends[2], KT_UNLOCK_BACKEND_VAULT);
	assert_int_equal(options.backends[3], KT_UNLOCK_BACKEND_NONE);
	assert_false(options.create || options.prefetch || options.debug || options.quiet);
	assert_int_equal(options.rejected, 0);
	assert_false(kt_module_options_has_user(&options, 0));
	assert_false(kt_module_options_has_user(&options, 999));
	assert_true(kt_module_options_has_user(&options, 1000));
}

static void services_without_a_screen_are_skipped(void **state)
{
	static const char *const skipped[] = { "sudo", "sudo-i", "su", "su-l", "runuser",
		                               "runuser-l", "cron", "crond", "atd",
		                               "systemd-user", "polkit-1",
		                               "gdm-launch-environment", "sddm-greeter" };
	static const char *const served[] = { "login", "sshd", "gdm-password", "passwd", "sud",
		                              "sudo-", "su-", "," };
	struct kt_module_options options;

	(void)state;
	kt_module_options_parse(&options, 0, NULL);

	for (int i = 0; i < COUNT(skipped); i++)
		assert_false(kt_module_options_has_service(&options, skipped[i]));
	for (int i = 0; i < COUNT(served); i++)
		assert_true(kt_module_options_has_service(&options, served[i]));
	assert_true(kt_module_options_has_service(&options, NULL));
}

static void only_if_and_skip_if_replace_the_list(void **state)
{
	const char *only[] = { "only_if=login,sudo" };
	const char *skip[] = { "skip_if=,login,," };
	struct kt_module_options options;

	(void)state;

	kt_module_options_parse(&options, 1, only);
	assert_true(kt_module_options_has_service(&options, "login"));
	assert_true(kt_module_options_has_service(&options, "sudo"));
	assert_false(kt_module_options_has_service(&options, "sshd"));
	assert_false(kt_module_options_has_service(&options, NULL));
	assert_false(kt_module_options_has_service(&options, ""));

	kt_module_options_parse(&options, 1, skip);
	assert_false(kt_module_options_has_service(&options, "login"));
	assert_true(kt_module_options_has_service(&options, "sudo"));
	assert_true(kt_module_options_has_service(&options, ""));
}

static void every_argument_takes_effect(void **state)
{
	const char *arguments[] = { "timeout=200",   "grace=0",  "min_uid=1000", "create",
		                    "allow_root",    "prefetch", "debug",        "quiet",
		                    "backends=dbus", "use_authtok", "try_first_pass" };
	struct kt_module_options options;

	(void)state;
	kt_module_options_parse(&options, COUNT(arguments), arguments);

	assert_int_equal(options.rejected, 0);
	assert_int_equal(options.timeout, 200);
	assert_int_equal(options.grace, 0);
	assert_true(options.create && options.prefetch && options.debug && options.quiet);
	assert_int_equal(options.backends[0], KT_UNLOCK_BACKEND_DBUS);
	assert_int_equal(options.backends[1], KT_UNLOCK_BACKEND_NONE);
	assert_true(kt_module_options_has_user(&options, 0));
	assert_false(kt_module_options_has_user(&options, 999));
	assert_true(kt_module_options_has_user(&options, 1000));
}

static void times_have_a_ceiling(void **state)
{
	const char *arguments[] = { "timeout=5001", "grace=4000000000" };
	struct kt_module_options options;

	(void)state;
	kt_module_options_parse(&options, COUNT(arguments), arguments);

	assert_int_equal(options.rejected, 0);
	assert_int_equal(options.timeout, 5000);
	assert_int_equal(options.grace, 120);
}

static void backends_can_be_ordered_and_taken_out(void **state)
{
	const char *turned[] = { "backends=dbus,control" };
	const char *without[] = { "nodbus" };
	const char *before[] = { "nodbus", "backends=dbus,vault" };
	struct kt_module_options options;

	(void)state;

	kt_module_options_parse(&options, 1, turned);
	assert_int_equal(options.backends[0], KT_UNLOCK_BACKEND_DBUS);
	assert_int_equal(options.backends[1], KT_UNLOCK_BACKEND_CONTROL);

	kt_module_options_parse(&options, 2, before);
	assert_int_equal(options.backends[0], KT_UNLOCK_BACKEND_VAULT);
	assert_false(kt_module_options_has_backend(&options, KT_UNLOCK_BACKEND_DBUS));

	kt_module_options_parse(&options, 1, without);
	assert_int_equal(options.backends[0], KT_UNLOCK_BACKEND_CONTROL);
	assert_int_equal(options.backends[1], KT_UNLOCK_BACKEND_VAULT);
	assert_int_equal(options.backends[2], KT_UNLOCK_BACKEND_NONE);
}

/* But for what was rejected. Of the bytes between the members nothing is said. */
static void assert_are_same(const struct kt_module_options *options,
                            const struct kt_module_options *others)
{
	assert_int_equal(options->timeout, others->timeout);
	assert_int_equal(options->grace, others->grace);
	assert_int_equal(options->minimum_uid, others->minimum_uid);
	assert_ptr_equal(options->only_if, others->only_if);
	assert_ptr_equal(options->skip_if, others->skip_if);
	assert_memory_equal(options->backends, others->backends, sizeof(options->backends));
	assert_int_equal(options->no_dbus, others->no_dbus);
	assert_int_equal(options->create, others->create);
	assert_int_equal(options->allow_root, others->allow_root);
	assert_int_equal(options->prefetch, others->prefetch);
	assert_int_equal(options->debug, others->debug);
	assert_int_equal(options->quiet, others->quiet);
}

static void what_is_not_understood_is_counted_and_leaves_the_default(void **state)
{
	static const char *const wrong[] = {
		"",           "timeout",     "timeout=",        "timeout=0",     "timeout=-1",
		"timeout=1s", "timeout= 1",  "timeout=0x10",    "timeout=99999999999999999999",
		"grace=x",    "min_uid=",    "min_uid=-1",      "backends=",     "backends=,",
		"backends=x", "backends=control,x", "backends=dbus,dbus",
		"backends=control,dbus,dbus",
		"Create",     "create=1",    "timeouts=5",      "debug ",        "only_if",
	};
	struct kt_module_options options;
	struct kt_module_options defaults;

	(void)state;
	kt_module_options_parse(&defaults, 0, NULL);

	for (int i = 0; i < COUNT(wrong); i++) {
		const char *arguments[] = { "use_authtok", wrong[i], "nonsense" };

		kt_module_options_parse(&options, COUNT(arguments), arguments);
		assert_int_equal(options.rejected, 2);
		assert_are_same(&options, &defaults);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_those_of_the_manual),
		cmocka_unit_test(services_without_a_screen_are_skipped),
		cmocka_unit_test(only_if_and_skip_if_replace_the_list),
		cmocka_unit_test(every_argument_takes_effect),
		cmocka_unit_test(times_have_a_ceiling),
		cmocka_unit_test(backends_can_be_ordered_and_taken_out),
		cmocka_unit_test(what_is_not_understood_is_counted_and_leaves_the_default),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
