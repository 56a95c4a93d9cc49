/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdint.h>

#include "helper/keeper/account/lock.h"
#include "helper/keeper/cache/answers.h"
#include "helper/keeper/cache/change.h"
#include "helper/keeper/cache/stamp.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/text.h"
#include "keyring/translate.h"

#define LOCK_MILLISECONDS 60000

bool kt_change_lock(struct kt_change *change, const struct kt_identity *identity,
                    struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;
	int64_t deadline = change->deadline ? change->deadline
	                                    : kt_clock_monotonic() + LOCK_MILLISECONDS;

	change->account = kt_account_number(identity);
	if (!kt_identity_copy(&change->identity, identity, error) ||
	    !kt_account_lock_name(change->account, &name, error) ||
	    !kt_lock_take(&change->lock, name, KT_LOCK_EXCLUSIVE,
	                  deadline, KT_TEXT("the account"), identity->username, error))
		return false;
	if (change->lock.was_left)
		kt_answers_forget(&change->identity);
	return true;
}

bool kt_change_is_none_since(const struct kt_change *change, uint64_t stamp)
{
	return kt_lock_is_held(&change->lock) && stamp != 0 && kt_stamp_read() == stamp;
}

void kt_change_invalidate(struct kt_change *change)
{
	kt_answers_forget(&change->identity);
	change->is_invalidated = true;
}

bool kt_change_begin(struct kt_change *change, const struct kt_identity *identity,
                     struct kt_error *error)
{
	if (!kt_change_lock(change, identity, error))
		return false;
	kt_change_invalidate(change);
	return true;
}

void kt_change_end(struct kt_change *change)
{
	if (change->is_invalidated)
		kt_answers_forget(&change->identity);
	change->is_invalidated = false;
	kt_lock_release(&change->lock);
	kt_identity_clear(&change->identity);
}
