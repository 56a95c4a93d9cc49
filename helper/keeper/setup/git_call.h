/* SPDX-License-Identifier: MIT */
#pragma once

/* git itself reads its configuration: it has includes, conditions and four places. */

#include "keyring/secret.h"

enum kt_git_result {
	KT_GIT_DONE,
	KT_GIT_NONE,    /* status 1: there is no such setting */
	KT_GIT_FAILED,  /* it ended otherwise, or not in time */
	KT_GIT_MISSING, /* there is no git */
};

/*
 * Runs git with these arguments (the first is "git", the last NULL) and input (NULL: none) on
 * stdin, in the directory (NULL: ours); what it prints is appended to output. One that hangs is
 * ended. Its messages are dropped.
 */
enum kt_git_result kt_git_call(char *const *arguments, char *const *environment,
                               const char *directory, const struct kt_secret *input,
                               struct kt_secret *output);
