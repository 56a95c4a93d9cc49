/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Questions of tools beside git, answered from the kernel cache in the form of each
 * (helper/protocol/tool.h). What is odd in any way is left to the keeper, and so are all changes.
 */

#include "helper/door/call.h"
#include "helper/protocol/tool.h"

/* words stand behind the tool's name. The results are those of kt_hot_answer(). */
bool kt_door_tool_answer(const struct kt_call *call, const struct kt_tool *tool, int count,
                         char **words, struct kt_error *error);
