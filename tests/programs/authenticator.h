/* SPDX-License-Identifier: MIT */
#pragma once

/* A security key of authenticator.c: its files (authenticator_files.c) and what it answers. */

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>

#include "tests/programs/authenticator_cbor.h"
#include "tests/programs/authenticator_crypto.h"

/* As one call has it open. */
struct key {
	char directory[400];
	unsigned char master[HASH];
	unsigned char token[HASH];
	EVP_PKEY *agreement;
	struct buffer message; /* what comes in, over several packets */
	size_t expected;
	struct buffer packets; /* what goes out, one behind the other */
	size_t sent;
	bool is_silent;
	bool is_removed;
};

size_t key_read_file(const struct key *key, const char *name, void *bytes, size_t size);
void key_write_file(const struct key *key, const char *name, const char *mode, const void *bytes,
                    size_t length);
int key_read_number(const struct key *key, const char *name, int otherwise);
void key_write_number(const struct key *key, const char *name, int number);

/* The length of its PIN, which ends in NUL; 0: it has none. */
size_t key_read_pin(const struct key *key, char pin[static 64]);

/* The file behaviour has this word. */
bool key_behaves(const struct key *key, const char *word);

/* Appends the answer to a command (its byte, and CBOR) and returns CTAP's status, 0 for done. */
int key_answer(struct key *key, const unsigned char *bytes, size_t length, struct buffer *answer);
