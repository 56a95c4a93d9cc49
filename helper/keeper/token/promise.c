/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/account/facts.h"
#include "helper/keeper/account/lifetime.h"
#include "helper/keeper/token/promise.h"
#include "keyring/clock.h"

bool kt_promise_is_needed(const struct kt_credential *credential)
{
	return kt_facts_is_renewable(credential) && !kt_facts_old_token_lives(credential) &&
	       kt_lifetime_until_renewal(credential) < 2 * kt_lifetime_margin(credential);
}

void kt_promise_note(struct kt_journal *journal, const struct kt_requirement *requirement,
                     const struct kt_credential *credential)
{
	int64_t left = kt_lifetime_until_renewal_milliseconds(credential);
	int64_t margin = kt_lifetime_margin(credential) * 1000;
	int64_t until = kt_clock_wall_milliseconds() + (left < margin ? left : margin);
	struct kt_error ignored = { 0 };

	if (!kt_promise_is_needed(credential) || requirement->before_last_fifth ||
	    until <= journal->promised_wall)
		return;
	journal->promised_wall = until;
	kt_journal_write(journal, journal->phase, &ignored);
}

/* Milliseconds for which the token may not be replaced. */
static int64_t time_left(const struct kt_journal *journal, const struct kt_requirement *requirement,
                         const struct kt_credential *credential)
{
	int64_t promised = journal->promised_wall - kt_clock_wall_milliseconds();
	int64_t left;

	/* A caller that names a minimum insists. */
	if (promised <= 0 || requirement->fresh || requirement->minimum_seconds > 0 ||
	    !kt_promise_is_needed(credential))
		return 0;
	left = kt_lifetime_until_renewal_milliseconds(credential);
	return promised < left ? promised : left;
}

bool kt_promise_holds(const struct kt_journal *journal, const struct kt_requirement *requirement,
                      const struct kt_credential *credential)
{
	int64_t left = time_left(journal, requirement, credential);

	if (left <= 0 || kt_lifetime_until_renewal(credential) > 0)
		return left > 0;
	if (!requirement->before_last_fifth)
		kt_clock_sleep(left);
	return requirement->before_last_fifth;
}
