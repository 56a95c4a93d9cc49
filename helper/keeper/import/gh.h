/* SPDX-License-Identifier: MIT */
#pragma once

/* Facts of gh that its file and its items in the desktop's keyring share. */

/* The variable whose token gh takes at this host; NULL: no host is known. */
const char *kt_import_gh_variable(const char *host);
