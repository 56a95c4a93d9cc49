/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Hosts at which logins differ by path. git tells a helper the path only where
 * credential.useHttpPath is set, gitcredentials(7); else it gets none of them.
 */

#include "helper/keeper/keeper.h"
#include "keyring/error.h"
#include "keyring/secret.h"

/*
 * Appends a section for each such host for which git has no setting yet. A keyring that is not open
 * is not opened for this: nothing is appended.
 */
bool kt_git_path_append(struct kt_keeper *keeper, struct kt_secret *sections,
                        struct kt_error *error);
