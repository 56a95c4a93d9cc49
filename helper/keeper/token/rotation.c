/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/account/facts.h"
#include "helper/keeper/account/lifetime.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/cache/answers.h"
#include "helper/keeper/cache/change.h"
#include "helper/keeper/courier.h"
#include "helper/keeper/oauth/dialect.h"
#include "helper/keeper/oauth/grant.h"
#include "helper/keeper/oauth/token_error.h"
#include "helper/keeper/oauth/token_response.h"
#include "helper/keeper/token/escrow.h"
#include "helper/keeper/token/fault_point.h"
#include "helper/keeper/token/journal.h"
#include "helper/keeper/token/old_token.h"
#include "helper/keeper/token/pace.h"
#include "helper/keeper/token/promise.h"
#include "helper/keeper/token/rotation.h"
#include "helper/keeper/token/rotation_failure.h"
#include "helper/keeper/token/signals.h"
#include "helper/keeper/waiting.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/text.h"
#include "keyring/translate.h"

#define STORE_MILLISECONDS 5000
#define STORE_WITHOUT_ESCROW_MILLISECONDS 30000
/* The courier's own (helper/errand.h). */
#define CONNECT_MILLISECONDS 10000
#define ESCROW_ROOM 2048
/* A request that would have less time than this is not begun. */
#define SHORTEST_MILLISECONDS 1500
#define AT_ONCE_MILLISECONDS 2
#define LONGEST_PAUSE 900
#define FIRST_PAUSE 60
/* Milliseconds from a lost answer to the second and last time that its request is made at once. */
#define REPEAT_MILLISECONDS 2000

/* One renewal, from the lock to its release. */
struct rotation {
	struct kt_keeper *keeper;
	struct kt_keyring *keyring;
	struct kt_change *change;
	struct kt_credential *credential;
	const struct kt_requirement *requirement;
	char *name;               /* the account's, for messages */
	int64_t deadline;         /* of all requests together */
	int64_t generation;       /* of the credential as the caller read it */
	struct kt_journal journal;
	struct kt_escrow escrow;
	struct kt_signals hold;
	struct kt_courier courier; /* the last request's; it ends while the answer is stored */
	bool is_unclear;          /* an earlier request with this refresh token may have counted */
	bool is_spent;            /* this run sent one, so that the old access token may have died */
	struct kt_secret sent;    /* the refresh token of the request */
};

static void clear_rotation(struct rotation *rotation)
{
	kt_courier_end(&rotation->courier);
	kt_secret_clear(&rotation->sent);
	kt_text_free(&rotation->name);
	kt_journal_close(&rotation->journal);
	kt_escrow_close(&rotation->escrow);
	kt_signals_deliver(&rotation->hold);
}

/* True if the token is good enough for a caller without requirements. */
static bool is_usable(const struct kt_credential *credential)
{
	return kt_lifetime_left(credential) > 0;
}

/* Settles the record of a request that was answered, or of which nothing came. */
static bool settle(struct rotation *rotation, struct kt_error *error)
{
	return kt_journal_write(&rotation->journal,
	                        rotation->is_unclear ? KT_JOURNAL_SENT : KT_JOURNAL_CLEAR, error);
}

/*
 * We are connected and nothing is sent. From here on the next caller must know that the request
 * may have been sent.
 */
static bool commit_to_sending(struct rotation *rotation, struct kt_error *error)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand go = { 0 };

	kt_fault_point("before-sent");
	kt_signals_defer(&rotation->hold);
	rotation->journal.sent_wall = kt_clock_wall();
	if (!kt_journal_name_token(&rotation->journal, rotation->credential, &rotation->sent,
	                           error) ||
	    !kt_journal_write(&rotation->journal, KT_JOURNAL_SENT, error))
		return false;
	rotation->is_spent = true;
	kt_fault_point("sent");
	return kt_errand_add(&go, "say", "go", error) &&
	       kt_courier_send(&rotation->courier, &go, error);
}

/*
 * A caller that gives up soon hears in time that the server cannot be reached. An answer is waited
 * for all the same: a refresh token that was sent is spent.
 */
static bool limit_connecting(const struct rotation *rotation, struct kt_errand *errand,
                             struct kt_error *error)
{
	int64_t left = rotation->keeper->caller_ends - kt_clock_monotonic();

