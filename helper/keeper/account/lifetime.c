/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/account/facts.h"
#include "helper/keeper/account/lifetime.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/text.h"

#define MARGIN 60
#define SECOND INT64_C(1000)
/* The life after which a token of no known end is renewed. */
#define ASSUMED 3600
/* As much as is left of a token of no known end. */
#define ENDLESS INT64_C(1000000000)
#define SECONDS_BEGIN INT64_C(1000000000)
#define SECONDS_END INT64_C(100000000000)
#define MILLISECONDS_BEGIN INT64_C(1000000000000)
#define MILLISECONDS_END INT64_C(100000000000000)
/* A clock that was set back by this much is not mistrusted yet. */
#define SET_BACK 60

/* Milliseconds since begin. A difference that overflows is longer than any life. */
static int64_t age_of(int64_t begin, int64_t now)
{
	int64_t age;

	return __builtin_sub_overflow(now, begin, &age) ? INT64_MAX : age;
}

/* Digits, with blanks around them and a fraction behind them, which is left out. */
static bool read_number(const char *text, int64_t *value)
{
	size_t digits;
	size_t rest;

	if (!text)
		return false;
	text += strspn(text, " \t");
	digits = strspn(text, "0123456789");
	rest = digits;
	if (text[rest] == '.')
		rest += 1 + strspn(text + rest + 1, "0123456789");
	rest += strspn(text + rest, " \t");
	return text[rest] == '\0' && kt_text_to_number(text, digits, 1, INT64_MAX, value);
}

/* A time since the epoch, in seconds or milliseconds, becomes one in seconds. */
static bool is_time(int64_t *value)
{
	if (*value >= SECONDS_BEGIN && *value < SECONDS_END)
		return true;
	if (*value < MILLISECONDS_BEGIN || *value >= MILLISECONDS_END)
		return false;
	*value /= 1000;
	return true;
}

bool kt_lifetime_read(const char *expires_in, int64_t now, int64_t *lifetime)
{
	int64_t value;

	if (!read_number(expires_in, &value))
		return false;
	if (is_time(&value))
		value = value > now ? value - now : 0;
	else if (value >= SECONDS_END)
		return false;
	*lifetime = value;
	return true;
}

int64_t kt_lifetime_spent(const char *expires_in, int64_t now, int64_t took)
{
	int64_t value;
	int64_t begin;
	int64_t ours;

	if (!read_number(expires_in, &value) || !is_time(&value))
		return took;
	if (__builtin_mul_overflow(now, SECOND, &begin))
		return took + SECOND;
	/* The Date was cut to seconds, when the answer began. */
	ours = age_of(begin, kt_clock_wall_milliseconds());
	return ours >= 0 && ours < took + 2 * SECOND ? ours : took + SECOND;
}

bool kt_lifetime_start(struct kt_credential *credential, int64_t lifetime, int64_t spent,
                       struct kt_error *error)
{
	credential->issued = (kt_clock_wall_milliseconds() - spent) / SECOND;
	credential->issued_boot_milliseconds = kt_clock_boot_milliseconds() - spent;
	credential->lifetime = lifetime;
	credential->end_unknown = false;
	return kt_clock_boot_id(&credential->boot_id, error);
}

bool kt_lifetime_start_endless(struct kt_credential *credential, int64_t spent,
                               struct kt_error *error)
{
	if (!kt_lifetime_start(credential, ASSUMED, spent, error))
		return false;
	credential->end_unknown = true;
	return true;
}

void kt_lifetime_end(struct kt_credential *credential)
{
	kt_secret_clear(&credential->token);
	kt_text_free(&credential->boot_id);
	credential->issued = 0;
	credential->issued_boot_milliseconds = 0;
	credential->lifetime = 0;
	credential->end_unknown = false;
}

static bool is_this_boot(const struct kt_credential *credential)
{
	KT_CLEANUP(kt_text_free) char *boot = NULL;
	struct kt_error ignored = { 0 };

	return credential->boot_id && kt_clock_boot_id(&boot, &ignored) &&
	       strcmp(credential->boot_id, boot) == 0;
}

/* The greatest age that it can have: the time at which the token was got was cut to seconds. */
static int64_t wall_age_of(const struct kt_credential *credential)
{
	int64_t begin;

	if (__builtin_mul_overflow(credential->issued, SECOND, &begin))
		return INT64_MAX;
	return age_of(begin, kt_clock_wall_milliseconds());
}

int64_t kt_lifetime_margin(const struct kt_credential *credential)
{
	int64_t margin = credential->lifetime / 10;

	if (margin < 1)
		return 1;
	return margin < MARGIN ? margin : MARGIN;
}

/*
 * The wall clock has gone further ahead than this boot's: this machine stood still (a paused
 * virtual machine), or its clock was set. Nobody knows then how old the token is.
 */
static bool is_out_of_time(const struct kt_credential *credential, int64_t wall_age, int64_t age)
{
	return wall_age - SECOND > age &&
	       wall_age - SECOND - age > kt_lifetime_margin(credential) * SECOND;
}

/* By lifetime as it stands there, assumed or not. */
static int64_t left_of_lifetime(const struct kt_credential *credential)
{
	int64_t lifetime;
	int64_t wall_age = wall_age_of(credential);
	int64_t age = age_of(credential->issued_boot_milliseconds, kt_clock_boot_milliseconds());

	if (kt_secret_is_empty(&credential->token) || credential->lifetime <= 0 ||
	    __builtin_mul_overflow(credential->lifetime, SECOND, &lifetime))
		return 0;
	if (!is_this_boot(credential))
		return wall_age <= -SET_BACK * SECOND ? 0 : lifetime - wall_age;
	if (age < 0)
		return 0;
	if (wall_age - SECOND <= age)
		return lifetime - age;
	if (!is_out_of_time(credential, wall_age, age))
		return lifetime - (wall_age - SECOND);
	/* A token that cannot be replaced is given the benefit of the doubt. */
	return kt_facts_has_refresh(credential) ? 0 : lifetime - age;
}

int64_t kt_lifetime_left_milliseconds(const struct kt_credential *credential)
{
	if (credential->end_unknown && !kt_secret_is_empty(&credential->token))
		return ENDLESS * SECOND;
	return left_of_lifetime(credential);
}

int64_t kt_lifetime_until_renewal_milliseconds(const struct kt_credential *credential)
{
	if (credential->end_unknown && !kt_facts_has_refresh(credential))
		return kt_lifetime_left_milliseconds(credential);
	return left_of_lifetime(credential);
}

int64_t kt_lifetime_until_renewal(const struct kt_credential *credential)
{
	return kt_lifetime_until_renewal_milliseconds(credential) / SECOND;
}

int64_t kt_lifetime_left(const struct kt_credential *credential)
{
	return kt_lifetime_left_milliseconds(credential) / SECOND;
}

int64_t kt_lifetime_wall_end_milliseconds(const struct kt_credential *credential)
{
	/* Read first: who is held up behind it tells an end that is early, and none that is late. */
	int64_t now = kt_clock_wall_milliseconds();
	int64_t left = kt_lifetime_left_milliseconds(credential);

	if (credential->end_unknown)
		return 0;
	return left > 0 ? now + left : 0;
}

int64_t kt_lifetime_wall_end(const struct kt_credential *credential)
{
	int64_t end = kt_lifetime_wall_end_milliseconds(credential) / SECOND;
	int64_t told;

	if (!end || __builtin_add_overflow(credential->issued, credential->lifetime, &told))
		return end;
	/* The clocks are read one after the other: an end near a whole second would be told as two. */
	return end - told <= 1 && told - end <= 1 ? told : end;
}
