/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The places of our other programs. They are compiled in: neither the environment nor PATH may
 * choose the program that is handed the secrets. libexec.c is compiled twice, for the installed
 * programs and for those that the checks run.
 */

enum kt_libexec_program {
	KT_LIBEXEC_KEEPER,
	KT_LIBEXEC_COURIER,
	KT_LIBEXEC_UNLOCK,
	KT_LIBEXEC_SEAL,
	KT_LIBEXEC_STEWARD,
	KT_LIBEXEC_PROXY,
	KT_LIBEXEC_SECRET_SERVICE, /* a module of the keeper */
	KT_LIBEXEC_FIDO2,          /* another one */
	KT_LIBEXEC_KEYRING,        /* the door, by the name that pip and uv start */
};

/* The place of data files: the folder providers is in it. */
const char *kt_libexec_data_directory(void);

/* The place of message catalogues, for bindtextdomain(3). */
const char *kt_libexec_locale_directory(void);

/* The program's absolute path. */
const char *kt_libexec_path(enum kt_libexec_program program);
