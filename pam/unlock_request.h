/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The request of pam_keyturn.so to keyturn-unlock, over a socketpair that is the program's
 * standard input and output. The program says KT_UNLOCK_READY once nobody can look into it;
 * then it is sent this header, the old password's bytes, the new one's. The answer is one byte,
 * an enum kt_unlock_status. Both ends are of one build and on one machine, so numbers are in
 * its own order and a request of another size is refused.
 */

#include <stdint.h>

#define KT_UNLOCK_MAGIC 0x4b54554cu

/* Twice PAM_MAX_RESP_SIZE: most programs cannot ask for more than the half. */
#define KT_UNLOCK_PASSWORD_MAX 1024

/* Told apart from every status. */
#define KT_UNLOCK_READY 0xa5u

#define KT_UNLOCK_BACKENDS_MAX 4

enum kt_unlock_op {
	/* Opens with the new password; where that is denied and an old one is there, changes. */
	KT_UNLOCK_OP_UNLOCK = 1,
	/* Changes from old to new. */
	KT_UNLOCK_OP_CHANGE,
	/* Opens nothing: leaves word that this login had no password. */
	KT_UNLOCK_OP_NO_PASSWORD,
};

enum kt_unlock_flag {
	KT_UNLOCK_FLAG_CREATE = 1,
	KT_UNLOCK_FLAG_PREFETCH = 2,
	KT_UNLOCK_FLAG_QUIET = 4, /* nothing into the system log */
	KT_UNLOCK_FLAG_SSH_KEY = 8, /* sshd says that the login was by a key */
};

enum kt_unlock_backend_number {
	KT_UNLOCK_BACKEND_NONE,
	KT_UNLOCK_BACKEND_CONTROL,
	KT_UNLOCK_BACKEND_DBUS,
	KT_UNLOCK_BACKEND_VAULT, /* besides the others, whatever its place in the list */
};

struct kt_unlock_request {
	uint32_t magic;
	uint32_t op;
	uint32_t flags;
	uint32_t timeout; /* milliseconds for the answer */
	uint32_t grace;   /* seconds of trying again after it */
	uint32_t old_length;
	uint32_t new_length;
	uint8_t backends[KT_UNLOCK_BACKENDS_MAX]; /* in order; NONE ends the list */
};

/* Never 0, so that a byte that nobody wrote is no answer. */
enum kt_unlock_status {
	KT_UNLOCK_OPENED = 1,
	KT_UNLOCK_NOTED,          /* "no password" was left, or an outcome stood there already */
	KT_UNLOCK_DENIED,         /* the daemon refused the password */
	KT_UNLOCK_FAILED,         /* the daemon answered, but neither yes nor no */
	KT_UNLOCK_ABSENT,         /* no daemon */
	KT_UNLOCK_SILENT,         /* a daemon that did not answer in time */
	KT_UNLOCK_UNSAFE,         /* a socket or daemon that is not the user's */
	KT_UNLOCK_NO_COLLECTION,  /* there is no login keyring to open, or no home (yet) */
	KT_UNLOCK_UNDERWAY,       /* the vault's key is being derived, behind the login */
	KT_UNLOCK_NO_KERNEL_KEYS, /* a vault that nothing can hold open here */
	KT_UNLOCK_KEPT_OLD,       /* no daemon changed the password of a keyring that is there */
	KT_UNLOCK_NO_RUNTIME_DIR, /* and no vault to open without one */
	KT_UNLOCK_UNSAFE_RUNTIME_DIR, /* from here on: said by the module's own child */
	KT_UNLOCK_NOT_FORKED,
	KT_UNLOCK_NOT_DROPPED, /* the rights of the caller could not be given up */
	KT_UNLOCK_NOT_RUN,     /* the program is missing, is not root's, or died unanswering */
};
