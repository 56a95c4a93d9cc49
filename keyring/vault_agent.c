/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/kernel_key.h"
#include "keyring/ssh_agent.h"
#include "keyring/ssh_key.h"
#include "keyring/text.h"
#include "keyring/vault_agent.h"

#define PURPOSE "keyturn vault ssh-agent 1"
/* Milliseconds after which a signature was not made without a person. */
#define UNASKED 1000
#define ENROL_PATIENCE 30000
/* Bytes of the list of keys in a message. */
#define LIST_MAXIMUM 160

static bool make_challenge(const struct kt_vault *vault, const struct kt_vault_slot *slot,
                           struct kt_secret *challenge, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret message = { 0 };
	const char *const parts[] = { PURPOSE, vault->id, slot->id, slot->salt };

	for (size_t i = 0; i < KT_COUNT(parts); i++)
		if (!kt_secret_append(&message, parts[i], strlen(parts[i]) + 1, error))
			return false;
	return kt_ssh_key_challenge(&message, challenge, error);
}

bool kt_vault_agent_describe(const struct kt_vault_slot *slot, char **text,
                             struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret blob = { 0 };

	return kt_ssh_key_read(slot->public_key, &blob, error) &&
	       kt_ssh_key_fingerprint(&blob, text, error);
}

/* A refusal is all that an agent says of a key that it does not have. */
static bool explain_refusal(const struct kt_vault_slot *slot, const struct kt_secret *blob,
                            const struct kt_error *refusal, struct kt_error *error)
{
	KT_CLEANUP(kt_ssh_identities_clear) struct kt_ssh_identities identities = { 0 };
	KT_CLEANUP(kt_text_free) char *fingerprint = NULL;
	struct kt_error ignored = { 0 };
	bool is_there = !kt_ssh_agent_list(&identities, kt_clock_monotonic() + KT_VAULT_AGENT_PATIENCE,
	                                   &ignored);

	for (size_t i = 0; i < identities.count; i++)
		is_there = is_there || kt_secret_is_equal(&identities.list[i].blob, blob);
	if (is_there && slot->asks) {
		kt_fail(error, KT_ERROR_DISMISSED, "the SSH agent's question for the key %s was answered "
		        "with no, or could not be asked", slot->name ? slot->name : slot->id);
		return kt_advise(error, "run: keyturn unlock");
	}
	if (is_there || !kt_ssh_key_fingerprint(blob, &fingerprint, &ignored)) {
		*error = *refusal;
		return false;
	}
	kt_fail(error, KT_ERROR_LOCKED, "the SSH agent has not the key %s (%s)", fingerprint,
	        slot->name ? slot->name : slot->id);
	return kt_advise(error, "add it with: ssh-add; if it is lost, and nothing else opens the "
	                 "vault, move that away and run: keyturn vault create");
}

bool kt_vault_agent_fetch(const struct kt_vault *vault, const struct kt_vault_slot *slot,
                          int patience, struct kt_secret *material, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret challenge = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret blob = { 0 };
	struct kt_error cause = { 0 };
	bool is_refused;

	if (!kt_ssh_key_read(slot->public_key, &blob, error) ||
	    !make_challenge(vault, slot, &challenge, error))
		return false;
	if (kt_ssh_agent_sign(&blob, slot->algorithm, &challenge, kt_clock_monotonic() + patience,
	                      material, &is_refused, &cause))
		return true;
	if (is_refused)
		return explain_refusal(slot, &blob, &cause, error);
	*error = cause;
	return false;
}

/*
 * Enrolment.
 */

static bool is_named(const struct kt_ssh_identity *identity, const char *key)
{
	KT_CLEANUP(kt_text_free) char *fingerprint = NULL;
	struct kt_error ignored = { 0 };

	return strcmp(identity->comment, key) == 0 ||
	       (kt_ssh_key_fingerprint(&identity->blob, &fingerprint, &ignored) &&
	        strcmp(fingerprint, key) == 0);
}

static bool fail_several(const struct kt_ssh_identities *identities, const char *key,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret list = { 0 };

	for (size_t i = 0; i < identities->count; i++) {
		const struct kt_ssh_identity *identity = &identities->list[i];
		KT_CLEANUP(kt_text_free) char *fingerprint = NULL;
		KT_CLEANUP(kt_text_free) char *entry = NULL;
		struct kt_error unfit = { 0 };

		if (!kt_ssh_key_algorithm(&identity->blob, &unfit) ||
		    (key[0] && !is_named(identity, key)) || kt_secret_length(&list) > LIST_MAXIMUM)
			continue;
		if (!kt_ssh_key_fingerprint(&identity->blob, &fingerprint, error) ||
		    !kt_text_format(&entry, error, " %s (%.30s)", fingerprint, identity->comment) ||
		    !kt_secret_append_text(&list, entry, error))
			return false;
	}
	kt_fail(error, KT_ERROR_USAGE, "several keys of the SSH agent fit:%s",
	        kt_secret_reveal(&list));
	return kt_advise(error, "name one: --ssh-agent=SHA256:...; ssh-add -l lists them");
}

