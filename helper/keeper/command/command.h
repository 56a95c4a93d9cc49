/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Commands, which a person or a program types. Each is one file and one row in main.c's table.
 * A command prints its answer on stdout and returns true, or writes the error and returns
 * false.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "helper/keeper/keeper.h"
#include "helper/protocol/tool.h"
#include "keyring/error.h"
#include "keyring/secret.h"

struct kt_command {
	const char *name;
	const char *synopsis; /* the words after the name, one line per form */
	const char *summary;  /* one line for the list of commands */
	const char *details;  /* the rest of "help NAME"; lines end in \n */
	bool (*describe)(struct kt_secret *output, struct kt_error *error); /* more; may be NULL */
	bool (*run)(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error);
};

extern const struct kt_command kt_command_get;
extern const struct kt_command kt_command_store;
extern const struct kt_command kt_command_erase;
extern const struct kt_command kt_command_capability;
extern const struct kt_command kt_command_login;
extern const struct kt_command kt_command_set;
extern const struct kt_command kt_command_logout;
extern const struct kt_command kt_command_token;
extern const struct kt_command kt_command_header;
extern const struct kt_command kt_command_run;
extern const struct kt_command kt_command_lend;
extern const struct kt_command kt_command_list;
extern const struct kt_command kt_command_show;
extern const struct kt_command kt_command_default;
extern const struct kt_command kt_command_reject;
extern const struct kt_command kt_command_refresh;
extern const struct kt_command kt_command_status;
extern const struct kt_command kt_command_vault;
extern const struct kt_command kt_command_lock;
extern const struct kt_command kt_command_unlock;
extern const struct kt_command kt_command_doctor;
extern const struct kt_command kt_command_setup;
extern const struct kt_command kt_command_providers;
extern const struct kt_command kt_command_scan;
extern const struct kt_command kt_command_bind;
extern const struct kt_command kt_command_unbind;
extern const struct kt_command kt_command_allow;
extern const struct kt_command kt_command_which;
extern const struct kt_command kt_command_import;
extern const struct kt_command kt_command_aws;
extern const struct kt_command kt_command_cargo;
extern const struct kt_command kt_command_goauth;
extern const struct kt_command kt_command_kubernetes;
extern const struct kt_command kt_command_netrc;
extern const struct kt_command kt_command_npm;
extern const struct kt_command kt_command_google;
extern const struct kt_command kt_command_sasl;

/* Started by keyturn itself (helper/background_renewal.h); no help lists it. */
extern const struct kt_command kt_command_renew_ahead;

/* Called by the shells' completions (packaging/completions); no help lists it. */
extern const struct kt_command kt_command_complete;

/* Started by the steward of a loan (helper/steward/main.c); no help lists it. */
extern const struct kt_command kt_command_lend_token;

/*
 * Speaks a tool's protocol. argv[0] is its name, the words behind it are the tool's. A failure is
 * told as the tool has it.
 */
bool kt_command_speak(struct kt_keeper *keeper, const struct kt_tool *tool, int argc, char **argv,
                      struct kt_error *error);

/*
 * One option of a command. values: false for a flag, whose target is a bool; true for one value,
 * a const char *, which is refused if it is given twice; or how often a value may be given, where
 * target is an array of so many and a NULL. KT_OPTION_MAY_HAVE_VALUE: as true, and "" for
 * --name without =VALUE.
 */
struct kt_option {
	const char *name;
	size_t values;
	void *target;
};

#define KT_OPTION_MAY_HAVE_VALUE SIZE_MAX

/* --json, which also makes errors JSON. */
#define KT_OPTION_JSON(keeper) { "json", false, &(keeper)->wants_json }

/*
 * Reads options up to "--" or the end; argv[1..*count] are then the words that are no options.
 * argv[0] is the command's name. Refusals name the command and the option, never a word that could
 * be a secret. A token among the words is KT_ERROR_UNSAFE.
 */
bool kt_command_read_options(const struct kt_option *options, size_t option_count, int argc,
                             char **argv, int *count, struct kt_error *error);

/* The same where at most one word, an ACCOUNT, may stand; NULL where none does. */
bool kt_command_read_account(const struct kt_option *options, size_t option_count, int argc,
                             char **argv, const char **account, struct kt_error *error);

/* A word that holds no secret: an option's name, or a short name in small letters. */
bool kt_command_may_show(const char *word, size_t length);
