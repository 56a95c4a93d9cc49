/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>

#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/environment.h"
#include "keyring/kernel_key.h"
#include "keyring/key_command.h"
#include "keyring/lock.h"
#include "keyring/recovery_code.h"
#include "keyring/text.h"
#include "keyring/translate.h"
#include "keyring/unlock_outcome.h"
#include "keyring/vault_agent.h"
#include "keyring/vault_fido2.h"
#include "keyring/vault_key.h"
#include "keyring/vault_material.h"
#include "keyring/vault_open.h"
#include "keyring/vault_underway.h"

#define TRIES 3
#define PROMPT_WAIT 120000
#define LOGIN_WAIT 5000
/* Milliseconds in which a login that waits for its turn looks whether it has come, twice. */
#define NEXT_LOGIN 50
#define TURN_WAIT 5000
/* Seconds for which an agent or a security key is not asked again. */
#define DISMISSED_LIMIT 600

/* Why the ways that were tried did not open. */
struct obstacles {
	size_t count;
	struct kt_error first;
	char *sentences; /* of all of them */
};

static void clear_obstacles(struct obstacles *obstacles)
{
	kt_text_free(&obstacles->sentences);
}

/*
 * Nothing worse than "this key file is not to be had": the next way may still open. False: it is
 * worse.
 */
static bool note(struct obstacles *obstacles, const struct kt_error *cause)
{
	KT_CLEANUP(kt_text_free) char *before = obstacles->sentences;
	struct kt_error ignored = { 0 };

	obstacles->sentences = NULL;
	if (cause->code != KT_ERROR_LOCKED) {
		obstacles->first = *cause;
		return false;
	}
	if (obstacles->count++ == 0)
		obstacles->first = *cause;
	kt_text_format(&obstacles->sentences, &ignored, "%s%s%s", kt_text_or_empty(before),
	               before ? "; " : "", cause->message);
	return true;
}

/*
 * Ways that ask nobody.
 */

/* The same bytes open the vault whether they come as a file or as a credential. */
static bool open_with_file(const struct kt_vault *vault, const char *path, enum kt_vault_way way,
                           struct kt_secret *key, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret material = { 0 };

	if (!kt_vault_read_key_file(path, way, &material, error) ||
	    !kt_vault_unwrap_way(vault, KT_VAULT_KEY_FILE, &material, key, error) ||
	    (kt_secret_is_empty(key) &&
	     !kt_vault_unwrap_way(vault, KT_VAULT_CREDENTIAL, &material, key, error)))
		return false;
	return !kt_secret_is_empty(key) ||
	       kt_fail(error, KT_ERROR_LOCKED, "the key file %s does not open the vault in %s",
	               path, vault->directory);
}

/* A program prints the same bytes as the file holds. */
static bool open_with_command(const struct kt_vault *vault, const char *command, bool asks,
                              struct kt_secret *key, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret material = { 0 };

	if (!kt_key_command_run(command, asks, &material, error) ||
	    !kt_vault_unwrap_way(vault, KT_VAULT_KEY_FILE, &material, key, error) ||
	    (kt_secret_is_empty(key) &&
	     !kt_vault_unwrap_way(vault, KT_VAULT_CREDENTIAL, &material, key, error)))
		return false;
	return !kt_secret_is_empty(key) ||
	       kt_fail(error, KT_ERROR_LOCKED, "KEYTURN_VAULT_KEY_COMMAND does not open the vault in "
	               "%s", vault->directory);
}

static bool takes_key_file(const struct kt_vault *vault)
{
	return kt_vault_find_way(vault, KT_VAULT_KEY_FILE) ||
	       kt_vault_find_way(vault, KT_VAULT_CREDENTIAL);
}

static bool open_with_credential(const struct kt_vault *vault, const char *name,
                                 struct kt_secret *key, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *path = NULL;

	return kt_vault_credential_path(name, &path, error) &&
	       open_with_file(vault, path, KT_VAULT_CREDENTIAL, key, error);
}

