/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/account/lifetime.h"
#include "helper/keeper/token/requirement.h"

bool kt_requirement_is_met(const struct kt_requirement *requirement,
                           const struct kt_credential *credential)
{
	int64_t left = kt_lifetime_left(credential);
	int64_t needed = kt_lifetime_margin(credential);

	if (requirement->nine_tenths_left)
		needed = credential->lifetime - credential->lifetime / 10;
	/* The caller may have asked a moment early. */
	if (requirement->before_last_fifth)
		needed = credential->lifetime / 5 + 1;
	if (requirement->minimum_seconds > 0)
		needed = requirement->minimum_seconds;
	/* More than a whole life cannot be had: the newest token is meant. */
	if (requirement->minimum_seconds > credential->lifetime)
		needed = credential->lifetime - credential->lifetime / 10;
	return !requirement->fresh && left > 0 && left >= needed;
}
