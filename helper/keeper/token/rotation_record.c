/* SPDX-License-Identifier: MIT */
#include "config.h"

/* What the records of an account's renewals say, between renewals. */

#include "helper/keeper/account/lock.h"
#include "helper/keeper/token/escrow.h"
#include "helper/keeper/token/journal.h"
#include "helper/keeper/token/rotation.h"
#include "keyring/cleanup.h"

bool kt_rotation_is_unclear(const struct kt_credential *credential)
{
	KT_CLEANUP(kt_journal_close) struct kt_journal journal = { 0 };
	struct kt_error ignored = { 0 };

	return kt_journal_open(&journal, kt_account_number(&credential->identity), &ignored) &&
	       kt_journal_is_sent(&journal, credential, &credential->refresh_token);
}

bool kt_rotation_move(const struct kt_identity *from, const struct kt_identity *to,
                      struct kt_error *error)
{
	KT_CLEANUP(kt_journal_close) struct kt_journal old = { 0 };
	KT_CLEANUP(kt_journal_close) struct kt_journal new = { 0 };
	int descriptor;

	if (!kt_journal_open(&old, kt_account_number(from), error) ||
	    !kt_journal_open(&new, kt_account_number(to), error))
		return false;
	descriptor = new.descriptor;
	new = old;
	new.descriptor = descriptor;
	return kt_journal_write(&new, old.phase, error);
}

bool kt_rotation_forget(const struct kt_identity *identity, struct kt_error *error)
{
	KT_CLEANUP(kt_journal_close) struct kt_journal journal = { 0 };
	KT_CLEANUP(kt_escrow_close) struct kt_escrow escrow = { 0 };

	if (!kt_escrow_open(&escrow, identity, error))
		return false;
	kt_escrow_drop(&escrow);
	return kt_journal_open(&journal, kt_account_number(identity), error) &&
	       kt_journal_forget(&journal, error);
}
