/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/kernel_key.h"
#include "keyring/text.h"
#include "keyring/vault_underway.h"

/* Seconds after which a derivation that was killed is waited for no longer. */
#define LIFE 30

#define PAUSE 20

static bool describe(const char *vault, char **description)
{
	struct kt_error ignored = { 0 };

	return kt_text_format(description, &ignored, "keyturn:vault-underway:v1:%s", vault);
}

static bool wait_for_end(const char *description, int64_t patience)
{
	int64_t end = kt_clock_monotonic() + patience;
	bool was_underway = false;

	while (kt_kernel_key_find(description) != 0) {
		was_underway = true;
		if (kt_clock_monotonic() >= end)
			break;
		kt_clock_sleep(PAUSE);
	}
	return was_underway;
}

bool kt_vault_underway_begin(const char *vault, int64_t patience)
{
	KT_CLEANUP(kt_text_free) char *description = NULL;
	int64_t end = kt_clock_monotonic() + patience;

	if (!describe(vault, &description))
		return false;
	while (kt_kernel_key_is_usable() && !kt_kernel_key_claim(description, LIFE)) {
		if (kt_clock_monotonic() >= end)
			return false;
		kt_clock_sleep(PAUSE);
	}
	return true;
}

void kt_vault_underway_end(const char *vault)
{
	KT_CLEANUP(kt_text_free) char *description = NULL;
	int32_t serial;

	if (describe(vault, &description) && (serial = kt_kernel_key_find(description)) != 0)
		kt_kernel_key_drop(serial);
}

bool kt_vault_underway_wait(const char *vault, int64_t patience)
{
	KT_CLEANUP(kt_text_free) char *description = NULL;

	return describe(vault, &description) && wait_for_end(description, patience);
}
