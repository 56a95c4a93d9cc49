/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/account/lifetime.h"
#include "helper/keeper/account/lock.h"
#include "helper/keeper/cache/answers.h"
#include "helper/keeper/oauth/whoami.h"
#include "helper/keeper/token/old_token.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/* A token that ends sooner may end of itself while it is shown. */
#define LEAST_REST 10
#define MILLISECONDS 3000

static const char *verdict_of(const struct kt_whoami *whoami)
{
	switch (whoami->verdict) {
	case KT_WHOAMI_WORKS:
		return "lives";
	case KT_WHOAMI_REFUSED:
		return "dies";
	default:
		return "untold";
	}
}

void kt_old_token_learn(struct kt_keeper *keeper, const struct kt_credential *before,
                        struct kt_credential *renewed)
{
	KT_CLEANUP(kt_whoami_clear) struct kt_whoami whoami = { 0 };
	struct kt_error ignored = { 0 };

	if (renewed->old_token || kt_lifetime_left(before) < LEAST_REST ||
	    !kt_whoami_is_known(renewed) ||
	    !kt_whoami_ask(&whoami, renewed, &before->token, MILLISECONDS, &ignored) ||
	    whoami.verdict == KT_WHOAMI_UNANSWERED)
		return;
	kt_report_trace("after a renewal the old token %s", verdict_of(&whoami));
	if (kt_text_set(&renewed->old_token, verdict_of(&whoami), &ignored) &&
	    kt_keyring_store(&keeper->keyring, renewed, &ignored))
		kt_answers_replace(kt_keeper_cache(keeper), NULL,
		                   kt_account_number(&renewed->identity), renewed);
}
