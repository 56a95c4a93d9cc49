/* SPDX-License-Identifier: MIT */
#pragma once

/* The vault's login slot (kt_unlock_backend_vault): what is cheaper than trying a password. */

#include <stdbool.h>

/*
 * The vault has a login slot and is open: it stays so for another 8 hours. No password is tried,
 * which would take its time, and could open again what is locked meanwhile.
 */
bool kt_login_slot_keep_open(void);