static bool open_with_slot(const struct kt_vault *vault, const struct kt_vault_slot *slot,
                           struct kt_secret *key, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret material = { 0 };

	if (slot->way == KT_VAULT_KEY_FILE)
		return open_with_file(vault, slot->source, KT_VAULT_KEY_FILE, key, error);
	if (slot->way == KT_VAULT_CREDENTIAL)
		return open_with_credential(vault, slot->source ? slot->source : "keyturn", key,
		                            error);
	return kt_vault_fetch(vault, slot, &material, error) &&
	       kt_vault_unwrap(vault, slot, &material, key, error) &&
	       (!kt_secret_is_empty(key) ||
	        kt_fail(error, KT_ERROR_LOCKED, "the way %s does not open the vault in %s any more",
	                slot->id, vault->directory));
}

/* Tries each slot of a way; *goes_on: the next way may be tried. */
static bool try_way(const struct kt_vault *vault, enum kt_vault_way way, struct kt_secret *key,
                    struct obstacles *obstacles, bool *goes_on)
{
	for (size_t i = 0; *goes_on && i < vault->count; i++) {
		const struct kt_vault_slot *slot = &vault->slots[i];
		struct kt_error cause = { 0 };

		if (slot->way != way || (way == KT_VAULT_KEY_FILE && !slot->source))
			continue;
		if (slot->way == KT_VAULT_FIDO2)
			kt_fail(&cause, KT_ERROR_LOCKED, "the security key %s wants to be touched",
			        slot->name ? slot->name : slot->id);
		else if (slot->asks)
			kt_fail(&cause, KT_ERROR_LOCKED, "the SSH key %s asks before it signs",
			        slot->name ? slot->name : slot->id);
		else if (open_with_slot(vault, slot, key, &cause))
			return true;
		*goes_on = note(obstacles, &cause);
	}
	return false;
}

/* A key file that is named is the only one; else each recorded one may be this machine's. */
static bool try_key_files(const struct kt_vault *vault, struct kt_secret *key,
                          struct obstacles *obstacles, bool *goes_on)
{
	const char *path = kt_environment_get("KEYTURN_VAULT_KEY_FILE");
	struct kt_error cause = { 0 };

	if (!path)
		return try_way(vault, KT_VAULT_KEY_FILE, key, obstacles, goes_on);
	if (open_with_file(vault, path, KT_VAULT_KEY_FILE, key, &cause))
		return true;
	*goes_on = note(obstacles, &cause);
	return false;
}

/* A vault with a key file takes it as a credential too. */
static bool try_credentials(const struct kt_vault *vault, struct kt_secret *key,
                            struct obstacles *obstacles, bool *goes_on)
{
	KT_CLEANUP(kt_text_free) char *path = NULL;
	struct kt_error cause = { 0 };

	if (kt_vault_find_way(vault, KT_VAULT_CREDENTIAL))
		return try_way(vault, KT_VAULT_CREDENTIAL, key, obstacles, goes_on);
	if (!kt_vault_find_way(vault, KT_VAULT_KEY_FILE))
		return false;
	if (!kt_vault_credential_path("keyturn", &path, &cause))
		return false;
	if (open_with_credential(vault, "keyturn", key, &cause))
		return true;
	*goes_on = note(obstacles, &cause);
	return false;
}

/* One of its key files is none: a program printed the bytes. */
static bool wants_command(const struct kt_vault *vault)
{
	for (size_t i = 0; i < vault->count; i++)
		if (vault->slots[i].way == KT_VAULT_KEY_FILE && !vault->slots[i].source)
			return !kt_environment_get("KEYTURN_VAULT_KEY_FILE");
	return false;
}

/* A status is told without it. */
static bool try_command(const struct kt_vault *vault, bool may_run, struct kt_secret *key,
                        struct obstacles *obstacles, bool *goes_on)
{
	KT_CLEANUP(kt_text_free) char *command = NULL;
	struct kt_error cause = { 0 };

	if (!takes_key_file(vault) ||
	    (kt_key_command_find(&command, &cause) && !command && !wants_command(vault)))
		return false;
	if (cause.code == KT_ERROR_NONE && !command) {
		kt_fail(&cause, KT_ERROR_LOCKED, "the vault's key is printed by a program, and "
		        "KEYTURN_VAULT_KEY_COMMAND does not name it");
		kt_advise(&cause, "set it as it was when the vault was made; if that is lost, move the "
		          "vault away and run: keyturn vault create");
	} else if (command && !may_run) {
		kt_fail(&cause, KT_ERROR_LOCKED, "KEYTURN_VAULT_KEY_COMMAND is not run for a status");
		kt_advise(&cause, "run: keyturn unlock");
	} else if (command && open_with_command(vault, command, false, key, &cause)) {
		return true;
	}
	*goes_on = note(obstacles, &cause);
	return false;
}

