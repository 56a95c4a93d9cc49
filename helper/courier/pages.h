/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The loopback server's pages for a browser, as whole HTTP responses. They are constant: no
 * byte of a request ever stands in one.
 */

#include <stdbool.h>
#include <stddef.h>

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

/*
 * The language that stands first: the first one of the request's Accept-Language (RFC 9110,
 * 12.5.4), else that of the person's terminal.
 */
bool kt_pages_is_chinese_first(const char *request, size_t length, bool is_terminal_chinese);

/* Appends the response, headers and all. */
bool kt_pages_append(struct kt_secret *response, enum kt_page page, bool is_chinese_first,
                     struct kt_error *error);
