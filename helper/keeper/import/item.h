/* SPDX-License-Identifier: MIT */
#pragma once

/* Shared by the sources: lines, services, and the items that they add. */

#include "helper/keeper/import/source.h"

/* A line of the file, without its line end. A zeroed one is where a walk begins. */
struct kt_import_line {
	const char *text; /* borrowed from the file's content */
	size_t number;    /* from 1 */
	size_t start;
	size_t length;
	size_t next;
};

/* Moves on to the next line; false: there is none. A byte order mark is passed over. */
bool kt_import_next_line(const struct kt_import_file *file, struct kt_import_line *line);

/* Adds an empty item for this part of the text; it is borrowed until the next one. NULL: memory. */
struct kt_import_item *kt_import_add(struct kt_import_file *file, size_t start, size_t length,
                                     struct kt_error *error);

/* Leaves the item where it is, and says why. Returns true. */
bool kt_import_leave(struct kt_import_item *item, const char *remedy, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The item has no secret in plain text; the command, which is taken over, moves its settings. */
bool kt_import_tell_command(struct kt_import_item *item, char **command, const char *reason);

/* It is neither left nor told. */
bool kt_import_is_movable(const struct kt_import_item *item);

/*
 * Fills the item with a token that shows by itself whose it is: one of Coze's (site: the base URL
 * that the file names, or NULL), GitHub's or GitLab's. Another one is left where it is.
 */
bool kt_import_set_token(struct kt_import_item *item, const char *token, size_t length,
                         const char *base, struct kt_error *error);

/* Gives an item that needs a host this one: it is moved then. KT_ERROR_USAGE if it is none. */
bool kt_import_set_host(struct kt_import_item *item, const char *host, struct kt_error *error);

/*
 * Fills the item with a login at the service: a token of a known form, else a password. The
 * identity of the item's credential has protocol and host, and is completed. tool: whose it is, as
 * in struct kt_credential; NULL: git.
 */
bool kt_import_set_login(struct kt_import_item *item, const char *username, const char *secret,
                         size_t length, const char *tool, struct kt_error *error);

/* The same of a token that is handed out as it is, whatever its form. */
bool kt_import_set_fixed(struct kt_import_item *item, const char *username, const char *secret,
                         size_t length, struct kt_error *error);

/*
 * Sets the service from a tool's words (helper/protocol/tool.h). *is_service is false, and the item
 * is left, where they name none that a secret can be stored for.
 */
bool kt_import_set_service(struct kt_import_item *item, const char *tool, const char *words,
                           bool *is_service, struct kt_error *error);

/* The account as it is typed in a shell: alone if it is Coze's, else with its host. */
bool kt_import_account_word(const struct kt_import_item *item, char **word,
                            struct kt_error *error);

/* Names the account after the directory of its file; "main" where that is the home. */
bool kt_import_set_default_name(const struct kt_import_file *file, struct kt_import_item *item,
                                struct kt_error *error);

/* The command that sets the item's variable for another: "keyturn run work -- COMMAND". */
bool kt_import_run_command(const struct kt_import_item *item, char **command,
                           struct kt_error *error);

/* Takes the item's whole line out, with its line end. */
bool kt_import_drop_line(const struct kt_import_file *file, const struct kt_import_item *item,
                         struct kt_edits *edits, struct kt_error *error);
