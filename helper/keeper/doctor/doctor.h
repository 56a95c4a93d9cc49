/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The checks of keyturn doctor. A check adds what it finds and never fails; checks of one subject
 * stand in one file.
 */

#include "helper/keeper/doctor/finding.h"
#include "helper/keeper/keeper.h"

/*
 * The session bus, the keyring that is chosen, whether it is open, and the items in it that
 * cannot be read.
 */
void kt_checkup_keyring(struct kt_checkup *checkup, struct kt_keeper *keeper);

/*
 * Only if there are grants: proxy, each token endpoint (DNS, TLS, whether it answers), this
 * machine's clock against the service's, and the state of each grant. 5 s at most, and no
 * secret is sent.
 */
void kt_checkup_network(struct kt_checkup *checkup, struct kt_keeper *keeper);

/* The vault, and the kernel keyring. */
void kt_checkup_vault(struct kt_checkup *checkup);
void kt_checkup_kernel(struct kt_checkup *checkup);

/*
 * Looks for pam_keyturn.so in this directory (/etc/pam.d): it is in no place, a wrong one, or a
 * good one.
 */
void kt_checkup_pam(struct kt_checkup *checkup, const char *directory);
