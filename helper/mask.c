/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/mask.h"
#include "keyring/cleanup.h"

#define SHORTEST_SECRET 6

bool kt_mask(struct kt_secret *text, const char *secret, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret masked = { 0 };
	const char *rest = kt_secret_reveal(text);
	const char *place;

	if (strlen(secret) < SHORTEST_SECRET || !strstr(rest, secret))
		return true;
	while ((place = strstr(rest, secret))) {
		if (!kt_secret_append(&masked, rest, (size_t)(place - rest), error) ||
		    !kt_secret_append_text(&masked, "(masked)", error))
			return false;
		rest = place + strlen(secret);
	}
	if (!kt_secret_append_text(&masked, rest, error))
		return false;
	kt_secret_move(text, &masked);
	return true;
}
