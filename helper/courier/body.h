/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Bodies: an errand's fields as the body of a request, and the body of an answer as fields
 * (helper/errand.h names them). No I/O; all bytes of a server are parsed here.
 */

#include <stdbool.h>
#include <stddef.h>

#include "helper/errand.h"
#include "keyring/error.h"
#include "keyring/secret.h"

/* The most fields that an answer's body may become; the rest are for the facts beside it. */
#define KT_BODY_FIELDS ((size_t)KT_ERRAND_FIELDS - 16)

/* Appends the body that the errand's format asks for, and says its media type (static). */
bool kt_body_compose(const struct kt_errand *errand, struct kt_secret *body, const char **type,
                     struct kt_error *error);

/*
 * Adds the members of one JSON object to the answer, or the pairs of a form as texts; what is not
 * UTF-8 is replaced. Of an id_token the sub is added, as "s.id_token.sub". On failure
 * (KT_ERROR_SERVER, naming the rule that was broken) the answer is empty.
 */
bool kt_body_flatten(struct kt_errand *answer, const struct kt_secret *body, bool is_form,
                     struct kt_error *error);
