/* SPDX-License-Identifier: MIT */
#pragma once

/* A protected resource, and the authorization server that it names (RFC 9728). */

#include <stdbool.h>

#include "helper/keeper/login/settings.h"

/* KT_ERROR_UNSAFE for a resource that cannot be asked for its metadata. */
bool kt_resource_check(const char *resource, struct kt_error *error);

/*
 * Asks settings->resource for its metadata and sets settings->issuer, the spelling of the resource
 * that its metadata have, and a scope where none is given. Metadata of another resource, or
 * addresses without TLS, are KT_ERROR_UNSAFE.
 */
bool kt_resource_find_issuer(struct kt_settings *settings, struct kt_error *error);