	if (rotation->keeper->caller_ends == 0 || left >= CONNECT_MILLISECONDS)
		return true;
	return kt_errand_add_number(errand, "connect_timeout",
	                            left > SHORTEST_MILLISECONDS ? left : SHORTEST_MILLISECONDS,
	                            error);
}

/*
 * Makes one request, as a dialogue. True: response tells the outcome, whatever it is. False: it
 * was not sent, for a reason of our own.
 */
static bool send_once(struct rotation *rotation, struct kt_errand *answer,
                      struct kt_token_response *response, struct kt_error *error)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand errand = { 0 };
	struct kt_courier *courier = &rotation->courier;
	struct kt_error silence = { 0 };
	int64_t deadline = rotation->deadline + 700;

	kt_courier_end(courier);
	*courier = rotation->keeper->courier;
	rotation->keeper->courier = (struct kt_courier){ 0 };
	if (!rotation->is_unclear &&
	    !kt_journal_write(&rotation->journal, KT_JOURNAL_INTENT, error))
		return false;
	kt_fault_point("intent");
	if (!kt_grant_refresh_token(rotation->credential, &rotation->sent,
	                            rotation->deadline - kt_clock_monotonic(), &errand, error) ||
	    !limit_connecting(rotation, &errand, error) ||
	    (!kt_courier_is_started(courier) && !kt_courier_start(courier, error)) ||
	    !kt_courier_send(courier, &errand, error))
		return false;
	kt_waiting_for(courier->socket, rotation->credential->token_endpoint, deadline);
	if (!kt_courier_receive(courier, answer, deadline, error))
		return false;
	if (kt_errand_is(answer, "say", "ready")) {
		if (!commit_to_sending(rotation, error))
			return false;
		kt_waiting_for(courier->socket, rotation->credential->token_endpoint, deadline);
		/* A courier that dies now leaves an empty message, which reads as unclear. */
		if (!kt_courier_receive(courier, answer, deadline, &silence))
			kt_report_trace("the courier ended without an answer");
	}
	kt_fault_point("answer");
	kt_token_response_read(response, answer, kt_dialect_of(rotation->credential));
	kt_report_trace("renewal of %s: HTTP %lld, verdict %d", rotation->name,
	                (long long)response->status, (int)response->verdict);
	return true;
}

static bool has_time(const struct rotation *rotation, int64_t pause)
{
	int64_t then = kt_clock_monotonic() + pause + SHORTEST_MILLISECONDS;
	int64_t caller_ends = rotation->keeper->caller_ends;

	return then < rotation->deadline && (caller_ends == 0 || then < caller_ends);
}

/*
 * A refresh token whose answer was lost is presented a second time where nothing is left to lose:
 * no access token lives, somebody waits for one, and the service is not known to end the grant
 * for it.
 */
static bool may_repeat(const struct rotation *rotation)
{
	return !is_usable(rotation->credential) && !rotation->keeper->never_prompts &&
	       !rotation->credential->reuse_revokes && has_time(rotation, REPEAT_MILLISECONDS);
}

/*
 * Sends until the outcome is settled. A request that was not accepted is sent again. One that
 * may have been accepted is sent once more and only once: servers that forgive a lost answer do
 * so for seconds.
 */
static bool send_until_settled(struct rotation *rotation, struct kt_errand *answer,
                               struct kt_token_response *response, struct kt_error *error)
{
	for (int tries = 1;; tries++) {
		int64_t pause = 0;

		if (!send_once(rotation, answer, response, error)) {
			struct kt_error ignored = { 0 };

			settle(rotation, &ignored);
			return false;
		}
		if (response->verdict == KT_VERDICT_UNCLEAR) {
			bool is_first = !rotation->is_unclear;

			rotation->is_unclear = true;
			if (!is_first || !may_repeat(rotation))
				return true;
			rotation->journal.tries = 1;
			kt_clock_sleep(REPEAT_MILLISECONDS);
			continue;
		}
		pause = kt_token_response_pause(response, tries, false);
		if (pause == 0 || !has_time(rotation, pause))
			return true;
		if (!settle(rotation, error))
			return false;
		kt_signals_deliver(&rotation->hold);
		kt_clock_sleep(pause);
	}
}

