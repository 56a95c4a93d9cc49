/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Requests that tools write in JSON, which the keeper alone reads: one row for each tool that sends
 * one. They do no I/O.
 */

#include <stdbool.h>

#include "helper/protocol/tool.h"
#include "keyring/json.h"

/* A question that the tool's own read marked as JSON. */
bool kt_json_request_read(const struct kt_tool *tool, struct kt_tool_question *question,
                          const struct kt_secret *input, struct kt_error *error);

/* A tool's JSON, bounded as in json.h; a rule that is broken is KT_ERROR_USAGE. */
bool kt_json_request_parse(struct kt_json **json, const struct kt_secret *input,
                           struct kt_error *error);
