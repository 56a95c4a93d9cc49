/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Public keys of SSH, and signatures that are the same each time: those alone can wrap a vault's
 * key. Ed25519 is (RFC 8032), and RSA with PKCS#1 v1.5, the only padding SSH has (RFC 8332).
 */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/secret.h"

/*
 * The algorithm that keys of this form sign with ("ssh-ed25519", "rsa-sha2-512"). NULL: this key is
 * unfit, and error (KT_ERROR_UNSAFE) says why.
 */
const char *kt_ssh_key_algorithm(const struct kt_secret *blob, struct kt_error *error);

/* Replaces text by "SHA256:...", as ssh-keygen -l prints it. */
bool kt_ssh_key_fingerprint(const struct kt_secret *blob, char **text, struct kt_error *error);

/* Replaces text by the blob in base 64, and back; what is no base 64 is KT_ERROR_CORRUPT. */
bool kt_ssh_key_write(const struct kt_secret *blob, char **text, struct kt_error *error);
bool kt_ssh_key_read(const char *text, struct kt_secret *blob, struct kt_error *error);

/*
 * Replaces challenge by the text that is signed for a message: the form of SSHSIG
 * (OpenSSH's PROTOCOL.sshsig), which no login ever signs.
 */
bool kt_ssh_key_challenge(const struct kt_secret *message, struct kt_secret *challenge,
                          struct kt_error *error);

/* *holds: this is the key's signature over the challenge. */
bool kt_ssh_key_verify(const struct kt_secret *blob, const char *algorithm,
                       const struct kt_secret *challenge, const struct kt_secret *signature,
                       bool *holds, struct kt_error *error);
