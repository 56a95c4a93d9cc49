/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Host names in other scripts (RFC 5890): brought into the ASCII form in which curl, and so git,
 * looks them up and checks their certificates. libidn2 is opened only where such a name comes, so
 * that it costs no other start; the door leaves such a request to the keeper.
 */

#include <stdbool.h>

#include "helper/request.h"
#include "keyring/error.h"

/* Replaces *ascii by the URL, or HOST[:PORT], with its host in ASCII. The rest is as it was. */
bool kt_idn_url(char **ascii, const char *url, struct kt_error *error);
bool kt_idn_host(char **ascii, const char *host, struct kt_error *error);

/* Reads a request and parses it; "host" and "url" may name a host in another script. */
bool kt_idn_take_git(struct kt_request *request, int descriptor, struct kt_error *error);
