/* SPDX-License-Identifier: MIT */
#include "config.h"

/*
 * Fuzz target: the text of a vault's header, which anybody may have written who can write the
 * vault. One that is taken is within its bounds; printed, and read again, it is the same.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "keyring/cleanup.h"
#include "keyring/text.h"
#include "keyring/vault_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_vault(const struct kt_vault *vault)
{
	check(vault->version == 1 || vault->version == 2);
	check(strlen(vault->id) == 2 * (size_t)KT_VAULT_ID_SIZE);
	check(vault->count <= KT_VAULT_SLOTS);
	check(!vault->items || kt_vault_is_items_name(vault->items));
	for (size_t i = 0; i < vault->count; i++) {
		const struct kt_vault_slot *slot = &vault->slots[i];

		check(slot->id && kt_vault_find_slot(vault, slot->id) == slot);
		check(kt_vault_slot_way(slot)[0] != '\0');
		check(slot->way == KT_VAULT_WAYS || (slot->salt && slot->wrapped));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	KT_CLEANUP(kt_vault_clear) struct kt_vault again = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret printed = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	struct kt_error error = { 0 };
	bool holds;

	if (size > 65536)
		return 0;
	check(kt_secret_append(&text, data, size, &error));
	if (!kt_vault_parse(&vault, &text, &error)) {
		check(error.code != KT_ERROR_NONE);
		return 0;
	}
	check_vault(&vault);
	check(kt_secret_append(&key, "0123456789abcdef0123456789abcdef", KT_SEAL_KEY_SIZE, &error));
	check(kt_vault_print(&vault, &key, &printed, &error));
	check(kt_vault_parse(&again, &printed, &error));
	check(again.version == vault.version && again.count == vault.count);
	check(kt_vault_check_header(&again, &key, &holds, &error) && holds);
	return 0;
}
