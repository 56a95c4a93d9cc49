/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Slots: the ways to a vault's key, as they stand in its header. A slot of a way that is not
 * known here is a newer keyturn's: it opens nothing, and is kept as it is.
 */

#include <stdbool.h>
#include <stdint.h>

#include "keyring/error.h"
#include "keyring/json.h"
#include "keyring/seal.h"
#include "keyring/secret.h"

enum kt_vault_way {
	KT_VAULT_PASSPHRASE,
	KT_VAULT_KEY_FILE,
	KT_VAULT_CREDENTIAL,
	KT_VAULT_LOGIN,
	KT_VAULT_PLAIN_WAYS, /* Those above are all that version 1 of the header knows. */
	KT_VAULT_RECOVERY = KT_VAULT_PLAIN_WAYS,
	KT_VAULT_SSH_AGENT,
	KT_VAULT_MACHINE,
	KT_VAULT_FIDO2,
	KT_VAULT_WAYS,
};

/* One way to the key. Its parts stand in hexadecimal, as in the file. */
struct kt_vault_slot {
	enum kt_vault_way way;    /* KT_VAULT_WAYS: a way that is not known here */
	char *id;
	char *way_name;           /* as it stands in the header; NULL: as way says */
	char *name;               /* what a person called it, or NULL */
	int64_t added;            /* seconds since 1970; 0: nobody wrote it down */
	char *source;             /* the key file's path, the credential's name; else NULL */
	char *salt;
	char *wrapped;
	struct kt_seal_cost cost; /* of passphrase and login */
	char *blob;               /* of the machine's service, in base 64 */
	char *public_key;         /* of an SSH key, in base 64 */
	char *algorithm;          /* with which its agent signs */
	char *credential;         /* of a security key, in base 64 */
	char *rp;                 /* the relying party whose credential that is */
	bool pin;                 /* it was made with the key's PIN, and wants it each time */
	bool asks;                /* a person has to be there: an agent that asks, a security key */
	char *text;               /* the object that was read; NULL: the slot is new */
};

#define KT_VAULT_WRAPPED_SIZE (KT_SEAL_KEY_SIZE + KT_SEAL_OVERHEAD)
#define KT_VAULT_NAME_MAXIMUM 100

/*
 * "passphrase", "key-file", "credential", "login", "recovery", "ssh-agent", "machine" or "fido2".
 */
const char *kt_vault_way_name(enum kt_vault_way way);

/* The same of a slot, also where its way is not known here. */
const char *kt_vault_slot_way(const struct kt_vault_slot *slot);

/*
 * True for the ways whose secret a person chose (passphrase, login password): it is stretched with
 * scrypt.
 */
bool kt_vault_is_stretched(enum kt_vault_way way);

/* A person types its secret: passphrase, login password, recovery code. */
bool kt_vault_is_typed(enum kt_vault_way way);

/* A vault has one slot of this way at the most. */
bool kt_vault_is_single(enum kt_vault_way way);

/* It opens the vault on one machine alone; or on every one, if its person comes there. */
bool kt_vault_is_bound(enum kt_vault_way way);
bool kt_vault_does_travel(enum kt_vault_way way);

/* It does not go with a machine, an agent or a thing that can be lost: paper, a file, a head. */
bool kt_vault_does_last(enum kt_vault_way way);

/*
 * A header of version 1 can hold this slot. Such a slot is called as its way is, and keeps that
 * name in version 2.
 */
bool kt_vault_is_plain(const struct kt_vault_slot *slot);

/* For KT_CLEANUP; safe to repeat. */
void kt_vault_slot_clear(struct kt_vault_slot *slot);

/* Read a slot of a header of version 1, or of version 2. A broken rule is KT_ERROR_CORRUPT. */
bool kt_vault_slot_read_plain(const struct kt_json *json, enum kt_vault_way way,
                              struct kt_vault_slot *slot, struct kt_error *error);
bool kt_vault_slot_read(const struct kt_json *json, struct kt_vault_slot *slot,
                        struct kt_error *error);

/* The slot's object in a header of version 1, or of version 2: the one that was read, if it was. */
bool kt_vault_slot_write_plain(const struct kt_vault_slot *slot, struct kt_json **json,
                               struct kt_error *error);
bool kt_vault_slot_write(const struct kt_vault_slot *slot, struct kt_json **json,
                         struct kt_error *error);

/* Another salt, for another key that the slot wraps; kt_vault_slot_wrapped() then puts that in. */
bool kt_vault_slot_salt(struct kt_vault_slot *slot, struct kt_error *error);
bool kt_vault_slot_wrapped(struct kt_vault_slot *slot, const struct kt_secret *wrapped,
                           struct kt_error *error);

/* A copy of its own. */
bool kt_vault_slot_copy(struct kt_vault_slot *slot, const struct kt_vault_slot *source,
                        struct kt_error *error);

/* Replaces digits by the bytes in hexadecimal, as they stand in the file. */
bool kt_vault_set_hex(char **digits, const struct kt_secret *bytes, struct kt_error *error);

/* Replaces digits by the member of that name: exactly length bytes in hexadecimal. */
bool kt_vault_read_hex(const struct kt_json *json, const char *name, size_t length, char **digits,
                       struct kt_error *error);
