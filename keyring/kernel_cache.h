/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The kernel cache: answers that can be handed out, remembered in the user's kernel keyring
 * (docs/safety.md, C1 to C6). It may forget at any time and never fails: quota, permission,
 * expiry, another version, a damaged entry, a clock that jumped are misses. libc alone.
 *
 * An entry is found by its description, which says the whole key in the clear, so that no
 * two keys share an entry:
 *
 *   keyturn:v1:TAG:FORM:PROTOCOL:HOST:PATH:USERNAME:ACCOUNT:VARIANT[:BINDING]
 *
 * TAG is a hash of the environment that selects the store. A part that the key does not
 * state is "*"; one that it states is itself, with every byte but visible ASCII, and "%", ":"
 * and "*", percent-encoded, so that a stated empty part is empty. Over
 * KT_KERNEL_KEY_DESCRIPTION_MAXIMUM bytes: not cached.
 */

#include <stdbool.h>
#include <stdint.h>

#include "keyring/identity.h"
#include "keyring/secret.h"

/* Seconds that a secret without a life of its own is kept (PAT, SAT, password). */
#define KT_CACHE_SECONDS 900
/* Seconds that "there is no such credential" is kept. */
#define KT_CACHE_NONE_SECONDS 60
/*
 * A token of 16 KB with what belongs to it. Larger answers are not kept, nor one that is larger
 * than the share of a user's quota that the cache may take (10,000 bytes, unless it was raised).
 */
#define KT_CACHE_ANSWER_MAXIMUM (16384 + 2048)

/* Which cache: a zeroed one is off. */
struct kt_cache {
	char tag[17];
	int64_t seconds; /* keep a secret without a life of its own so long; 0: the cache is off */
	int64_t limit;   /* keep nothing longer */
};

enum kt_cache_form {
	/* git's get: the request's protocol, host, path, username; account is KEYTURN_ACCOUNT. */
	KT_CACHE_GET,
	/* The same answer to each request with a path: nothing of this host is kept for one path. */
	KT_CACHE_HOST,
	/* token, header: account is ACCOUNT, else KEYTURN_ACCOUNT; nothing else is stated. */
	KT_CACHE_TOKEN,
	/* The keeper's own: an identity, whole, and its token's variant (session, scope), or "". */
	KT_CACHE_ACCOUNT,
};

/*
 * Every word that decides which credential answers, as the caller wrote it, but for protocol
 * and host in their one form; NULL: not stated. Where directories are bound, the answer to a key
 * that names no account lies under the binding of the caller's directory, and under the key without
 * one lie routes (helper/route.h). Each change of a binding forgets everything.
 */
struct kt_cache_key {
	enum kt_cache_form form;
	const char *protocol;
	const char *host;
	const char *path;
	const char *username;
	const char *account;
	const char *variant;
	const char *tool; /* whose own logins go first */
	const char *binding; /* the bound directory, "" for none of them */
};

struct kt_cache_entry {
	/* Milliseconds of the wall clock. */
	int64_t until;           /* handed out before then, not later */
	int64_t renew;           /* from then on a renewal is due; 0 never */
	int64_t generation;      /* the credential's */
	struct kt_secret answer; /* packed; empty: there is no such credential */
};

/*
 * Reads from the environment (environ(7)) the variables that select the store, and KEYTURN_CACHE
 * ("off", or seconds; anything else counts as "off"). An empty variable counts as absent.
 */
void kt_cache_open(struct kt_cache *cache, char *const environment[]);

/* The remembered answer, if it may still be handed out. Two system calls. */
bool kt_cache_find(const struct kt_cache *cache, const struct kt_cache_key *key,
                   struct kt_cache_entry *entry);

/*
 * Remembers in place of an earlier entry. "No such credential" is kept KT_CACHE_NONE_SECONDS at
 * most. When the quota is full, the entries stored longest ago go first. False: not remembered.
 */
bool kt_cache_put(const struct kt_cache *cache, const struct kt_cache_key *key,
                  const struct kt_cache_entry *entry);

/*
 * Forgets, under every tag and also where the cache is off, each entry that a credential
 * matching the pattern can have answered (a NULL member matches anything; all NULL: everything),
 * "no such credential" too. At a service that may be more than needed, never less. variant:
 * NULL for all of an account's, "" for its own token alone, else that one alone.
 */
void kt_cache_forget(const struct kt_identity *pattern, const char *variant);

/*
 * A credential's own token was renewed: every live entry of this cache that is_same() knows as
 * an answer of it gets fresh in its place, and is there all the time. Other stores forget an
 * account of this name.
 */
void kt_cache_renew(const struct kt_cache *cache, const struct kt_identity *pattern,
                    const struct kt_cache_entry *fresh,
                    bool (*is_same)(void *context, const char *answer, size_t length),
                    void *context);

/* For KT_CLEANUP. */
void kt_cache_entry_clear(struct kt_cache_entry *entry);
