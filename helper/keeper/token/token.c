/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/account/answer.h"
#include "helper/keeper/account/lock.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/cache/answers.h"
#include "helper/keeper/token/rotation.h"
#include "helper/keeper/token/service_app.h"
#include "helper/keeper/token/token.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"

static bool fail_refused(const struct kt_credential *credential, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;
	struct kt_shell_word word;
	const char *account;

	if (!kt_service_full_name(&credential->identity, &name, error))
		return false;
	account = kt_shell_word(&word, name, "ACCOUNT");
	kt_fail(error, KT_ERROR_REFUSED, "the service refused the token of %s", name);
	return kt_advise(error, "make a new one in the console, then run: keyturn login %s "
	                 "--with-token (if it was right after all: keyturn set %s --accept)",
	                 account, account);
}

bool kt_token_renew(struct kt_keeper *keeper, struct kt_credential *credential,
                    const struct kt_requirement *requirement, struct kt_error *error)
{
	if (kt_kind_is_app(credential->kind))
		return kt_service_app_run(keeper, credential, requirement, error);
	return kt_rotation_run(keeper, credential, requirement, error);
}

bool kt_token_as_is(const struct kt_credential *credential, struct kt_answer *answer,
                    bool *found, struct kt_error *error)
{
	*found = false;
	if (credential->refused)
		return fail_refused(credential, error);
	if (credential->kind == KT_KIND_PASSWORD && credential->expires &&
	    credential->expires <= kt_clock_wall())
		return true;
	*found = true;
	return kt_answer_from_credential(credential, answer, error);
}

/* If the grant is dead and a login for it is in progress, waits for that login's grant. */
static bool renew_after_login(struct kt_keeper *keeper, struct kt_credential *credential,
                              const struct kt_requirement *requirement, struct kt_error *error)
{
	KT_CLEANUP(kt_identity_clear) struct kt_identity identity = { 0 };
	struct kt_error ignored = { 0 };
	bool found;

	if (error->code != KT_ERROR_DEAD || keeper->never_prompts ||
	    !kt_identity_copy(&identity, &credential->identity, &ignored) ||
	    !kt_login_lock_wait(&identity) ||
	    !kt_keyring_load(&keeper->keyring, &identity, credential, &found, &ignored) || !found)
		return false;
	kt_error_clear(error);
	return !kt_kind_is_grant(credential->kind) ||
	       kt_token_renew(keeper, credential, requirement, error);
}

bool kt_token_get(struct kt_keeper *keeper, struct kt_credential *credential,
                  const struct kt_requirement *requirement, struct kt_answer *answer,
                  bool *found, struct kt_error *error)
{
	struct kt_lookup *lookup = requirement->lookup;

	*found = false;
	if (lookup)
		lookup->answer = answer;
	if (kt_kind_is_grant(credential->kind) &&
	    !kt_token_renew(keeper, credential, requirement, error) &&
	    !renew_after_login(keeper, credential, requirement, error))
		return false;
	*found = lookup && lookup->is_answered;
	return *found || kt_token_as_is(credential, answer, found, error);
}
