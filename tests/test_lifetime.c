/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "helper/keeper/account/lifetime.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/text.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define NOW INT64_C(1795369798)
#define UNTOLD (-1)

static void expires_in_is_read_in_every_form(void **state)
{
	static const struct {
		const char *text;
		int64_t lifetime;
	} rows[] = {
		/* seconds from now */
		{ "1", 1 },
		{ "59", 59 },
		{ "900", 900 },
		{ "86399", 86399 },
		{ "0900", 900 },
		{ "2592000", 2592000 },
		{ "2592001", 2592001 },
		{ "315705599", 315705599 },
		{ "999999999", 999999999 },
		/* as some servers write it */
		{ " 3600", 3600 },
		{ "3600 ", 3600 },
		{ "\t3600\t", 3600 },
		{ "3600.5", 3600 },
		{ "3600.0", 3600 },
		{ "3600.", 3600 },
		{ "1.99", 1 },
		/* seconds since the epoch, read against the server's clock */
		{ "1000000000", 0 },
		{ "1795369797", 0 },
		{ "1795369798", 0 },
		{ "1795369799", 1 },
		{ "1795370698", 900 },
		{ "1795370698.7", 900 },
		{ "1795456198", 86400 },
		{ "4294967296", 4294967296 - NOW },
		{ "99999999999", 99999999999 - NOW },
		/* milliseconds since the epoch */
		{ "1000000000000", 0 },
		{ "1795369798999", 0 },
		{ "1795369799000", 1 },
		{ "1795370698500", 900 },
		{ "99999999999999", 99999999999 - NOW },
		/* no life is told */
		{ NULL, UNTOLD },
		{ "", UNTOLD },
		{ " ", UNTOLD },
		{ "0", UNTOLD },
		{ "0.5", UNTOLD },
		{ ".5", UNTOLD },
		{ "-1", UNTOLD },
		{ "-1795370698", UNTOLD },
		{ "+900", UNTOLD },
		{ "9 00", UNTOLD },
		{ "900,5", UNTOLD },
		{ "900.5.5", UNTOLD },
		{ "9e2", UNTOLD },
		{ "0x384", UNTOLD },
		{ "NaN", UNTOLD },
		{ "soon", UNTOLD },
		{ "100000000000", UNTOLD },
		{ "999999999999", UNTOLD },
		{ "100000000000000", UNTOLD },
		{ "9223372036854775807", UNTOLD },
		{ "9223372036854775808", UNTOLD },
		{ "99999999999999999999999999", UNTOLD },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		int64_t lifetime = UNTOLD;

		assert_int_equal(kt_lifetime_read(rows[i].text, NOW, &lifetime),
		                 rows[i].lifetime != UNTOLD);

		if (lifetime != rows[i].lifetime)
			print_error("expires_in %s\n", rows[i].text ? rows[i].text : "absent");
		assert_int_equal(lifetime, rows[i].lifetime);
	}
}

/* A relative life is whole; one that ends at a second begins at one too. */
static void what_is_spent_of_a_life_is_known(void **state)
{
	int64_t now = kt_clock_wall();

	(void)state;
	assert_int_equal(kt_lifetime_spent(NULL, now, 0), 0);
	assert_int_equal(kt_lifetime_spent("soon", now, 0), 0);
	assert_int_equal(kt_lifetime_spent("900", now, 0), 0);
	assert_int_equal(kt_lifetime_spent("900", now - 5000, 0), 0);
	assert_in_range(kt_lifetime_spent("9000000000", now, 0), 0, 1999);
	assert_in_range(kt_lifetime_spent("9000000000", now - 1, 0), 1000, 1999);
	assert_in_range(kt_lifetime_spent("9000000000000", now - 1, 0), 1000, 1999);
	/* the server's clock is another */
	assert_int_equal(kt_lifetime_spent("9000000000", now - 5000, 0), 1000);
	assert_int_equal(kt_lifetime_spent("9000000000", now + 5000, 0), 1000);
	assert_int_equal(kt_lifetime_spent("9000000000", INT64_MAX, 0), 1000);
	assert_int_equal(kt_lifetime_spent("9000000000", INT64_MIN, 0), 1000);
	/* an answer that took its time: from before the request was sent, or the Date */
	assert_int_equal(kt_lifetime_spent("900", now, 7000), 7000);
	assert_int_equal(kt_lifetime_spent(NULL, now, 7000), 7000);
	assert_in_range(kt_lifetime_spent("9000000000", now - 7, 7000), 7000, 7999);
	assert_int_equal(kt_lifetime_spent("9000000000", now - 5000, 7000), 8000);
}

