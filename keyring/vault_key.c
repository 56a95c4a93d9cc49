/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "keyring/cleanup.h"
#include "keyring/kernel_key.h"
#include "keyring/text.h"
#include "keyring/vault_header.h"
#include "keyring/vault_key.h"

#define OPEN_SECONDS (8 * 3600)

/*
 * The key in the kernel keyring.
 */

static bool kernel_description(const struct kt_vault *vault, char **description,
                               struct kt_error *error)
{
	return kt_text_format(description, error, "keyturn:vault:v1:%s", vault->id);
}

bool kt_vault_recall(const struct kt_vault *vault, struct kt_secret *key, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *description = NULL;
	int32_t serial;
	bool holds = false;

	kt_secret_clear(key);
	if (!kernel_description(vault, &description, error))
		return false;
	serial = kt_kernel_key_find(description);
	if (serial == 0 || !kt_kernel_key_read_secret(serial, key, KT_SEAL_KEY_SIZE) ||
	    kt_secret_length(key) != KT_SEAL_KEY_SIZE) {
		kt_secret_clear(key);
		return true;
	}
	if (!kt_vault_check_header(vault, key, &holds, error))
		return false;
	if (!holds)
		kt_secret_clear(key);
	return true;
}

bool kt_vault_remember(const struct kt_vault *vault, const struct kt_secret *key,
                       struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *description = NULL;

	if (!kernel_description(vault, &description, error))
		return false;
	kt_kernel_key_put(description, kt_secret_reveal(key), kt_secret_length(key), OPEN_SECONDS);
	return true;
}

bool kt_vault_is_open(const struct kt_vault *vault)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	struct kt_error ignored = { 0 };

	return kt_vault_recall(vault, &key, &ignored) && !kt_secret_is_empty(&key);
}

bool kt_vault_keep_open(const struct kt_vault *vault)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	struct kt_error ignored = { 0 };

	return kt_vault_recall(vault, &key, &ignored) && !kt_secret_is_empty(&key) &&
	       kt_vault_remember(vault, &key, &ignored);
}

void kt_vault_lock(const struct kt_vault *vault)
{
	KT_CLEANUP(kt_text_free) char *description = NULL;
	struct kt_error ignored = { 0 };
	int32_t serial;

	if (!kernel_description(vault, &description, &ignored))
		return;
	serial = kt_kernel_key_find(description);
	if (serial != 0)
		kt_kernel_key_drop(serial);
}

/*
 * Slots: wrapping the key and unwrapping it.
 */

/* A slot that began in version 1 is bound as that binds it. */
static bool slot_context(const struct kt_vault *vault, const struct kt_vault_slot *slot,
                         char **context, struct kt_error *error)
{
	const char *way = kt_vault_way_name(slot->way);

	if (strcmp(slot->id, way) == 0)
		return kt_text_format(context, error, "keyturn vault slot 1 %s %s", vault->id, way);
	return kt_text_format(context, error, "keyturn vault slot 2 %s %s %s", vault->id, slot->id,
	                      way);
}

/* The key that wraps the vault's, made from the passphrase or the file. */
static bool make_wrapping_key(const struct kt_vault_slot *slot, const struct kt_secret *material,
                              struct kt_secret *key, struct kt_error *error)
{
	static const char *const purposes[KT_VAULT_WAYS] = {
		/* The same bytes open the vault whether they come as a file or as a credential. */
		[KT_VAULT_KEY_FILE] = "keyturn vault key file 1",
		[KT_VAULT_CREDENTIAL] = "keyturn vault key file 1",
		[KT_VAULT_RECOVERY] = "keyturn vault recovery 1",
		[KT_VAULT_SSH_AGENT] = "keyturn vault ssh-agent 1",
		[KT_VAULT_MACHINE] = "keyturn vault machine 1",
		[KT_VAULT_FIDO2] = "keyturn vault fido2 1",
	};
	KT_CLEANUP(kt_secret_clear) struct kt_secret salt = { 0 };

	if (!kt_seal_read_hex(&salt, slot->salt, KT_SEAL_SALT_SIZE, error))
		return false;
	if (kt_vault_is_stretched(slot->way))
		return kt_seal_stretch(material, &salt, &slot->cost, key, error);
	return kt_seal_derive(material, purposes[slot->way], kt_secret_reveal(&salt),
	                      kt_secret_length(&salt), key, error);
}

bool kt_vault_wrap(struct kt_vault *vault, struct kt_vault_slot *slot,
                   const struct kt_secret *material, const struct kt_secret *key,
                   struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *context = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret wrapping = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret wrapped = { 0 };

	return make_wrapping_key(slot, material, &wrapping, error) &&
	       slot_context(vault, slot, &context, error) &&
	       kt_seal_close(&wrapping, context, key, &wrapped, error) &&
	       kt_vault_slot_wrapped(slot, &wrapped, error) &&
	       kt_vault_put_slot(vault, slot, error);
}

bool kt_vault_unwrap(const struct kt_vault *vault, const struct kt_vault_slot *slot,
                   const struct kt_secret *material, struct kt_secret *key,
                   struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *context = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret wrapping = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret wrapped = { 0 };
	struct kt_error cause = { 0 };
	bool holds = false;

	kt_secret_clear(key);
	if (!make_wrapping_key(slot, material, &wrapping, error) ||
	    !kt_seal_read_hex(&wrapped, slot->wrapped, KT_VAULT_WRAPPED_SIZE, error) ||
	    !slot_context(vault, slot, &context, error))
		return false;
	if (!kt_seal_open(&wrapping, context, kt_secret_reveal(&wrapped),
	                  kt_secret_length(&wrapped), key, &cause)) {
		if (cause.code == KT_ERROR_CORRUPT)
			return true;
		*error = cause;
		return false;
	}
	if (kt_vault_check_header(vault, key, &holds, error) && holds)
		return true;
	kt_secret_clear(key);
	return kt_vault_fail_damaged(vault, error);
}

bool kt_vault_unwrap_way(const struct kt_vault *vault, enum kt_vault_way way,
                       const struct kt_secret *material, struct kt_secret *key,
                       struct kt_error *error)
{
	kt_secret_clear(key);
	for (size_t i = 0; i < vault->count && kt_secret_is_empty(key); i++)
		if (vault->slots[i].way == way &&
		    !kt_vault_unwrap(vault, &vault->slots[i], material, key, error))
			return false;
	return true;
}
