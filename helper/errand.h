/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Errands: what keeper and courier say to each other over a socketpair (the courier's
 * descriptor 3). A message is a list of named fields, sent as
 *
 *   u32 bytes that follow | u32 fields | per field: u32 name length, u32 value length, name, value
 *
 * in this machine's byte order: both ends are one build on one machine. A message is at most
 * KT_ERRAND_MAXIMUM bytes. The reader trusts nothing beyond these bounds.
 *
 * An errand is one dialogue; its first message has "errand" and is one of
 *
 *   post, get     url, format (json, form; post), ca (PEM, may be absent), authorization (whole
 *                 header value, may be absent), timeout (milliseconds, whole request),
 *                 connect_timeout (milliseconds), rotating ("1": dialogue with ready and go),
 *                 and for the body "body.NAME" (text), "number.NAME" (whole number, JSON only),
 *                 "raw.NAME" (JSON text, JSON only)
 *   redirect      redirect_uri, state (expected), issuer (RFC 9207, may be absent), timeout
 *
 * To a rotating post the courier says { say: ready } when it is connected (TLS done) and not
 * a byte of the request is out, and waits for { say: go }; anything else ends it unsent. The
 * last message is
 *
 *   say: answer   outcome   unsent     nothing was sent (DNS, connect, TLS, refused certificate)
 *                           unclear    sent, but no whole answer came: it may have been done
 *                           answered   a whole answer; status, date (epoch), retry_after
 *                                      (seconds), logid, and, when the body is one good JSON
 *                                      object, json=1 and its flat members as "s.NAME" (string),
 *                                      "n.NAME" (number), "b.NAME" (boolean), members of "data"
 *                                      as "s.data.NAME" and so on; otherwise reason
 *                 reason    one printable sentence without foreign bytes
 *                 cause     dns, connect, timeout, tls, certificate, redirect, body, other
 *
 * To a redirect the courier says { say: port, port } once it listens, { say: busy } when the
 * port is taken, and at last { say: code, code } or { say: error, error, description } or
 * { say: timeout }.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keyring/error.h"
#include "keyring/secret.h"

#define KT_ERRAND_MAXIMUM ((size_t)256 * 1024)
#define KT_ERRAND_FIELDS 256
#define KT_ERRAND_DESCRIPTOR 3

struct kt_errand_field {
	char *name;
	struct kt_secret value;
};

struct kt_errand {
	struct kt_errand_field *fields;
	size_t count;
};

bool kt_errand_add(struct kt_errand *errand, const char *name, const char *value,
                   struct kt_error *error);
bool kt_errand_add_number(struct kt_errand *errand, const char *name, int64_t number,
                          struct kt_error *error);
bool kt_errand_add_secret(struct kt_errand *errand, const char *name,
                          const struct kt_secret *value, struct kt_error *error);

/* The field's value, borrowed; NULL where there is none. text is NULL also for an embedded NUL. */
const struct kt_secret *kt_errand_secret(const struct kt_errand *errand, const char *name);
const char *kt_errand_text(const struct kt_errand *errand, const char *name);
bool kt_errand_number(const struct kt_errand *errand, const char *name, int64_t *number);

/* Sends or receives one message; deadline by kt_clock_monotonic(), 0 for none. */
bool kt_errand_send(const struct kt_errand *errand, int descriptor, int64_t deadline,
                    struct kt_error *error);
bool kt_errand_receive(struct kt_errand *errand, int descriptor, int64_t deadline,
                       struct kt_error *error);

void kt_errand_clear(struct kt_errand *errand);