static bool try_all(const struct kt_vault *vault, bool may_run, struct kt_secret *key,
                    struct obstacles *obstacles)
{
	bool goes_on = true;

	return try_key_files(vault, key, obstacles, &goes_on) ||
	       (goes_on && try_command(vault, may_run, key, obstacles, &goes_on)) ||
	       (goes_on && try_credentials(vault, key, obstacles, &goes_on)) ||
	       (goes_on && try_way(vault, KT_VAULT_MACHINE, key, obstacles, &goes_on)) ||
	       (goes_on && try_way(vault, KT_VAULT_SSH_AGENT, key, obstacles, &goes_on)) ||
	       (goes_on && try_way(vault, KT_VAULT_FIDO2, key, obstacles, &goes_on));
}

/* Something that opens it is typed. */
static bool is_typed(const struct kt_vault *vault)
{
	for (size_t i = 0; i < vault->count; i++)
		if (kt_vault_is_typed(vault->slots[i].way))
			return true;
	return false;
}

/* A person can open it: by typing, or by an answer to the agent that asks. */
static bool is_askable(const struct kt_vault *vault)
{
	for (size_t i = 0; i < vault->count; i++)
		if (vault->slots[i].asks)
			return true;
	return is_typed(vault);
}

/* A login that could have opened the vault, and why it did not; else nothing is known of it. */
static enum kt_unlock_outcome login_outcome(const struct kt_vault *vault)
{
	enum kt_unlock_outcome outcome;

	if (!kt_vault_find_way(vault, KT_VAULT_LOGIN))
		return KT_UNLOCK_OUTCOME_NONE;
	outcome = kt_unlock_outcome_read(kt_environment_get("XDG_RUNTIME_DIR"));
	/* The others are about the desktop's keyring. */
	return outcome == KT_UNLOCK_OUTCOME_NO_PASSWORD || outcome == KT_UNLOCK_OUTCOME_SSH_KEY ||
	                       outcome == KT_UNLOCK_OUTCOME_PASSWORDS_DIFFER
	               ? outcome
	               : KT_UNLOCK_OUTCOME_NONE;
}

/* Advises a person who can open it. */
static bool advise_person(const struct kt_vault *vault, enum kt_unlock_outcome outcome,
                          struct kt_error *error)
{
	if (outcome == KT_UNLOCK_OUTCOME_SSH_KEY && !kt_vault_find_way(vault, KT_VAULT_SSH_AGENT) &&
	    !kt_vault_find_way(vault, KT_VAULT_MACHINE))
		return kt_advise(error, "run: keyturn unlock; and once, so that such a login opens it: "
		                 "keyturn vault add-key --ssh-agent (log in with ssh -A), or keyturn "
		                 "vault add-key --machine");
	return kt_advise(error, "%s", kt_translate(kt_unlock_outcome_remedy(outcome)));
}

/* Says what stood in the way of each, and what leads on; false. */
static bool fail_locked(const struct kt_vault *vault, const struct obstacles *obstacles,
                        struct kt_error *error)
{
	enum kt_unlock_outcome outcome = login_outcome(vault);
	const char *reason = kt_unlock_outcome_reason(outcome);

	if (obstacles->count > 1)
		kt_fail(error, KT_ERROR_LOCKED, "the vault in %s is locked: %s", vault->directory,
		        kt_text_or_empty(obstacles->sentences));
	else if (obstacles->count == 1)
		kt_fail(error, KT_ERROR_LOCKED, "%s", obstacles->first.message);
	else if (reason)
		kt_fail(error, KT_ERROR_LOCKED, "the vault in %s is locked: %s", vault->directory,
		        kt_translate(reason));
	else
		kt_fail(error, KT_ERROR_LOCKED, "the vault in %s is locked", vault->directory);
	if (is_askable(vault))
		return advise_person(vault, outcome, error);
	if (obstacles->first.remedy[0])
		return kt_advise(error, "%s", obstacles->first.remedy);
	if (kt_vault_find_way(vault, KT_VAULT_KEY_FILE))
		return kt_advise(error, "put the key file back, or name it in KEYTURN_VAULT_KEY_FILE; if "
		                 "it is lost, move the vault away and run: keyturn vault create "
		                 "--key-file FILE");
	return kt_advise(error, "see its ways in: keyturn vault keys");
}

