/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/account/lifetime.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/text.h"

#define MARGIN 60
#define SECOND INT64_C(1000)
#define LONGEST (INT64_C(30) * 24 * 60 * 60)
#define RELATIVE_END INT64_C(315360000)
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

static bool read_number(const char *expires_in, int64_t *value)
{
	return expires_in && kt_text_to_number(expires_in, strlen(expires_in), 1, INT64_MAX, value);
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

int64_t kt_lifetime_read(const char *expires_in, int64_t now, int64_t fallback)
{
	int64_t value;

	if (!read_number(expires_in, &value))
		return fallback;
	if (is_time(&value))
		value -= now;
	else if (value >= RELATIVE_END)
		return fallback;
	if (value < 0)
		return 0;
	return value < LONGEST ? value : LONGEST;
}

int64_t kt_lifetime_spent(const char *expires_in, int64_t now)
{
	int64_t value;
	int64_t begin;
	int64_t ours;

	if (!read_number(expires_in, &value) || !is_time(&value))
		return 0;
	if (__builtin_mul_overflow(now, SECOND, &begin))
		return SECOND;
	ours = age_of(begin, kt_clock_wall_milliseconds());
	return ours >= 0 && ours < 2 * SECOND ? ours : SECOND;
}

bool kt_lifetime_start(struct kt_credential *credential, int64_t lifetime, int64_t spent,
                       struct kt_error *error)
{
	credential->issued = (kt_clock_wall_milliseconds() - spent) / SECOND;
	credential->issued_boot_milliseconds = kt_clock_boot_milliseconds() - spent;
	credential->lifetime = lifetime;
	return kt_clock_boot_id(&credential->boot_id, error);
}

void kt_lifetime_end(struct kt_credential *credential)
{
	kt_secret_clear(&credential->token);
	kt_text_free(&credential->boot_id);
	credential->issued = 0;
	credential->issued_boot_milliseconds = 0;
	credential->lifetime = 0;
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

int64_t kt_lifetime_left_milliseconds(const struct kt_credential *credential)
{
	int64_t lifetime;
	int64_t wall_age = wall_age_of(credential);
	int64_t age = age_of(credential->issued_boot_milliseconds, kt_clock_boot_milliseconds());

	if (kt_secret_is_empty(&credential->token) || credential->lifetime <= 0 ||
	    credential->lifetime > LONGEST)
		return 0;
	lifetime = credential->lifetime * SECOND;
	if (!is_this_boot(credential))
		return wall_age <= -SET_BACK * SECOND ? 0 : lifetime - wall_age;
	if (age < 0)
		return 0;
	if (age < lifetime / 2 || wall_age - SECOND <= age)
		return lifetime - age;
	return lifetime - wall_age;
}

int64_t kt_lifetime_left(const struct kt_credential *credential)
{
	return kt_lifetime_left_milliseconds(credential) / SECOND;
}

int64_t kt_lifetime_margin(const struct kt_credential *credential)
{
	int64_t margin = credential->lifetime / 10;

	if (margin < 1)
		return 1;
	return margin < MARGIN ? margin : MARGIN;
}

int64_t kt_lifetime_wall_end_milliseconds(const struct kt_credential *credential)
{
	int64_t left = kt_lifetime_left_milliseconds(credential);

	return left > 0 ? kt_clock_wall_milliseconds() + left : 0;
}

int64_t kt_lifetime_wall_end(const struct kt_credential *credential)
{
	return kt_lifetime_wall_end_milliseconds(credential) / SECOND;
}
