/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What the courier gives up. kt_sandbox_enter() comes first in main and must succeed;
 * kt_sandbox_confine() comes before the first byte from outside and takes what this kernel
 * offers, in silence.
 */

#include <stdbool.h>

/* What an errand still has to do on the network once it is confined. */
enum kt_sandbox_network {
	KT_SANDBOX_CONNECT, /* look up names and connect */
	KT_SANDBOX_ACCEPT,  /* accept on sockets that listen already */
};

/*
 * Descriptors 0 to 2 are /dev/null and those above keep are closed; no core, no new privileges,
 * no inherited signal state, umask 077, directory /, a session of its own. Of the environment
 * remain the proxy variables alone: not the SSL_CERT_ ones, for whom to trust is said at
 * login and not by whoever starts a program. False in a set-user-ID setting and where a step
 * that safety rests on fails.
 */
bool kt_sandbox_enter(int keep);

/*
 * Landlock: no file written or run, none read but system libraries, name service and trust
 * anchors, no TCP port bound, no abstract socket, no signal to others. A seccomp filter: no
 * other program run or looked into, no kernel keyring.
 */
void kt_sandbox_confine(enum kt_sandbox_network network);
