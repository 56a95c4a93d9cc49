/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/account/default.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/cache/change.h"
#include "helper/keeper/import/import.h"
#include "helper/keeper/login/login.h"
#include "helper/report.h"
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

/*
 * A default of its own host; a token of Coze's also in general, as of a login. Another service's is
 * not what keyturn run is meant to give.
 */
static bool store_secret(const struct kt_credential *credential, struct kt_keyring *keyring,
                         struct kt_error *error)
{
	bool is_coze = kt_service_site(&credential->identity) != NULL;
	KT_CLEANUP(kt_text_free) char *name = NULL;
	enum kt_default_scope became = KT_DEFAULT_NONE;

	if (!kt_keyring_store(keyring, credential, error) ||
	    !kt_default_offer(&credential->identity, is_coze ? KT_DEFAULT_GENERAL
	                                                     : KT_DEFAULT_SERVICE, &became, error) ||
	    !kt_service_full_name(&credential->identity, &name, error))
		return false;
	if (became == KT_DEFAULT_GENERAL)
		kt_report_note("%s is the default account now", name);
	return true;
}

static bool store(struct kt_keyring *keyring, struct kt_credential *credential,
                  struct kt_error *error)
{
	return kt_kind_is_grant(credential->kind)
		? kt_login_store_inside(keyring, credential, NULL, error)
		: store_secret(credential, keyring, error);
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
	if (!found && !store(keyring, &item->credential, error))
		return false;
	if (!kt_keyring_load(keyring, identity, &after, &found, error))
		return false;
	if (!found || !kt_import_is_same(&item->credential, &after))
		return kt_fail(error, KT_ERROR_UNAVAILABLE, "the keyring gives another secret than it "
		               "was given");
	item->is_kept = true;
	return true;
}
