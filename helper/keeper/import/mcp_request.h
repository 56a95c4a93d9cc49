/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Tokens of an MCP server that are sent with requests: in a header, in the arguments of mcp-remote
 * (which sends them as headers), and in the server's address.
 */

#include "helper/keeper/import/item.h"
#include "helper/keeper/setup/json_text.h"

/* Adds the items of the server, an object in the text; name: of its member. */
bool kt_import_mcp_add_requests(struct kt_import_file *file, const char *text,
                                const struct kt_json_member *server, struct kt_error *error);

/* Fills the item with the token; its service is that of the address, its account has this name. */
bool kt_import_mcp_fill(struct kt_import_item *item, const char *name, const char *url,
                        const char *token, size_t length, struct kt_error *error);

/* The item that is kept and lies between the two places; NULL: none. */
const struct kt_import_item *kt_import_mcp_find_kept(const struct kt_import_file *file,
                                                     size_t start, size_t end);

/* Appends the launchers that set the variables which take the place of tokens in the arguments. */
bool kt_import_mcp_append_launchers(const struct kt_import_file *file, const char *text,
                                    const struct kt_json_member *server, struct kt_secret *words,
                                    struct kt_error *error);

/* Adds the changes by which headers and arguments that are kept give way. */
bool kt_import_mcp_replace_requests(const struct kt_import_file *file, const char *text,
                                    const struct kt_json_member *server, struct kt_edits *edits,
                                    struct kt_error *error);
