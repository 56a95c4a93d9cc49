/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Places in the text of a JSON file, so that one member is changed and the rest keeps its form. The
 * text has been parsed already (json.h): nothing here refuses it.
 */

#include <stdbool.h>
#include <stddef.h>

#include "helper/keeper/setup/edit.h"
#include "keyring/error.h"
#include "keyring/json.h"
#include "keyring/secret.h"

#define KT_JSON_BLANKS " \t\r\n"

/* A member, as places in the text. */
struct kt_json_member {
	size_t key;   /* its opening quote; 0: none, where a walk begins */
	size_t value;
	size_t end;   /* behind the value */
};

/* Parses the file's one object. A text that is none is KT_ERROR_USAGE, and names the file. */
bool kt_json_text_parse(const struct kt_secret *content, const char *file, struct kt_json **json,
                        struct kt_error *error);

/*
 * Appends the text without comments, and without a comma behind a last member, which some tools
 * allow: blanks stand there, and each place is as it was.
 */
bool kt_json_text_append_strict(struct kt_secret *strict, const struct kt_secret *content,
                                struct kt_error *error);

/* Moves on to the next member of the object that begins at this place; false: there is none. */
bool kt_json_text_next(const char *text, size_t object, struct kt_json_member *member);

/* The member of this name; false: there is none. */
bool kt_json_text_find(const char *text, size_t object, const char *name,
                       struct kt_json_member *member);

/* The same of the texts at the beginning of a list, each as a member whose key is its value. */
bool kt_json_text_next_element(const char *text, size_t list, struct kt_json_member *element);

/* The member's name, as it stands in the text, is this one. */
bool kt_json_text_is_named(const char *text, const struct kt_json_member *member,
                           const char *name);

/* Replaces value by the text that the member's value stands for; empty where it is none. */
bool kt_json_text_value(const char *text, const struct kt_json_member *member,
                        struct kt_secret *value, struct kt_error *error);

/* Takes the member out, with its comma and the blanks up to its neighbour. */
bool kt_json_text_remove(const char *text, const struct kt_json_member *member,
                         struct kt_edits *edits, struct kt_error *error);
