/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * One file of git's configuration, git-config(1), as the places of its headings and settings: a
 * line is changed where it stands and nothing else is touched.
 */

#include <stdbool.h>
#include <stddef.h>

#include "keyring/error.h"
#include "keyring/secret.h"

enum kt_git_section {
	KT_GIT_OTHER,
	KT_GIT_INCLUDE,        /* include, includeIf */
	KT_GIT_CREDENTIAL,     /* for every address */
	KT_GIT_CREDENTIAL_URL, /* for one */
};

struct kt_git_entry {
	enum kt_git_section section;
	bool is_heading;
	bool is_helper; /* the setting helper of a credential section */
	size_t start;
	size_t end;     /* behind "]"; or the LF (or end of file) that ends the value */
	char *value;    /* of a helper: its text */
};

struct kt_git_file {
	struct kt_git_entry *entries;
	size_t count;
};

/* A text that breaks git's syntax is KT_ERROR_USAGE, with the number of its line. */
bool kt_git_file_parse(struct kt_git_file *file, const struct kt_secret *text,
                       struct kt_error *error);

/* For KT_CLEANUP. */
void kt_git_file_clear(struct kt_git_file *file);
