/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A person at a terminal chooses among the accounts that fit. Nobody else is asked: not a program,
 * nor a job in the background, nor where KEYTURN_PROMPT=0 or --json is given.
 */

#include <stdbool.h>

#include "helper/keeper/account/find.h"
#include "helper/keeper/keeper.h"
#include "keyring/credential.h"

/* kt_account_find(); where several accounts fit, the person says which. */
bool kt_account_find_or_ask(struct kt_keeper *keeper, const char *account, enum kt_account_use use,
                            struct kt_credential *credential, struct kt_error *error);

/*
 * The question alone, for a caller that holds a turn with the keyring while it looks. error is the
 * failure of kt_account_find(); it stays where nobody can be asked, or where it is another one.
 * *remember: the person wants it bound to this directory. NULL: that is not offered.
 */
bool kt_account_ask(struct kt_keeper *keeper, const char *account, enum kt_account_use use,
                    struct kt_credential *credential, bool *remember, struct kt_error *error);
