/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/account/lifetime.h"
#include "helper/keeper/token/refused.h"
#include "keyring/clock.h"

bool kt_refused_mark(struct kt_keyring *keyring, struct kt_credential *credential,
                     struct kt_error *error)
{
	if (kt_kind_is_fixed(credential->kind)) {
		if (credential->refused)
			return true;
		credential->refused = kt_clock_wall();
	} else {
		if (kt_secret_is_empty(&credential->token))
			return true;
		kt_lifetime_end(credential);
	}
	return kt_keyring_store(keyring, credential, error);
}
