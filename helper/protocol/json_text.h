/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Writes a tool's answer in JSON (RFC 8259) without a library, so that the door can. A member is
 * set apart from the one before it by itself.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keyring/error.h"
#include "keyring/secret.h"

/* The inside of a string. Bytes that are not UTF-8 are refused (KT_ERROR_USAGE), all of them. */
bool kt_json_text_escape(struct kt_secret *bytes, const char *text, size_t length,
                         struct kt_error *error);

/* Opens an object, as a member where it has a name. */
bool kt_json_text_open(struct kt_secret *bytes, const char *name, struct kt_error *error);

bool kt_json_text_add(struct kt_secret *bytes, const char *name, const char *text,
                      struct kt_error *error);
bool kt_json_text_add_secret(struct kt_secret *bytes, const char *name,
                             const struct kt_secret *secret, struct kt_error *error);
bool kt_json_text_add_number(struct kt_secret *bytes, const char *name, int64_t number,
                             struct kt_error *error);

/* A point in time by RFC 3339, whole seconds, UTC: "2026-01-01T01:15:00Z". */
bool kt_json_text_add_time(struct kt_secret *bytes, const char *name, int64_t seconds,
                           struct kt_error *error);
