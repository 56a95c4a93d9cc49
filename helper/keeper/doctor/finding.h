/* SPDX-License-Identifier: MIT */
#pragma once

/* Findings of keyturn doctor: one for each layer, with its meaning and the remedy. */

#include <stdbool.h>
#include <stddef.h>

#include "keyring/error.h"

enum kt_finding_level {
	KT_FINDING_OK,
	KT_FINDING_WARNING,
	KT_FINDING_FAILED,
};

struct kt_finding {
	const char *layer;             /* "bus", "keyring", "lock", "vault", "kernel", ... */
	enum kt_finding_level level;
	struct kt_error detail;        /* message and remedy; code only where it failed */
};

#define KT_FINDINGS_MAXIMUM 64

struct kt_findings {
	struct kt_finding findings[KT_FINDINGS_MAXIMUM];
	size_t count;
};

/* Adds a finding; a sentence and, where something is to be done, a remedy (or NULL). */
void kt_findings_add(struct kt_findings *findings, const char *layer, enum kt_finding_level level,
                     const char *remedy, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* Adds an error as a finding of that level. */
void kt_findings_add_error(struct kt_findings *findings, const char *layer,
                           enum kt_finding_level level, const struct kt_error *error);
