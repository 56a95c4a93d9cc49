/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Services by name: Coze's two sites and their pages, any other by its address; and the text forms
 * of a service and of an account. Nothing else in the keeper knows a host of Coze.
 */

#include <stdbool.h>

#include "keyring/credential.h"
#include "keyring/error.h"
#include "keyring/identity.h"

/* "coze.cn" or "coze.com"; NULL where the service is neither's. */
const char *kt_service_site(const struct kt_identity *service);

/* The site that this one is easily taken for; NULL where the service is not Coze's own. */
const char *kt_service_other_site(const struct kt_identity *service);

/* The host of a site's API; NULL where there is no such site. */
const char *kt_service_host_of_site(const char *name);

/*
 * The address of the service's pages for people ("https://www.coze.cn"); that of its API if it
 * has no other.
 */
bool kt_service_console(const struct kt_credential *credential, char **base,
                        struct kt_error *error);

/*
 * The service whose pages for people have this address: fills protocol, host and path of identity.
 * *found is false where that is not known.
 */
bool kt_service_set_console(struct kt_identity *identity, const char *url, bool *found,
                            struct kt_error *error);

/* "wss://ws.coze.cn"; of another service its own address, as a websocket's. */
bool kt_service_websocket(const struct kt_identity *identity, char **address,
                          struct kt_error *error);

/*
 * The console's page on which what this kind keeps is made and revoked. *page is NULL where the
 * service has none that is known.
 */
bool kt_service_page(const struct kt_identity *service, enum kt_kind kind, char **page,
                     struct kt_error *error);

/* "https://api.coze.cn" or with ":8443/path"; NULL where the identity has no host. */
bool kt_service_format(const struct kt_identity *identity, char **service,
                       struct kt_error *error);

/* "work@coze.cn", the form in which an account can always be named. */
bool kt_service_full_name(const struct kt_identity *identity, char **name,
                          struct kt_error *error);

/*
 * The site that a person means: its name or its last part ("cn"), in any case and width, and every
 * address at it ("https://www.coze.cn/open/oauth/pats"). NULL: neither.
 */
const char *kt_service_site_meant(const char *text);

/*
 * A service from a site (kt_service_site_meant()) or a base URL that the user gave. Fills
 * protocol, host and path of identity. A base without a scheme is an https one, as in Coze's own
 * Java example. A service that tokens must not be sent to is KT_ERROR_UNSAFE.
 */
bool kt_service_set_site(struct kt_identity *identity, const char *site,
                         struct kt_error *error);
bool kt_service_set_base(struct kt_identity *identity, const char *url, struct kt_error *error);

/* Splits NAME@coze.cn or NAME@coze.com; *site is NULL where the name has no such end. */
bool kt_service_split_site(const char *account, char **name, const char **site,
                           struct kt_error *error);

/* A name that an account may have: 1 to 255 bytes of clean UTF-8, not beginning with '-'. */
bool kt_service_check_name(const char *name, struct kt_error *error);

/* The protocol and host of a site, host or address. option ("default: --host") gave it. */
bool kt_service_read_host(struct kt_identity *service, const char *text, const char *option,
                          struct kt_error *error);
