/* SPDX-License-Identifier: MIT */
#pragma once

/* The sources of credentials in plain text: each is one row of data. */

#include <stdbool.h>
#include <stddef.h>

struct kt_plain_source {
	const char *name;
	const char *const *at_home; /* paths below the home, the last part a pattern (fnmatch(3)) */
	const char *const *names;   /* patterns of file names, anywhere; NULL: none */
	const char *const *keys;    /* a literal value behind one of these is a secret; NULL: none */
	bool has_urls;              /* https://NAME:PASSWORD@HOST */
	bool has_requests;          /* Bearer TOKEN, https://HOST/?token=TOKEN */
};

extern const struct kt_plain_source kt_plain_sources[];
extern const size_t kt_plain_source_count;

/*
 * True if the line, which ends in NUL, has a secret: a word that is a token, or what the source
 * says beside. A reference to a variable, and a place that is left open, are none.
 */
bool kt_plain_source_has_secret(const struct kt_plain_source *source, const char *line);
