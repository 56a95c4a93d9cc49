/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The private key of a service app, in any of the forms in which people have it: PKCS#8 or
 * PKCS#1, in PEM with sound or damaged line ends, with literal "\n", or as bare base64.
 */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/secret.h"

/*
 * Brings text to the one form that is kept, PEM of PKCS#8. Refuses (KT_ERROR_REFUSED, with the
 * reason) a text that is no private key, and a key that is public, is not RSA, has under 2,048
 * bits or is inconsistent. The passphrase of an encrypted one is asked for at the terminal.
 */
bool kt_private_key_import(struct kt_secret *key, const struct kt_secret *text,
                           struct kt_error *error);

/*
 * Reads a key file, "-" for stdin. One that others can read is taken with the advice to consider
 * it exposed; one that another user owns is KT_ERROR_UNSAFE.
 */
bool kt_private_key_read(struct kt_secret *key, const char *path, struct kt_error *error);

/* Appends the RS256 signature (RFC 7518, 3.3) of bytes by an imported key. */
bool kt_private_key_sign(const struct kt_secret *key, const struct kt_secret *bytes,
                         struct kt_secret *signature, struct kt_error *error);
