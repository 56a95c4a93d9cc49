/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/background_renewal.h"
#include "helper/keeper/account/facts.h"
#include "helper/keeper/account/lifetime.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/cache/stamp.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/token/token.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/text.h"

static bool renew(struct kt_keeper *keeper, const char *service, const char *account,
                  struct kt_error *error)
{
	KT_CLEANUP(kt_identity_clear) struct kt_identity identity = { 0 };
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	const struct kt_requirement ahead = { .before_last_fifth = true };
	struct kt_keyring *keyring;
	bool found;

	if (!kt_service_set_base(&identity, service, error) ||
	    !kt_text_set(&identity.username, account, error))
		return false;
	kt_keeper_expect(keeper, kt_stamp_read(), true);
	keyring = kt_keeper_keyring(keeper, error);
	if (!keyring || !kt_keyring_load(keyring, &identity, &credential, &found, error))
		return false;
	if (!found || !kt_kind_is_grant(credential.kind))
		return true;
	if (!kt_token_renew(keeper, &credential, &ahead, error))
		return false;
	return !kt_facts_old_token_lives(&credential) ||
	       kt_lifetime_until_renewal(&credential) > credential.lifetime / 5 ||
	       kt_fail(error, KT_ERROR_BUSY, "the token could not be renewed yet");
}

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	bool is_done;

	if (argc != 3)
		return kt_fail(error, KT_ERROR_USAGE,
		               KT_BACKGROUND_RENEWAL_COMMAND ": a service and an account");
	keeper->never_prompts = true;
	is_done = renew(keeper, argv[1], argv[2], error);
	kt_background_renewal_end(kt_keeper_cache(keeper), argv[1], argv[2], is_done);
	return is_done;
}

const struct kt_command kt_command_renew_ahead = {
	.name = KT_BACKGROUND_RENEWAL_COMMAND,
	.synopsis = "SERVICE ACCOUNT",
	.summary = "renew a token that is still good",
	.details = "",
	.run = run,
};
