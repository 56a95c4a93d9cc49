/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Protocols of tools that name a service, or an account, in words of their own: one file and one
 * row a tool. They do no I/O. Each word from a tool is hostile until it is parsed. All but cargo's
 * and Google's need libc alone, so that the door answers from the cache; a request in JSON is left
 * to the keeper (json_request.h).
 */

#include <stdbool.h>
#include <stddef.h>

#include "helper/answer.h"
#include "helper/request.h"
#include "keyring/error.h"
#include "keyring/secret.h"

/* Bytes of a tool's request on stdin. */
#define KT_TOOL_INPUT_MAXIMUM ((size_t)1 << 16)

enum kt_tool_verb {
	KT_TOOL_SAY,   /* the answer needs no login: it stands in said */
	KT_TOOL_GET,   /* the login of request's service */
	KT_TOOL_TOKEN, /* the token of account */
	KT_TOOL_STORE,
	KT_TOOL_ERASE,
	KT_TOOL_LIST,  /* what this tool stored */
};

/* A tool's question. Zeroed it is empty. */
struct kt_tool_question {
	enum kt_tool_verb verb;
	bool reads_input;          /* the rest stands on stdin, or in the tool's variable */
	bool is_json;              /* what was read is JSON, and was not looked into */
	struct kt_request request; /* GET, STORE, ERASE */
	char *account;             /* TOKEN: the account; NULL: the one that answers */
	char *name;                /* the service, or the form of the answer, in the tool's words */
	bool answers_failures; /* a failure is an answer, and stderr, read with it, stays empty */
	struct kt_secret said;
};

struct kt_tool {
	const char *name;
	const char *program;   /* the name by which the tool starts it; NULL: keyturn NAME */
	const char *variable;  /* the environment variable in which the input stands; NULL: stdin */
	const char *greeting;  /* said first; then each line of stdin is a question; NULL: none */
	int seconds;           /* then the tool gives up, unless it was told otherwise; 0: never */
	bool fails_on_stdout;  /* a failure is one text there, with exit status 1 */
	/* The words behind the name; the input, where question->reads_input says so. */
	bool (*open)(struct kt_tool_question *question, int count, char **words,
	             struct kt_error *error);
	bool (*read)(struct kt_tool_question *question, const struct kt_secret *input,
	             struct kt_error *error);
	bool (*answer)(const struct kt_tool_question *question, const struct kt_answer *answer,
	               struct kt_secret *bytes, struct kt_error *error);
	/* The answer where no login is stored; NULL: a failure that says so. */
	bool (*none)(const struct kt_tool_question *question, struct kt_secret *bytes,
	             struct kt_error *error);
	/* LIST: replaces name by the tool's own word for the service; NULL: its URL. */
	bool (*name_service)(const struct kt_identity *service, char **name, struct kt_error *error);
	/* The answer to a store and an erase that were done; NULL: nothing. */
	bool (*done)(const struct kt_tool_question *question, struct kt_secret *bytes,
	             struct kt_error *error);
	/* Where there is a greeting, or the question says so: a failure as one line. */
	bool (*fail)(const struct kt_tool_question *question, const struct kt_error *failure,
	             struct kt_secret *bytes, struct kt_error *error);
};

extern const struct kt_tool kt_tool_aws;
extern const struct kt_tool kt_tool_bazel;
extern const struct kt_tool kt_tool_cargo;
extern const struct kt_tool kt_tool_docker;
extern const struct kt_tool kt_tool_goauth;
extern const struct kt_tool kt_tool_google;
extern const struct kt_tool kt_tool_keyring;
extern const struct kt_tool kt_tool_kubernetes;
extern const struct kt_tool kt_tool_netrc;
extern const struct kt_tool kt_tool_npm;
extern const struct kt_tool kt_tool_sasl;
extern const struct kt_tool kt_tool_terraform;

/*
 * The tool for which keyturn is started with this word, or as this program; NULL where there is
 * none. cargo and google are not among them: the keeper alone speaks their protocols.
 */
const struct kt_tool *kt_tool_of_name(const char *name);
const struct kt_tool *kt_tool_of_program(const char *path);

/*
 * Reads a service as tools name it into identity: a URL (cargo's with "sparse+" in front), or a
 * bare HOST[:PORT][/PATH], which is an https one. The names that this tool has for one registry
 * become its own name. A query is left out. No host stands for another. A URL that holds a password
 * is refused, and then identity is as it was.
 */
bool kt_tool_service(struct kt_identity *identity, const char *tool, const char *bytes,
                     size_t length, struct kt_error *error);

/* An open that takes one word at the most, the account. */
bool kt_tool_open_account(struct kt_tool_question *question, int count, char **words,
                          struct kt_error *error);

/* Reads Docker's server into the question, without the blanks around it. */
bool kt_tool_docker_server(struct kt_tool_question *question, const char *bytes, size_t size,
                           struct kt_error *error);

/* The user name that goes with the secret: git's, else the account's name. */
const char *kt_tool_username(const struct kt_answer *answer);

/* The text on stdout of a tool whose failures stand there. */
bool kt_tool_append_failure(struct kt_secret *bytes, const struct kt_error *failure,
                            struct kt_error *error);

/* A password that a git-style caller stored is no token; nor is what no header may hold. */
bool kt_tool_check_token(const struct kt_answer *answer, struct kt_error *error);

/* "Bearer TOKEN", or "Basic ..." (RFC 7617) of a password's user name and itself. */
bool kt_tool_append_header_value(struct kt_secret *value, const struct kt_answer *answer,
                                 struct kt_error *error);

void kt_tool_question_clear(struct kt_tool_question *question);
