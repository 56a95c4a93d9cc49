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
void kt_doctor_check_keyring(struct kt_findings *findings, struct kt_keeper *keeper);

/*
 * Only if there are grants: proxy, each token endpoint (DNS, TLS, whether it answers), this
 * machine's clock against the service's, and the state of each grant. 5 s at most, and no
 * secret is sent.
 */
void kt_doctor_check_network(struct kt_findings *findings, struct kt_keeper *keeper);

/* Particulars of WSL, deepin, UOS and Kylin. Nothing elsewhere. */
void kt_doctor_check_system(struct kt_findings *findings);

/* The vault, and the kernel keyring. */
void kt_doctor_check_vault(struct kt_findings *findings);
void kt_doctor_check_kernel(struct kt_findings *findings);

/*
 * Checks how libpam treats pam_keyturn.so by the files of these directories (the last is NULL):
 * which persons are let in, and whether the module is reached. The first directory that has a
 * file is asked for it.
 */
void kt_doctor_check_pam(struct kt_findings *findings, const char *const *directories);

/*
 * Whether git asks keyturn, by git's own reading of its configuration in this directory, and
 * whether a helper's line has words that keep it from answering. Nothing where there is no git.
 */
void kt_doctor_check_git(struct kt_findings *findings, const struct kt_keeper *keeper);

/* Whether run --proxy and lend can be used, and whether the kernel tells who connects. */
void kt_doctor_check_proxy(struct kt_findings *findings);

/*
 * Tokens where a shell has them: exported, in a file that it reads at its start, in its history;
 * and how many lie in the files of tools. Nothing where there is none.
 */
void kt_doctor_check_shell(struct kt_findings *findings);

/*
 * The tools that keyturn setup wires: which of them ask keyturn, whether they find it, and whether
 * git asks others beside it. Nothing of tools that do not ask.
 */
void kt_doctor_check_setup(struct kt_findings *findings, struct kt_keeper *keeper);

/*
 * Whether run --sealed works here, by a seal that is made for nothing, and the rule of this system
 * that forbids it.
 */
void kt_doctor_check_seal(struct kt_findings *findings);
