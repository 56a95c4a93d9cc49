/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A login, from what was asked for to the credential in the keyring. The keyring is opened before
 * anybody types a token or approves anything; an earlier login is replaced once the new one works.
 */

#include <stdbool.h>

#include "helper/keeper/keeper.h"
#include "helper/keeper/login/settings.h"
#include "helper/keeper/oauth/token_response.h"
#include "helper/keeper/token/escrow.h"

/* How often a question is asked that is not answered rightly. */
#define KT_LOGIN_TRIES 3
/* How long a login waits for the service's word on a token. */
#define KT_LOGIN_CHECK_MILLISECONDS 5000

/* A setting's option as it was given, at most KT_SETTING_VALUES times. */
struct kt_login_given {
	const char *values[KT_SETTING_VALUES + 1]; /* ends with NULL */
	bool is_set;                               /* a flag */
};

/* The options of keyturn login, borrowed from argv; NULL: not given. */
struct kt_login_options {
	const char *account;
	bool with_token;
	const char *kind;
	const char *site;
	const char *expires;
	const char *config;
	bool from_environment;
	const char *env_file;
	const char *like;
	bool no_browser;
	bool paste;
	bool check;
	bool replaces; /* --replace */
	bool forces;   /* --force: a token of no known form */
	struct kt_login_given given[KT_SETTINGS_MAXIMUM]; /* of each row of kt_setting_rows */
};

/* The value of a setting's option; NULL: not given. */
const char *kt_login_given(const struct kt_login_options *login, const char *option);

/*
 * Collects the app's settings from the options, the environment, a file or another account.
 * With --like, *identity becomes that account; otherwise it stays as it is. settings->kind is
 * KT_KIND_NONE if nothing shows the kind.
 */
bool kt_login_read_settings(struct kt_keeper *keeper, const struct kt_login_options *login,
                            struct kt_settings *settings, struct kt_identity *identity,
                            struct kt_error *error);

/*
 * Settles account name and service; identity may hold those of --like already. Asks at a
 * terminal.
 */
bool kt_login_identify(const struct kt_login_options *login, const struct kt_settings *settings,
                       struct kt_identity *identity, struct kt_error *error);

/*
 * Opens the keyring for a login, before anyone is asked for anything else. An account that lies in
 * an open part of it is replaced there, and nothing else has to be open. NULL: any account.
 */
bool kt_login_open_keyring(struct kt_keeper *keeper, const struct kt_identity *identity,
                           struct kt_keyring **keyring, struct kt_error *error);

/*
 * Stores the credential in place of the account's old one, and drops the old one's journal and
 * escrow. What was learned of the same client's service stays known; a grant that came without a
 * refresh token keeps that of the same client and person. escrow: see kt_escrow_store_login().
 */
bool kt_login_store(struct kt_keyring *keyring, struct kt_credential *credential,
                    struct kt_escrow *escrow, struct kt_error *error);

/* The same inside a change of the account. */
bool kt_login_store_inside(struct kt_keyring *keyring, struct kt_credential *credential,
                           struct kt_escrow *escrow, struct kt_error *error);

/* Takes the tokens of an answer over, or writes the error of an answer without tokens. */
bool kt_login_take_tokens(struct kt_credential *credential, const struct kt_errand *answer,
                          struct kt_error *error);

/* A PAT or SAT: from settings, stdin or the terminal. */
bool kt_login_with_token(struct kt_keeper *keeper, const struct kt_login_options *login,
                         struct kt_settings *settings, struct kt_identity *identity,
                         struct kt_error *error);

/* An app of Coze, or a client of an OAuth server. */
bool kt_login_with_app(struct kt_keeper *keeper, const struct kt_login_options *login,
                       struct kt_settings *settings, struct kt_identity *identity,
                       struct kt_error *error);

/* RFC 8628: the person allows the login on another device, while we show a code and poll. */
bool kt_login_device(struct kt_credential *credential, struct kt_error *error);

/* RFC 6749, 4.1: in a browser, whose redirect is caught here, or pasted. */
bool kt_login_browser(struct kt_keeper *keeper, const struct kt_login_options *login,
                      struct kt_credential *credential, struct kt_error *error);

/*
 * Says who logged in, how long it lasts and which command to type next; offers to remove the
 * source. user: the user's name at the service, if it was asked already.
 */
void kt_login_summarize(const struct kt_login_options *login,
                        const struct kt_credential *credential, const struct kt_keyring *keyring,
                        const char *user);
