/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Security keys: authenticators of CTAP 2 with the extension hmac-secret, which make of a salt the
 * same 32 bytes each time, once somebody touches them. They are the affair of a module,
 * keyturn-fido2.so, because libfido2 costs a start some three milliseconds. It knows no sentences:
 * vault_fido2.c has them.
 */

#include <stdbool.h>
#include <stddef.h>

#include "keyring/secret.h"

#define KT_FIDO2_DEVICES 16
#define KT_FIDO2_SECRET_SIZE 32
#define KT_FIDO2_SALTS 2

enum kt_fido2_status {
	KT_FIDO2_DONE,
	KT_FIDO2_GONE,        /* it is not there, or was taken out */
	KT_FIDO2_UNFIT,       /* it has no hmac-secret */
	KT_FIDO2_STRANGE,     /* it did not make this credential */
	KT_FIDO2_PIN_WANTED,
	KT_FIDO2_PIN_WRONG,
	KT_FIDO2_PIN_STOPPED, /* until it is taken out and put in again */
	KT_FIDO2_PIN_BLOCKED, /* until it is reset */
	KT_FIDO2_UNTOUCHED,   /* nobody touched it in time */
	KT_FIDO2_REFUSED,
	KT_FIDO2_FAILED,      /* anything else; the code is libfido2's */
};

/* One that is plugged in. Texts are cut, and are the device's: anybody's. */
struct kt_fido2_device {
	char path[256];
	char name[128];
};

struct kt_fido2_state {
	bool is_fit;  /* it has hmac-secret */
	bool has_pin;
};

/* How a call ended, where that takes more than its status. */
struct kt_fido2_report {
	int code;       /* libfido2's */
	int tries_left; /* for the PIN; -1: unknown */
};

struct kt_fido2_module {
	const char *version; /* the form of what follows is this version's */

	/* Those that are plugged in and that this user may use. */
	size_t (*list)(struct kt_fido2_device devices[static KT_FIDO2_DEVICES]);

	/* Asks nobody. credential may be NULL; STRANGE: it surely is another device's. */
	enum kt_fido2_status (*look)(const char *path, const char *rp,
	                             const struct kt_secret *credential,
	                             struct kt_fido2_state *state, struct kt_fido2_report *report);

	/* Appends the id of a new credential, which the device does not keep. One touch. */
	enum kt_fido2_status (*make)(const char *path, const char *rp, const char *user,
	                             const char *pin, struct kt_secret *credential,
	                             struct kt_fido2_report *report);

	/*
	 * Appends the secret of each salt (one or two of KT_FIDO2_SECRET_SIZE bytes, one behind
	 * the other). With a PIN they are others than without. One touch.
	 */
	enum kt_fido2_status (*derive)(const char *path, const char *rp,
	                               const struct kt_secret *credential,
	                               const struct kt_secret *salts, const char *pin,
	                               struct kt_secret *secrets, struct kt_fido2_report *report);
};

/* All that the module exports. */
__attribute__((visibility("default"))) extern const struct kt_fido2_module kt_fido2_module;
