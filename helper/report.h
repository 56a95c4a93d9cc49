/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * stderr: the failure and its remedy, once; notes to people; the trace that KEYTURN_TRACE asks
 * for. Every line is made printable; no secret is ever handed to these functions.
 */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/secret.h"

/* Opens the trace: "1" is stderr, anything else a file that is appended to (0600). */
void kt_report_start(const char *trace);

/* Tells the failure and its remedy: two lines on stderr, or one JSON object on stdout. */
void kt_report_failure(const struct kt_error *error, bool json);

/* One line to stderr for the person there. */
void kt_report_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Sends lines for people to stdout, broken between words where that is a terminal. Each is short
 * enough for a message.
 */
bool kt_report_lines(const struct kt_secret *lines, struct kt_error *error);

/* One line of trace, where one is wanted. */
void kt_report_trace(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* kt_report_trace() for a line that is whole. */
void kt_report_trace_line(const char *line);
