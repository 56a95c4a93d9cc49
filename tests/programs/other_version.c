/* SPDX-License-Identifier: MIT */

/* The module of the desktop's keyring as another version of keyturn would have left it there. */

#include "config.h"

#include "keyring/secret_service.h"

const struct kt_secret_service_module kt_secret_service_module = {
	.version = PACKAGE_VERSION "-other",
};
