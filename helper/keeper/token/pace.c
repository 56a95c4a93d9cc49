/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/token/pace.h"
#include "keyring/clock.h"
#include "keyring/shell_word.h"

/* A service that takes back each token at once is not asked more often than this. */
#define EARLY_LIMIT 30
#define EARLY_PAUSE 30

/* Counts renewals before half of a life. */
void kt_pace_note_renewal(struct kt_journal *journal, int64_t lifetime, bool is_fresh)
{
	int64_t now = kt_clock_wall();
	int64_t since = now - journal->renewed_wall;
	int64_t soon = lifetime > 0 ? lifetime / 2 : EARLY_PAUSE;

	if (!is_fresh)
		journal->early = since >= 0 && since < soon ? journal->early + 1 : 0;
	journal->renewed_wall = now;
	journal->refusals = 0;
}

void kt_pace_note_refusal(struct kt_journal *journal, const struct kt_token_response *response)
{
	if (response->verdict != KT_VERDICT_REFUSED || response->meaning != KT_MEANING_UNKNOWN)
		return;
	journal->refusals++;
	journal->refused_wall = kt_clock_wall();
}

static bool check_early(const struct kt_journal *journal, const char *name,
                        struct kt_error *error)
{
	int64_t since = kt_clock_wall() - journal->renewed_wall;

	if (journal->early < EARLY_LIMIT || since < 0 || since >= EARLY_PAUSE)
		return true;
	kt_fail(error, KT_ERROR_BUSY, "%s was renewed %lld times in a row before half of its life: "
	        "renewals are slowed down", name, (long long)journal->early);
	return kt_advise(error, "find out why the service refuses its tokens; next try in %lld s",
	                 (long long)(EARLY_PAUSE - since));
}

/* 1, 5, then 15 minutes. */
static bool check_refusals(const struct kt_journal *journal, const char *name,
                           struct kt_error *error)
{
	static const int64_t pauses[] = { 60, 300, 900 };
	int64_t since = kt_clock_wall() - journal->refused_wall;
	int64_t pause = journal->refusals > 0
		? pauses[journal->refusals < 3 ? journal->refusals - 1 : 2] : 0;
	struct kt_shell_word word;

	if (since < 0 || since >= pause)
		return true;
	kt_fail(error, KT_ERROR_BUSY, "%s cannot be renewed: its service refused that, with a word "
	        "that nobody knows; the next try is in %lld s", name, (long long)(pause - since));
	return kt_advise(error, "see what the service says, and try at once: keyturn refresh %s",
	                 kt_shell_word(&word, name, "ACCOUNT"));
}

bool kt_pace_check(const struct kt_journal *journal, const char *name, bool is_fresh,
                   struct kt_error *error)
{
	return is_fresh ||
	       (check_early(journal, name, error) && check_refusals(journal, name, error));
}
