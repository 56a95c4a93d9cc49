/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Rewriting: heads as they are passed on. The token takes the placeholder's place in Authorization
 * and nowhere else; fields of one connection (RFC 9110, 7.6.1) stay behind; all others pass byte
 * for byte, in their order. No I/O.
 */

#include <stdbool.h>

#include "helper/proxy/buffer.h"
#include "helper/proxy/head.h"
#include "helper/proxy/judge.h"
#include "helper/proxy/settings.h"
#include "keyring/secret.h"

/* Appends the head of a request that has passed the judge. False: no memory. */
bool kt_rewrite_request(const struct kt_room_settings *settings, const struct kt_head *head,
                        const struct kt_request_facts *facts, const struct kt_secret *token,
                        struct kt_buffer *target);

/*
 * Appends the head of an answer. closes: the connection to the client ends with it; page: the
 * origin of the page that asked (page.h), or NULL.
 */
bool kt_rewrite_answer(const struct kt_origin *origin, const struct kt_head *head, bool closes,
                       const char *page, struct kt_buffer *target);

/* Appends a whole answer of our own: JSON, as Coze's errors are. */
bool kt_rewrite_refusal(int status, int code, const char *message, bool to_head,
                        const char *page, struct kt_buffer *target);