static bool reload(struct rotation *rotation, struct kt_error *error)
{
	struct kt_identity identity = { 0 };
	bool found = false;
	bool loaded = kt_identity_copy(&identity, &rotation->credential->identity, error) &&
	              kt_keyring_load(rotation->keyring, &identity, rotation->credential, &found,
	                              error);

	kt_identity_clear(&identity);
	if (!loaded)
		return false;
	return found || kt_fail(error, KT_ERROR_NOT_FOUND, "%s was removed just now",
	                        rotation->name);
}

static bool save(struct rotation *rotation, const struct kt_credential *renewed,
                 struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret form = { 0 };
	int64_t begin = kt_clock_monotonic();
	bool is_escrowed;

	if (!kt_escrow_pack(renewed, &form, error))
		return false;
	kt_fault_point("parsed");
	is_escrowed = kt_escrow_fill(&rotation->escrow, &form);
	kt_fault_point("escrow");
	for (;;) {
		struct kt_error cause = { 0 };
		struct kt_error ignored = { 0 };
		int64_t limit =
			is_escrowed ? STORE_MILLISECONDS : STORE_WITHOUT_ESCROW_MILLISECONDS;

		if (is_escrowed)
			kt_journal_write(&rotation->journal, KT_JOURNAL_GOT, &ignored);
		kt_fault_point("got");
		if (kt_keyring_store(rotation->keyring, renewed, &cause))
			break;
		if (!is_escrowed)
			is_escrowed = kt_escrow_put(&rotation->escrow, &form);
		if (kt_clock_monotonic() - begin >= limit)
			return kt_rotation_fail_unsaved(rotation->name, &cause, is_escrowed, error);
		kt_clock_sleep(250);
	}
	kt_fault_point("stored");
	kt_answers_replace(kt_keeper_cache(rotation->keeper), rotation->requirement->lookup,
	                   rotation->change->account, renewed);
	kt_escrow_retire(&rotation->escrow, kt_keyring_settling(rotation->keyring));
	return true;
}

static bool accept(struct rotation *rotation, struct kt_errand *answer,
                   const struct kt_token_response *response, struct kt_error *error)
{
	KT_CLEANUP(kt_tokens_clear) struct kt_tokens tokens = { 0 };
	KT_CLEANUP(kt_credential_clear) struct kt_credential renewed = { 0 };
	bool is_rotated;

	if (!kt_credential_copy(&renewed, rotation->credential, error) ||
	    !kt_tokens_read(&tokens, response, answer, error))
		return false;
	is_rotated = !kt_secret_is_empty(&tokens.refresh_token) &&
	             !kt_secret_is_equal(&tokens.refresh_token, &rotation->sent);
	if (is_rotated) {
		kt_secret_move(&renewed.previous_refresh_token, &rotation->sent);
		kt_secret_move(&renewed.refresh_token, &tokens.refresh_token);
		renewed.refreshed = kt_clock_wall();
	}
	if (!kt_text_set(&renewed.rotation, is_rotated || kt_text_is_equal(renewed.rotation, "rotates")
	                 ? "rotates" : "stays", error))
		return false;
	renewed.generation++;
	kt_text_free(&renewed.state);
	renewed.state_since = 0;
	if (!kt_tokens_give(&tokens, &renewed, error))
		return false;
	kt_pace_note_renewal(&rotation->journal, renewed.lifetime, rotation->requirement->fresh);
	if (!save(rotation, &renewed, error))
		return false;
	rotation->is_unclear = false;
	rotation->journal.tries = 0;
	rotation->journal.promised_wall = 0;
	if (!kt_journal_write(&rotation->journal, KT_JOURNAL_CLEAR, error))
		return false;
	kt_signals_deliver(&rotation->hold);
	kt_old_token_learn(rotation->keeper, rotation->credential, &renewed);
	kt_credential_clear(rotation->credential);
	*rotation->credential = renewed;
	renewed = (struct kt_credential){ 0 };
	return true;
}

/*
 * Flags the grant as dead and keeps its refresh token; its access token is good to its end. A
 * failure to store the flag changes nothing. The record of a lost answer stays for later
 * messages.
 */
static bool give_up(struct rotation *rotation, const struct kt_token_response *response,
                    struct kt_error *error)
{
	struct kt_error ignored = { 0 };

