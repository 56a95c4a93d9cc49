/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * An answer to a caller. It is built whole in memory, checked, and written at once. The kernel
 * cache keeps it in a packed form, which the door unpacks; so this is libc alone.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keyring/error.h"
#include "keyring/secret.h"

struct kt_answer {
	char *account;            /* the account's own name */
	char *username;           /* git's username; NULL: none is told */
	char *kind;               /* kt_kind_name() */
	char *service;            /* "https://api.coze.cn" */
	struct kt_secret secret;  /* token or password */
	bool is_bearer;           /* the account was made with --authtype bearer */
	bool is_token;            /* may go to token, header and run: not a password item */
	int64_t expires;          /* seconds since the epoch by this machine; 0: unknown, never */
	int64_t obtained;         /* likewise; 0 unknown */
	struct kt_secret oauth_refresh_token; /* a password item's only */
};

/* True for 1 to 16,384 visible ASCII characters, the form of every token; NULL is none. */
bool kt_answer_is_token(const struct kt_secret *token);

void kt_answer_clear(struct kt_answer *answer);

/*
 * Appends the packed form for the kernel cache to bytes. An answer with an oauth_refresh_token
 * has none (KT_ERROR_UNSAFE): a refresh token stays in the keyring.
 */
bool kt_answer_pack(const struct kt_answer *answer, struct kt_secret *bytes,
                    struct kt_error *error);

/* Reads a packed form; anything else is KT_ERROR_CORRUPT. */
bool kt_answer_unpack(struct kt_answer *answer, const char *bytes, size_t length,
                      struct kt_error *error);

/*
 * Writes all bytes to the descriptor, in one write where it takes them so, and waits where it is
 * full, also if it is non-blocking; false, with errno, where it cannot take them (closed). The
 * caller ignores SIGPIPE.
 */
bool kt_answer_write(int descriptor, const char *bytes, size_t length);

/* The same, with the error told. */
bool kt_answer_send(int descriptor, const struct kt_secret *bytes, struct kt_error *error);
