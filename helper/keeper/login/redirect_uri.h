/* SPDX-License-Identifier: MIT */
#pragma once

/* Redirect URIs of a native app (RFC 8252, 7.3), whose port may be one of the moment. */

#include <stdbool.h>
#include <stdint.h>

#include "keyring/error.h"

/* A redirect URI with port 0 gets this one. */
bool kt_redirect_uri_put_port(char **redirect_uri, int64_t port, struct kt_error *error);