	kt_change_invalidate(rotation->change);
	rotation->credential->state_since = kt_clock_wall();
	rotation->credential->reuse_revokes =
		rotation->credential->reuse_revokes || rotation->is_unclear;
	if (kt_text_set(&rotation->credential->state, KT_TEXT("dead"), &ignored) &&
	    kt_keyring_store(rotation->keyring, rotation->credential, &ignored))
		settle(rotation, &ignored);
	return rotation->is_unclear ? kt_rotation_fail_lost(rotation->name, rotation->journal.sent_wall,
	                                                    error)
	                            : kt_token_response_fail(response, rotation->name, error);
}

/*
 * A server also says "dead" if another caller has spent the token. So the item is read again
 * for a while. *changed: it holds another refresh token now.
 */
static bool look_again(struct rotation *rotation, bool *changed, struct kt_error *error)
{
	static const int64_t pauses[] = { 0, 25, 100, 400 };

	*changed = false;
	for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]) && !*changed; i++) {
		kt_clock_sleep(pauses[i]);
		if (!reload(rotation, error))
			return false;
		*changed =
			!kt_secret_is_equal(&rotation->credential->refresh_token, &rotation->sent);
	}
	return true;
}

/*
 * Makes room for the answer before the refresh token is spent. Where there is none the request is
 * left to be while a token lives; else it is said that nothing but the keyring will hold it.
 */
static bool reserve_escrow(struct rotation *rotation, struct kt_error *error)
{
	if (kt_escrow_reserve(&rotation->escrow, kt_escrow_size(rotation->credential) + ESCROW_ROOM))
		return true;
	if (is_usable(rotation->credential) && !rotation->requirement->fresh) {
		kt_fail(error, KT_ERROR_UNAVAILABLE, "%s is not renewed yet: the kernel's keyring has no "
		        "room to keep the answer in until it is stored", rotation->name);
		return kt_advise(error, "see what fills it: keyturn doctor");
	}
	kt_report_note("the kernel's keyring has no room: should the keyring not take the renewed "
	               "login of %s, it is lost", rotation->name);
	return true;
}

static bool send_current(struct rotation *rotation, struct kt_errand *answer,
                         struct kt_token_response *response, struct kt_error *error)
{
	return kt_secret_copy(&rotation->sent, &rotation->credential->refresh_token, error) &&
	       reserve_escrow(rotation, error) &&
	       send_until_settled(rotation, answer, response, error);
}

static bool renew(struct rotation *rotation, struct kt_error *error)
{
	for (bool is_first = true;; is_first = false) {
		KT_CLEANUP(kt_errand_clear) struct kt_errand answer = { 0 };
		struct kt_token_response response = { 0 };
		bool changed = false;

		if (!send_current(rotation, &answer, &response, error))
			return false;
		if (response.verdict == KT_VERDICT_TOKENS)
			return accept(rotation, &answer, &response, error);
		kt_pace_note_refusal(&rotation->journal, &response);
		if (response.verdict != KT_VERDICT_REFUSED || response.meaning != KT_MEANING_DEAD)
			return settle(rotation, error) &&
			       kt_token_error_write(&response, rotation->credential, error);
		if (is_first && !look_again(rotation, &changed, error))
			return false;
		if (!changed)
			return give_up(rotation, &response, error);
		if (kt_requirement_is_met(rotation->requirement, rotation->credential))
			return true;
		rotation->is_unclear = false;
		rotation->journal.tries = 0;
	}
}

/* Stores the answer of an earlier caller that could not store it itself. */
static bool adopt(struct kt_escrow *escrow, struct kt_keyring *keyring,
                  struct kt_credential *stored, struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential parked = { 0 };
	bool is_same = kt_escrow_read(escrow, &parked) &&
	               kt_identity_is_equal(&parked.identity, &stored->identity) &&
	               kt_text_is_equal(parked.grant, stored->grant);

	/* It is stored, and may be lost again for some seconds: nothing is adopted twice. */
	if (!is_same || parked.generation < stored->generation) {
		kt_escrow_drop(escrow);
		return true;
	}
	if (parked.generation > stored->generation) {
		KT_CLEANUP(kt_credential_clear) struct kt_credential renewed = { 0 };

		if (!kt_credential_copy(&renewed, stored, error) ||
		    !kt_escrow_apply(&parked, &renewed, error) ||
		    !kt_keyring_store(keyring, &renewed, error) ||
		    !kt_credential_copy(stored, &renewed, error))
			return false;
		kt_report_trace("adopted what was in escrow");
	}
	kt_escrow_retire(escrow, kt_keyring_settling(keyring));
	return true;
}

