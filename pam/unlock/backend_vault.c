/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "keyring/cleanup.h"
#include "keyring/kernel_key.h"
#include "keyring/vault.h"
#include "keyring/vault_key.h"
#include "keyring/vault_open.h"
#include "keyring/vault_underway.h"
#include "pam/unlock/backend.h"
#include "pam/unlock/login_slot.h"

/* Milliseconds for another derivation of the same vault. */
#define UNDERWAY_PATIENCE 30000

/* A vault that is not there, or that the login password is not meant for, is absent. */
static enum kt_unlock_status find_slot(struct kt_vault *vault)
{
	struct kt_error error = { 0 };

	if (kt_vault_read(vault, &error))
		return kt_vault_find_way(vault, KT_VAULT_LOGIN) ? KT_UNLOCK_OPENED
		                                                : KT_UNLOCK_ABSENT;
	if (error.code == KT_ERROR_UNAVAILABLE)
		return KT_UNLOCK_ABSENT;
	return error.code == KT_ERROR_UNSAFE ? KT_UNLOCK_UNSAFE : KT_UNLOCK_FAILED;
}

enum kt_unlock_status kt_login_slot_look(bool may_be_open, struct kt_lock *claim)
{
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	enum kt_unlock_status status = find_slot(&vault);

	if (status != KT_UNLOCK_OPENED)
		return status;
	if (may_be_open && kt_vault_keep_open(&vault))
		return KT_UNLOCK_OPENED;
	if (may_be_open && !kt_kernel_key_is_usable())
		return KT_UNLOCK_NO_KERNEL_KEYS;
	kt_vault_underway_begin(claim, vault.id, 0);
	return KT_UNLOCK_UNDERWAY;
}

void kt_login_slot_begin(struct kt_lock *claim)
{
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };

	if (find_slot(&vault) == KT_UNLOCK_OPENED)
		kt_vault_underway_begin(claim, vault.id, UNDERWAY_PATIENCE);
}

static enum kt_unlock_status status_of(const struct kt_error *error)
{
	return error->code == KT_ERROR_LOCKED ? KT_UNLOCK_DENIED : KT_UNLOCK_FAILED;
}

static enum kt_unlock_status unlock(const struct kt_login_session *session,
                                    const struct kt_secret *password)
{
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	struct kt_error error = { 0 };
	enum kt_unlock_status status = find_slot(&vault);

	(void)session;
	if (status != KT_UNLOCK_OPENED)
		return status;
	if (!kt_vault_open_with_login(password, &error))
		return status_of(&error);
	/* Without a kernel keyring nothing can hold it open. */
	return kt_vault_is_open(&vault) ? KT_UNLOCK_OPENED : KT_UNLOCK_FAILED;
}

static enum kt_unlock_status change(const struct kt_login_session *session,
                                    const struct kt_secret *old_password,
                                    const struct kt_secret *new_password)
{
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	struct kt_error error = { 0 };
	enum kt_unlock_status status = find_slot(&vault);

	(void)session;
	if (status != KT_UNLOCK_OPENED)
		return status;
	return kt_vault_change_login(old_password, new_password, &error) ? KT_UNLOCK_OPENED :
	                                                                   status_of(&error);
}

const struct kt_unlock_backend kt_unlock_backend_vault = { unlock, change };
