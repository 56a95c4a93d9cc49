/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "keyring/shell_word.h"

/* A placeholder for the person to fill in. */
#define STAND_IN "ACCOUNT"

static void expect(const char *word, const char *expected)
{
	struct kt_shell_word buffer;

	assert_string_equal(kt_shell_word(&buffer, word, STAND_IN), expected);
}

static void a_plain_word_stays_as_it_is(void **state)
{
	(void)state;
	expect("work", "work");
	expect("work@coze.cn", "work@coze.cn");
	expect("me@127.0.0.1:8080/path", "me@127.0.0.1:8080/path");
	expect("a%b+c=d,e_f-g", "a%b+c=d,e_f-g");
}

static void any_other_is_quoted(void **state)
{
	(void)state;
	expect("", "''");
	expect("my work", "'my work'");
	expect("o'neill", "'o'\\''neill'");
	expect("$HOME", "'$HOME'");
	expect("~", "'~'");
	expect("a;b", "'a;b'");
	expect("\xe5\xb7\xa5\xe4\xbd\x9c", "'\xe5\xb7\xa5\xe4\xbd\x9c'");
}

/* A real shell reads the quoted word back as it was. */
static void expect_read_back(const char *word)
{
	struct kt_shell_word buffer;
	char command[300];
	char output[300];
	size_t length;
	FILE *shell;

	snprintf(command, sizeof(command), "printf '%%s' %s", kt_shell_word(&buffer, word, STAND_IN));
	shell = popen(command, "r");
	assert_non_null(shell);
	length = fread(output, 1, sizeof(output) - 1, shell);
	assert_int_equal(pclose(shell), 0);
	output[length] = '\0';
	assert_string_equal(output, word);
}

static void a_shell_reads_the_word_back(void **state)
{
	static const char *const words[] = {
		"work", "two words", "'", "''", "a'b'c", "\"", "\\", "$(id)", "`id`", "*", "a\\'b", "!x",
		"#no comment", "a|b>c<d&e", "{a,b}", "~root", "\xe5\xb7\xa5\xe4\xbd\x9c",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		expect_read_back(words[i]);
}

static void a_word_too_long_for_a_message_has_a_stand_in(void **state)
{
	char word[201];

	(void)state;
	memset(word, 'a', 200);
	word[200] = '\0';
	expect(word, STAND_IN);
	word[199] = '\0';
	expect(word, word);
	memset(word, '\'', 49);
	word[49] = '\0';
	expect_read_back(word);
	memset(word, '\'', 50);
	word[50] = '\0';
	expect(word, STAND_IN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_word_stays_as_it_is),
		cmocka_unit_test(any_other_is_quoted),
		cmocka_unit_test(a_shell_reads_the_word_back),
		cmocka_unit_test(a_word_too_long_for_a_message_has_a_stand_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
