/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "helper/keeper/doctor/doctor.h"

static char directory[] = "/tmp/keyturn-pam-XXXXXX";
static char vendor[] = "/tmp/keyturn-pam-vendor-XXXXXX";
static const char *const names[] = { "login", "sshd", "passwd", "common-auth", "common-session",
	                             "common-password", "sudo", "system-auth" };

static void put_in(const char *place, const char *name, const char *text)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", place, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void put(const char *name, const char *text)
{
	put_in(directory, name, text);
}

static int make(void **state)
{
	(void)state;
	memset(directory + strlen(directory) - 6, 'X', 6);
	memset(vendor + strlen(vendor) - 6, 'X', 6);
	return mkdtemp(directory) && mkdtemp(vendor) ? 0 : -1;
}

static int remove_all(void **state)
{
	char path[64];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		unlink(path);
		snprintf(path, sizeof(path), "%s/%s", vendor, names[i]);
		unlink(path);
	}
	return rmdir(directory) + rmdir(vendor);
}

static void check(struct kt_findings *findings)
{
	const char *const directories[] = { directory, vendor, NULL };

	kt_doctor_check_pam(findings, directories);
}

/* The finding that has the text, else NULL. */
static const struct kt_finding *find(const struct kt_findings *findings, const char *text)
{
	for (size_t i = 0; i < findings->count; i++)
		if (strstr(findings->findings[i].detail.message, text))
			return &findings->findings[i];
	return NULL;
}

static bool is_told(enum kt_finding_level level, const char *text, const char *service)
{
	struct kt_findings findings = { 0 };
	const struct kt_finding *finding;

	check(&findings);
	finding = find(&findings, text);
	return finding && finding->level == level && strstr(finding->detail.message, service) &&
	       finding->detail.remedy[0] != '\0';
}

static bool is_warned(const char *text, const char *service)
{
	return is_told(KT_FINDING_WARNING, text, service);
}

static bool is_failed(const char *text, const char *service)
{
	return is_told(KT_FINDING_FAILED, text, service);
}

static void assert_well(const char *services)
{
	struct kt_findings findings = { 0 };

	check(&findings);
	assert_true(findings.count > 0);
	for (size_t i = 0; i < findings.count; i++)
		assert_int_equal(findings.findings[i].level, KT_FINDING_OK);
	assert_non_null(strstr(findings.findings[0].detail.message, services));
}

#define SESSION "session required pam_unix.so\nsession optional pam_systemd.so\n" \
	"session optional pam_keyturn.so\n"
#define PASSWORD "password requisite pam_unix.so\npassword optional pam_keyturn.so\n"

static void a_set_up_without_the_module_is_no_fault(void **state)
{
	(void)state;

	put("login", "auth required pam_unix.so\nsession required pam_unix.so\n");

	assert_well("does not open");
}

static void what_debian_makes_is_well(void **state)
{
	(void)state;

	put("common-auth", "# a comment\nauth\t[success=1 default=ignore]\tpam_unix.so nullok\n"
	    "auth requisite pam_deny.so\nauth required pam_permit.so\n"
	    "auth optional pam_cap.so\nauth optional pam_keyturn.so\n");
	put("common-session", "session [default=1] pam_permit.so\nsession requisite pam_deny.so\n"
	    "session required pam_permit.so\nsession required pam_unix.so\n"
	    "session optional pam_systemd.so\nsession optional pam_keyturn.so\n");
	put("common-password", "password [success=1 default=ignore] pam_unix.so yescrypt\n"
	    "password requisite pam_deny.so\npassword required pam_permit.so\n"
	    "password optional /usr/lib/security/pam_keyturn.so\n");
	put("login", "auth optional pam_faildelay.so delay=3\nauth requisite pam_nologin.so\n"
	    "@include common-auth\n@include common-session\n@include common-password\n");
	put("passwd", "@include common-password\n");
	put("sudo", "@include common-auth\n");

	assert_well("opens the keyring (login");
}

static void fedora_with_a_substack_is_well(void **state)
{
	(void)state;

	put("system-auth", "auth required pam_env.so\n"
	    "auth [default=1 ignore=ignore success=ok] pam_usertype.so isregular\n"
	    "auth [default=1 ignore=ignore success=ok] pam_localuser.so\n"
	    "auth sufficient pam_fprintd.so\nauth sufficient pam_unix.so nullok\n"
	    "auth required pam_deny.so\n");
	put("login", "auth substack system-auth\nauth optional \\\n pam_keyturn.so\n" SESSION
	    PASSWORD);

	assert_well("opens the keyring (login");
}

static void sufficient_before_it_is_told(void **state)
{
	(void)state;

	put("login", "auth sufficient pam_unix.so\nauth required pam_deny.so\n"
	    "auth optional pam_keyturn.so\n" SESSION PASSWORD);
	assert_true(is_warned("sufficient?", "login"));

	put("system-auth", "auth sufficient pam_unix.so\nauth required pam_deny.so\n");
	put("login", "auth include system-auth\nauth optional pam_keyturn.so\n" SESSION PASSWORD);
	assert_true(is_warned("never called", "login"));

	put("login", "auth [success=done default=ignore] pam_unix.so\n"
	    "auth optional pam_keyturn.so\n" SESSION PASSWORD);
	assert_true(is_warned("never called", "login"));

	put("login", "auth [success=1 default=die] pam_unix.so\nauth optional pam_keyturn.so\n"
	    "auth required pam_permit.so\n" SESSION PASSWORD);
	assert_true(is_warned("never called", "login"));
}

