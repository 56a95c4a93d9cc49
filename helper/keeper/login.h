/* SPDX-License-Identifier: MIT */
#pragma once

/* What a login is asked for: the options of keyturn login, borrowed from argv; NULL: not given. */

#include <stdbool.h>

struct kt_login {
	const char *account;
	bool with_token;
	const char *site;
	const char *api_base;
	const char *expires;
	const char *authtype;
	const char *git_username;
};
