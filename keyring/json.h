/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * JSON, bounded and typed: one object, read and written. Only json.c knows cJSON. Parsed JSON
 * is at most KT_JSON_DEPTH deep, and has no key twice, no NUL in a string and nothing behind
 * its end. All memory is wiped when it is released.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keyring/error.h"
#include "keyring/secret.h"

#define KT_JSON_DEPTH 8
#define KT_JSON_FILE_DEPTH 64

struct kt_json;

/* Parses one object. The error (KT_ERROR_SERVER) names the rule that was broken. */
bool kt_json_parse(struct kt_json **json, const char *bytes, size_t length,
                   struct kt_error *error);

/* The same of a file that people and tools write, which may be KT_JSON_FILE_DEPTH deep. */
bool kt_json_parse_file(struct kt_json **json, const char *bytes, size_t length,
                        struct kt_error *error);

/* A new empty object. */
bool kt_json_create(struct kt_json **json, struct kt_error *error);

/* For KT_CLEANUP; sets the pointer to NULL. */
void kt_json_free(struct kt_json **json);

bool kt_json_has(const struct kt_json *json, const char *name);

/* Member's text, borrowed; NULL where it is absent or not a string. */
const char *kt_json_text(const struct kt_json *json, const char *name);

/* Member's whole number; false where it is absent, not a number or not whole. */
bool kt_json_number(const struct kt_json *json, const char *name, int64_t *number);

/* Member is there and true. */
bool kt_json_is_true(const struct kt_json *json, const char *name);

/* Member's object, borrowed: valid as long as json, not to be freed. NULL where it is none. */
const struct kt_json *kt_json_object(const struct kt_json *json, const char *name);

/* Member's list: how many entries (0 where it is none), and the text of one (NULL: no text). */
size_t kt_json_list_length(const struct kt_json *json, const char *name);
const char *kt_json_list_text(const struct kt_json *json, const char *name, size_t index);

/* The object at this place in member's list, borrowed; NULL where it is none. */
const struct kt_json *kt_json_list_object(const struct kt_json *json, const char *name,
                                          size_t index);

/* Member printed as JSON text, whatever its type (a scope object, verbatim in meaning). */
bool kt_json_raw(const struct kt_json *json, const char *name, struct kt_secret *text,
                 struct kt_error *error);

/*
 * Calls visit for each member whose value is a string, number or boolean, with the value as
 * text ("true", "900", ...); type is 's', 'n' or 'b'. Stops at the first false.
 */
bool kt_json_each(const struct kt_json *json,
                  bool (*visit)(void *context, const char *name, char type, const char *value,
                                struct kt_error *error),
                  void *context, struct kt_error *error);

/* A number of JSON holds it exactly: no more than 2^53. */
bool kt_json_is_exact(int64_t number);

/* Add a member. NULL text adds null; raw is JSON text and is parsed first. */
bool kt_json_add_text(struct kt_json *json, const char *name, const char *text,
                      struct kt_error *error);
bool kt_json_add_number(struct kt_json *json, const char *name, int64_t number,
                        struct kt_error *error);
bool kt_json_add_boolean(struct kt_json *json, const char *name, bool value,
                         struct kt_error *error);
bool kt_json_add_null(struct kt_json *json, const char *name, struct kt_error *error);
bool kt_json_add_raw(struct kt_json *json, const char *name, const char *raw, size_t length,
                     struct kt_error *error);

/* Adds member as an object or appends it to the list of that name; member is taken over. */
bool kt_json_add_object(struct kt_json *json, const char *name, struct kt_json **member,
                        struct kt_error *error);
bool kt_json_append_object(struct kt_json *json, const char *name, struct kt_json **member,
                           struct kt_error *error);
bool kt_json_append_text(struct kt_json *json, const char *name, const char *text,
                         struct kt_error *error);
/* An empty list, so that a list without entries is there too. */
bool kt_json_add_list(struct kt_json *json, const char *name, struct kt_error *error);

/* Removes a member; that there is none is no error. */
void kt_json_remove(struct kt_json *json, const char *name);

/* Appends the object, unformatted, to text. */
bool kt_json_print(const struct kt_json *json, struct kt_secret *text, struct kt_error *error);
