/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The proxy as the keeper starts it (proxy_start.h): an address of this machine, the steward and
 * the room behind it. Both end with the process that asked for them, whatever program it becomes.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "helper/errand.h"
#include "helper/proxy_start.h"
#include "keyring/error.h"

/* A zeroed proxy is none. */
struct kt_proxy {
	bool is_open;
	struct kt_proxy_descriptors descriptors;
	int64_t port; /* of 127.0.0.1; 0: a unix socket */
	int steward;  /* our end of its socket */
	pid_t starter; /* a child that has started it; 0: none that has to be waited for */
};

/*
 * Begins an address: a port of 127.0.0.1, or the unix socket at path. Its directory has to be the
 * user's own and nobody else's to write; a socket there that nobody answers is replaced. mode: the
 * socket's. log: a file that lines are appended to, made 0600; may be NULL.
 */
bool kt_proxy_open(struct kt_proxy *proxy, const char *path, mode_t mode, const char *log,
                   struct kt_error *error);

/*
 * Starts the steward, in a session of its own and as nobody's child. It starts the room once it has
 * the first message and the command goes on.
 */
bool kt_proxy_start(struct kt_proxy *proxy, struct kt_error *error);

/* Says the first message. From then on the address answers. */
bool kt_proxy_serve(struct kt_proxy *proxy, const struct kt_errand *message,
                    struct kt_error *error);

/* Becomes the steward, with this as its first message. Returns only if that fails. */
bool kt_proxy_become(struct kt_proxy *proxy, const struct kt_errand *message,
                     struct kt_error *error);

/* Closes our copies; who was started and has no message yet ends. Safe to repeat. */
void kt_proxy_close(struct kt_proxy *proxy);
