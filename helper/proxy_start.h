/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Starts a program of the proxy with the descriptors that it knows: the keeper starts the steward,
 * the steward starts the room (docs/design.md, 1). Each says the first message,
 *
 *   token, expires, obtained    as in an answer; none where the room was started anew
 *   api, websocket              addresses of the servers that may get it
 *   ca                          PEM, trusted alone; may be absent
 *   placeholder                 what stands for the token in requests; may be absent
 *   port                        of 127.0.0.1; absent: a unix socket
 *   account                     its full name
 *   allow.N, most, end          rules: allow_rule.h, requests, CLOCK_BOOTTIME in milliseconds
 *   standard                    1: the service is any OAuth server's, not Coze
 *   argument.N                  words with which the keeper finds the account again
 *   path                        of the unix socket, to be removed at the end
 *
 * and after that the room asks and the steward has a keeper answer:
 *
 *   { say: token } or { say: refused, token, reject }    token: the one that was refused; reject:
 *                                                        it is certain that it was meant
 *   { say: token, token, expires, obtained } or { say: failed, error, message, remedy }
 */

#include <stdbool.h>
#include <sys/types.h>

#include "helper/libexec.h"

/* The descriptors of both programs, by number. */
#define KT_PROXY_SOCKET 3   /* to who started it */
#define KT_PROXY_LISTENER 4
#define KT_PROXY_COMMAND 5  /* a pidfd: the program ends with this process */
#define KT_PROXY_LOG 6      /* may be closed */

struct kt_proxy_descriptors {
	int socket;
	int listener;
	int command;
	int log; /* -1: none */
};

/* Both ends of a socket; false with errno. */
bool kt_proxy_start_sockets(int sockets[2]);

/*
 * Becomes the program, in a child after fork(2) or for good. Signals are as after exec(3), and
 * none is blocked. Returns only where it cannot be run.
 */
void kt_proxy_start_become(enum kt_libexec_program program,
                           const struct kt_proxy_descriptors *descriptors);
