/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

/* The text as a member that owns its text elsewhere: borrowed, never written to or freed. */
static inline char *unconst(const char *text)
{
	return (char *)(uintptr_t)text;
}
