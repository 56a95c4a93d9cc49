/* SPDX-License-Identifier: MIT */
#pragma once

/* Settings of a room: whom it answers, where it sends, and for how long. */

#include <stdbool.h>
#include <stdint.h>

#include "helper/errand.h"
#include "keyring/error.h"
#include "keyring/secret.h"

#define KT_SETTINGS_RULES 64

/* A server to which the token may go. */
struct kt_origin {
	char *url;  /* "https://api.coze.cn" */
	char *host; /* "api.coze.cn", as Host has it */
};

struct kt_room_settings {
	struct kt_origin api;
	struct kt_origin websocket;
	char *base;                   /* "/team/v1": paths elsewhere get no token; "": any */
	struct kt_secret authority;   /* PEM, trusted alone; empty: the system's */
	struct kt_secret placeholder; /* the token's in requests; empty: none is asked for */
	int64_t port;                 /* of 127.0.0.1; 0: a unix socket */
	int64_t guest;                /* a user whose processes are answered at the socket; 0: none */
	char *page;                   /* the origin whose pages may ask; NULL: no page may */
	char *account;                /* as a person types it, quoted */
	char *rules[KT_SETTINGS_RULES]; /* allow_rule.h; NULL ends them */
	int64_t most;                 /* requests; 0: any number */
	bool is_standard;             /* the service is any OAuth server's, not Coze */
	int64_t end;                  /* by kt_clock_boot_milliseconds(); 0: none */
};

/* Reads the first message of the steward (proxy_start.h). */
bool kt_room_settings_read(struct kt_room_settings *settings, const struct kt_errand *message,
                           struct kt_error *error);

void kt_room_settings_clear(struct kt_room_settings *settings);