static bool fail_none(const struct kt_ssh_identities *identities, const char *key,
                      struct kt_error *error)
{
	if (identities->count == 0)
		kt_fail(error, KT_ERROR_LOCKED, "the SSH agent has no keys, or is locked");
	else if (key[0])
		kt_fail(error, KT_ERROR_USAGE, "the SSH agent has no key of that fingerprint or "
		        "comment");
	else
		kt_ssh_key_algorithm(&identities->list[0].blob, error);
	return kt_advise(error, "see what it has: ssh-add -l; add a key: ssh-add FILE");
}

/* The key that is named, or the only one that fits. */
static bool choose(const struct kt_ssh_identities *identities, const char *key,
                   const struct kt_ssh_identity **chosen, struct kt_error *error)
{
	*chosen = NULL;
	for (size_t i = 0; i < identities->count; i++) {
		const struct kt_ssh_identity *identity = &identities->list[i];
		struct kt_error unfit = { 0 };

		if (key[0] && !is_named(identity, key))
			continue;
		if (!kt_ssh_key_algorithm(&identity->blob, &unfit)) {
			if (key[0])
				*error = unfit;
			continue;
		}
		if (*chosen)
			return fail_several(identities, key, error);
		*chosen = identity;
	}
	if (!*chosen) {
		if (error->code == KT_ERROR_NONE)
			fail_none(identities, key, error);
		return false;
	}
	*error = (struct kt_error){ 0 };
	return true;
}

/* A name that a terminal can show; a comment is anybody's. */
static bool name_slot(struct kt_vault_slot *slot, const char *comment, struct kt_error *error)
{
	size_t length = strlen(comment);

	if (slot->name || length == 0 || length > KT_VAULT_NAME_MAXIMUM ||
	    !kt_characters_are_clean(comment, length))
		return true;
	return kt_text_set(&slot->name, comment, error);
}

/* Signs, and tells whether that went without a person. */
static bool sign_timed(const struct kt_vault *vault, struct kt_vault_slot *slot,
                       struct kt_secret *signature, bool *is_quick, struct kt_error *error)
{
	int64_t start = kt_clock_monotonic();

	if (!kt_vault_agent_fetch(vault, slot,
	                          slot->asks ? KT_VAULT_AGENT_PERSON : ENROL_PATIENCE, signature,
	                          error))
		return false;
	*is_quick = kt_clock_monotonic() - start <= UNASKED;
	return true;
}

/*
 * Another agent would choose the vault's wrapping key by its answer; and an agent that signs
 * otherwise each time would never open it again.
 */
static bool check_signatures(const struct kt_vault *vault, const struct kt_vault_slot *slot,
                             const struct kt_secret *blob, const struct kt_secret *first,
                             const struct kt_secret *second, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret challenge = { 0 };
	bool holds;

	if (!make_challenge(vault, slot, &challenge, error) ||
	    !kt_ssh_key_verify(blob, slot->algorithm, &challenge, first, &holds, error))
		return false;
	if (holds && kt_secret_is_equal(first, second))
		return true;
	if (holds)
		kt_fail(error, KT_ERROR_UNSAFE, "the SSH agent signs otherwise each time");
	else
		kt_fail(error, KT_ERROR_UNSAFE, "the SSH agent's signature is not its key's");
	return kt_advise(error, "take a key in OpenSSH's agent: ssh-add");
}

static bool enrol(const struct kt_vault *vault, const struct kt_ssh_identity *identity,
                  struct kt_vault_slot *slot, struct kt_secret *material, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret second = { 0 };
	bool first_is_quick = false;
	bool second_is_quick = false;

	if (!kt_ssh_key_write(&identity->blob, &slot->public_key, error) ||
	    !kt_text_set(&slot->algorithm, kt_ssh_key_algorithm(&identity->blob, error), error) ||
	    !name_slot(slot, identity->comment, error) ||
	    !sign_timed(vault, slot, material, &first_is_quick, error) ||
	    !sign_timed(vault, slot, &second, &second_is_quick, error) ||
	    !check_signatures(vault, slot, &identity->blob, material, &second, error))
		return false;
	slot->asks = slot->asks || !(first_is_quick || second_is_quick);
	if (!slot->asks || kt_kernel_key_is_usable())
		return true;
	kt_fail(error, KT_ERROR_USAGE, "this SSH key asks before it signs, and no kernel keyring keeps "
	        "the vault open here: each call would ask");
	return kt_advise(error, "take a key that does not ask");
}

bool kt_vault_agent_enrol(const struct kt_vault *vault, const char *key,
                          struct kt_vault_slot *slot, struct kt_secret *material,
                          struct kt_error *error)
{
	KT_CLEANUP(kt_ssh_identities_clear) struct kt_ssh_identities identities = { 0 };
	const struct kt_ssh_identity *chosen;

	return kt_ssh_agent_list(&identities, kt_clock_monotonic() + ENROL_PATIENCE, error) &&
	       choose(&identities, key, &chosen, error) && enrol(vault, chosen, slot, material, error);
}
