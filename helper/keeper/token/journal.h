/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The journal of an account's renewals (docs/safety.md, 2.1): one record, no secret, beside the
 * account's lock and read and written only under it. It tells the next caller, after a crash,
 * whether a refresh token may have been spent.
 */

#include <stdbool.h>
#include <stdint.h>

#include "keyring/credential.h"

enum kt_journal_phase {
	KT_JOURNAL_CLEAR,
	KT_JOURNAL_INTENT, /* about to connect: nothing can have been sent */
	KT_JOURNAL_SENT,   /* the request may have reached the server */
	KT_JOURNAL_GOT,    /* its answer is in escrow */
};

struct kt_journal {
	bool is_open;
	int descriptor;
	enum kt_journal_phase phase;
	char token_hash[33];   /* keyed hash of the refresh token that was sent; zeros: none */
	int64_t sent_wall;     /* when: for people, and across boots */
	int64_t tries;         /* how often that token was sent again without an answer */
	int64_t early;         /* renewals in a row whose token did not live half its life */
	int64_t renewed_wall;  /* when the last one was */
	int64_t refusals;      /* renewals in a row that were refused with a word nobody knows */
	int64_t refused_wall;  /* when the last one was */
	int64_t promised_wall; /* milliseconds: until then the token in use must not be replaced */
};

/*
 * Opens and reads the record of the account of this number. A record that cannot be read counts as
 * a clear one.
 */
bool kt_journal_open(struct kt_journal *journal, uint64_t account, struct kt_error *error);

/*
 * Writes the record; a SENT one is on disk when this returns true (fdatasync), so that it
 * outlives a power cut.
 */
bool kt_journal_write(struct kt_journal *journal, enum kt_journal_phase phase,
                      struct kt_error *error);

/* Puts the token's keyed hash into the record; the key is the credential's own. */
bool kt_journal_name_token(struct kt_journal *journal, const struct kt_credential *credential,
                           const struct kt_secret *refresh_token, struct kt_error *error);

/* The record is of a request that may have spent this refresh token. */
bool kt_journal_is_sent(const struct kt_journal *journal,
                        const struct kt_credential *credential,
                        const struct kt_secret *refresh_token);

/*
 * The record is clear and names the refresh token that was spent last, which is not the
 * credential's: no renewal, login or logout has come since the credential was read.
 */
bool kt_journal_is_past(const struct kt_journal *journal,
                        const struct kt_credential *credential);

/* Writes a clear record that names no token, where it is not one already. */
bool kt_journal_forget(struct kt_journal *journal, struct kt_error *error);

/* For KT_CLEANUP. */
void kt_journal_close(struct kt_journal *journal);
