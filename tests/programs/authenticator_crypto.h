/* SPDX-License-Identifier: MIT */
#pragma once

/* A security key's computations, for authenticator.c; the numbers are of CTAP 2.1. */

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdbool.h>
#include <stddef.h>

#include "tests/programs/authenticator_cbor.h"

#define HASH SHA256_DIGEST_LENGTH

/* HMAC-SHA-256 of purpose, first and second, one behind the other. */
void ctap_keyed_hash(const void *key, size_t size, const char *purpose, const void *first,
                     size_t first_length, const void *second, size_t second_length,
                     unsigned char hash[static HASH]);

/* The key pair of a credential, from its private number. */
EVP_PKEY *ctap_make_pair(const unsigned char private[static HASH]);

/* The public half, as COSE writes it (RFC 9052). */
void ctap_put_public(struct buffer *buffer, EVP_PKEY *pair, int algorithm);

/* 6.5.6 and 6.5.7: what both sides share, for encryption and for authentication. */
bool ctap_agree(EVP_PKEY *own, int protocol, struct item cose,
                unsigned char encrypting[static HASH], unsigned char signing[static HASH]);

/* The clear text lies in clear; empty where text is not as long as one can be. */
struct item ctap_decrypt(int protocol, const unsigned char *key, struct item text,
                         unsigned char clear[static 128]);

void ctap_put_encrypted(struct buffer *buffer, int protocol, const unsigned char *key,
                        const unsigned char *clear, size_t length);

/* proof is who has the key's. */
bool ctap_is_authentic(int protocol, const unsigned char *key, struct item text, struct item proof);
