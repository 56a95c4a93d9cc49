/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "helper/proxy/held_token.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/text.h"

#define SAY_MILLISECONDS 5000
#define MARGIN_MILLISECONDS 60000
#define MINUTE 60000
#define PAUSE 5000

/* As kt_lifetime_margin() has it: 60 s, and never more than a tenth of the whole life. */
static int64_t margin_of(int64_t life)
{
	return life / 10 < MARGIN_MILLISECONDS ? life / 10 : MARGIN_MILLISECONDS;
}

void kt_held_token_take(struct kt_held_token *held, const struct kt_errand *message)
{
	const struct kt_secret *secret = kt_errand_secret(message, "token");
	struct kt_error ignored = { 0 };
	int64_t obtained = 0;
	int64_t end;
	int64_t life;

	if (!secret || kt_secret_is_empty(secret))
		return;
	if (!kt_secret_is_equal(secret, &held->secret)) {
		if (!kt_secret_copy(&held->secret, secret, &ignored))
			return;
		held->number++;
	}
	held->expires = 0;
	kt_errand_number(message, "expires", &held->expires);
	kt_errand_number(message, "obtained", &obtained);
	end = held->expires * 1000;
	life = end - (obtained ? obtained * 1000 : kt_clock_wall_milliseconds());
	held->due = end - margin_of(life > 0 ? life : 0);
	held->ageing = end - (life > 0 ? life / 5 : 0);
}

bool kt_held_token_lives(const struct kt_held_token *held)
{
	return !kt_secret_is_empty(&held->secret) &&
	       (held->expires == 0 || kt_clock_wall_milliseconds() < held->expires * 1000);
}

/* The last question has failed just now: while this token lives nobody has to wait for the next. */
static bool is_in_vain(const struct kt_held_token *held)
{
	return held->failure.status && kt_clock_monotonic() < held->asked + PAUSE;
}

bool kt_held_token_is_good(const struct kt_held_token *held)
{
	return kt_held_token_lives(held) &&
	       (held->expires == 0 || kt_clock_wall_milliseconds() < held->due ||
	        is_in_vain(held));
}

static void fail(struct kt_held_token *held, int status, const char *message, const char *remedy)
{
	bool has_remedy = remedy && *remedy;

	snprintf(held->sentence, sizeof(held->sentence), "%s%s%s", message, has_remedy ? "; " : "",
	         has_remedy ? remedy : "");
	held->failure = (struct kt_refusal){ .status = status, .rule = held->sentence };
}

static void say(struct kt_held_token *held, const struct kt_errand *message)
{
	struct kt_error ignored = { 0 };

	held->asked = kt_clock_monotonic();
	if (!held->is_steward_gone &&
	    kt_errand_send(message, held->steward, held->asked + SAY_MILLISECONDS, &ignored)) {
		held->is_asking = true;
		return;
	}
	held->answers++;
	fail(held, 503, "nobody is there to ask for the next token", "start the command again");
}

void kt_held_token_ask(struct kt_held_token *held)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };
	struct kt_error ignored = { 0 };

	if (held->is_asking || !kt_errand_add(&message, "say", "token", &ignored))
		return;
	say(held, &message);
}

void kt_held_token_ask_ahead(struct kt_held_token *held)
{
	int64_t now = kt_clock_wall_milliseconds();
	int64_t pause = held->expires ? (held->expires * 1000 - held->ageing) / 8 : 0;

	if (held->expires && now >= held->ageing &&
	    kt_clock_monotonic() >= held->asked + (pause > 1000 ? pause : 1000))
		kt_held_token_ask(held);
}

void kt_held_token_note_vain(struct kt_held_token *held, uint64_t number)
{
	if (held->dropped && number == held->dropped + 1)
		held->vain = kt_clock_monotonic();
}

static bool may_drop(const struct kt_held_token *held, int64_t now)
{
	int64_t oldest = held->drops[KT_HELD_TOKEN_DROPS - 1];

	return (held->vain == 0 || now >= held->vain + MINUTE) &&
	       (oldest == 0 || now >= oldest + MINUTE);
}

/* A keyring that was locked, or a service that was away, may be back soon. */
static int64_t pause_of(const struct kt_held_token *held)
{
	return held->failure.status ? PAUSE : MINUTE;
}

static void note_drop(struct kt_held_token *held, uint64_t number, int64_t now)
{
	memmove(held->drops + 1, held->drops, sizeof(held->drops) - sizeof(held->drops[0]));
	held->drops[0] = now;
	held->dropped = number;
}

/* The token that was to be dropped has brought no other: what failed does not count. */
static void forget_drop(struct kt_held_token *held)
{
	if (held->dropped != held->number)
		return;
	memmove(held->drops, held->drops + 1, sizeof(held->drops) - sizeof(held->drops[0]));
	held->drops[KT_HELD_TOKEN_DROPS - 1] = 0;
	held->dropped = 0;
}

bool kt_held_token_refuse(struct kt_held_token *held, uint64_t number, bool rejects)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };
	struct kt_error ignored = { 0 };
	int64_t now = kt_clock_monotonic();

	if (held->number != number || held->is_asking)
		return true;
	if (held->refused == number && now < held->asked + pause_of(held))
		return false;
	rejects = rejects && may_drop(held, now);
	if (!kt_errand_add(&message, "say", "refused", &ignored) ||
	    !kt_errand_add_secret(&message, "token", &held->secret, &ignored) ||
	    (rejects && !kt_errand_add(&message, "reject", "1", &ignored)))
		return false;
	held->refused = number;
	if (rejects)
		note_drop(held, number, now);
	say(held, &message);
	return true;
}

static int status_of(const char *error)
{
	static const struct {
		const char *error;
		int status;
	} rows[] = {
		{ "dead", 401 }, { "refused", 401 }, { "not_found", 401 }, { "account_needed", 401 },
		{ "network", 502 }, { "server", 502 }, { "late", 504 },
	};

	for (size_t i = 0; error && i < KT_COUNT(rows); i++)
		if (strcmp(rows[i].error, error) == 0)
			return rows[i].status;
	return 503;
}

void kt_held_token_receive(struct kt_held_token *held)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };
	struct kt_error error = { 0 };

	held->failure = (struct kt_refusal){ 0 };
	if (!kt_errand_receive(&message, held->steward, kt_clock_monotonic() + SAY_MILLISECONDS,
	                       &error)) {
		held->is_steward_gone = true;
		fail(held, 503, "nobody is there to ask for the next token",
		     "start the command again");
	} else if (kt_errand_is(&message, "say", "token")) {
		kt_held_token_take(held, &message);
	} else {
		fail(held, status_of(kt_errand_text(&message, "error")),
		     kt_text_or_empty(kt_errand_text(&message, "message")),
		     kt_errand_text(&message, "remedy"));
		forget_drop(held);
	}
	held->is_asking = false;
	held->answers++;
}

void kt_held_token_clear(struct kt_held_token *held)
{
	kt_secret_clear(&held->secret);
}
