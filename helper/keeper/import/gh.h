/* SPDX-License-Identifier: MIT */
#pragma once

/* What gh's file and its items in the desktop's keyring have in common. */

/* The variable whose token gh takes at this host; NULL: no host is known. */
const char *kt_import_gh_variable(const char *host);
