/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Errands: the messages between keeper and courier, over a socketpair (the courier's descriptor
 * 3). A message is a list of named fields, sent as
 *
 *   u32 bytes that follow | u32 fields | per field: u32 name length, u32 value length, name, value
 *
 * in this machine's byte order: both ends are one build on one machine. A message is at most
 * KT_ERRAND_MAXIMUM bytes, a name is printable and stands in it once. The reader trusts nothing
 * beyond these bounds.
 *
 * An errand is one dialogue; its first message has "errand" and is one of
 *
 *   post, get     url, format (json, form; post), ca (PEM; then nothing else is trusted),
 *                 authorization (whole header value, may be absent), timeout (milliseconds,
 *                 whole request; absent: 30 s), connect_timeout (milliseconds; absent: 10 s),
 *                 rotating ("1": dialogue with ready and go), and for the body "body.NAME"
 *                 (text), "number.NAME" (whole number, JSON only), "raw.NAME" (JSON text, JSON
 *                 only); member (the object in the answer whose members are taken for the
 *                 answer's own), lifetime (seconds, or "never": expires_in where the answer has
 *                 none), error.NAME (the meaning of that error: dead, person, setting, passing),
 *                 mask.NAME (not sent; masked, as what is sent is, in the answer's texts)
 *   redirect      redirect_uri, state (expected), timeout (milliseconds; absent: 5 min, which
 *                 is also the most); issuer (RFC 9207, may be absent: then iss is not looked
 *                 at), issuer_required ("1": the server announces iss, so a redirect without it
 *                 is not the server's)
 *
 * To a rotating post the courier says { say: ready } when it is connected (TLS done) and not a
 * byte of the request is out, and waits for { say: go }; anything else ends it unsent. The last
 * message is
 *
 *   say: answer   outcome   unsent     nothing was sent (DNS, connect, TLS, refused certificate,
 *                                      an errand that breaks a rule)
 *                           unclear    sent, but no whole answer came: it may have been done
 *                           answered   a whole answer; status, sent (CLOCK_BOOTTIME in
 *                                      milliseconds, before the first byte of the request),
 *                                      date (epoch), retry_after (seconds, 1 to 3600), logid,
 *                                      challenge.resource_metadata and challenge.scope (of
 *                                      WWW-Authenticate: RFC 9728, 5.1 and RFC 6750, 3), each
 *                                      where the server sent it, and, when the body is
 *                                      one good JSON object or a form, json=1 and its flat
 *                                      members as "s.NAME" (string), "n.NAME" (number),
 *                                      "b.NAME" (boolean), "l.NAME" (the lists of text of
 *                                      server metadata, RFC 8414: entries joined by a
 *                                      newline), the members of "data", "detail" and
 *                                      "authed_user" as "s.data.NAME" and so on, the
 *                                      sub of an id_token as "s.id_token.sub"; otherwise
 *                                      reason. Members whose own name has a dot or is not
 *                                      printable are left out.
 *                 reason    one printable sentence without foreign bytes
 *                 cause     dns, connect, timeout, tls, certificate, redirect, body, other
 *
 * To a redirect the courier says { say: port, port } once it listens, or { say: busy } when the
 * port is taken; and at last { say: code, code }, { say: error, error, description }, { say:
 * timeout }, or { say: refused, reason } when it cannot listen there at all or 1,000
 * connections were none of them the login.
 *
 * When the keeper closes its end, the courier ends within a second and its port is closed. A
 * courier that ends without a last message died. If it had its go for a rotating post, the
 * outcome is not known.
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

/* Add a field. A second one of that name, or one too many, is refused. */
bool kt_errand_add(struct kt_errand *errand, const char *name, const char *value,
                   struct kt_error *error);
bool kt_errand_add_number(struct kt_errand *errand, const char *name, int64_t number,
                          struct kt_error *error);
bool kt_errand_add_secret(struct kt_errand *errand, const char *name,
                          const struct kt_secret *value, struct kt_error *error);

/* Copies the field's value; fails where there is none. */
bool kt_errand_copy_secret(const struct kt_errand *errand, const char *name,
                           struct kt_secret *value, struct kt_error *error);

/* The field's value, borrowed; NULL where there is none. text is NULL also for an embedded NUL. */
const struct kt_secret *kt_errand_secret(const struct kt_errand *errand, const char *name);

const char *kt_errand_text(const struct kt_errand *errand, const char *name);

/* A number without a sign; false where the field is absent or something else. */
bool kt_errand_number(const struct kt_errand *errand, const char *name, int64_t *number);

/* The field is there and has just this text. */
bool kt_errand_is(const struct kt_errand *errand, const char *name, const char *text);

/*
 * Sends or receives one message over a socket; deadline by kt_clock_monotonic(), 0 for none.
 * KT_ERROR_NETWORK: the deadline passed or the other end is gone. KT_ERROR_INTERNAL: the bytes
 * are no message. receive replaces what errand held, and on failure leaves it empty.
 */
bool kt_errand_send(const struct kt_errand *errand, int descriptor, int64_t deadline,
                    struct kt_error *error);
bool kt_errand_receive(struct kt_errand *errand, int descriptor, int64_t deadline,
                       struct kt_error *error);

void kt_errand_clear(struct kt_errand *errand);
