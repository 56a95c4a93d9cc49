/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The providers of the desktop's keyring, and how they differ: one row a provider. A provider is
 * recognised by the bus names that the owner of org.freedesktop.secrets has as well, because its
 * process may hide which program it runs.
 *
 * Only for backend_secret_service.c: GLib's types stay out of the other headers.
 */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/secret_service_turn.h"

/* Has what opens a collection with a password. */
#define KT_PROVIDER_INTERNAL "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface"

struct kt_provider {
	const char *name;       /* for people */
	const char *owns[4];    /* bus names, one of which has the same owner */
	const char *implements; /* an interface of its service object, where it has no own name */
	bool prompts_on_write;  /* a write answers with a prompt, which completes without a person */
	bool keeps_replaced;    /* SetSecret reaches its disk; else the item is created anew */
	bool keeps_type;        /* the content type that was stored comes back */
	bool has_default;       /* the alias "default" names a collection wherever there is one */
	bool finds_locked;      /* a search tells of matching items in locked collections */
	bool asks_at_search;    /* a search waits for a person while every collection is locked */
	bool lists_closed;      /* a collection that is closed is still listed, as a locked one */
	enum kt_password_way takes_password; /* that is typed at a terminal */
	const char *loaded;     /* at its start it has a name before its collections: the last one */
	const char *takes_over[4]; /* providers whose collections it has; names begin so */
	const char *wallet;     /* opens unasked what isOpen of org.kde.KWallet here says is open */
	int settling;           /* seconds until what it answered for is on its disk */
	const char *unlocked;   /* how, for people */
};

/* All rows, ending in one without a name; the last one with a name is for an unknown provider. */
extern const struct kt_provider kt_providers[];

/* The row of the turn's service, found once for a connection. NULL with an error. */
const struct kt_provider *kt_provider_of(struct kt_turn *turn, struct kt_error *error);

/* KWallet itself says that this wallet is open, whatever its "Locked" says. */
bool kt_provider_has_open_wallet(struct kt_turn *turn, const struct kt_provider *provider,
                                 const char *label);
