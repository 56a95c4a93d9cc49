/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The loopback server's pages for a browser, as whole HTTP responses. They are constant: no
 * byte of a request ever stands in one.
 */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/secret.h"

enum kt_page {
	KT_PAGE_RECEIVED,    /* 200: the login has arrived, the window may be closed */
	KT_PAGE_DENIED,      /* 200: the login was refused */
	KT_PAGE_STRAY,       /* 400: not the redirect that is waited for */
	KT_PAGE_NOT_FOUND,   /* 404: another address */
	KT_PAGE_NOT_ALLOWED, /* 405: another method than GET */
	KT_PAGE_TOO_LARGE,   /* 431 */
};

/* Appends the response, headers and all. */
bool kt_pages_append(struct kt_secret *response, enum kt_page page, struct kt_error *error);
