/* SPDX-License-Identifier: MIT */
#pragma once

/* For tests that something keeps from running. packaging/check judges the reason. */

#include <stdio.h>

#include <cmocka.h>

/* The reason goes to stderr, for cmocka's own messages are not shown by every version. */
#define skip_because(reason)                        \
	do {                                        \
		fprintf(stderr, "skip: %s\n", reason); \
		skip();                             \
	} while (0)
