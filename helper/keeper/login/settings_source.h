/* SPDX-License-Identifier: MIT */
#pragma once

/* Places where settings stand under the names of settings.c's table. */

#include "helper/keeper/login/settings.h"
#include "keyring/json.h"

/* Borrowed. Neither lines nor json: our environment. */
struct kt_settings_source {
	const char *lines;          /* an .env file's */
	const struct kt_json *json; /* of coze_oauth_config.json, with its own names */
};

/*
 * Sets each setting that the source has for settings->kind; of several names the first that has a
 * value.
 */
bool kt_settings_read_source(struct kt_settings *settings,
                             const struct kt_settings_source *source, struct kt_error *error);
