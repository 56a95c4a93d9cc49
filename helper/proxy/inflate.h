/* SPDX-License-Identifier: MIT */
#pragma once

/* gzip (RFC 1952), for answers that are looked into. No I/O. */

#include <stdbool.h>
#include <stddef.h>

#include "helper/proxy/head.h"

/*
 * Inflates bytes, one whole member, to text, and says how long that is. False: the bytes are no
 * gzip, or text has no room for it.
 */
bool kt_inflate_gzip(struct kt_slice bytes, char *text, size_t capacity, size_t *length);
