/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What Coze's console, guides and quickstarts call the settings of an app (contract sections
 * 10 and 11): read from the environment, from an .env file or from coze_oauth_config.json, and
 * brought to one form. One name a row in settings.c's table.
 */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/identity.h"
#include "keyring/secret.h"

struct kt_settings {
	enum kt_kind kind;           /* of the app; KT_KIND_PAT or _SAT for a plain token */
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
};

/*
 * Reads the COZE_* (and COZELOOP_*) variables of our environment. kind says which app is meant
 * where several are described; KT_KIND_NONE takes the only one there is, a plain token first.
 * Nothing usable is KT_ERROR_USAGE naming what was looked for; several apps likewise.
 */
bool kt_settings_from_environment(struct kt_settings *settings, enum kt_kind kind,
                                  struct kt_error *error);

/* The same from a file of NAME=VALUE lines, with "export", quotes and comments. */
bool kt_settings_from_env_file(struct kt_settings *settings, const char *path,
                               enum kt_kind kind, struct kt_error *error);

void kt_settings_clear(struct kt_settings *settings);
