/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Tools that keyturn run starts: the variables from which each takes its token and its service,
 * and those that would overrule them. One row a tool.
 */

#include <stdbool.h>

#include "helper/answer.h"
#include "keyring/credential.h"
#include "keyring/error.h"
#include "keyring/secret.h"

/* Lists of names end with NULL; a list that is NULL is empty. */
struct kt_run_tool {
	const char *name; /* --tool */
	const char *help;
	const char *const *tokens;
	const char *const *bases;      /* the service's address */
	const char *const *hosts;      /* its host alone */
	const char *const *websockets; /* the address of its websockets */
	const char *const *workspaces; /* the account's workspace, if it has one */
	const char *const *rivals;     /* removed: they name another account or another service */
	bool is_coze; /* the names of Coze's apps (login/settings_rows.c) are rivals too */
};

/* The tool of that name, the default one for NULL. Unknown is KT_ERROR_USAGE. */
bool kt_run_tool_find(const char *name, const struct kt_run_tool **tool, struct kt_error *error);

/* The tool of that place in the order of help; NULL behind the last. */
const struct kt_run_tool *kt_run_tool_at(size_t index);

/* Appends a line on each tool to a help text. */
bool kt_run_tool_describe(struct kt_secret *output, struct kt_error *error);

/*
 * Sets in our environment what the tool reads, so that it is this account, and removes what would
 * make it another. variable, if given, gets the token instead of the tool's own names. An answer
 * whose service nobody named leaves the service to the tool.
 */
bool kt_run_tool_set_token(const struct kt_run_tool *tool, const char *variable,
                           const struct kt_credential *credential,
                           const struct kt_answer *answer, struct kt_error *error);

/*
 * Sets the app's own settings instead, under every name that Coze's SDKs and guides have for
 * them. A private key is also a file in memory, which the command alone has open and which ends
 * with it. An account that is no app of Coze is KT_ERROR_USAGE.
 */
bool kt_run_tool_set_app(const struct kt_credential *credential, struct kt_error *error);
