/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/account/expiry.h"
#include "helper/keeper/account/facts.h"
#include "helper/keeper/account/lifetime.h"
#include "helper/keeper/token/rotation.h"
#include "helper/keeper/token/state.h"
#include "keyring/clock.h"

#define WEEK (INT64_C(7) * 24 * 60 * 60)

const char *kt_token_state(const struct kt_credential *credential)
{
	int64_t end = kt_expiry_expected(credential);

	if (credential->refused)
		return "refused";
	if (credential->state)
		return credential->state;
	if (kt_kind_is_grant(credential->kind) && kt_rotation_is_unclear(credential))
		return "suspect";
	/* Nothing renews it: it ends as a PAT does. */
	if (kt_kind_is_grant(credential->kind) && !kt_facts_has_refresh(credential))
		return kt_lifetime_left(credential) > 0 ? "ok" : "ended";
	if (credential->kind == KT_KIND_PASSWORD)
		end = credential->expires;
	/* A PAT whose end nobody typed may well live on after the usual 30 days. */
	if (end && end <= kt_clock_wall() && kt_kind_is_fixed(credential->kind) &&
	    !credential->expires)
		return "unknown";
	if (end && end <= kt_clock_wall())
		return "ended";
	if (end && kt_kind_is_fixed(credential->kind) && end - kt_clock_wall() <= WEEK)
		return "ends soon";
	return "ok";
}
