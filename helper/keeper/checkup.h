/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What doctor finds: one finding a layer, each with what it means and what to do. A check
 * writes its finding and never fails; checks of one subject stand in one file.
 */

#include <stdbool.h>
#include <stddef.h>

#include "helper/keeper/keeper.h"
#include "keyring/error.h"

enum kt_finding_level {
	KT_FINDING_OK,
	KT_FINDING_WARNING,
	KT_FINDING_FAILED,
};

struct kt_finding {
	const char *layer;             /* "bus", "keyring", "lock", "vault", "kernel", ... */
	enum kt_finding_level level;
	struct kt_error detail;        /* message and remedy; code only where it failed */
};

#define KT_CHECKUP_MAXIMUM 64

struct kt_checkup {
	struct kt_finding findings[KT_CHECKUP_MAXIMUM];
	size_t count;
};

/* Adds a finding; a sentence and, where something is to be done, a remedy (or NULL). */
void kt_checkup_add(struct kt_checkup *checkup, const char *layer, enum kt_finding_level level,
                    const char *remedy, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* Adds an error as a finding of that level. */
void kt_checkup_add_error(struct kt_checkup *checkup, const char *layer,
                          enum kt_finding_level level, const struct kt_error *error);

/* The session bus, the keyring that is chosen, whether it is open, what cannot be read in it. */
void kt_checkup_keyring(struct kt_checkup *checkup, struct kt_keeper *keeper);

/*
 * For who has grants: proxy, each token endpoint (DNS, TLS, whether it answers), this machine's
 * clock against the service's, and the state of each grant. 5 s at most, and no secret is sent.
 */
void kt_checkup_network(struct kt_checkup *checkup, struct kt_keeper *keeper);

/* The vault, and the kernel keyring. */
void kt_checkup_vault(struct kt_checkup *checkup);
void kt_checkup_kernel(struct kt_checkup *checkup);

/* What this directory (/etc/pam.d) says of pam_keyturn.so: in no place, a wrong one, or a good. */
void kt_checkup_pam(struct kt_checkup *checkup, const char *directory);
