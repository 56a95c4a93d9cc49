/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A vault (by its header's id) whose key is being derived from the login password, behind a login
 * that did not wait for it. Callers who find the vault locked wait for the end of that.
 *
 * The claim is a lock on one byte of a file in the state directory, F_OFD_SETLK of
 * fcntl_locking(2). It dies with its holder, so nobody waits for a derivation that was killed; and
 * it can be asked for without being taken, so who asks keeps no login from deriving.
 */

#include <stdbool.h>
#include <stdint.h>

#include "keyring/lock.h"

/*
 * Claims it, once no other has it; kt_lock_release ends it. False where another still has it after
 * patience (milliseconds), or where no lock can be had.
 */
bool kt_vault_underway_begin(struct kt_lock *claim, const char *vault, int64_t patience);

/* False where nothing was underway; else it has ended, or patience (milliseconds) has. */
bool kt_vault_underway_wait(const char *vault, int64_t patience);
