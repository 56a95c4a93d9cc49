/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Headers of a remote server in Codex's config.toml: http_headers = { NAME = "VALUE" } in one line,
 * or a table [mcp_servers.NAME.http_headers]. Codex takes a header from a variable of its own
 * instead, which keyturn run sets where it starts codex.
 */

#include "helper/keeper/import/setting.h"

/* The heading begins a table of headers. */
bool kt_import_codex_is_headers(const struct kt_import_line *line,
                                const struct kt_import_setting *heading);

/*
 * Adds the token of a line, if it has one: in the table of headers, or one that holds them all. One
 * that is of no server (NULL), or is written otherwise, is left.
 */
bool kt_import_codex_add_headers(struct kt_import_file *file, const struct kt_import_line *line,
                                 const struct kt_import_setting *setting, const char *server,
                                 struct kt_error *error);

/* Adds the changes by which the item, which one of these added and which is kept, gives way. */
bool kt_import_codex_replace_header(const struct kt_import_file *file,
                                    const struct kt_import_item *item, struct kt_edits *edits,
                                    struct kt_error *error);
