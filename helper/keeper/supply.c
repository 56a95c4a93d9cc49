/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "helper/keeper/account.h"
#include "helper/keeper/account/lock.h"
#include "helper/keeper/handout.h"
#include "helper/keeper/rotation.h"
#include "helper/keeper/session.h"
#include "helper/keeper/supply.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/kernel_key.h"
#include "keyring/text.h"

#define DAY (INT64_C(24) * 60 * 60)
#define WARNING_DAYS 7
/* Coze's console gives a PAT 30 days at most. */
#define UNKNOWN_PAT_DAYS 30

static bool fail_refused(const struct kt_credential *credential, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;

	if (!kt_account_full_name(&credential->identity, &name, error))
		return false;
	kt_fail(error, KT_ERROR_REFUSED, "the service refused the token of %s", name);
	return kt_advise(error, "make a new one in the console, then run: keyturn login %s "
	                 "--with-token (if it was right after all: keyturn set %s --accept)",
	                 name, name);
}

bool kt_supply_renew(struct kt_keeper *keeper, struct kt_credential *credential,
                     const struct kt_wish *wish, struct kt_error *error)
{
	if (credential->kind == KT_KIND_JWT)
		return kt_session_run(keeper, credential, wish, error);
	return kt_rotation_run(keeper, credential, wish, error);
}

bool kt_supply_show(const struct kt_credential *credential, struct kt_answer *answer,
                    bool *found, struct kt_error *error)
{
	*found = false;
	if (credential->refused)
		return fail_refused(credential, error);
	if (credential->kind == KT_KIND_PASSWORD && credential->expires &&
	    credential->expires <= kt_clock_wall())
		return true;
	*found = true;
	return kt_handout_fill(credential, answer, error);
}

/* A dead grant whose next login is under way: the one that it brings. */
static bool renew_after_login(struct kt_keeper *keeper, struct kt_credential *credential,
                              const struct kt_wish *wish, struct kt_error *error)
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
	       kt_supply_renew(keeper, credential, wish, error);
}

bool kt_supply_answer(struct kt_keeper *keeper, struct kt_credential *credential,
                      const struct kt_wish *wish, struct kt_answer *answer, bool *found,
                      struct kt_error *error)
{
	*found = false;
	if (kt_kind_is_grant(credential->kind) &&
	    !kt_supply_renew(keeper, credential, wish, error) &&
	    !renew_after_login(keeper, credential, wish, error))
		return false;
	return kt_supply_show(credential, answer, found, error);
}

int64_t kt_supply_expected_end(const struct kt_credential *credential)
{
	if (!kt_kind_is_fixed(credential->kind) || credential->never_expires)
		return 0;
	if (credential->expires)
		return credential->expires;
	if (credential->kind == KT_KIND_PAT && credential->created)
		return credential->created + UNKNOWN_PAT_DAYS * DAY;
	return 0;
}

void kt_supply_warn(const struct kt_credential *credential)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;
	KT_CLEANUP(kt_text_free) char *marker = NULL;
	struct kt_error ignored = { 0 };
	int64_t end = kt_supply_expected_end(credential);
	int64_t left = end - kt_clock_wall();

	if (end == 0 || left > WARNING_DAYS * DAY || !isatty(STDERR_FILENO))
		return;
	if (!kt_account_full_name(&credential->identity, &name, &ignored) ||
	    !kt_text_format(&marker, &ignored, "keyturn:warned:%s", name))
		return;
	if (kt_kernel_key_is_usable() && !kt_kernel_key_claim(marker, (unsigned int)DAY))
		return;
	if (left <= 0)
		kt_report_note("the token of %s should have ended by now: keyturn login %s --with-token "
		               "replaces it", name, name);
	else
		kt_report_note("the token of %s ends in %lld days: keyturn login %s --with-token "
		               "replaces it", name, (long long)((left + DAY - 1) / DAY), name);
}
