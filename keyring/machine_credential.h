/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Secrets that this user on this machine alone gets back: credentials of systemd with the user's
 * scope (systemd 256, io.systemd.Credentials over Varlink at /run/systemd; systemd-creds(1)).
 */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/secret.h"

enum kt_machine_bound {
	KT_MACHINE_BOUND_UNKNOWN, /* to a key of a sort that is not known here */
	KT_MACHINE_BOUND_DISK,    /* to a key on this machine's disk */
	KT_MACHINE_BOUND_TPM,     /* to its TPM and a key on its disk */
};

/* Such a service is here. */
bool kt_machine_is_there(void);

/*
 * Replaces blob by the secret as it is good for this user on this machine, in base 64. The name is
 * needed to get it back. Where there is no such service: KT_ERROR_UNAVAILABLE.
 */
bool kt_machine_encrypt(const char *name, const struct kt_secret *secret, char **blob,
                        struct kt_error *error);

/* Replaces secret by what is in the blob; what stands in the way is KT_ERROR_LOCKED. */
bool kt_machine_decrypt(const char *name, const char *blob, struct kt_secret *secret,
                        struct kt_error *error);

/* The key that opens this blob. */
enum kt_machine_bound kt_machine_bound(const char *blob);
