/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include "helper/keeper/ahead.h"
#include "helper/keeper/change.h"
#include "helper/keeper/handout.h"
#include "helper/keeper/lifetime.h"
#include "helper/keeper/remember.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/environment.h"
#include "keyring/lock.h"
#include "keyring/text.h"

/*
 * The last change of any account, in one file. A renewal tells what it renewed, so that who
 * renewed, or waited for it, may remember the new token.
 */
struct mark {
	uint64_t number;    /* random, new for each change */
	uint64_t previous;  /* the number before it */
	uint64_t account;   /* that was renewed; 0: another change */
	int64_t generation; /* of its credential */
};

/* The file, locked: readers see a whole mark. */
static int open_mark(int flags, int lock)
{
	KT_CLEANUP(kt_text_free) char *directory = NULL;
	KT_CLEANUP(kt_text_free) char *path = NULL;
	struct kt_error ignored = { 0 };
	int descriptor;

	if (!kt_environment_state_directory(&directory, &ignored) ||
	    !kt_text_format(&path, &ignored, "%s/changes", directory))
		return -1;
	descriptor = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (descriptor >= 0 && flock(descriptor, lock) != 0) {
		close(descriptor);
		return -1;
	}
	return descriptor;
}

static struct mark read_from(int descriptor)
{
	struct mark mark;

	if (pread(descriptor, &mark, sizeof(mark), 0) != (ssize_t)sizeof(mark))
		return (struct mark){ 0 };
	return mark;
}

static struct mark read_mark(void)
{
	int descriptor = open_mark(O_RDONLY, LOCK_SH);
	struct mark mark = { 0 };

	if (descriptor < 0)
		return mark;
	mark = read_from(descriptor);
	close(descriptor);
	return mark;
}

static void write_mark(uint64_t account, int64_t generation)
{
	struct mark mark = { .account = account, .generation = generation };
	int descriptor = open_mark(O_RDWR | O_CREAT, LOCK_EX);

	if (descriptor < 0)
		return;
	mark.previous = read_from(descriptor).number;
	/* Without a fresh mark nothing is inserted: one that cannot be written is cut to nothing. */
	if (getrandom(&mark.number, sizeof(mark.number), 0) != (ssize_t)sizeof(mark.number) ||
	    pwrite(descriptor, &mark, sizeof(mark), 0) != (ssize_t)sizeof(mark))
		(void)!ftruncate(descriptor, 0);
	close(descriptor);
}

uint64_t kt_remember_mark(void)
{
	return read_mark().number;
}

/* Nothing changed since the mark, but that the account was renewed to this generation. */
static bool is_still(uint64_t since, const struct kt_identity *identity, int64_t generation)
{
	struct mark mark = read_mark();

	return since && (mark.number == since ||
	                 (identity && mark.previous == since && mark.generation == generation &&
	                  mark.account == kt_change_number(identity)));
}

void kt_remember_begin(struct kt_remembrance *remembrance,
                       const struct kt_cache_question *question)
{
	kt_cache_open(&remembrance->cache, kt_environment_get);
	remembrance->question = *question;
	if (remembrance->cache.seconds == 0)
		return;
	remembrance->mark = read_mark().number;
	if (remembrance->mark == 0) {
		write_mark(0, 0);
		remembrance->mark = read_mark().number;
	}
}

void kt_remember_ask(const struct kt_remembrance *remembrance, struct kt_answer *answer,
                     bool *found, bool *none)
{
	KT_CLEANUP(kt_cache_entry_clear) struct kt_cache_entry entry = { 0 };
	struct kt_error ignored = { 0 };

	*found = false;
	*none = false;
	if (!kt_cache_find(&remembrance->cache, &remembrance->question, &entry))
		return;
	*none = kt_secret_is_empty(&entry.answer);
	*found = !*none && kt_answer_unpack(answer, kt_secret_reveal(&entry.answer),
	                                    kt_secret_length(&entry.answer), &ignored);
}

