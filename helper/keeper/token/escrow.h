/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Escrow (docs/safety.md, 2.1): a renewed grant in kernel memory from the moment its answer is
 * parsed until the keyring has it, and a new login likewise. Of a renewal it holds only what the
 * renewal changed. It outlives us and the keyring daemon, not a reboot, and is kept 24 hours.
 * Where the kernel keyring is refused there is none.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keyring/credential.h"
#include "keyring/keyring.h"

struct kt_escrow {
	char *description;
	int32_t serial; /* 0: none reserved or found */
	bool is_reserved; /* by us, and nothing is in it yet */
};

bool kt_escrow_open(struct kt_escrow *escrow, const struct kt_identity *identity,
                    struct kt_error *error);

/* The same of a login, whose escrow is a place of its own: an item may not be there yet. */
bool kt_escrow_open_login(struct kt_escrow *escrow, const struct kt_identity *identity,
                          struct kt_error *error);

/*
 * The beginning of the description of every login that waits for this keyring. One that waits for
 * another, of another configuration or named by KEYTURN_KEYRING, is not brought here.
 */
bool kt_escrow_login_prefix(char **prefix, struct kt_error *error);

/* Appends the form of what a renewal changes: tokens, times, generation, facts. */
bool kt_escrow_pack(const struct kt_credential *renewed, struct kt_secret *form,
                    struct kt_error *error);

/* As many bytes as that form has at most, where no character of a text is written as several. */
size_t kt_escrow_size(const struct kt_credential *renewed);

/* Puts what was packed, and read again as parked, into the credential that it renews. */
bool kt_escrow_apply(const struct kt_credential *parked, struct kt_credential *credential,
                     struct kt_error *error);

/* Something was there when it was opened. */
bool kt_escrow_is_found(const struct kt_escrow *escrow);

/* Reads the account's grant that lies in escrow; false if there is none that can be read. */
bool kt_escrow_read(struct kt_escrow *escrow, struct kt_credential *credential);

/* Makes sure that size bytes will fit, before a token is spent. False: they will not. */
bool kt_escrow_reserve(struct kt_escrow *escrow, size_t size);

/* Puts a stored form there. False: it is in our memory alone. */
bool kt_escrow_fill(struct kt_escrow *escrow, const struct kt_secret *form);

/* The same, in room of its own where none was reserved or too little. */
bool kt_escrow_put(struct kt_escrow *escrow, const struct kt_secret *form);

/*
 * Stores a login in the keyring. It is parked from before the store until the keyring cannot lose
 * it any more (kt_keyring_settling). If the store fails it stays parked in escrow, which may be
 * one that was reserved for it or a zeroed one; with NULL it is parked nowhere then.
 */
bool kt_escrow_store_login(struct kt_escrow *escrow, struct kt_keyring *keyring,
                           const struct kt_credential *credential, struct kt_error *error);

void kt_escrow_drop(struct kt_escrow *escrow);

/*
 * Drops it after so many seconds: until then the keyring may lose what it took. 0: at once. What
 * was retired before stays as long: KWallet writes some seconds after the last change, so that each
 * one puts off the writing of those before it.
 */
void kt_escrow_retire(struct kt_escrow *escrow, int seconds);

/*
 * Drops the login that is parked for the account, which is forgotten or has another name now: a
 * change of the keyring, which puts off the writing of others.
 */
bool kt_escrow_forget_login(const struct kt_identity *identity, struct kt_error *error);

/* For KT_CLEANUP. A grant in escrow stays; room that was only reserved goes. */
void kt_escrow_close(struct kt_escrow *escrow);
