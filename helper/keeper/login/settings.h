/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Settings of an app under the names of Coze's console, guides and quickstarts (docs/coze.md,
 * sections 10 and 11). They are read from the environment, from an .env file or from
 * coze_oauth_config.json, and brought to one form. Each name is a row in settings.c's table.
 */

#include <stdbool.h>
#include <stdint.h>

#include "keyring/credential.h"
#include "keyring/error.h"
#include "keyring/identity.h"
#include "keyring/secret.h"

/* Texts are its own; absent ones are NULL. The last group comes from options and accounts only. */
struct kt_settings {
	enum kt_kind kind;           /* the app's kind; KT_KIND_PAT or _SAT for a plain token */
	struct kt_secret token;      /* COZE_API_TOKEN */
	char *api_base;
	char *www_base;
	char *client_id;
	struct kt_secret client_secret;
	struct kt_secret private_key;
	char *private_key_file;
	char *public_key_id;
	char *redirect_uri;
	char *workspace_id;
	char *account_id;
	char *enterprise_id;

	char *session_name;
	char *device_id;
	char *custom_consumer;
	char *scope;
	char *resource;
	char *issuer;
	char *ca;
	char *authtype;
	char *git_username;
	int64_t duration;
};

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

/* Fills settings for another login like this one: everything but its tokens. */
bool kt_settings_from_credential(struct kt_settings *settings,
                                 const struct kt_credential *credential,
                                 struct kt_error *error);

void kt_settings_clear(struct kt_settings *settings);

/* KT_ERROR_USAGE unless kt_answer_is_token(). */
bool kt_settings_check_token(const struct kt_secret *token, struct kt_error *error);
