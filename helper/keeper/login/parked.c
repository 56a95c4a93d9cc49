/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/account/service.h"
#include "helper/keeper/cache/change.h"
#include "helper/keeper/login/login.h"
#include "helper/keeper/login/parked.h"
#include "helper/report.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/kernel_key.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"

/* Room for the tokens, which nobody knows before they come. */
#define ROOM 4096
#define LARGEST 32767

void kt_parked_reserve(struct kt_escrow *escrow, const struct kt_credential *credential)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret form = { 0 };
	struct kt_error ignored = { 0 };

	if (kt_escrow_open_login(escrow, &credential->identity, &ignored) &&
	    kt_credential_write(credential, &form, &ignored) &&
	    kt_escrow_reserve(escrow, kt_secret_length(&form) + ROOM))
		return;
	kt_report_trace("the kernel's keyring has no room for this login, should the store fail");
}

static bool fill(struct kt_escrow *escrow, const struct kt_credential *credential)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret form = { 0 };
	struct kt_error ignored = { 0 };

	return kt_credential_write(credential, &form, &ignored) && kt_escrow_put(escrow, &form);
}

bool kt_parked_keep(struct kt_escrow *escrow, const struct kt_credential *credential,
                    const struct kt_error *cause, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;
	int length = kt_characters_fit(cause->message, 120);
	struct kt_shell_word word;

	if (!kt_service_full_name(&credential->identity, &name, error))
		return false;
	if (!fill(escrow, credential)) {
		*error = *cause;
		return false;
	}
	kt_fail(error, cause->code, "the login of %s was allowed, and the keyring did not take it "
	        "(%.*s); it is kept in memory for 24 hours", name, length, cause->message);
	if (cause->remedy[0])
		return kt_advise(error, "%s; the next call saves it", cause->remedy);
	return kt_advise(error, "open the keyring, then run: keyturn token %s",
	                 kt_shell_word(&word, name, "ACCOUNT"));
}

/* Reads what is parked for the account; false if nothing is that can be read. */
static bool read_parked(struct kt_escrow *escrow, const struct kt_identity *identity,
                        struct kt_credential *credential)
{
	struct kt_error ignored = { 0 };

	kt_escrow_close(escrow);
	kt_credential_clear(credential);
	return kt_escrow_open_login(escrow, identity, &ignored) &&
	       kt_escrow_read(escrow, credential);
}

/* The same login, or what became of it: a renewal, a mark, another setting. */
static bool is_of(const struct kt_credential *parked, const struct kt_credential *stored)
{
	if (parked->grant || stored->grant)
		return kt_text_is_equal(parked->grant, stored->grant) &&
		       stored->generation >= parked->generation;
	return parked->kind == stored->kind && stored->created >= parked->created &&
	       kt_secret_is_equal(&parked->token, &stored->token);
}

/* The keyring has the login that is parked, which stays until the keyring cannot lose it. */
static bool check_stored(struct kt_keyring *keyring, const struct kt_credential *parked,
                         bool *is_stored, struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential stored = { 0 };
	bool found;

	if (!kt_keyring_load_to_replace(keyring, &parked->identity, &stored, &found, error))
		return false;
	*is_stored = found && is_of(parked, &stored);
	return true;
}

bool kt_parked_take(struct kt_keeper *keeper, const struct kt_identity *identity,
                    struct kt_credential *credential, bool *found, struct kt_error *error)
{
	KT_CLEANUP(kt_change_end) struct kt_change change = { 0 };
	KT_CLEANUP(kt_escrow_close) struct kt_escrow escrow = { 0 };
	struct kt_keyring *keyring;
	bool is_stored;
	bool ignored;

	*found = false;
	if (!read_parked(&escrow, identity, credential))
		return true;
	keyring = kt_keeper_keyring(keeper, error);
	/* A keyring that is not the home of the logins says so when it is asked whether it is open. */
	if (!keyring || !kt_keyring_is_open(keyring, &ignored, error) ||
	    !check_stored(keyring, credential, &is_stored, error))
		return false;
	if (is_stored)
		return true;
	if (!kt_change_begin(&change, identity, error))
		return false;
	/* Another caller may have saved it meanwhile, and have renewed it. */
	if (!read_parked(&escrow, identity, credential))
		return true;
	if (!check_stored(keyring, credential, &is_stored, error))
		return false;
	if (is_stored)
		return true;
	*found = kt_login_store_inside(keyring, credential, &escrow, error);
	return *found;
}

static void add(void *context, int32_t serial, const char *description)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret form = { 0 };
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	struct kt_credentials *list = context;
	struct kt_error ignored = { 0 };

	(void)description;
	if (kt_kernel_key_read_secret(serial, &form, LARGEST) &&
	    kt_credential_read(&credential, kt_secret_reveal(&form), kt_secret_length(&form),
	                       &ignored))
		kt_credentials_add(list, &credential, &ignored);
}

void kt_parked_save(struct kt_keeper *keeper)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials list = { 0 };
	KT_CLEANUP(kt_text_free) char *prefix = NULL;
	struct kt_error ignored = { 0 };

	if (!kt_escrow_login_prefix(&prefix, &ignored))
		return;
	kt_kernel_key_each(prefix, add, &list);
	for (size_t i = 0; i < list.count; i++) {
		KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
		struct kt_error cause = { 0 };
		bool found = false;

		if (kt_parked_take(keeper, &list.items[i].identity, &credential, &found,
		                   &cause) && found)
			kt_report_note("the login of %s, which the keyring did not have, is saved",
			               credential.identity.username);
		else if (cause.code)
			kt_report_trace("%s", cause.message);
	}
}