static void a_line_before_the_password_is_told(void **state)
{
	(void)state;

	put("login", "-auth optional pam_keyturn.so\nauth requisite pam_unix.so\n" SESSION PASSWORD);

	assert_true(is_warned("there is none yet", "login"));
}

static void a_wrong_password_that_gets_through_is_told(void **state)
{
	(void)state;

	put("login", "auth required pam_unix.so\nauth optional pam_keyturn.so\n" SESSION PASSWORD);
	assert_true(is_warned("a wrong password reaches", "login"));

	put("login", "auth requisite pam_unix.so\nauth optional pam_keyturn.so\n" SESSION PASSWORD);
	assert_well("login");
}

static void a_session_line_before_systemd_is_told(void **state)
{
	(void)state;

	put("sshd", "auth requisite pam_unix.so\nauth optional pam_keyturn.so\n"
	    "session optional pam_keyturn.so\nsession optional pam_systemd.so\n" PASSWORD);

	assert_true(is_warned("before pam_systemd.so", "sshd"));
}

static void a_missing_line_is_told(void **state)
{
	(void)state;

	put("login", "auth requisite pam_unix.so\n" SESSION PASSWORD);
	assert_true(is_warned("no auth line", "login"));

	put("login", "auth requisite pam_unix.so\nauth optional pam_keyturn.so\n"
	    "session required pam_unix.so\n" PASSWORD);
	assert_true(is_warned("no session line", "login"));

	put("login", "auth requisite pam_unix.so\nauth optional pam_keyturn.so\n" SESSION
	    "password requisite pam_unix.so\n");
	assert_true(is_warned("no password line", "login"));
}

static void a_password_line_in_the_wrong_place_is_told(void **state)
{
	(void)state;

	put("passwd", "password sufficient pam_unix.so\npassword optional pam_keyturn.so\n");
	assert_true(is_warned("password line", "passwd"));

	put("passwd", "password optional pam_keyturn.so\npassword requisite pam_unix.so\n");
	assert_true(is_warned("before any module", "passwd"));
}

static void services_with_the_same_fault_share_a_line(void **state)
{
	(void)state;

	put("login", "auth requisite pam_unix.so\n" SESSION PASSWORD);
	put("sshd", "auth requisite pam_unix.so\n" SESSION PASSWORD);

	assert_true(is_warned("no auth line", "login"));
	assert_true(is_warned("no auth line", "sshd"));
}

#define FEDORA_AUTH \
	"auth required pam_env.so\n" \
	"auth [default=1 ignore=ignore success=ok] pam_usertype.so isregular\n" \
	"auth [default=1 ignore=ignore success=ok] pam_localuser.so\n" \
	"%s" \
	"auth [default=1 ignore=ignore success=ok] pam_usertype.so isregular\n" \
	"auth sufficient pam_sss.so forward_pass\n" \
	"auth required pam_deny.so\n%s"

static void a_stack_that_lets_nobody_in_is_a_failure(void **state)
{
	char text[1024];

	(void)state;
	snprintf(text, sizeof(text), FEDORA_AUTH,
	         "auth [success=1 default=ignore] pam_unix.so nullok\n"
	         "auth requisite pam_deny.so\n", "auth optional pam_keyturn.so\n");
	put("system-auth", text);
	put("login", "auth substack system-auth\n" SESSION PASSWORD);
	put("sudo", "auth include system-auth\n");

	assert_true(is_failed("nobody can log in", "login"));
	assert_true(is_failed("nobody can log in", "sudo"));

	put("login", "auth requisite pam_unix.so\nauth [default=die] pam_keyturn.so\n" SESSION
	    PASSWORD);
	assert_true(is_failed("nobody can log in", "login"));
}

static void a_stack_that_lets_everybody_in_is_a_failure(void **state)
{
	(void)state;

	put("login", "auth sufficient pam_unix.so\nauth optional pam_keyturn.so\n"
	    "auth required pam_permit.so\n" SESSION PASSWORD);

	assert_true(is_failed("a wrong password is let in", "login"));
}

static void no_remedy_says_to_touch_the_line_that_lets_in(void **state)
{
	struct kt_findings findings = { 0 };

	(void)state;
	put("login", "auth sufficient pam_unix.so\nauth required pam_deny.so\n"
	    "auth optional pam_keyturn.so\n" SESSION
	    "password sufficient pam_unix.so\npassword required pam_deny.so\n"
	    "password optional pam_keyturn.so\n");

	check(&findings);

	assert_true(findings.count > 0);
	for (size_t i = 0; i < findings.count; i++)
		assert_null(strstr(findings.findings[i].detail.remedy, "success=N"));
}