/* Inserts under the account's lock, shared and without a wait: who changes it, forgets after. */
static void insert(const struct kt_remembrance *remembrance, const struct kt_identity *identity,
                   const struct kt_cache_entry *entry)
{
	KT_CLEANUP(kt_lock_release) struct kt_lock lock = { 0 };
	KT_CLEANUP(kt_text_free) char *name = NULL;
	struct kt_error ignored = { 0 };

	if (remembrance->cache.seconds == 0)
		return;
	if (identity && (!kt_change_lock_name(identity, &name, &ignored) ||
	                 !kt_lock_take(&lock, name, KT_LOCK_SHARED, 0, "the account", &ignored) ||
	                 lock.was_left))
		return;
	if (is_still(remembrance->mark, identity, entry->generation))
		kt_cache_put(&remembrance->cache, &remembrance->question, entry);
}

static bool make_entry(const struct kt_cache *cache, const struct kt_credential *credential,
                       const struct kt_answer *answer, struct kt_cache_entry *entry)
{
	struct kt_error ignored = { 0 };

	if (!kt_answer_pack(answer, &entry->answer, &ignored))
		return false;
	entry->generation = credential->generation;
	entry->until = kt_clock_wall() + cache->seconds;
	if (kt_kind_is_grant(credential->kind)) {
		int64_t end = kt_lifetime_wall_end(credential);

		entry->until = end - kt_lifetime_margin(credential);
		entry->renew = kt_ahead_is_wise(credential) ? end - credential->lifetime / 5 : 0;
	} else if (answer->expires && answer->expires < entry->until) {
		entry->until = answer->expires;
	}
	return true;
}

void kt_remember_answer(const struct kt_remembrance *remembrance,
                        const struct kt_credential *credential, const struct kt_answer *answer)
{
	KT_CLEANUP(kt_cache_entry_clear) struct kt_cache_entry entry = { 0 };

	if (!make_entry(&remembrance->cache, credential, answer, &entry))
		return;
	/* Renewals are of the account's own token; a session's is signed anew when it ends. */
	if (remembrance->question.variant)
		entry.renew = 0;
	insert(remembrance, &credential->identity, &entry);
	if (entry.renew && kt_clock_wall() >= entry.renew)
		kt_ahead_start(&remembrance->cache, answer);
}

void kt_remember_none(const struct kt_remembrance *remembrance)
{
	const struct kt_cache_entry entry = { .until = kt_clock_wall() + KT_CACHE_NONE_SECONDS };

	insert(remembrance, NULL, &entry);
}

/* A packed answer of the same account. */
static bool is_of_account(void *context, const char *packed, size_t length)
{
	KT_CLEANUP(kt_answer_clear) struct kt_answer answer = { 0 };
	const struct kt_answer *renewed = context;
	struct kt_error ignored = { 0 };

	return kt_answer_unpack(&answer, packed, length, &ignored) &&
	       kt_text_is_equal(answer.account, renewed->account) &&
	       kt_text_is_equal(answer.service, renewed->service);
}

void kt_remember_renewal(const struct kt_credential *credential)
{
	KT_CLEANUP(kt_cache_entry_clear) struct kt_cache_entry entry = { 0 };
	KT_CLEANUP(kt_answer_clear) struct kt_answer answer = { 0 };
	struct kt_cache cache;
	struct kt_error ignored = { 0 };

	write_mark(kt_change_number(&credential->identity), credential->generation);
	kt_cache_open(&cache, kt_environment_get);
	if (kt_handout_fill(credential, &answer, &ignored) &&
	    make_entry(&cache, credential, &answer, &entry))
		kt_cache_renew(&cache, &credential->identity, &entry, is_of_account, &answer);
	else
		kt_cache_forget(&credential->identity, NULL);
}

void kt_remember_change(const struct kt_identity *identity)
{
	kt_remember_refusal(identity, NULL);
}

void kt_remember_refusal(const struct kt_identity *identity, const char *variant)
{
	write_mark(0, 0);
	kt_cache_forget(identity, variant);
}
