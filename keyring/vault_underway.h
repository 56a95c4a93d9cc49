/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A vault (by its header's id) whose key is being derived from the login password, behind a login
 * that did not wait for it. Callers who find the vault locked wait for the end of that, a key in
 * the kernel keyring. Where there is no such keyring nothing is underway.
 */

#include <stdbool.h>
#include <stdint.h>

/* Claims it, once no other has it; false where one still has after patience (milliseconds). */
bool kt_vault_underway_begin(const char *vault, int64_t patience);

/* For the one who claimed it. */
void kt_vault_underway_end(const char *vault);

/* False where nothing was underway; else it has ended, or patience (milliseconds) has. */
bool kt_vault_underway_wait(const char *vault, int64_t patience);
