/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Whether an answer says that the token is not good (docs/coze.md, 8.2): a status of 401, or a
 * short JSON object with one of Coze's codes, which mean that at Coze alone. No I/O.
 */

#include <stdbool.h>

#include "helper/proxy/head.h"

enum kt_refused_token {
	KT_REFUSED_TOKEN_NO,
	KT_REFUSED_TOKEN_UNKNOWN, /* until more of the body has come */
	KT_REFUSED_TOKEN_PERHAPS, /* or what the token may do does not reach so far */
	KT_REFUSED_TOKEN_YES,
};

/*
 * body: what has come of it; is_all: no more will; is_coze: the service is Coze. Long bodies are
 * not read, nor those that are compressed otherwise than by gzip.
 */
enum kt_refused_token kt_refused_token_examine(const struct kt_head *head, bool to_head,
                                               struct kt_slice body, bool is_all, bool is_coze);
