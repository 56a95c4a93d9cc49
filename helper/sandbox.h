/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The sandbox: rights that a room of the network gives up. kt_sandbox_enter() comes first in main
 * and must succeed. kt_sandbox_confine() comes before the first byte from outside; it uses whatever
 * this kernel offers and says nothing.
 */

#include <stdbool.h>

/* The one thing that an errand may still do on the network once it is confined. */
enum kt_sandbox_network {
	KT_SANDBOX_CONNECT, /* look up names and connect */
	KT_SANDBOX_ACCEPT,  /* accept on sockets that listen already */
};

/*
 * Descriptors 0 to 2 are /dev/null and those above keep are closed; no core, no new privileges,
 * no inherited signal state, umask 077, directory /, a session of its own. Only the proxy
 * variables of the environment remain. The SSL_CERT_ ones go, because trust is settled at login
 * and not by the program that starts us. False if the program is set-user-ID, or if a step
 * fails that safety rests on.
 */
bool kt_sandbox_enter(int keep);

/*
 * Landlock: no file written or run, none read but system libraries, name service and trust
 * anchors, no TCP port bound, no abstract socket, no signal to others. A seccomp filter: no
 * other program run or looked into, no kernel keyring.
 */
void kt_sandbox_confine(enum kt_sandbox_network network);