bool kt_vault_open_unattended(const struct kt_vault *vault, bool may_run, struct kt_secret *key,
                              struct kt_error *error)
{
	KT_CLEANUP(clear_obstacles) struct obstacles obstacles = { 0 };

	if (try_all(vault, may_run, key, &obstacles))
		return true;
	if (obstacles.first.code == KT_ERROR_NONE || obstacles.first.code == KT_ERROR_LOCKED)
		return fail_locked(vault, &obstacles, error);
	*error = obstacles.first;
	return false;
}

/* The file that KEYTURN_VAULT_KEY_FILE names may be any slot's. */
static bool open_by_named_file(const struct kt_vault *vault, const struct kt_vault_slot *slot,
                               struct kt_secret *material, struct kt_secret *key)
{
	const char *path = kt_environment_get("KEYTURN_VAULT_KEY_FILE");
	struct kt_error ignored = { 0 };

	return slot->way == KT_VAULT_KEY_FILE && path &&
	       kt_vault_read_key_file(path, KT_VAULT_KEY_FILE, material, &ignored) &&
	       kt_vault_unwrap(vault, slot, material, key, &ignored) && !kt_secret_is_empty(key);
}

static bool open_by_command(const struct kt_vault *vault, const struct kt_vault_slot *slot,
                            struct kt_secret *material, struct kt_secret *key)
{
	KT_CLEANUP(kt_text_free) char *command = NULL;
	struct kt_error ignored = { 0 };

	return slot->way == KT_VAULT_KEY_FILE && kt_key_command_find(&command, &ignored) &&
	       command && kt_key_command_run(command, true, material, &ignored) &&
	       kt_vault_unwrap(vault, slot, material, key, &ignored) && !kt_secret_is_empty(key);
}

bool kt_vault_open_by_slot(const struct kt_vault *vault, const struct kt_vault_slot *slot,
                           bool may_run, struct kt_secret *material, struct kt_secret *key,
                           struct kt_error *error)
{
	kt_secret_clear(key);
	if (slot->way == KT_VAULT_WAYS)
		return kt_fail(error, KT_ERROR_DISMISSED, "this way is a newer keyturn's");
	if (kt_vault_is_typed(slot->way))
		return kt_fail(error, KT_ERROR_DISMISSED, "it has to be typed");
	if (slot->way == KT_VAULT_FIDO2)
		return kt_fail(error, KT_ERROR_DISMISSED, "its security key wants to be touched");
	if (slot->asks)
		return kt_fail(error, KT_ERROR_DISMISSED, "its agent asks before it signs");
	if (open_by_named_file(vault, slot, material, key) ||
	    (may_run && open_by_command(vault, slot, material, key)))
		return true;
	if (!kt_vault_fetch(vault, slot, material, error) ||
	    !kt_vault_unwrap(vault, slot, material, key, error))
		return false;
	return !kt_secret_is_empty(key) ||
	       kt_fail(error, KT_ERROR_LOCKED, "it does not open the vault any more");
}

/*
 * Passphrases and recovery codes, and opening as a whole.
 */

