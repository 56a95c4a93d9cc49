/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdint.h>

#include "helper/keeper/account/lock.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/text.h"
#include "keyring/translate.h"

#define WAIT_MILLISECONDS 60000

/* FNV-1a, 64 bits: names a lock file. A collision only makes two accounts wait for each other. */
static uint64_t add_to_hash(uint64_t hash, const char *text)
{
	for (const char *byte = kt_text_or_empty(text);; byte++) {
		hash = (hash ^ (unsigned char)*byte) * 0x100000001b3u;
		if (*byte == '\0')
			return hash;
	}
}

uint64_t kt_account_number(const struct kt_identity *identity)
{
	uint64_t hash = 0xcbf29ce484222325u;

	hash = add_to_hash(hash, identity->protocol);
	hash = add_to_hash(hash, identity->host);
	hash = add_to_hash(hash, identity->path);
	return add_to_hash(hash, identity->username);
}

bool kt_account_lock_name(uint64_t account, char **name, struct kt_error *error)
{
	return kt_text_format(name, error, "account-%016llx", (unsigned long long)account);
}

static bool take(struct kt_lock *lock, const struct kt_identity *identity,
                 enum kt_lock_mode mode, int64_t deadline, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *account = NULL;
	KT_CLEANUP(kt_text_free) char *name = NULL;

	return kt_account_lock_name(kt_account_number(identity), &account, error) &&
	       kt_text_format(&name, error, "%s.login", account) &&
	       kt_lock_take(lock, name, mode, deadline, KT_TEXT("a login of"),
	                    identity->username, error);
}

bool kt_login_lock_take(struct kt_lock *lock, const struct kt_identity *identity,
                       struct kt_error *error)
{
	if (take(lock, identity, KT_LOCK_EXCLUSIVE, 0, error))
		return true;
	return kt_advise(error, "finish that login or end it, then try again");
}

bool kt_login_lock_wait(const struct kt_identity *identity)
{
	KT_CLEANUP(kt_lock_release) struct kt_lock lock = { 0 };
	struct kt_error busy = { 0 };
	struct kt_error ignored = { 0 };

	if (take(&lock, identity, KT_LOCK_SHARED, 0, &busy) || busy.code != KT_ERROR_BUSY)
		return false;
	kt_report_note("waiting for the login of %s that is in progress", identity->username);
	take(&lock, identity, KT_LOCK_SHARED, kt_clock_monotonic() + WAIT_MILLISECONDS, &ignored);
	return true;
}