static void start(struct kt_credential *credential, int64_t lifetime)
{
	struct kt_error error = { 0 };

	assert_true(kt_secret_append_text(&credential->token, "token", &error));
	assert_true(kt_lifetime_start(credential, lifetime, 0, &error));
}

/* A second may pass in between. */
static void assert_about(int64_t left, int64_t expected)
{
	assert_in_range(left + 100000, expected + 100000 - 2, expected + 100000);
}

static void a_token_lives_from_when_it_was_got(void **state)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };

	(void)state;
	assert_int_equal(kt_lifetime_left(&credential), 0);
	assert_int_equal(kt_lifetime_wall_end(&credential), 0);
	start(&credential, 900);

	assert_about(kt_lifetime_left(&credential), 900);
	assert_about(kt_lifetime_wall_end(&credential) - kt_clock_wall(), 900);
	assert_int_equal(kt_lifetime_margin(&credential), 60);

	credential.lifetime = 300;
	assert_int_equal(kt_lifetime_margin(&credential), 30);
	kt_lifetime_end(&credential);
	assert_int_equal(kt_lifetime_left(&credential), 0);
}

/* Within a boot no part of a second is lost, whatever the second was in which it was got. */
static void a_life_is_counted_in_milliseconds(void **state)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };

	(void)state;
	start(&credential, 10);
	credential.issued_boot_milliseconds -= 7100;
	credential.issued -= 7;
	assert_in_range(kt_lifetime_left_milliseconds(&credential), 2001, 2900);
	assert_int_equal(kt_lifetime_left(&credential), 2);
	assert_in_range(kt_lifetime_wall_end_milliseconds(&credential) -
	                kt_clock_wall_milliseconds(), 2001, 2900);
}

/* The wall clock now, and the boot's at the same moment: nobody held this test up in between. */
static int64_t both_clocks(int64_t *boot)
{
	int64_t wall;
	int64_t after;

	do {
		*boot = kt_clock_boot_milliseconds();
		wall = kt_clock_wall_milliseconds();
		after = kt_clock_boot_milliseconds();
	} while (after - *boot > 20);
	return wall;
}

/* A millisecond between the looks at the two clocks makes no other end of it. */
static void an_end_near_a_whole_second_is_told_as_one(void **state)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	int64_t boot;
	int64_t wall = both_clocks(&boot);
	int64_t off;

	(void)state;
	start(&credential, 900);
	credential.issued = wall / 1000 - 5;
	for (off = -300; off <= 300; off += 20) {
		int64_t asked = kt_clock_boot_milliseconds();
		int64_t end;

		credential.issued_boot_milliseconds = boot - 5000 - wall % 1000 + off;
		end = kt_lifetime_wall_end(&credential);
		/* Who is held up between the clocks is told an earlier end. */
		assert_true(end == credential.issued + 900 ||
		            (end < credential.issued + 900 &&
		             kt_clock_boot_milliseconds() - asked > 600));
	}
}

static void a_token_without_a_known_end_is_good_until_it_is_refused(void **state)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	credential.kind = KT_KIND_OAUTH;
	start(&credential, 900);
	assert_true(kt_lifetime_start_endless(&credential, 0, &error));
	credential.issued_boot_milliseconds -= 40 * 86400000L;
	credential.issued -= 40 * 86400;

	assert_true(kt_lifetime_left(&credential) > 900000000);
	assert_true(kt_lifetime_until_renewal(&credential) > 900000000);
	assert_int_equal(kt_lifetime_wall_end(&credential), 0);
	assert_int_equal(kt_lifetime_margin(&credential), 60);

	/* With a refresh token a renewal is due after an hour; the token stays good. */
	assert_true(kt_secret_append_text(&credential.refresh_token, "r", &error));
	assert_true(kt_lifetime_until_renewal(&credential) <= 0);
	assert_true(kt_lifetime_left(&credential) > 900000000);
	assert_true(kt_lifetime_start_endless(&credential, 0, &error));
	assert_about(kt_lifetime_until_renewal(&credential), 3600);

	kt_lifetime_end(&credential);
	assert_int_equal(kt_lifetime_left(&credential), 0);
	assert_false(credential.end_unknown);
}