/* Leaves key empty where the text opens nothing; *is_mistyped: it is nearly a recovery code. */
static bool try_typed(const struct kt_vault *vault, const struct kt_secret *typed,
                      struct kt_secret *key, bool *is_mistyped, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret code = { 0 };
	enum kt_recovery_code verdict = KT_RECOVERY_CODE_NONE;

	if (kt_vault_find_way(vault, KT_VAULT_RECOVERY) &&
	    !kt_recovery_code_read(typed, &code, &verdict, error))
		return false;
	*is_mistyped = verdict == KT_RECOVERY_CODE_MISTYPED;
	kt_secret_clear(key);
	if (verdict == KT_RECOVERY_CODE_WHOLE &&
	    !kt_vault_unwrap_way(vault, KT_VAULT_RECOVERY, &code, key, error))
		return false;
	if (kt_secret_is_empty(key) &&
	    !kt_vault_unwrap_way(vault, KT_VAULT_PASSPHRASE, typed, key, error))
		return false;
	return !kt_secret_is_empty(key) ||
	       kt_vault_unwrap_way(vault, KT_VAULT_LOGIN, typed, key, error);
}

static bool fail_wrong(const struct kt_vault *vault, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_LOCKED, "wrong passphrase: the vault stays locked");
	if (kt_vault_find_way(vault, KT_VAULT_RECOVERY))
		return kt_advise(error, "run: keyturn unlock; it takes the recovery code, too");
	return kt_advise(error, "run: keyturn unlock; if it is forgotten, and nothing else opens the "
	                 "vault, move that away and run: keyturn vault create");
}

static bool ask(const struct kt_vault *vault, const struct kt_keyring_options *options,
                struct kt_secret *key, struct kt_error *error)
{
	struct kt_passphrase_question question = {
		.takes_recovery_code = kt_vault_find_way(vault, KT_VAULT_RECOVERY) != NULL,
		.takes_passphrase = kt_vault_find_way(vault, KT_VAULT_PASSPHRASE) != NULL,
		.takes_login_password = kt_vault_find_way(vault, KT_VAULT_LOGIN) != NULL,
	};

	for (int i = 0; i < TRIES; i++) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret typed = { 0 };

		question.left = i ? TRIES - i : 0;
		if (!options->ask_passphrase(&question, &typed, error))
			return false;
		if (kt_secret_is_empty(&typed)) {
			kt_fail(error, KT_ERROR_DISMISSED, "no passphrase was given");
			return kt_advise(error, "run: keyturn unlock");
		}
		if (!try_typed(vault, &typed, key, &question.is_mistyped, error))
			return false;
		if (!kt_secret_is_empty(key))
			return true;
	}
	return fail_wrong(vault, error);
}

static bool fetch_asking(const struct kt_vault *vault, const struct kt_vault_slot *slot,
                         const struct kt_keyring_options *options, struct kt_secret *material,
                         struct kt_error *error)
{
	if (slot->way == KT_VAULT_FIDO2)
		return kt_vault_fido2_fetch(vault, slot, NULL, &options->security_keys, material,
		                            NULL, error);
	return kt_vault_agent_fetch(vault, slot, KT_VAULT_AGENT_PERSON, material, error);
}

/*
 * The note of a question of this way that a person let pass, of this vault alone: in the kernel's
 * keyring, for as long as it is not asked again. Where there is none, the next caller asks.
 */
struct dismissal {
	char name[128];
};

static struct dismissal dismissal_of(const struct kt_vault *vault, enum kt_vault_way way)
{
	struct dismissal note;

	snprintf(note.name, sizeof(note.name), "keyturn:dismissed:v1:%s:%s", vault->id,
	         kt_vault_way_name(way));
	return note;
}

static bool is_dismissed_lately(const struct kt_vault *vault, enum kt_vault_way way)
{
	return kt_kernel_key_find(dismissal_of(vault, way).name) != 0;
}

static void note_dismissal(const struct kt_vault *vault, enum kt_vault_way way)
{
	kt_kernel_key_put_disposable(dismissal_of(vault, way).name, "1", 1, DISMISSED_LIMIT);
}

/* Who answers now may be asked again. */
static void forget_dismissals(const struct kt_vault *vault)
{
	for (size_t i = 0; i < vault->count; i++) {
		const struct kt_vault_slot *slot = &vault->slots[i];
		int32_t serial = slot->asks ? kt_kernel_key_find(dismissal_of(vault, slot->way).name) : 0;

		if (serial)
			kt_kernel_key_drop(serial);
	}
}

