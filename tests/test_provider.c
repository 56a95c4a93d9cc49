/* SPDX-License-Identifier: MIT */
#include "config.h"

/* The table of the desktop keyring's providers, printed, and what must hold of each row. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>

#include <cmocka.h>

#include "keyring/backend.h"
#include "keyring/cleanup.h"
#include "keyring/secret_service_provider.h"

static const char *yes(bool is_so)
{
	return is_so ? "yes" : "no";
}

static void print_row(const struct kt_provider *row)
{
	print_message("%s\n", row->name);
	print_message("  recognised by             %s\n", row->owns[0] ? row->owns[0]
	                                                    : row->implements ? row->implements
	                                                                      : "nothing");
	print_message("  prompt on a write         %s\n", yes(row->prompts_on_write));
	print_message("  SetSecret reaches disk    %s\n", yes(row->keeps_replaced));
	print_message("  content type is kept      %s\n", yes(row->keeps_type));
	print_message("  default alias always      %s\n", yes(row->has_default));
	print_message("  search finds locked items %s\n", yes(row->finds_locked));
	print_message("  search asks when locked   %s\n", yes(row->asks_at_search));
	print_message("  closed ones are listed    %s\n", yes(row->lists_closed));
	print_message("  on disk within            %d s\n", row->settling);
	print_message("  opened                    %s\n", row->unlocked);
}

static void every_provider_has_a_row(void **state)
{
	static const char *const known[] = { "gnome-keyring", "KeePassXC", "KWallet", "oo7" };

	(void)state;
	for (const struct kt_provider *row = kt_providers; row->name; row++)
		print_row(row);
	for (size_t i = 0; i < KT_COUNT(known); i++) {
		const struct kt_provider *row = kt_providers;

		while (row->name && strcmp(row->name, known[i]) != 0)
			row++;
		assert_non_null(row->name);
	}
}

static void every_row_can_be_recognised_but_the_last(void **state)
{
	const struct kt_provider *row = kt_providers;

	(void)state;
	for (; row[1].name; row++) {
		assert_true(row->owns[0] || row->implements);
		assert_non_null(row->unlocked);
	}
	assert_string_equal(row->name, "unknown");
	assert_null(row->owns[0]);
	/* Nothing is taken for granted of a provider that is not known. */
	assert_false(row->keeps_replaced);
	assert_in_range(row->settling, 1, KT_SETTLING_MAXIMUM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_provider_has_a_row),
		cmocka_unit_test(every_row_can_be_recognised_but_the_last),
	};

	return cmocka_run_group_tests_name("providers", tests, NULL, NULL);
}
