/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Settings of an app: each is a row in the table of settings_rows.c, with its option of keyturn
 * login, the names it has in Coze's guides and in coze_oauth_config.json (docs/coze.md, sections 10
 * and 11), its kinds of app, and its members here and in a credential.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keyring/credential.h"
#include "keyring/error.h"
#include "keyring/identity.h"
#include "keyring/secret.h"

/* Texts are its own; absent ones are NULL. A list is a text, its entries joined by newlines. */
struct kt_settings {
	struct kt_identity like;     /* the account that the secrets were taken from; empty: none */
	bool issuer_found;           /* the resource or a file named it, not the person */
	bool scope_found;            /* the same */
	enum kt_kind kind;           /* the app's kind; KT_KIND_PAT or _SAT for a plain token */
	struct kt_secret token;      /* COZE_API_TOKEN */
	char *api_base;
	char *www_base;
	char *issuer;
	char *host;
	char *scope;
	char *resource;
	char *provider;
	char *authorization_endpoint;
	char *token_endpoint;
	char *device_endpoint;
	char *revocation_endpoint;
	char *userinfo_endpoint;
	char *client_authentication;
	char *parameters;
	char *token_parameters;
	char *answer_member;
	char *body_format;
	char *errors;
	char *lifetime;
	char *old_token;
	bool no_pkce;
	char *client_id;
	struct kt_secret client_secret;
	struct kt_secret private_key;
	char *private_key_file;
	char *public_key_id;
	struct kt_secret subject_token;
	char *subject_token_file;
	char *subject_account;
	char *subject_token_type;
	char *redirect_uri;
	char *workspace_id;
	char *account_id;
	char *enterprise_id;
	char *session_name;
	int64_t duration;
	char *device_id;
	char *custom_consumer;
	char *ca;
	char *authtype;
	char *git_username;
};

enum kt_setting_type {
	KT_SETTING_TEXT,
	KT_SETTING_SECRET, /* the option names a file, or "-" for stdin */
	KT_SETTING_NUMBER,
	KT_SETTING_LIST, /* a text; the option may be given several times */
	KT_SETTING_FLAG, /* the option takes no value */
};

/* A name in a source of settings, and the kind of app that it describes (none: every kind). */
struct kt_setting_name {
	const char *name;
	enum kt_kind kind;
	bool is_marker; /* it alone shows that such an app is described */
};

struct kt_setting {
	const char *option;   /* of keyturn login, without "--"; NULL: none */
	const char *file_key; /* of a provider's file, where no option is; NULL: none */
	const char *argument; /* the option's, for the help */
	const char *help;
	const struct kt_setting_name *variables; /* ends with an empty name; earlier ones win */
	const struct kt_setting_name *keys;      /* the same in coze_oauth_config.json */
	enum kt_setting_type type;
	unsigned int kinds;   /* a bit for each kind of app that has a use for it */
	size_t member;        /* in struct kt_settings */
	size_t kept;          /* in struct kt_credential; KT_SETTING_NOT_KEPT */

	/* Takes the option's value; NULL: as it is, an empty one as none. */
	bool (*take)(struct kt_settings *settings, const char *value, struct kt_error *error);
};

#define KT_SETTING_NOT_KEPT ((size_t)-1)

extern const struct kt_setting kt_setting_rows[];
#define KT_SETTINGS_MAXIMUM 60
#define KT_SETTING_VALUES 16
extern const size_t kt_setting_count;

/* The member of settings that this row is about. */
void *kt_setting_member(const struct kt_setting *row, const struct kt_settings *settings);

/* True if apps of this kind have a use for the setting. */
bool kt_setting_fits(const struct kt_setting *row, enum kt_kind kind);

/*
 * Replaces the setting by the value of its option. To a list the value, NAME=VALUE, is added; it
 * replaces that of the same NAME.
 */
bool kt_setting_take(const struct kt_setting *row, struct kt_settings *settings,
                     const char *value, struct kt_error *error);

/* Appends a line on each option to a help text. */
bool kt_settings_describe(struct kt_secret *output, struct kt_error *error);

/* Fills settings for another login like this one: everything but its tokens. */
bool kt_settings_from_credential(struct kt_settings *settings,
                                 const struct kt_credential *credential,
                                 struct kt_error *error);

/* Copies what fits settings->kind to a credential of that kind. */
bool kt_settings_to_credential(const struct kt_settings *settings,
                               struct kt_credential *credential, struct kt_error *error);

void kt_settings_clear(struct kt_settings *settings);

/* Replaces secret by a file's content, or stdin's for "-", without the blanks around it. */
bool kt_settings_read_secret(struct kt_secret *secret, const char *path, struct kt_error *error);

/*
 * Reads the COZE_* (and COZELOOP_*) variables of our environment, and takes the secret ones out
 * of it. kind says which app is meant where several are described; KT_KIND_NONE takes the only
 * one there is, a plain token first. Nothing usable is KT_ERROR_USAGE with the names that were
 * looked for; so are several apps.
 */
bool kt_settings_from_environment(struct kt_settings *settings, enum kt_kind kind,
                                  struct kt_error *error);

/* The same from a file of NAME=VALUE lines, with "export", quotes and comments. */
bool kt_settings_from_env_file(struct kt_settings *settings, const char *path,
                               enum kt_kind kind, struct kt_error *error);

/*
 * The same from coze_oauth_config.json, which describes one app; kind, if given, must be its
 * own. An unknown client_type is KT_ERROR_USAGE.
 */
bool kt_settings_from_config(struct kt_settings *settings, const char *path, enum kt_kind kind,
                             struct kt_error *error);

/* KT_ERROR_USAGE unless kt_answer_is_token(). */
bool kt_settings_check_token(const struct kt_secret *token, struct kt_error *error);
