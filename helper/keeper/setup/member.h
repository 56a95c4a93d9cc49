/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Tools that ask keyturn by one member of a JSON object, the whole file. The member alone is
 * written; the rest of the file keeps its form.
 */

#include "helper/keeper/setup/setup.h"
#include "keyring/json.h"

/* The file as an object; NULL where it is blank. */
bool kt_setup_member_read(const struct kt_setup_plan *plan, struct kt_json **json,
                          struct kt_error *error);

/* Sets the outermost member to a text that needs no escapes. */
bool kt_setup_member_set(struct kt_setup_plan *plan, const char *name, const char *value,
                         struct kt_error *error);

/* Puts the text of before there, as far as the record tells it, or removes the member. */
bool kt_setup_member_take_back(struct kt_setup_plan *plan, const char *name, const char *value,
                               struct kt_error *error);

/* The same two of an object within, which begins at this place. */
bool kt_setup_member_set_in(struct kt_setup_plan *plan, size_t object, const char *name,
                            const char *value, struct kt_error *error);
bool kt_setup_member_take_back_in(struct kt_setup_plan *plan, size_t object, const char *name,
                                  const char *value, struct kt_error *error);

/* Notes the command that had the member's place before; NULL or empty: there was none. */
bool kt_setup_member_tell(struct kt_setup_plan *plan, const char *command, struct kt_error *error);