static void users_of_a_directory_service_are_looked_at_too(void **state)
{
	(void)state;

	put("login", "auth [success=3 default=ignore] pam_unix.so\nauth sufficient pam_sss.so\n"
	    "auth requisite pam_deny.so\nauth required pam_permit.so\n"
	    "auth optional pam_keyturn.so\nauth optional pam_keyturn.so\n" SESSION
	    "password [success=2 default=ignore] pam_unix.so\npassword sufficient pam_sss.so\n"
	    "password requisite pam_deny.so\npassword required pam_permit.so\n"
	    "password optional pam_keyturn.so\n");

	assert_true(is_warned("users of a directory service do not come to the auth", "login"));
	assert_true(is_warned("a new password of a user of a directory service", "login"));
}

static void a_finger_is_told(void **state)
{
	char text[1024];

	(void)state;
	snprintf(text, sizeof(text), "auth sufficient pam_fprintd.so\n" FEDORA_AUTH,
	         "auth sufficient pam_unix.so\n", "");
	put("system-auth", text);
	put("login", "auth substack system-auth\nauth optional pam_keyturn.so\n" SESSION PASSWORD);

	assert_well("opens the keyring (login");
	assert_true(is_told(KT_FINDING_OK, "without a password", "login"));
}

static void the_vendors_files_are_read_where_there_is_no_other(void **state)
{
	(void)state;

	put_in(vendor, "login", "auth include common-auth\n" SESSION PASSWORD);
	put_in(vendor, "common-auth", "auth requisite pam_unix.so\n");
	put("common-auth", "auth requisite pam_unix.so\nauth optional pam_keyturn.so\n");
	assert_well("opens the keyring (login");

	put("login", "auth requisite pam_unix.so\n" SESSION PASSWORD);
	assert_true(is_warned("no auth line", "login"));
}

/* A jump counts a substack as one module, and does not leave one. */
static void jumps_are_libpams(void **state)
{
	(void)state;

	put("system-auth", "auth required pam_env.so\nauth required pam_deny.so\n");
	put("login", "auth [success=1 default=die] pam_unix.so\nauth substack system-auth\n"
	    "auth required pam_permit.so\nauth optional pam_keyturn.so\n" SESSION PASSWORD);
	assert_well("opens the keyring (login");

	put("system-auth", "auth [success=5 default=die] pam_unix.so\n");
	put("login", "auth substack system-auth\nauth required pam_permit.so\n"
	    "auth optional pam_keyturn.so\n" SESSION PASSWORD);
	assert_true(is_failed("nobody can log in", "login"));
}

static void files_that_make_no_sense_are_passed_over(void **state)
{
	(void)state;

	put("login", "auth\nauth [success=1 pam_unix.so\n\\\nauth include login\n@include\n"
	    "@include login\nauth requisite pam_unix.so\nauth [] pam_keyturn.so\n\\");
	put("system-auth", "auth substack system-auth\nauth [default=99] pam_unix.so\n"
	    "auth optional pam_keyturn.so");

	struct kt_findings findings = { 0 };
	check(&findings);
	assert_true(findings.count > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_set_up_without_the_module_is_no_fault, make, remove_all),
		cmocka_unit_test_setup_teardown(what_debian_makes_is_well, make, remove_all),
		cmocka_unit_test_setup_teardown(fedora_with_a_substack_is_well, make, remove_all),
		cmocka_unit_test_setup_teardown(sufficient_before_it_is_told, make, remove_all),
		cmocka_unit_test_setup_teardown(a_line_before_the_password_is_told, make, remove_all),
		cmocka_unit_test_setup_teardown(a_wrong_password_that_gets_through_is_told, make,
		                                remove_all),
		cmocka_unit_test_setup_teardown(a_session_line_before_systemd_is_told, make, remove_all),
		cmocka_unit_test_setup_teardown(a_missing_line_is_told, make, remove_all),
		cmocka_unit_test_setup_teardown(a_password_line_in_the_wrong_place_is_told, make,
		                                remove_all),
		cmocka_unit_test_setup_teardown(services_with_the_same_fault_share_a_line, make,
		                                remove_all),
		cmocka_unit_test_setup_teardown(a_stack_that_lets_nobody_in_is_a_failure, make,
		                                remove_all),
		cmocka_unit_test_setup_teardown(a_stack_that_lets_everybody_in_is_a_failure, make,
		                                remove_all),
		cmocka_unit_test_setup_teardown(no_remedy_says_to_touch_the_line_that_lets_in, make,
		                                remove_all),
		cmocka_unit_test_setup_teardown(users_of_a_directory_service_are_looked_at_too, make,
		                                remove_all),
		cmocka_unit_test_setup_teardown(a_finger_is_told, make,
		                                remove_all),
		cmocka_unit_test_setup_teardown(the_vendors_files_are_read_where_there_is_no_other, make,
		                                remove_all),
		cmocka_unit_test_setup_teardown(jumps_are_libpams, make,
		                                remove_all),
		cmocka_unit_test_setup_teardown(files_that_make_no_sense_are_passed_over, make,
		                                remove_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
