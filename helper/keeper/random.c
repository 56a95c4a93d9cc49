/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <sys/random.h>

#include "helper/keeper/random.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

bool kt_random_secret(struct kt_secret *secret, struct kt_error *error)
{
	unsigned char bytes[32];
	bool done;

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return kt_fail(error, KT_ERROR_INTERNAL, "the kernel gave no random bytes");
	kt_secret_clear(secret);
	done = kt_text_append_base64url(secret, bytes, sizeof(bytes), error);
	explicit_bzero(bytes, sizeof(bytes));
	return done;
}

bool kt_random_text(char **text, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret secret = { 0 };

	return kt_random_secret(&secret, error) &&
	       kt_text_set(text, kt_secret_reveal(&secret), error);
}
