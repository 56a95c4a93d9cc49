/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The vault's cryptography: seal and open, derive keys, stretch passphrases. OpenSSL's EVP
 * alone, and here alone; its configuration file is not read. Keys are KT_SEAL_KEY_SIZE bytes. A
 * failure of the library is KT_ERROR_INTERNAL.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keyring/error.h"
#include "keyring/secret.h"

#define KT_SEAL_KEY_SIZE 32
#define KT_SEAL_SALT_SIZE 32

/* How many bytes longer than its content a sealed text is: salt, nonce and tag. */
#define KT_SEAL_OVERHEAD (KT_SEAL_SALT_SIZE + 12 + 16)

/* The work of one passphrase try (scrypt, RFC 7914): 128 * n * r bytes, p times. */
struct kt_seal_cost {
	int64_t n;
	int64_t r;
	int64_t p;
};

/* For new passphrases: 128 MiB, about 0.4 s. */
#define KT_SEAL_COST ((struct kt_seal_cost){ .n = 1 << 17, .r = 8, .p = 1 })

/* Replaces target by length random bytes, fit for keys. */
bool kt_seal_randomize(struct kt_secret *target, size_t length, struct kt_error *error);

/*
 * Replaces derived by HMAC-SHA256(key, purpose NUL bytes): a key or a keyed hash for one
 * purpose. The key is uniformly random, or a file of at least as much randomness.
 */
bool kt_seal_derive(const struct kt_secret *key, const char *purpose, const void *bytes,
                    size_t length, struct kt_secret *derived, struct kt_error *error);

/*
 * Replaces digits by 2 * size hexadecimal digits, size being at most KT_SEAL_KEY_SIZE: the head of
 * the keyed hash that kt_seal_derive makes.
 */
bool kt_seal_hash(const struct kt_secret *key, const char *purpose, const void *bytes,
                  size_t length, size_t size, struct kt_secret *digits, struct kt_error *error);

/* At most 256 MiB, eight times the work of KT_SEAL_COST, and the limits of scrypt itself. */
bool kt_seal_is_bounded(const struct kt_seal_cost *cost);

/* Replaces key by scrypt's result for the passphrase. A cost out of bounds is corrupt. */
bool kt_seal_stretch(const struct kt_secret *passphrase, const struct kt_secret *salt,
                     const struct kt_seal_cost *cost, struct kt_secret *key,
                     struct kt_error *error);

/*
 * Appends content, sealed with AES-256-GCM under a key derived for this one seal: salt, nonce,
 * ciphertext, tag. The context is authenticated with it and must be the same at opening.
 */
bool kt_seal_close(const struct kt_secret *key, const char *context,
                   const struct kt_secret *content, struct kt_secret *sealed,
                   struct kt_error *error);

/*
 * Replaces content by the text that was sealed. Any change to bytes, key or context is
 * KT_ERROR_CORRUPT, and content is then as it was.
 */
bool kt_seal_open(const struct kt_secret *key, const char *context, const void *bytes,
                  size_t length, struct kt_secret *content, struct kt_error *error);

/* Appends bytes in hexadecimal digits. */
bool kt_seal_append_hex(struct kt_secret *target, const void *bytes, size_t length,
                        struct kt_error *error);

/* Replaces bytes by what base 64 with padding holds, 8,192 bytes at most; else KT_ERROR_CORRUPT. */
bool kt_seal_read_base64(struct kt_secret *bytes, const char *text, struct kt_error *error);

/* Replaces bytes by the value of exactly 2 * length hexadecimal digits; else KT_ERROR_CORRUPT. */
bool kt_seal_read_hex(struct kt_secret *bytes, const char *digits, size_t length,
                      struct kt_error *error);
