/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Facts about the vault's login slot (kt_unlock_backend_vault) that are cheaper to get than by
 * trying a password.
 */

#include <stdbool.h>

/*
 * The vault has a login slot and is open: it stays so for another 8 hours. No password is tried,
 * which would take its time, and could open again what is locked meanwhile.
 */
bool kt_login_slot_keep_open(void);