static void a_long_life_is_kept(void **state)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };

	(void)state;
	start(&credential, 315705599);
	assert_about(kt_lifetime_left(&credential), 315705599);
}

/* Nobody can give another one: the boot's clock alone counts. */
static void a_token_that_cannot_be_renewed_is_not_mistrusted(void **state)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };

	(void)state;
	credential.kind = KT_KIND_OAUTH;
	start(&credential, 900);
	credential.issued -= 7200;
	assert_about(kt_lifetime_left(&credential), 900);
}

/* The token got older (by boot) and the wall clock moved beside (by wall). */
static int64_t left_after(int64_t age, int64_t jump)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };

	credential.kind = KT_KIND_JWT;
	start(&credential, 900);
	credential.issued_boot_milliseconds -= age * 1000;
	credential.issued -= age + jump;
	return kt_lifetime_left(&credential);
}

static void both_clocks_must_say_that_it_lives(void **state)
{
	(void)state;
	assert_about(left_after(500, 0), 400);
	assert_true(left_after(901, 0) <= 0);
	/* set back by an hour: CLOCK_BOOTTIME keeps the truth */
	assert_about(left_after(500, -3600), 400);
	assert_true(left_after(901, -3600) <= 0);
	/* gone ahead by more than the margin: this machine may have stood still */
	assert_about(left_after(440, 59), 401);
	assert_true(left_after(440, 63) <= 0);
	assert_true(left_after(10, 7200) <= 0);
	assert_true(left_after(10, 100 * 365 * 86400L) <= 0);
	/* issued in this boot's future: not to be trusted */
	assert_true(left_after(-100, 0) <= 0);
}

static int64_t left_in_another_boot(int64_t age)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	struct kt_error error = { 0 };

	start(&credential, 900);
	assert_true(kt_text_set(&credential.boot_id, "another", &error));
	credential.issued_boot_milliseconds += 1000000000;
	credential.issued -= age;
	return kt_lifetime_left(&credential);
}

static void after_a_reboot_the_wall_clock_alone_counts(void **state)
{
	(void)state;
	assert_about(left_in_another_boot(500), 400);
	assert_true(left_in_another_boot(900) <= 0);
	assert_about(left_in_another_boot(-59), 959);
	assert_true(left_in_another_boot(-3600) <= 0);
}

static void hostile_numbers_mean_no_token(void **state)
{
	const struct {
		int64_t issued;
		int64_t issued_boot;
		int64_t lifetime;
	} rows[] = {
		{ INT64_MIN, kt_clock_boot_milliseconds() - 500000, 900 },
		{ INT64_MAX, INT64_MAX, 900 },
		{ INT64_MIN, INT64_MIN, INT64_MAX },
		{ 0, 0, INT64_MIN },
		{ 0, 0, 0 },
		{ 0, INT64_MIN, 900 },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };

		credential.kind = KT_KIND_JWT;
		start(&credential, 900);
		credential.issued = rows[i].issued;
		credential.issued_boot_milliseconds = rows[i].issued_boot;
		credential.lifetime = rows[i].lifetime;
		assert_true(kt_lifetime_left(&credential) <= 0);
		assert_int_equal(kt_lifetime_wall_end(&credential), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expires_in_is_read_in_every_form),
		cmocka_unit_test(what_is_spent_of_a_life_is_known),
		cmocka_unit_test(a_token_lives_from_when_it_was_got),
		cmocka_unit_test(a_life_is_counted_in_milliseconds),
		cmocka_unit_test(an_end_near_a_whole_second_is_told_as_one),
		cmocka_unit_test(a_token_without_a_known_end_is_good_until_it_is_refused),
		cmocka_unit_test(a_long_life_is_kept),
		cmocka_unit_test(a_token_that_cannot_be_renewed_is_not_mistrusted),
		cmocka_unit_test(both_clocks_must_say_that_it_lives),
		cmocka_unit_test(after_a_reboot_the_wall_clock_alone_counts),
		cmocka_unit_test(hostile_numbers_mean_no_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