static bool adopt_locked(struct rotation *rotation, struct kt_error *error)
{
	struct kt_error cause = { 0 };

	if (!kt_escrow_is_found(&rotation->escrow))
		return true;
	kt_change_invalidate(rotation->change);
	return adopt(&rotation->escrow, rotation->keyring, rotation->credential, &cause) ||
	       kt_rotation_fail_unsaved(rotation->name, &cause, true, error);
}

/* Checks whether a refresh token whose last answer was lost may be sent again already. */
static bool check_recovery(struct rotation *rotation, struct kt_error *error)
{
	struct kt_journal *journal = &rotation->journal;
	int64_t pause = FIRST_PAUSE;
	int64_t since = kt_clock_wall() - journal->sent_wall;

	if (!rotation->is_unclear) {
		journal->tries = 0;
		return true;
	}
	for (int64_t i = 1; i < journal->tries && pause < LONGEST_PAUSE; i++)
		pause *= 2;
	pause = pause < LONGEST_PAUSE ? pause : LONGEST_PAUSE;
	if (journal->tries > 0 && since >= 0 && since < pause && !rotation->requirement->fresh)
		return kt_rotation_fail_too_early(rotation->name, pause - since, error);
	if (journal->tries++ == 0 && since >= 0 && since < REPEAT_MILLISECONDS / 1000)
		kt_clock_sleep(REPEAT_MILLISECONDS - since * 1000);
	return true;
}

static bool fail_dead(const struct rotation *rotation, struct kt_error *error)
{
	if (rotation->is_unclear)
		return kt_rotation_fail_lost(rotation->name, rotation->journal.sent_wall, error);
	return kt_rotation_fail_dead(rotation->name, error);
}

/*
 * True if the item is unchanged since it was read without the lock. Both journal and stamp have
 * to say so: a spent refresh token must not be sent because one of them was not written.
 */
static bool is_as_read(const struct rotation *rotation)
{
	return kt_journal_is_past(&rotation->journal, rotation->credential) &&
	       !kt_escrow_is_found(&rotation->escrow) &&
	       kt_change_is_none_since(rotation->change, rotation->keeper->stamp);
}

/* Somebody renewed it while the caller waited for the lock: that is as new as a new one. */
static bool is_met(const struct rotation *rotation)
{
	const struct kt_credential *credential = rotation->credential;

	if (!rotation->requirement->fresh)
		return kt_requirement_is_met(rotation->requirement, credential);
	return credential->generation > rotation->generation &&
	       kt_lifetime_until_renewal(credential) > 0;
}

/* Under the lock: read everything again, then decide (docs/safety.md, 2.2). */
static bool run_locked(struct rotation *rotation, struct kt_error *error)
{
	const struct kt_identity *identity = &rotation->credential->identity;

	kt_fault_point("locked");
	if (!kt_journal_open(&rotation->journal, rotation->change->account, error) ||
	    !kt_escrow_open(&rotation->escrow, identity, error))
		return false;
	if (!is_as_read(rotation) && !reload(rotation, error)) {
		if (error->code == KT_ERROR_NOT_FOUND)
			kt_escrow_drop(&rotation->escrow);
		return false;
	}
	if (!adopt_locked(rotation, error))
		return false;
	if (is_met(rotation) ||
	    kt_promise_holds(&rotation->journal, rotation->requirement, rotation->credential)) {
		kt_promise_note(&rotation->journal, rotation->requirement, rotation->credential);
		return true;
	}
	if (!kt_facts_has_refresh(rotation->credential))
		return kt_rotation_fail_no_refresh(rotation->name, is_usable(rotation->credential), error);
	rotation->is_unclear = kt_journal_is_sent(&rotation->journal, rotation->credential,
	                                          &rotation->credential->refresh_token);
	if (kt_text_is_equal(rotation->credential->state, "dead") && !rotation->requirement->fresh)
		return fail_dead(rotation, error);
	if (rotation->is_unclear && is_usable(rotation->credential))
		return !rotation->requirement->fresh ||
		       kt_rotation_fail_still_good(rotation->name, error);
	if (!check_recovery(rotation, error) ||
	    !kt_pace_check(&rotation->journal, rotation->name, rotation->requirement->fresh, error) ||
	    !renew(rotation, error))
		return false;
	if (kt_lifetime_left_milliseconds(rotation->credential) > 0)
		return true;
	kt_fail(error, KT_ERROR_SERVER, "the service gave %s a token that has ended already",
	        rotation->name);
	return kt_advise(error, "nothing is lost; check the clock: keyturn doctor");
}

