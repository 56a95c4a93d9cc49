/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Answers that the keeper puts into the kernel cache for the door. A change of the account
 * between the reading of its item and the insert must not leave the old answer there. So every
 * change stamps its beginning and its end, and an insert is made only if no stamp has come since
 * the item was read and nobody is changing the account now.
 */

#include <stdbool.h>

#include "helper/answer.h"
#include "keyring/credential.h"
#include "keyring/kernel_cache.h"

/* One key, from before the keyring is read to the insert. A zeroed one remembers nothing. */
struct kt_lookup {
	const struct kt_cache *cache;
	struct kt_cache_key key; /* its texts are borrowed */
	const struct kt_secret *routes; /* where the key has a binding: what leads to it */
	uint64_t question; /* the key as a number, for the stamp's hints */
	uint64_t stamp;
	bool is_due; /* its last answer was a token that is over by now; one caller is told */
	bool is_answered; /* kt_answers_replace() has put the answer there, and into *answer */
	struct kt_answer *answer; /* the caller's, borrowed while its token is got */
};

void kt_answers_begin(struct kt_lookup *lookup, const struct kt_cache *cache,
                      const struct kt_cache_key *key);

/*
 * The answer depends on the caller's directory: it lies under the binding of that place, and routes
 * lie under the key without one. Both are borrowed. No routes: it does not depend.
 */
void kt_answers_bind(struct kt_lookup *lookup, const struct kt_secret *routes, const char *place);

/*
 * Looks again after a wait for the keyring: another caller may have put the answer there.
 * *found: answer is it. *none: it is known that there is no such credential.
 */
void kt_answers_find(const struct kt_lookup *lookup, struct kt_answer *answer,
                     bool *found, bool *none);

/*
 * Remembers the answer that the credential gave, and has its token renewed ahead where that is
 * due (helper/background_renewal.h). That it cannot be done is no error. A renewal that has put
 * its token there itself leaves nothing to do.
 */
void kt_answers_put(const struct kt_lookup *lookup,
                    const struct kt_credential *credential, const struct kt_answer *answer);

/* Remembers that an open keyring holds no such credential. */
void kt_answers_put_none(const struct kt_lookup *lookup);

/*
 * Replaces the account's cached answers by the new token, so that no caller has to go to the
 * keyring for it, and answers the lookup that the renewal was made for (NULL: none). Call with the
 * lock of the account of this number held, after the store.
 */
void kt_answers_replace(const struct kt_cache *cache, struct kt_lookup *lookup, uint64_t account,
                        const struct kt_credential *credential);

/* A change of the account begins or ends: stamps it and makes the cache forget. */
void kt_answers_forget(const struct kt_identity *identity);

/* One token of a service app is no longer good: the same for that variant of it alone. */
void kt_answers_forget_variant(const struct kt_identity *identity, const char *variant);
