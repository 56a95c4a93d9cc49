/* SPDX-License-Identifier: MIT */
#pragma once

/* Tables of Codex's config.toml: a server is [mcp_servers.NAME]. */

#include "helper/keeper/import/setting.h"

#define KT_CODEX_SERVERS "mcp_servers."

/* The line of this name in the table; false: there is none. */
bool kt_import_codex_find(const struct kt_import_file *file, const char *table, const char *name,
                          struct kt_import_line *line, struct kt_import_setting *setting);
