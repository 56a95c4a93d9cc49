/* SPDX-License-Identifier: MIT */
#pragma once

/* Texts in the JSON of a source, and what stands there when they are gone. */

#include "helper/keeper/import/item.h"
#include "helper/keeper/setup/json_text.h"

/* The base of Coze's service that the text names, if it names one of the two alone; else NULL. */
const char *kt_import_find_site(const char *text);

/* Adds an empty item for the member's value, whose name it gets. */
struct kt_import_item *kt_import_add_member(struct kt_import_file *file, const char *text,
                                            const struct kt_json_member *member,
                                            struct kt_error *error);

/* Appends text as a JSON string. */
bool kt_import_append_string(struct kt_secret *target, const char *text, struct kt_error *error);

/*
 * Appends "run", "work", "--env", "NAME", "--", as JSON and TOML have lists: what keyturn is to be
 * started with so that the item's variable is set. Behind another one, keyturn itself comes first.
 */
bool kt_import_append_launcher(struct kt_secret *words, const struct kt_import_item *item,
                               struct kt_error *error);

/* A source's replace: the value gives way to a text that says what keeps it. */
bool kt_import_replace_value(const struct kt_import_file *file, const struct kt_import_item *item,
                             struct kt_edits *edits, struct kt_error *error);
