/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The parts of URLs that the parser of a request's lines needs; the rest is in request.h. It
 * works byte by byte and in ASCII, whatever the locale. libc alone, no I/O.
 */

#include <stdbool.h>
#include <stddef.h>

#include "keyring/error.h"

/* An ASCII letter in lower case; any other byte as it is. */
char kt_request_to_lower(char byte);

/* How many bytes stand before the first of stops, length if none of them is there. */
size_t kt_request_span(const char *bytes, size_t length, const char *stops);

/* A protocol (RFC 3986, 3.1: scheme), checked and in lower case. */
bool kt_request_normal_protocol(char **protocol, const char *bytes, size_t length,
                                struct kt_error *error);
