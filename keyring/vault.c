/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/environment.h"
#include "keyring/kernel_key.h"
#include "keyring/text.h"
#include "keyring/translate.h"
#include "keyring/vault.h"
#include "keyring/vault_key.h"
#include "keyring/vault_open.h"

#define HEADER_WAIT 10000

bool kt_vault_take_header(struct kt_lock *lock, struct kt_error *error)
{
	return kt_lock_take(lock, "vault", KT_LOCK_EXCLUSIVE, kt_clock_monotonic() + HEADER_WAIT,
	                    KT_TEXT("the vault's header"), NULL, error);
}

bool kt_vault_create(const struct kt_vault_options *options, struct kt_error *error)
{
	KT_CLEANUP(kt_lock_release) struct kt_lock lock = { 0 };
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret id = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	bool found;

	if (!kt_vault_take_header(&lock, error) || !kt_vault_find(&vault, &found, error))
		return false;
	if (found) {
		kt_fail(error, KT_ERROR_USAGE, "there is a vault in %s already", vault.directory);
		return kt_advise(error, "run: keyturn vault status");
	}
	return kt_environment_make_directory(vault.directory, error) &&
	       kt_seal_randomize(&id, KT_VAULT_ID_SIZE, error) &&
	       kt_vault_set_hex(&vault.id, &id, error) &&
	       kt_seal_randomize(&key, KT_SEAL_KEY_SIZE, error) &&
	       kt_vault_enrol(&vault, options, &key, error) && kt_vault_save(&vault, &key, error) &&
	       kt_vault_remember(&vault, &key, error);
}

/* The header may change between its opening and its lock. */
bool kt_vault_open_for_change(const struct kt_keyring_options *options, struct kt_lock *lock,
                              struct kt_vault *vault, struct kt_secret *key,
                              struct kt_error *error)
{
	bool holds;

	if (!kt_vault_read(vault, error) || !kt_vault_open_key(vault, options, key, error) ||
	    !kt_vault_take_header(lock, error) || !kt_vault_read(vault, error) ||
	    !kt_vault_check_header(vault, key, &holds, error))
		return false;
	return holds || kt_vault_fail_damaged(vault, error);
}

/* Writes a header that was changed without its lock, unless another process changed it too. */
static bool save_unless_changed(const struct kt_vault *vault, const char *check,
                                const struct kt_secret *key, struct kt_error *error)
{
	KT_CLEANUP(kt_lock_release) struct kt_lock lock = { 0 };
	KT_CLEANUP(kt_vault_clear) struct kt_vault now = { 0 };

	if (!kt_vault_take_header(&lock, error) || !kt_vault_read(&now, error))
		return false;
	if (kt_text_is_equal(now.check, check))
		return kt_vault_save(vault, key, error);
	kt_fail(error, KT_ERROR_BUSY, "the vault was changed by another process: nothing is added");
	return kt_advise(error, "run the command again");
}

/* A person may have to be waited for: meanwhile others store items. */
bool kt_vault_add_key(const struct kt_vault_options *wanted,
                      const struct kt_keyring_options *options, struct kt_error *error)
{
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	KT_CLEANUP(kt_text_free) char *check = NULL;
	bool holds;

	if (!kt_vault_read(&vault, error) || !kt_vault_open_key(&vault, options, &key, error) ||
	    !kt_vault_check_header(&vault, &key, &holds, error))
		return false;
	if (!holds)
		return kt_vault_fail_damaged(&vault, error);
	if (wanted->passphrase && kt_vault_find_way(&vault, KT_VAULT_PASSPHRASE)) {
		kt_fail(error, KT_ERROR_USAGE, "the vault has a passphrase already");
		return kt_advise(error, "run: keyturn vault change-passphrase");
	}
	return kt_text_set(&check, vault.check, error) &&
	       kt_vault_enrol(&vault, wanted, &key, error) &&
	       save_unless_changed(&vault, check, &key, error);
}

