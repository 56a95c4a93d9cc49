/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "keyring/characters.h"
#include "keyring/error.h"

static void the_first_sentence_is_kept(void **state)
{
	struct kt_error error = { 0 };

	(void)state;
	assert_false(kt_fail(&error, KT_ERROR_LOCKED, "the %s is locked", "vault"));
	assert_false(kt_fail(&error, KT_ERROR_INTERNAL, "another"));
	assert_false(kt_advise(&error, "open it"));
	assert_false(kt_advise(&error, "another"));
	assert_int_equal(error.code, KT_ERROR_LOCKED);
	assert_string_equal(error.message, "the vault is locked");
	assert_string_equal(error.remedy, "open it");
}

/* Characters of each length, at each place before the end of the room. */
static void a_sentence_that_is_too_long_ends_with_a_whole_character(void **state)
{
	static const char *const characters[] = { "x", "\xc3\xa4", "\xe4\xb8\xad", "\xf0\x9f\x94\x91" };
	char text[4 * KT_ERROR_SENTENCE + 1];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		for (size_t before = 0; before < 8; before++) {
			struct kt_error error = { 0 };

			memset(text, 'a', before);
			text[before] = '\0';
			while (strlen(text) < KT_ERROR_SENTENCE + 8)
				strcat(text, characters[i]);
			kt_fail(&error, KT_ERROR_SERVER, "%s", text);
			kt_advise(&error, "%s", text);
			assert_null(strchr(error.message, '?'));
			assert_true(strlen(error.message) + i + 2 > KT_ERROR_SENTENCE);
			assert_memory_equal(error.message, text, strlen(error.message));
			assert_string_equal(error.remedy, error.message);
		}
	}
}

static void what_could_steer_a_terminal_is_a_question_mark(void **state)
{
	struct kt_error error = { 0 };

	(void)state;
	kt_fail(&error, KT_ERROR_SERVER, "%s", "a\033[2Jb\xff\xe2\x80\xae");
	assert_string_equal(error.message, "a?[2Jb??");
}

static void bytes_that_fit_end_with_a_whole_character(void **state)
{
	(void)state;
	assert_int_equal(kt_characters_fit("", 5), 0);
	assert_int_equal(kt_characters_fit("abc", 5), 3);
	assert_int_equal(kt_characters_fit("abcdef", 5), 5);
	assert_int_equal(kt_characters_fit("abcd\xe4\xb8\xad", 5), 4);
	assert_int_equal(kt_characters_fit("abcd\xe4\xb8\xad", 6), 4);
	assert_int_equal(kt_characters_fit("abcd\xe4\xb8\xad", 7), 7);
	assert_int_equal(kt_characters_fit("abcd\xff\xff", 5), 5);
	assert_int_equal(kt_characters_fit("abcd\xe4\xb8", 9), 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_sentence_is_kept),
		cmocka_unit_test(a_sentence_that_is_too_long_ends_with_a_whole_character),
		cmocka_unit_test(what_could_steer_a_terminal_is_a_question_mark),
		cmocka_unit_test(bytes_that_fit_end_with_a_whole_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
