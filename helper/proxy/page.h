/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Pages: the fields by which a browser lets a page of another origin read an answer (CORS; the
 * "Fetch" standard of WHATWG, 3.2). Only the origin of --allow-origin ever gets them. No I/O.
 */

#include <stdbool.h>

#include "helper/proxy/buffer.h"
#include "helper/proxy/head.h"

/* The field of an answer is one that kt_page_append_fields() writes in its place. */
bool kt_page_is_field(struct kt_slice name);

/* Appends the fields of an answer for the page of this origin. */
bool kt_page_append_fields(const char *origin, struct kt_buffer *target);

/* The request asks whether the page may send another one, and is none itself. */
bool kt_page_is_preflight(const struct kt_head *head);

/* Appends the whole answer to it: the page may. */
bool kt_page_append_preflight(const struct kt_head *head, const char *origin,
                              struct kt_buffer *target);
