/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/account/facts.h"
#include "helper/keeper/account/lifetime.h"
#include "helper/keeper/token/requirement.h"

/* The seconds that have to be left of the token; else a new one is asked for. */
static int64_t needed_by(const struct kt_requirement *requirement,
                         const struct kt_credential *credential)
{
	bool may_be_ahead = kt_facts_old_token_lives(credential);
	int64_t newest = credential->lifetime - credential->lifetime / 10;

	/* More than a whole life cannot be had: the newest token is meant. */
	if (requirement->minimum_seconds > credential->lifetime)
		return may_be_ahead ? newest : kt_lifetime_margin(credential);
	if (requirement->minimum_seconds > 0)
		return requirement->minimum_seconds;
	/* Whoever asked may have been a moment early. */
	if (requirement->before_last_fifth && may_be_ahead)
		return credential->lifetime / 5 + 1;
	if (requirement->nine_tenths_left && may_be_ahead)
		return newest;
	return kt_lifetime_margin(credential);
}

bool kt_requirement_is_met(const struct kt_requirement *requirement,
                           const struct kt_credential *credential)
{
	int64_t left = kt_lifetime_until_renewal(credential);

	if (requirement->fresh || left <= 0)
		return false;
	return !kt_facts_is_renewable(credential) || left >= needed_by(requirement, credential);
}
