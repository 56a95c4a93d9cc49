/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A record of the desktop's keyring, which a locked one does not tell: the provider that was seen
 * last, and the collections that held an item of ours. In $XDG_CONFIG_HOME/keyturn/collections,
 * one a line, nothing secret. A record that cannot be read is an empty one.
 *
 * Only for backend_secret_service.c: GLib's types stay out of the other headers.
 */

#include <glib.h>
#include <stdbool.h>

#include "keyring/error.h"

/* A zeroed one is none. */
struct kt_record {
	char **collections; /* object paths, ending in NULL */
	char *provider;     /* its row's name; NULL: none was noted */
};

/* The file that it lies in (caller frees). */
bool kt_record_path(char **path, struct kt_error *error);

void kt_record_read(struct kt_record *record);

/* A failure costs no more than the knowledge. */
void kt_record_write(const struct kt_record *record);

bool kt_record_has(const struct kt_record *record, const char *collection);
void kt_record_add(struct kt_record *record, const char *collection);

/* For KT_CLEANUP. */
void kt_record_clear(struct kt_record *record);
