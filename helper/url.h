/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * URLs: protocol, host, port and path, checked and brought into one form; and where tokens may
 * travel. Byte by byte and in ASCII, whatever the locale. libc alone, no I/O.
 */

#include <stdbool.h>
#include <stddef.h>

#include "keyring/error.h"
#include "keyring/identity.h"
#include "keyring/secret.h"

/* An ASCII letter in lower case; any other byte as it is. */
char kt_url_to_lower(char byte);

/* How many bytes stand before the first of stops, length if none of them is there. */
size_t kt_url_span(const char *bytes, size_t length, const char *stops);

/* A protocol (RFC 3986, 3.1: scheme), checked and in lower case. */
bool kt_url_normal_protocol(char **protocol, const char *bytes, size_t length,
                            struct kt_error *error);

/*
 * A host[:port] as a user or git writes it, checked and brought into its one form: ASCII
 * letters to lower case and no final dot, port 1 to 65535 and left out when it is the protocol's
 * own (https 443, http 80) or empty, IPv6 in brackets, a link-local one with its zone. No user,
 * path, blank, or percent sign elsewhere.
 */
bool kt_url_normal_host(char **host, const char *protocol, const char *bytes, size_t length,
                        struct kt_error *error);

/*
 * Splits a URL into an identity's protocol, host and path (absent parts NULL, percent
 * decoded, no leading slash in the path), and its user name and password if it has them.
 */
bool kt_url_parse(struct kt_identity *identity, struct kt_secret *password,
                  const char *bytes, size_t length, struct kt_error *error);

/*
 * Tokens may be sent there: https, or http to 127.0.0.1, [::1] (docs/safety.md, P5). ws.coze.cn
 * and ws.coze.com have been mapped to their api. hosts by the parser.
 */
bool kt_url_is_safe_for_tokens(const struct kt_identity *pattern);

/*
 * We or a browser may send there what a server gave or a person typed: also http to localhost,
 * which neither looks up. Other programs may, so that tokens are not handed out for that name.
 */
bool kt_url_is_safe_to_visit(const struct kt_identity *pattern);