/* The vault's other ways hang on an agent, a machine or a security key. */
static bool is_last_to_last(const struct kt_vault *vault, const struct kt_vault_slot *slot)
{
	size_t lasting = 0;

	for (size_t i = 0; i < vault->count; i++)
		lasting += kt_vault_does_last(vault->slots[i].way);
	return lasting == 1 && kt_vault_does_last(slot->way);
}

bool kt_vault_remove_key(const char *id, bool forced, const struct kt_keyring_options *options,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_lock_release) struct kt_lock lock = { 0 };
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	struct kt_vault_slot *slot;

	if (!kt_vault_open_for_change(options, &lock, &vault, &key, error))
		return false;
	slot = kt_vault_find_slot(&vault, id);
	if (!slot) {
		kt_fail(error, KT_ERROR_NOT_FOUND, "the vault has no way in of that id");
		return kt_advise(error, "run: keyturn vault keys");
	}
	if (vault.count == 1) {
		kt_fail(error, KT_ERROR_UNSAFE, "this is the vault's last way in: without it nothing "
		        "opens it");
		return kt_advise(error, "add another first; run: keyturn help vault");
	}
	if (!forced && is_last_to_last(&vault, slot)) {
		kt_fail(error, KT_ERROR_UNSAFE, "without this way an agent, a machine or a security key "
		        "alone opens the vault");
		return kt_advise(error, "add a code for paper first: keyturn vault add-key --recovery; or "
		                 "add --force");
	}
	kt_vault_drop_slot(&vault, slot);
	return kt_vault_save(&vault, &key, error);
}

/* Opens with the current password or, where none is given, as options allow. */
static bool change(enum kt_vault_way way, const char *what, const struct kt_secret *current,
                   const struct kt_vault_options *wanted,
                   const struct kt_keyring_options *options, struct kt_error *error)
{
	KT_CLEANUP(kt_lock_release) struct kt_lock lock = { 0 };
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	bool opened;
	bool holds;

	if (!kt_vault_read(&vault, error))
		return false;
	opened = current ? kt_vault_open_with_password(&vault, way, what, current, &key, error)
	                 : kt_vault_open_key(&vault, options, &key, error);
	if (!opened || !kt_vault_take_header(&lock, error) || !kt_vault_read(&vault, error) ||
	    !kt_vault_check_header(&vault, &key, &holds, error))
		return false;
	if (!holds)
		return kt_vault_fail_damaged(&vault, error);
	return kt_vault_enrol(&vault, wanted, &key, error) && kt_vault_save(&vault, &key, error);
}

bool kt_vault_change_passphrase(const struct kt_secret *current, const struct kt_secret *fresh,
                                const struct kt_keyring_options *options,
                                struct kt_error *error)
{
	const struct kt_vault_options wanted = { .passphrase = fresh };

	return change(KT_VAULT_PASSPHRASE, "passphrase", current, &wanted, options, error);
}

bool kt_vault_add_login(const struct kt_secret *password,
                        const struct kt_keyring_options *options, struct kt_error *error)
{
	const struct kt_vault_options wanted = { .login = password };

	return change(KT_VAULT_LOGIN, "login password", NULL, &wanted, options, error);
}

bool kt_vault_change_login(const struct kt_secret *current, const struct kt_secret *fresh,
                           struct kt_error *error)
{
	const struct kt_vault_options wanted = { .login = fresh };

	return change(KT_VAULT_LOGIN, "login password", current, &wanted, NULL, error);
}

void kt_vault_status_clear(struct kt_vault_status *status)
{
	kt_vault_clear(&status->vault);
	*status = (struct kt_vault_status){ 0 };
}

bool kt_vault_status(struct kt_vault_status *status, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };

	kt_vault_status_clear(status);
	if (!kt_vault_find(&status->vault, &status->exists, error))
		return false;
	status->is_kernel_keyring_usable = kt_kernel_key_is_usable();
	if (!status->exists)
		return true;
	status->is_open = kt_vault_is_open(&status->vault);
	status->is_unattended = kt_vault_open_unattended(&status->vault, false, &key,
	                                                &status->obstacle);
	return true;
}
