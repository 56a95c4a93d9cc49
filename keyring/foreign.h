/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Items of other programs in the same keyring, found by an attribute of theirs. They are read, and
 * one whose secret is kept elsewhere can be deleted (kt_keyring_erase_foreign()).
 */

#include <stdbool.h>
#include <stddef.h>

#include "keyring/error.h"
#include "keyring/secret.h"

/* Which items: those whose attribute has this value or, where is_beginning, one that begins so. */
struct kt_foreign_pattern {
	const char *attribute;
	const char *value;
	bool is_beginning;
};

struct kt_foreign_item {
	char *place;      /* in the backend's own words */
	char *attributes; /* NAME=VALUE lines */
	char *label;
	struct kt_secret secret;
};

/* A zeroed struct is an empty list. */
struct kt_foreign_items {
	struct kt_foreign_item *items;
	size_t count;
	bool is_locked; /* some that match are in a locked keyring */
};

/* Takes the content of item over (it is empty afterwards). */
bool kt_foreign_items_add(struct kt_foreign_items *list, struct kt_foreign_item *item,
                          struct kt_error *error);

/* Replaces value by that of the attribute; NULL: the item has none of that name. */
bool kt_foreign_attribute(const struct kt_foreign_item *item, const char *name, char **value,
                          struct kt_error *error);

void kt_foreign_item_clear(struct kt_foreign_item *item);

/* For KT_CLEANUP. */
void kt_foreign_items_clear(struct kt_foreign_items *list);
