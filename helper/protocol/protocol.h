/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Protocols turn bytes into a request and an answer into bytes: one file and one row a tool that
 * asks. A protocol that needs libc alone is in this table, and so serves the door as well as the
 * keeper.
 */

#include <stdbool.h>

#include "helper/answer.h"
#include "helper/request.h"

/*
 * Appends git's answer to a get: capability[] lines first and only those that were offered,
 * then authtype and credential where the request allows it and asks for a bearer or the account
 * is one (with ephemeral if a grant renews the token), else username and password; the expiry;
 * oauth_refresh_token; state[]. Refuses (KT_ERROR_INTERNAL) a value that would break the line
 * protocol, and then appends nothing.
 */
bool kt_protocol_git_answer(const struct kt_request *request, const struct kt_answer *answer,
                            struct kt_secret *bytes, struct kt_error *error);

/*
 * Appends the user name and the refresh token of a login whose password has expired, which git
 * hands to its next helper. Without a refresh token nothing is appended.
 */
bool kt_protocol_git_expired(const char *username, const struct kt_secret *refresh_token,
                             struct kt_secret *bytes, struct kt_error *error);

/* Appends the answer to git's capability operation. */
bool kt_protocol_git_capabilities(struct kt_secret *bytes, struct kt_error *error);

/*
 * The token and a newline; "Authorization: Bearer TOKEN" and a newline. The request is not looked
 * at. A token that is not of visible ASCII characters is refused (KT_ERROR_INTERNAL).
 */
bool kt_protocol_token_answer(const struct kt_request *request, const struct kt_answer *answer,
                              struct kt_secret *bytes, struct kt_error *error);
bool kt_protocol_header_answer(const struct kt_request *request, const struct kt_answer *answer,
                               struct kt_secret *bytes, struct kt_error *error);

/*
 * {"Authorization":"Bearer TOKEN"} and a newline, as programs take headers from a command. The rest
 * as above.
 */
bool kt_protocol_header_answer_json(const struct kt_request *request,
                                    const struct kt_answer *answer, struct kt_secret *bytes,
                                    struct kt_error *error);

/* A protocol, by the verb that speaks it. */
struct kt_protocol {
	const char *verb;
	const char *option; /* "--json" if it answers to that alone; else NULL */
	bool reads_request; /* git's lines stand on stdin; else the arguments name the account */
	/* Appends the answer to bytes; request is NULL where none is read. */
	bool (*answer)(const struct kt_request *request, const struct kt_answer *answer,
	               struct kt_secret *bytes, struct kt_error *error);
};

/* The protocol of a verb with an option (NULL: without any); NULL where there is none. */
const struct kt_protocol *kt_protocol_of_verb(const char *verb, const char *option);
