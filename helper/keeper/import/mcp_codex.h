/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Codex's config.toml: [mcp_servers.NAME] has command and args, [mcp_servers.NAME.env] variables,
 * each in a line of its own. What is written otherwise is left.
 */

#include "helper/keeper/import/item.h"

bool kt_import_mcp_codex_read(struct kt_import_file *file, struct kt_error *error);

bool kt_import_mcp_codex_replace(const struct kt_import_file *file, struct kt_edits *edits,
                                 struct kt_error *error);
