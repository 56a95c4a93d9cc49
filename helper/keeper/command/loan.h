/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A loan: an address at which requests get the account's token, for a command (run --proxy) or for
 * whoever reaches a socket (lend). The options that both have, and the message that begins it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "helper/answer.h"
#include "helper/keeper/command/run_tool.h"
#include "helper/keeper/command/token_lookup.h"
#include "helper/keeper/proxy.h"
#include "keyring/credential.h"

#define KT_LOAN_RULES 63

struct kt_loan {
	bool is_wanted;                         /* --proxy */
	const char *rules[KT_LOAN_RULES + 1];   /* --allow */
	const char *most_text;                  /* --max-requests */
	const char *time_text;                  /* --for */
	const char *log;                        /* --log */
	const char *page;                       /* --allow-origin */
	const char *path;                       /* lend --socket */
	int64_t guest;                          /* lend --peer-uid; 0: none */
	int64_t most;
	int64_t end; /* by kt_clock_boot_milliseconds(); 0: none */
	struct kt_secret placeholder;
	struct kt_proxy proxy;
};

#define KT_LOAN_OPTIONS(loan) \
	{ "allow", KT_LOAN_RULES, (loan)->rules }, \
	{ "max-requests", true, &(loan)->most_text }, \
	{ "for", true, &(loan)->time_text }, \
	{ "allow-origin", true, &(loan)->page }, \
	{ "log", true, &(loan)->log }

/* Checks the options. They mean nothing without a loan, which is KT_ERROR_USAGE. */
bool kt_loan_check(struct kt_loan *loan, const struct kt_token_lookup *lookup,
                   const struct kt_run_tool *tool, struct kt_error *error);

/* A random word that stands for the token in requests. */
bool kt_loan_make_placeholder(struct kt_loan *loan, struct kt_error *error);

/* The first message to steward and room. */
bool kt_loan_compose(const struct kt_loan *loan, const struct kt_token_lookup *lookup,
                     const struct kt_credential *credential, const struct kt_answer *answer,
                     struct kt_errand *message, struct kt_error *error);

/* Begins the address, and starts what is behind it, while the token is not known yet. */
bool kt_loan_begin(struct kt_loan *loan, struct kt_error *error);

/*
 * Hands the token to the room. The answer has the placeholder and the address instead from then on,
 * and the environment tells no proxy of the address.
 */
bool kt_loan_serve(struct kt_loan *loan, const struct kt_token_lookup *lookup,
                   const struct kt_credential *credential, struct kt_answer *answer,
                   struct kt_error *error);

void kt_loan_clear(struct kt_loan *loan);
