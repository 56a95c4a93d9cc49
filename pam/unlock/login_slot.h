/* SPDX-License-Identifier: MIT */
#pragma once

/* The vault's login slot (kt_unlock_backend_vault): what there is to know before it is tried. */

#include <stdbool.h>

/*
 * The vault has a login slot and is closed: whoever logs in needs it opened before they go on.
 * One that is open already is only kept open for longer, for which nobody has to wait.
 */
bool kt_login_slot_is_urgent(void);
