/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * How a secret crosses the bus, by the Secret Service specification: Diffie-Hellman over the
 * 1024-bit MODP group 2 (RFC 2409, 6.2), HKDF-SHA256, AES-128-CBC. It keeps a password out of
 * the bus daemon's memory. Its receiver is checked elsewhere. OpenSSL is used here alone.
 */

#include <stdbool.h>
#include <stddef.h>

#include "keyring/secret.h"

#define KT_TRANSFER_ALGORITHM "dh-ietf1024-sha256-aes128-cbc-pkcs7"
#define KT_TRANSFER_PUBLIC_SIZE 128
#define KT_TRANSFER_BLOCK_SIZE 16

struct evp_pkey_st;

/* Zeroed means none. */
struct kt_transfer {
	struct evp_pkey_st *own;
	unsigned char aes_key[KT_TRANSFER_BLOCK_SIZE];
};

/* Makes a key pair and gives its public half. False also where policy forbids the group. */
bool kt_transfer_offer(struct kt_transfer *transfer,
                       unsigned char public_half[KT_TRANSFER_PUBLIC_SIZE]);

/* Derives the common key from the other side's public half. */
bool kt_transfer_agree(struct kt_transfer *transfer, const unsigned char *public_half,
                       size_t length);

/* Encrypts under a fresh vector; sealed has room for the secret's length and one block. */
bool kt_transfer_seal(const struct kt_transfer *transfer, const struct kt_secret *secret,
                      unsigned char vector[KT_TRANSFER_BLOCK_SIZE], unsigned char *sealed,
                      size_t *sealed_length);

/* Wipes; safe to repeat. */
void kt_transfer_clear(struct kt_transfer *transfer);
