/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The helpers that git asks, gitcredentials(7): each setting credential.helper adds one, in the
 * order in which git reads its files; an empty one begins anew. With an address
 * (credential.URL.helper) it is for that address alone.
 */

#include <stdbool.h>
#include <stddef.h>

#include "helper/keeper/setup/git_call.h"
#include "keyring/error.h"

struct kt_git_helper {
	char *file;  /* that has the line; NULL: none, but a variable or an argument */
	char *scope; /* "system", "global", "local", ... */
	char *url;   /* NULL: for every address */
	char *value;
};

struct kt_git_helpers {
	struct kt_git_helper *helpers;
	size_t count;
};

/*
 * The words behind keyturn in a helper's line ("" for none, as it has to be); NULL if the helper
 * is another.
 */
const char *kt_git_helper_words(const char *value);

/* The helper is keyturn, and asks as it should. */
bool kt_git_helper_is_keyturn(const char *value);

/*
 * All of them, in git's order, with the global file GIT_CONFIG_GLOBAL and outside of any
 * repository: what is set for one directory is no matter here.
 */
bool kt_git_helpers_read(struct kt_git_helpers *helpers, char *const *environment,
                         struct kt_error *error);

/*
 * The environment without what names a repository or a single setting, and with GIT_CONFIG_GLOBAL
 * made absolute. The array is freed by the caller, its texts are borrowed from environment, but
 * for *global.
 */
bool kt_git_environment(char *const *environment, char ***clean, char **global,
                        struct kt_error *error);

/* For KT_CLEANUP. */
void kt_git_helpers_clear(struct kt_git_helpers *helpers);
