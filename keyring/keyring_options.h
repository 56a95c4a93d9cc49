/* SPDX-License-Identifier: MIT */
#pragma once

/* The caller's choice of keyring, and whether a person may be asked. */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/secret.h"

/* The ways in which a password that was typed at a terminal opens a keyring. */
enum kt_password_way {
	KT_PASSWORD_NONE,
	KT_PASSWORD_SOCKET,  /* gnome-keyring's control socket (control_socket.h) */
	KT_PASSWORD_SERVICE, /* kt_keyring_unlock_with() */
};

/* A question at the terminal for what opens the vault. */
struct kt_passphrase_question {
	int left;                 /* tries, after an answer that was wrong; 0: this is the first */
	bool is_mistyped;         /* that answer is a recovery code with a letter wrong */
	bool takes_passphrase;
	bool takes_login_password;
	bool takes_recovery_code;
};

/* What it takes to use a security key (vault_fido2.h). */
struct kt_security_keys {
	const char *module; /* keyturn-fido2.so (fido2.h), or NULL */
	/* Asks at the terminal for a security key's PIN; NULL: nobody can be asked, or told. */
	bool (*ask_pin)(struct kt_secret *pin, struct kt_error *error);
	/* One line for the person who is to touch it. */
	void (*tell)(const char *line);
};

struct kt_keyring_options {
	const char *keyring;        /* KEYTURN_KEYRING: a backend's name, or NULL */
	const char *secret_service; /* the module of that backend (secret_service.h), or NULL */
	bool may_prompt;            /* a person can be asked, on a display or at a terminal */
	bool ignore_dismissed;      /* "unlock": ask even if a prompt was dismissed just now */
	/* Asks at the terminal for what opens a vault; NULL: nobody can be asked. */
	bool (*ask_passphrase)(const struct kt_passphrase_question *question,
	                       struct kt_secret *passphrase, struct kt_error *error);
	struct kt_security_keys security_keys;
	/* One line for a person who has to wait; NULL: nobody is told. */
	void (*tell)(const char *line);
	/* For kt_translate_by() of a backend that lies in a module; NULL: English. */
	const char *(*translate)(const char *message);
	/* One line of trace; NULL: none wanted. Never gets a secret. */
	void (*trace)(const char *line);
};
