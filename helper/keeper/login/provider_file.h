/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Provider files (keyturn-provider(5)): the endpoints and habits of a known service, as data. The
 * user's own, in $XDG_CONFIG_HOME/keyturn/providers, go before the installed ones.
 */

#include <stdbool.h>
#include <stddef.h>

#include "helper/keeper/login/settings.h"
#include "keyring/error.h"

/* A key that is an option of keyturn login, or one of those that only a file has. */
struct kt_provider_file_entry {
	const struct kt_setting *row;
	char *value;
};

struct kt_provider_file {
	char *name;
	char *path;    /* of its file */
	char *title;   /* the service, for people */
	char *apps;    /* the page on which a person makes an app */
	char *revoke;  /* the page on which a person takes a grant back */
	char *note;
	char *needs;   /* OPTION EXAMPLE: what the person has to add */
	char *instead; /* the login that is to be typed: this service is no plain OAuth server */
	bool has_version;
	struct kt_provider_file_entry *entries;
	size_t count;
};

/*
 * Reads the file of that name. Absent is KT_ERROR_USAGE with a hint at keyturn providers; a line
 * that breaks a rule is KT_ERROR_USAGE with file, line and rule.
 */
bool kt_provider_file_read(struct kt_provider_file *provider, const char *name,
                           struct kt_error *error);

/* The setting that a key is about; NULL where a file may have no such key. */
const struct kt_setting *kt_provider_file_row(const char *key, size_t length);

/* Parses the content of a file. Does no I/O. */
bool kt_provider_file_parse(struct kt_provider_file *provider, const char *content,
                            struct kt_error *error);

/*
 * Sets what the file says, its {host} replaced by host (NULL: the file's own). With
 * is_elsewhere, the user named another server: endpoints and issuer are left out.
 */
bool kt_provider_file_apply(const struct kt_provider_file *provider, const char *host,
                            bool is_elsewhere, struct kt_settings *settings,
                            struct kt_error *error);

/* The names of all files, sorted, each once. To be freed with kt_provider_file_names_clear(). */
struct kt_provider_file_names {
	char **names;
	size_t count;
};

bool kt_provider_file_list(struct kt_provider_file_names *names, struct kt_error *error);
void kt_provider_file_names_clear(struct kt_provider_file_names *names);
void kt_provider_file_clear(struct kt_provider_file *provider);
