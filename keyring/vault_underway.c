/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/vault_underway.h"

#define PAUSE 20

/* Hexadecimal digits of the vault's id that say which byte is its: fit any off_t. */
#define PLACE_DIGITS 7

static struct flock place_of(const char *vault)
{
	char digits[PLACE_DIGITS + 1];

	snprintf(digits, sizeof(digits), "%.*s", PLACE_DIGITS, vault);
	return (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1,
		               .l_start = (off_t)strtoul(digits, NULL, 16) };
}

static bool open_claim(struct kt_lock *claim)
{
	struct kt_error ignored = { 0 };

	return kt_lock_open(claim, "vault-underway", &ignored);
}

static bool is_taken(const struct kt_lock *claim, struct flock place)
{
	return fcntl(kt_lock_descriptor(claim), F_OFD_GETLK, &place) == 0 &&
	       place.l_type != F_UNLCK;
}

bool kt_vault_underway_begin(struct kt_lock *claim, const char *vault, int64_t patience)
{
	KT_CLEANUP(kt_lock_release) struct kt_lock fresh = { 0 };
	int64_t end = kt_clock_monotonic() + patience;
	struct flock place = place_of(vault);

	if (!open_claim(&fresh))
		return false;
	while (fcntl(kt_lock_descriptor(&fresh), F_OFD_SETLK, &place) != 0) {
		if ((errno != EAGAIN && errno != EACCES) || kt_clock_monotonic() >= end)
			return false;
		kt_clock_sleep(PAUSE);
	}
	*claim = fresh;
	fresh = (struct kt_lock){ 0 };
	return true;
}

bool kt_vault_underway_wait(const char *vault, int64_t patience)
{
	KT_CLEANUP(kt_lock_release) struct kt_lock claim = { 0 };
	int64_t end = kt_clock_monotonic() + patience;
	struct flock place = place_of(vault);

	if (!open_claim(&claim) || !is_taken(&claim, place))
		return false;
	while (is_taken(&claim, place) && kt_clock_monotonic() < end)
		kt_clock_sleep(PAUSE);
	return true;
}
