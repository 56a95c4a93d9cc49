/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/account/expiry.h"
#include "helper/keeper/account/facts.h"
#include "helper/keeper/account/lifetime.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/token/rotation.h"
#include "helper/keeper/token/state.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"
#include "keyring/translate.h"

#define WEEK (INT64_C(7) * 24 * 60 * 60)

const char *kt_token_state(const struct kt_credential *credential)
{
	int64_t end = kt_expiry_expected(credential);

	if (credential->refused)
		return KT_TEXT("refused");
	if (credential->state)
		return credential->state;
	if (kt_kind_is_grant(credential->kind) && kt_rotation_is_unclear(credential))
		return KT_TEXT("unsure");
	/* Nothing renews it: it ends as a PAT does. */
	if (kt_kind_is_grant(credential->kind) && !kt_facts_has_refresh(credential))
		return kt_lifetime_left(credential) > 0 ? KT_TEXT("ok") : KT_TEXT("ended");
	if (credential->kind == KT_KIND_PASSWORD)
		end = credential->expires;
	/* A PAT whose end nobody typed may well live on after the usual 30 days. */
	if (end && end <= kt_clock_wall() && kt_kind_is_fixed(credential->kind) &&
	    !credential->expires)
		return KT_TEXT("unknown");
	if (end && end <= kt_clock_wall())
		return KT_TEXT("ended");
	if (end && kt_kind_is_fixed(credential->kind) && end - kt_clock_wall() <= WEEK)
		return KT_TEXT("ends soon");
	return KT_TEXT("ok");
}

bool kt_token_state_remedy(const struct kt_credential *credential, char **text,
                           struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;
	const char *state = kt_token_state(credential);
	struct kt_shell_word word;
	const char *account;

	kt_text_free(text);
	if (!kt_service_full_name(&credential->identity, &name, error))
		return false;
	account = kt_shell_word(&word, name, "ACCOUNT");
	/* Nothing is asked again before its end. */
	if (strcmp(state, "unsure") == 0 && kt_lifetime_left(credential) > 0)
		return kt_text_set(text, kt_translate("its token is good; nothing is asked again before "
		                                      "it ends"),
		                   error);
	if (strcmp(state, "unsure") == 0)
		return kt_text_format(text, error, kt_translate("run: keyturn refresh %s"), account);
	if (strcmp(state, "unknown") == 0)
		return kt_text_format(text, error, kt_translate("ask the service: keyturn status "
		                                                "%s"), account);
	if (strcmp(state, "ok") == 0 || credential->kind == KT_KIND_PASSWORD)
		return true;
	return kt_text_format(text, error, kt_kind_is_fixed(credential->kind)
	                      ? kt_translate("make a new one in the console, then run: keyturn "
	                                     "login %s --with-token")
	                      : kt_translate("log in again: keyturn login %s"), account);
}
