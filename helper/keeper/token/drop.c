/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/cache/change.h"
#include "helper/keeper/token/drop.h"
#include "helper/keeper/token/refused.h"
#include "helper/keeper/token/service_app.h"
#include "helper/report.h"
#include "keyring/cleanup.h"

bool kt_drop_token(struct kt_keeper *keeper, const struct kt_credential *credential,
                   const struct kt_requirement *requirement, const struct kt_secret *token,
                   bool *dropped, struct kt_error *error)
{
	KT_CLEANUP(kt_change_end) struct kt_change change = { 0 };
	KT_CLEANUP(kt_credential_clear) struct kt_credential current = { 0 };
	bool found;

	*dropped = false;
	if (!kt_change_lock(&change, &credential->identity, error) ||
	    !kt_keyring_load(&keeper->keyring, &credential->identity, &current, &found, error))
		return false;
	if (found && kt_kind_is_app(current.kind))
		return kt_service_app_reject(keeper, &current, requirement, token, error);
	if (!found || (token && !kt_secret_is_equal(&current.token, token))) {
		kt_report_trace("reject: that token is not the current one any more");
		return true;
	}
	kt_change_invalidate(&change);
	*dropped = kt_refused_mark(&keeper->keyring, &current, error);
	return *dropped;
}