static bool fail_dismissed(enum kt_vault_way way, struct kt_error *error)
{
	if (way == KT_VAULT_FIDO2)
		kt_fail(error, KT_ERROR_DISMISSED, "the vault is locked: nobody touched its security key "
		        "a moment ago");
	else
		kt_fail(error, KT_ERROR_DISMISSED, "the vault is locked: the SSH agent's question was "
		        "answered with no a moment ago");
	return kt_advise(error, "run: keyturn unlock");
}

/*
 * Agents that ask and security keys, one after the other; error says why the last did not open. One
 * that was let pass just now is not asked again, but for "unlock".
 */
static bool try_asking(const struct kt_vault *vault, const struct kt_keyring_options *options,
                       struct kt_secret *key, struct kt_error *error)
{
	for (size_t i = 0; i < vault->count; i++) {
		const struct kt_vault_slot *slot = &vault->slots[i];
		KT_CLEANUP(kt_secret_clear) struct kt_secret material = { 0 };

		if (!slot->asks)
			continue;
		kt_error_clear(error);
		if (!options->ignore_dismissed && is_dismissed_lately(vault, slot->way)) {
			fail_dismissed(slot->way, error);
			continue;
		}
		if (fetch_asking(vault, slot, options, &material, error) &&
		    kt_vault_unwrap(vault, slot, &material, key, error) && !kt_secret_is_empty(key))
			return true;
		if (error->code == KT_ERROR_DISMISSED)
			note_dismissal(vault, slot->way);
	}
	return false;
}

/* Once more, at the terminal: it may want a PIN there. */
static bool try_command_asking(const struct kt_vault *vault, struct kt_secret *key,
                               struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *command = NULL;
	struct kt_error ignored = { 0 };

	if (!takes_key_file(vault) || !kt_key_command_find(&command, &ignored) || !command)
		return false;
	kt_error_clear(error);
	return open_with_command(vault, command, true, key, error);
}

static bool open_by_person(const struct kt_vault *vault, const struct kt_keyring_options *options,
                           struct kt_secret *key, struct kt_error *error)
{
	struct kt_error cause = { 0 };

	if (try_asking(vault, options, key, &cause) || try_command_asking(vault, key, &cause))
		return true;
	if (is_typed(vault) && options->ask_passphrase) {
		/* Else the next way is asked for, and nobody learns what became of this one. */
		if (cause.message[0] && options->tell)
			options->tell(cause.message);
		return ask(vault, options, key, error);
	}
	*error = cause;
	return false;
}

static bool may_ask(const struct kt_vault *vault, const struct kt_keyring_options *options)
{
	KT_CLEANUP(kt_text_free) char *command = NULL;
	struct kt_error ignored = { 0 };

	if (!options->may_prompt)
		return false;
	if (!options->ask_passphrase)
		return is_askable(vault) && !is_typed(vault);
	return is_askable(vault) || (takes_key_file(vault) &&
	                             kt_key_command_find(&command, &ignored) && command);
}

/* Who asks to have it opened learns why it was not opened unasked. */
static void tell_obstacles(const struct kt_vault *vault, const struct kt_keyring_options *options,
                           const struct kt_error *cause)
{
	bool is_all_typed = true;

	for (size_t i = 0; i < vault->count; i++)
		is_all_typed = is_all_typed && kt_vault_is_typed(vault->slots[i].way);
	if (options->tell && options->ignore_dismissed && !is_all_typed)
		options->tell(cause->message);
}

/* One prompt at a time. After a wait for another caller's prompt the vault may be open. */
static bool ask_in_turn(const struct kt_vault *vault, const struct kt_keyring_options *options,
                        struct kt_secret *key, struct kt_error *error)
{
	KT_CLEANUP(kt_lock_release) struct kt_lock lock = { 0 };

	if (!kt_lock_take(&lock, "vault-prompt", KT_LOCK_EXCLUSIVE,
	                  kt_clock_monotonic() + PROMPT_WAIT,
	                  KT_TEXT("the vault's passphrase prompt"), NULL, error) ||
	    !kt_vault_recall(vault, key, error))
		return false;
	if (!kt_secret_is_empty(key))
		return true;
	if (!open_by_person(vault, options, key, error))
		return false;
	forget_dismissals(vault);
	return kt_vault_remember(vault, key, error);
}

