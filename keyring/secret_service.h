/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The desktop's keyring is a backend in a module, keyturn-secret-service.so, which is opened
 * when that keyring is: libsecret and GLib cost a start some three milliseconds, which a call
 * with a vault should not pay, and during which a courier gets ready. The module has its own
 * copy of the code that it shares with the keeper: nothing in this directory keeps anything
 * between calls that it could not find again.
 */

#include "keyring/backend.h"

struct kt_secret_service_module {
	const char *version; /* what follows has the form of this version's */
	struct kt_backend backend;
};

/* All that the module exports. */
__attribute__((visibility("default"))) extern const struct kt_secret_service_module
	kt_secret_service_module;
