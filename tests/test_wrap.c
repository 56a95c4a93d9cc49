/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "helper/wrap.h"

static void expect(const char *line, size_t columns, const char *expected)
{
	char output[400];

	assert_int_equal(kt_wrap(line, columns, output, sizeof(output)), strlen(expected));
	assert_string_equal(output, expected);
}

static void a_line_that_fits_stays_as_it_is(void **state)
{
	(void)state;
	expect("keyturn: it fits", 16, "keyturn: it fits");
	expect("keyturn: it fits", 0, "keyturn: it fits");
	expect("", 10, "");
}

static void a_longer_one_is_broken_between_words(void **state)
{
	(void)state;
	expect("keyturn: it fits", 15, "keyturn: it\n  fits");
	expect("one two three four five", 10, "one two\n  three\n  four\n  five");
}

static void the_next_line_is_indented_more(void **state)
{
	(void)state;
	expect("    the token stays as it is", 16, "    the token\n      stays as\n      it is");
}

static void a_word_that_is_longer_than_a_line_is_whole(void **state)
{
	(void)state;
	expect("open https://www.coze.cn/open/oauth/pats there", 20,
	       "open\n  https://www.coze.cn/open/oauth/pats\n  there");
}

static void a_command_is_never_broken(void **state)
{
	(void)state;
	expect("keyturn: log in again: keyturn login work --with-token", 30,
	       "keyturn: log in again:\n  keyturn login work --with-token");
	expect("run: keyturn login 'my, work' --check; then all is well", 20,
	       "run:\n  keyturn login 'my, work' --check;\n  then all is well");
	expect("make it: keyturn vault create (once), then go on", 20,
	       "make it:\n  keyturn vault create\n  (once), then go on");
	expect("to look: git config --global credential.helper", 20,
	       "to look:\n  git config --global credential.helper");
	expect("name its server: --issuer URL --host HOST", 20,
	       "name its server:\n  --issuer URL --host HOST");
}

static void a_command_ends_at_a_column_a_bracket_or_a_wide_mark(void **state)
{
	(void)state;
	expect("--site SITE  for tokens that name none", 24,
	       "--site SITE  for tokens\n  that name none");
	expect("usage: keyturn which [URL] [--json]", 24, "usage: keyturn which\n  [URL] [--json]");
	expect("run: keyturn import \357\274\233\346\233\276\350\242\253", 21,
	       "run:\n  keyturn import \357\274\233\346\233\276\n  \350\242\253");
}

static void nor_one_behind_a_word_without_a_blank(void **state)
{
	(void)state;
	expect("\350\257\267\350\277\220\350\241\214\357\274\232keyturn login work "
	       "--with-token", 20,
	       "\350\257\267\350\277\220\350\241\214\357\274\232\n  keyturn login work "
	       "--with-token");
}

static void prose_about_a_program_is_prose(void **state)
{
	(void)state;
	expect("ask git what it has, and make it keyturn's", 24,
	       "ask git what it has, and\n  make it keyturn's");
}

static void double_width_counts_twice_and_is_broken_anywhere(void **state)
{
	(void)state;
	expect("\344\275\240\345\245\275 \344\275\240\345\245\275", 9,
	       "\344\275\240\345\245\275 \344\275\240\345\245\275");
	expect("\344\275\240\345\245\275 \344\275\240\345\245\275", 8,
	       "\344\275\240\345\245\275 \344\275\240\n  \345\245\275");
}

static void a_mark_begins_no_line_and_ends_none(void **state)
{
	(void)state;
	/* The comma would stand in column 7, the bracket in column 5. */
	expect("\344\275\240\345\245\275\345\220\227\357\274\214\345\245\275", 7,
	       "\344\275\240\345\245\275\n  \345\220\227\357\274\214\n  \345\245\275");
	expect("\344\275\240\345\245\275\357\274\210\345\245\275", 7,
	       "\344\275\240\345\245\275\n  \357\274\210\345\245\275");
}

static void without_room_it_is_not_broken(void **state)
{
	char output[12];

	(void)state;
	assert_int_equal(kt_wrap("aaaa bbb", 5, output, sizeof(output)), 10);
	assert_int_equal(kt_wrap("aaa bbb ccc", 3, output, sizeof(output)), 11);
	assert_string_equal(output, "aaa bbb ccc");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_that_fits_stays_as_it_is),
		cmocka_unit_test(a_longer_one_is_broken_between_words),
		cmocka_unit_test(the_next_line_is_indented_more),
		cmocka_unit_test(a_word_that_is_longer_than_a_line_is_whole),
		cmocka_unit_test(a_command_is_never_broken),
		cmocka_unit_test(a_command_ends_at_a_column_a_bracket_or_a_wide_mark),
		cmocka_unit_test(nor_one_behind_a_word_without_a_blank),
		cmocka_unit_test(prose_about_a_program_is_prose),
		cmocka_unit_test(double_width_counts_twice_and_is_broken_anywhere),
		cmocka_unit_test(a_mark_begins_no_line_and_ends_none),
		cmocka_unit_test(without_room_it_is_not_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