/*
 * True if the token is good, though not as good as required, and a better one cannot be had now:
 * whatever became of the grant, a token is handed out to its end. One that a request of this run
 * may have replaced is, unless the renewed grant waits for the keyring.
 */
static bool makes_do(const struct rotation *rotation, const struct kt_error *error)
{
	const struct kt_requirement *requirement = rotation->requirement;
	bool is_of_the_server = error->code == KT_ERROR_BUSY || error->code == KT_ERROR_NETWORK ||
	                        error->code == KT_ERROR_SERVER || error->code == KT_ERROR_DEAD ||
	                        error->code == KT_ERROR_REFUSED;

	return (is_of_the_server || (!rotation->is_spent && error->code == KT_ERROR_UNAVAILABLE)) &&
	       !requirement->fresh && !requirement->before_last_fifth &&
	       requirement->minimum_seconds == 0 && is_usable(rotation->credential);
}

/* True if a renewed grant waits in escrow; room that is merely reserved does not count. */
static bool is_parked(const struct kt_identity *identity)
{
	KT_CLEANUP(kt_escrow_close) struct kt_escrow escrow = { 0 };
	KT_CLEANUP(kt_credential_clear) struct kt_credential parked = { 0 };
	struct kt_error ignored = { 0 };

	return kt_escrow_open(&escrow, identity, &ignored) && kt_escrow_read(&escrow, &parked);
}

bool kt_rotation_run(struct kt_keeper *keeper, struct kt_credential *credential,
                     const struct kt_requirement *requirement, struct kt_error *error)
{
	KT_CLEANUP(kt_change_end) struct kt_change change = { 0 };
	KT_CLEANUP(clear_rotation) struct rotation rotation = {
		.keeper = keeper,
		.credential = credential,
		.requirement = requirement,
		.change = &change,
		.generation = credential->generation,
	};
	bool is_good = kt_requirement_is_met(requirement, credential);
	int64_t asked;

	if (is_good && !kt_promise_is_needed(credential) && !is_parked(&credential->identity))
		return true;
	if (!kt_service_full_name(&credential->identity, &rotation.name, error))
		return false;
	rotation.keyring = kt_keeper_keyring(keeper, error);
	if (!rotation.keyring)
		return false;
	asked = kt_clock_monotonic();
	change.deadline = keeper->caller_ends;
	if (kt_change_lock(&change, &credential->identity, error)) {
		/*
		 * After a wait for the lock there is mostly a renewed token, and no need of a
		 * courier.
		 */
		if (!is_good && kt_clock_monotonic() - asked < AT_ONCE_MILLISECONDS &&
		    kt_facts_is_renewable(credential))
			kt_keeper_start_courier(keeper);
		rotation.deadline = kt_clock_monotonic() + KT_COURIER_MILLISECONDS;
		if (run_locked(&rotation, error))
			return true;
	}
	if (!makes_do(&rotation, error))
		return error->code != KT_ERROR_DEAD || kt_facts_can_log_in(credential)
		               ? false : kt_rotation_advise_hand_over(error);
	kt_report_trace("%s", error->message);
	kt_error_clear(error);
	return true;
}

bool kt_rotation_adopt(struct kt_keyring *keyring, struct kt_credential *credential,
                       struct kt_error *error)
{
	KT_CLEANUP(kt_escrow_close) struct kt_escrow escrow = { 0 };

	return kt_escrow_open(&escrow, &credential->identity, error) &&
	       adopt(&escrow, keyring, credential, error);
}