/* Another program answers for it: a service, an agent, a command. */
static bool is_answered(const struct kt_vault *vault)
{
	KT_CLEANUP(kt_text_free) char *command = NULL;
	struct kt_error ignored = { 0 };

	return kt_vault_find_way(vault, KT_VAULT_MACHINE) ||
	       kt_vault_find_way(vault, KT_VAULT_SSH_AGENT) ||
	       (takes_key_file(vault) && kt_key_command_find(&command, &ignored) && command);
}

/*
 * Of a crowd of callers one asks such a program, and the others find the vault open. Where the
 * kernel keeps no key, or the turn does not come soon, each asks for itself.
 */
static bool open_in_turn(const struct kt_vault *vault, struct kt_secret *key,
                         struct kt_error *error)
{
	KT_CLEANUP(clear_obstacles) struct obstacles obstacles = { 0 };
	KT_CLEANUP(kt_lock_release) struct kt_lock lock = { 0 };
	struct kt_error ignored = { 0 };
	bool goes_on = true;

	if (try_key_files(vault, key, &obstacles, &goes_on))
		return kt_vault_remember(vault, key, error);
	if (goes_on && is_answered(vault) && kt_kernel_key_is_usable() &&
	    kt_lock_take(&lock, "vault-open", KT_LOCK_EXCLUSIVE, kt_clock_monotonic() + TURN_WAIT,
	                 KT_TEXT("the vault"), NULL, &ignored) &&
	    !kt_vault_recall(vault, key, error))
		return false;
	if (!kt_secret_is_empty(key))
		return true;
	return kt_vault_open_unattended(vault, true, key, error) &&
	       kt_vault_remember(vault, key, error);
}

/*
 * A login just now may be about to open it, or have opened it since it was found closed. One that
 * had to let a change of the password end first has its turn a moment after that.
 */
static bool await_login(const struct kt_vault *vault, struct kt_secret *key, struct kt_error *error)
{
	int64_t end = kt_clock_monotonic() + LOGIN_WAIT;
	bool was_underway;

	do {
		was_underway = kt_vault_underway_wait(vault->id, end - kt_clock_monotonic());
		if (!kt_vault_recall(vault, key, error))
			return false;
		if (was_underway && kt_secret_is_empty(key))
			kt_clock_sleep(NEXT_LOGIN);
	} while (was_underway && kt_secret_is_empty(key) && kt_clock_monotonic() < end);
	return true;
}

bool kt_vault_open_key(const struct kt_vault *vault, const struct kt_keyring_options *options,
                       struct kt_secret *key, struct kt_error *error)
{
	struct kt_error cause = { 0 };

	if (!kt_vault_recall(vault, key, error))
		return false;
	if (kt_secret_is_empty(key) && kt_vault_find_way(vault, KT_VAULT_LOGIN) &&
	    !await_login(vault, key, error))
		return false;
	if (!kt_secret_is_empty(key))
		return true;
	if (open_in_turn(vault, key, &cause))
		return true;
	if (cause.code == KT_ERROR_LOCKED && options && may_ask(vault, options)) {
		tell_obstacles(vault, options, &cause);
		return ask_in_turn(vault, options, key, error);
	}
	*error = cause;
	return false;
}

bool kt_vault_open_with_password(const struct kt_vault *vault, enum kt_vault_way way,
                                 const char *what, const struct kt_secret *password,
                                 struct kt_secret *key, struct kt_error *error)
{
	if (!kt_vault_find_way(vault, way)) {
		kt_fail(error, KT_ERROR_LOCKED, "the vault in %s has no %s", vault->directory, what);
		return kt_advise(error, "run: keyturn vault status");
	}
	if (!kt_vault_unwrap_way(vault, way, password, key, error))
		return false;
	if (!kt_secret_is_empty(key))
		return true;
	kt_fail(error, KT_ERROR_LOCKED, "wrong %s", what);
	return kt_advise(error, "try again with the %s that opens the vault now", what);
}

bool kt_vault_open_with_login(const struct kt_secret *password, struct kt_error *error)
{
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };

	return kt_vault_read(&vault, error) &&
	       kt_vault_open_with_password(&vault, KT_VAULT_LOGIN, "login password", password,
	                                   &key, error) &&
	       kt_vault_remember(&vault, &key, error);
}
