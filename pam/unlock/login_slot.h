/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The vault's login slot (kt_unlock_backend_vault) before a password is tried at it, which takes
 * its time.
 */

#include <stdbool.h>

#include "keyring/lock.h"
#include "pam/unlock_request.h"

/*
 * OPENED where the vault is open (may_be_open: then that is enough, and it stays open for another
 * 8 hours), UNDERWAY where its key has to be derived, NO_KERNEL_KEYS where nothing would hold it
 * open, else why there is nothing to open. UNDERWAY tells others to wait; a claim that is held:
 * they wait for this process, and not for another.
 */
enum kt_unlock_status kt_login_slot_look(bool may_be_open, struct kt_lock *claim);

/* Claims the derivation, after another has ended. */
void kt_login_slot_begin(struct kt_lock *claim);
