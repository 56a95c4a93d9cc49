/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/lifetime.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/text.h"

#define MARGIN 60
#define LONGEST (INT64_C(30) * 24 * 60 * 60)
#define RELATIVE_END INT64_C(315360000)
#define SECONDS_BEGIN INT64_C(1000000000)
#define SECONDS_END INT64_C(100000000000)
#define MILLISECONDS_BEGIN INT64_C(1000000000000)
#define MILLISECONDS_END INT64_C(100000000000000)
/* A clock that was set back by this much is not mistrusted yet. */
#define SET_BACK 60

int64_t kt_lifetime_read(const char *expires_in, int64_t now, int64_t fallback)
{
	int64_t value;

	if (!expires_in ||
	    !kt_text_to_number(expires_in, strlen(expires_in), 1, INT64_MAX, &value))
		return fallback;
	if (value >= SECONDS_BEGIN && value < SECONDS_END)
		value -= now;
	else if (value >= MILLISECONDS_BEGIN && value < MILLISECONDS_END)
		value = value / 1000 - now;
	else if (value >= RELATIVE_END)
		return fallback;
	if (value < 0)
		return 0;
	return value < LONGEST ? value : LONGEST;
}

bool kt_lifetime_start(struct kt_credential *credential, int64_t lifetime,
                       struct kt_error *error)
{
	credential->issued = kt_clock_wall();
	credential->issued_boot = kt_clock_boot();
	credential->lifetime = lifetime;
	return kt_clock_boot_id(&credential->boot_id, error);
}

void kt_lifetime_end(struct kt_credential *credential)
{
	kt_secret_clear(&credential->token);
	kt_text_free(&credential->boot_id);
	credential->issued = 0;
	credential->issued_boot = 0;
	credential->lifetime = 0;
}

static bool is_this_boot(const struct kt_credential *credential)
{
	KT_CLEANUP(kt_text_free) char *boot = NULL;
	struct kt_error ignored = { 0 };

	return credential->boot_id && kt_clock_boot_id(&boot, &ignored) &&
	       strcmp(credential->boot_id, boot) == 0;
}

/*
 * How long ago begin was, at most: both were cut to whole seconds. What no clock can have
 * counted is more than any life.
 */
static int64_t age_of(int64_t begin, int64_t now)
{
	int64_t age;

	return __builtin_sub_overflow(now, begin, &age) || age == INT64_MAX ? INT64_MAX : age + 1;
}

int64_t kt_lifetime_left(const struct kt_credential *credential)
{
	int64_t lifetime = credential->lifetime;
	int64_t wall_age = age_of(credential->issued, kt_clock_wall());
	int64_t age = age_of(credential->issued_boot, kt_clock_boot());

	if (kt_secret_is_empty(&credential->token) || lifetime <= 0 || lifetime > LONGEST)
		return 0;
	if (!is_this_boot(credential))
		return wall_age <= -SET_BACK ? 0 : lifetime - wall_age;
	if (age <= 0)
		return 0;
	if (age < lifetime / 2 || wall_age < age)
		return lifetime - age;
	return lifetime - wall_age;
}

int64_t kt_lifetime_margin(const struct kt_credential *credential)
{
	return credential->lifetime / 10 < MARGIN ? credential->lifetime / 10 : MARGIN;
}

int64_t kt_lifetime_wall_end(const struct kt_credential *credential)
{
	int64_t left = kt_lifetime_left(credential);

	return left > 0 ? kt_clock_wall() + left : 0;
}

bool kt_lifetime_is_enough(const struct kt_credential *credential, const struct kt_wish *wish)
{
	int64_t left = kt_lifetime_left(credential);
	int64_t needed = kt_lifetime_margin(credential);

	if (wish->nearly_whole)
		needed = credential->lifetime - credential->lifetime / 10;
	/* Who asked counts in whole seconds too, and may be one or two early. */
	if (wish->ahead)
		needed = credential->lifetime / 5 + 2;
	if (wish->minimum > 0)
		needed = wish->minimum;
	/* More than a whole life cannot be had: the newest one is meant. */
	if (wish->minimum > credential->lifetime)
		needed = credential->lifetime - credential->lifetime / 10;
	return !wish->renew && left > 0 && left >= needed;
}
