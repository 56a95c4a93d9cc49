/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Keys of type "user" in the user's kernel keyring (@u), by system calls alone: libc, no
 * libkeyutils. Permissions are the owner's only (0x003f0000), so that no possession, session
 * keyring or request_key is involved (docs/safety.md, C2). A key is found by its exact
 * description, which is no secret. A failure (quota, EPERM, ENOSYS, expiry) is a plain "no",
 * and the caller decides what that means.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keyring/error.h"
#include "keyring/secret.h"

/* The permission mask and the largest description that is used. */
#define KT_KERNEL_KEY_PERMISSION 0x003f0000u
#define KT_KERNEL_KEY_DESCRIPTION_MAXIMUM 4000

/* How the descriptions of remembered answers begin (kernel_cache.h). */
#define KT_KERNEL_KEY_ANSWERS "keyturn:v1:"

/* Key calls work here at all (a container may forbid them). One system call. */
bool kt_kernel_key_is_usable(void);

/* The serial of the live key of this description in @u, or 0. */
int32_t kt_kernel_key_find(const char *description);

/*
 * Reads the payload of a key into buffer; false if it is gone, not ours, or longer than size.
 * *length is the payload's.
 */
bool kt_kernel_key_read(int32_t serial, void *buffer, size_t size, size_t *length);

/* The same into a secret of at most limit bytes. */
bool kt_kernel_key_read_secret(int32_t serial, struct kt_secret *payload, size_t limit);

/*
 * Two classes of keys. Precious ones (grants in escrow, the vault's key, items of the memory
 * backend) lie in @u itself and are there until their end; to make room for one, all disposable
 * ones go. Disposable ones (answers, claims, notes) lie in a keyring of our own in @u. No key
 * of another program is ever touched.
 *
 * Puts a precious key of this description into @u in place of any other, without a moment in
 * which it has wrong permissions or no timeout: made in the thread keyring, given timeout
 * (seconds, 0 for none) and permissions, then linked; the key it replaces is revoked. Only where
 * there is no room for both the old key is written over. Returns its serial, or 0 with errno.
 */
int32_t kt_kernel_key_put(const char *description, const void *payload, size_t length,
                          unsigned int timeout);

/* The same for a disposable key, which makes room for none: EDQUOT is its caller's. */
int32_t kt_kernel_key_put_disposable(const char *description, const void *payload,
                                     size_t length, unsigned int timeout);

/* All disposable keys go at once. */
void kt_kernel_key_drop_disposable(void);

/* Disposable keys and one more of this size take no more than half of the user's quota. */
bool kt_kernel_key_has_share(size_t description_length, size_t length);

/* They would, if there were no other. */
bool kt_kernel_key_could_share(size_t description_length, size_t length);

/* A precious key becomes a disposable one, which ends after so many seconds. */
bool kt_kernel_key_retire(int32_t serial, unsigned int seconds);

/* What was retired and begins so ends that many seconds from now, not before. */
void kt_kernel_key_prolong(const char *prefix, unsigned int seconds);

/* Replaces the payload of a live key and sets its timeout again (an update resets it). */
bool kt_kernel_key_update(int32_t serial, const void *payload, size_t length,
                          unsigned int timeout);

/*
 * The key is gone for everybody at once, and its quota too. So is one of the same description
 * that another caller put in its place just now: the kernel unlinks by description.
 */
void kt_kernel_key_drop(int32_t serial);

/*
 * Puts a key of this description into @u only if there is none: of many callers at most one
 * gets true. An expired one does not count as there. If a caller is killed at the moment at
 * which it replaces an expired one, nobody gets a claim until the kernel has collected both,
 * for some minutes.
 */
bool kt_kernel_key_claim(const char *description, unsigned int timeout);

/*
 * Calls visit for each live key in @u whose description begins with prefix. A dead one (expired,
 * revoked) cannot be described any more; the kernel collects it within minutes.
 */
void kt_kernel_key_each(const char *prefix,
                        void (*visit)(void *context, int32_t serial, const char *description),
                        void *context);
