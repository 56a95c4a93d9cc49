/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/account/default.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/cache/change.h"
#include "helper/keeper/import/import.h"
#include "helper/keeper/login/login.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

static bool fail_other(const struct kt_identity *identity, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;

	if (!kt_service_full_name(identity, &name, error))
		return false;
	kt_fail(error, KT_ERROR_BUSY, "%s was given another secret meanwhile", name);
	return kt_advise(error, "run the command again");
}

static bool store(struct kt_credential *credential, struct kt_keyring *keyring,
                  struct kt_error *error)
{
	enum kt_default_scope became;

	/* A password is a default of its own host alone, as git's store has it. */
	if (credential->kind == KT_KIND_PASSWORD)
		return kt_keyring_store(keyring, credential, error) &&
		       kt_default_offer(&credential->identity, KT_DEFAULT_SERVICE, &became, error);
	return kt_login_store_inside(keyring, credential, NULL, error);
}

bool kt_import_keep(struct kt_import_item *item, struct kt_keyring *keyring,
                    struct kt_error *error)
{
	const struct kt_identity *identity = &item->credential.identity;
	KT_CLEANUP(kt_credential_clear) struct kt_credential there = { 0 };
	KT_CLEANUP(kt_credential_clear) struct kt_credential after = { 0 };
	KT_CLEANUP(kt_change_end) struct kt_change change = { 0 };
	bool found;

	if (!kt_change_begin(&change, identity, error) ||
	    !kt_keyring_load(keyring, identity, &there, &found, error))
		return false;
	if (found && !kt_import_is_same(&item->credential, &there))
		return fail_other(identity, error);
	if (!found && !store(&item->credential, keyring, error))
		return false;
	if (!kt_keyring_load(keyring, identity, &after, &found, error))
		return false;
	if (!found || !kt_import_is_same(&item->credential, &after))
		return kt_fail(error, KT_ERROR_UNAVAILABLE, "the keyring gives another secret than it "
		               "was given");
	item->is_kept = true;
	return true;
}
