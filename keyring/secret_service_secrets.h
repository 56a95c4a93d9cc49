/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The secrets of items, which travel encrypted. KWallet and libsecret differ in the keys that they
 * make of a shared secret that begins with zeros, one in 256: what came in such a session cannot be
 * decrypted, or, where the padding happens to fit, again one in 256, becomes something else.
 */

#include <gio/gio.h>

#include "keyring/error.h"
#include "keyring/secret_service_turn.h"

/*
 * Fetches the secrets of these items, NULL behind the last: *values has a SecretValue for each
 * path. Of an item that was removed or locked meanwhile it has none; one that is there and whose
 * secret cannot be read is not absent: it is asked for in new sessions. The caller unrefs *values,
 * which may hold an earlier table.
 */
bool kt_secrets_fetch(struct kt_turn *turn, char **paths, GHashTable **values,
                      struct kt_error *error);

/*
 * The same for items of other programs, until two sessions agree: nothing else tells such a secret
 * from something else. Of an item whose secret no session can read it has none.
 */
bool kt_secrets_fetch_agreed(struct kt_turn *turn, char **paths, GHashTable **values,
                             struct kt_error *error);
