/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A place of its own for a test's vault, and children that live under other conditions. Of a
 * passphrase's work the time is simulated: linked with SCRATCH_VAULT_FLAGS, it is done a hundredth.
 */

#include <stdbool.h>
#include <stddef.h>

#include "keyring/keyring_options.h"
#include "keyring/secret.h"

struct scratch {
	char directory[64];
	char vault[80];    /* the directory of KEYTURN_VAULT; not made yet */
	char key_file[80]; /* not made yet */
};

/* cmocka's setup and teardown: *state is the scratch. Kernel keys and files go with it. */
int scratch_set_up(void **state);
int scratch_tear_down(void **state);

/* Makes the vault with its key file. */
void scratch_create_vault(const struct scratch *scratch);

/* "directory/name" of the vault; good until the next call. */
const char *scratch_path(const struct scratch *scratch, const char *name);

/* A whole file into a secret, and back. */
void scratch_read(const char *path, struct kt_secret *content);
void scratch_write(const char *path, const void *bytes, size_t length);

/* How many entries the vault has but for vault.json; name (if not NULL) gets one of them. */
size_t scratch_count_items(const struct scratch *scratch, char *name, size_t size);

/* Runs body in a child; true if it returned true. */
bool scratch_run_apart(bool (*body)(void *context), void *context);

/* From now on this process finds key calls refused, as in a container. */
bool scratch_forbid_kernel_keyring(void);

/* A person at the terminal, who types these lines, and how often they were asked. */
extern const char *const *scratch_typed;
extern int scratch_questions;
extern const struct kt_keyring_options scratch_asking;

void scratch_set_text(struct kt_secret *secret, const char *text);

/* Reads the vault and opens it; returns the error's code. */
enum kt_error_code scratch_open_vault(const struct kt_keyring_options *options,
                                      struct kt_secret *key, struct kt_error *error);

void scratch_lock_vault(void);
