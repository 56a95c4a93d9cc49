/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/environment.h"
#include "keyring/file.h"
#include "keyring/json.h"
#include "keyring/kernel_key.h"
#include "keyring/lock.h"
#include "keyring/outcome.h"
#include "keyring/text.h"
#include "keyring/vault.h"

#define VERSION 1
#define ID_SIZE 16
#define WRAPPED_SIZE (KT_SEAL_KEY_SIZE + KT_SEAL_OVERHEAD)
#define HEADER_MAXIMUM 65536
#define KEY_FILE_MINIMUM 32
#define KEY_FILE_MAXIMUM 65536
#define OPEN_SECONDS (8 * 3600)
#define TRIES 3
#define HEADER_WAIT 10000
#define PROMPT_WAIT 120000

static const struct {
	const char *name;
	bool is_stretched; /* by scrypt, because a person chose it */
} ways[KT_VAULT_WAYS] = {
	[KT_VAULT_PASSPHRASE] = { "passphrase", true },
	[KT_VAULT_KEY_FILE] = { "key-file", false },
	[KT_VAULT_CREDENTIAL] = { "credential", false },
	[KT_VAULT_LOGIN] = { "login", true },
};

const char *kt_vault_way_name(enum kt_vault_way way)
{
	return ways[way].name;
}

static void close_descriptor(int *descriptor)
{
	if (*descriptor >= 0)
		close(*descriptor);
}

static void clear_slot(struct kt_vault_slot *slot)
{
	kt_text_free(&slot->source);
	kt_text_free(&slot->salt);
	kt_text_free(&slot->wrapped);
	*slot = (struct kt_vault_slot){ 0 };
}

void kt_vault_clear(struct kt_vault *vault)
{
	kt_text_free(&vault->directory);
	kt_text_free(&vault->id);
	kt_text_free(&vault->check);
	for (size_t i = 0; i < KT_VAULT_WAYS; i++)
		clear_slot(&vault->slots[i]);
}

bool kt_vault_directory(char **directory, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *data = NULL;
	const char *named = kt_environment_get("KEYTURN_VAULT");

	if (named && named[0] != '/') {
		kt_fail(error, KT_ERROR_USAGE, "KEYTURN_VAULT is not an absolute path");
		return kt_advise(error, "let it begin with a slash, or unset it");
	}
	if (named)
		return kt_text_set(directory, named, error);
	return kt_environment_data_directory(&data, error) &&
	       kt_text_format(directory, error, "%s/vault", data);
}

static bool header_path(const struct kt_vault *vault, char **path, struct kt_error *error)
{
	return kt_text_format(path, error, "%s/vault.json", vault->directory);
}

/*
 * The header and its text.
 */

static bool write_slot(const struct kt_vault_slot *slot, enum kt_vault_way way,
                       struct kt_json *slots, struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;

	if (!kt_json_create(&json, error))
		return false;
	if (slot->source && !kt_json_add_text(json, "source", slot->source, error))
		return false;
	if (ways[way].is_stretched && !(kt_json_add_number(json, "n", slot->cost.n, error) &&
	                                kt_json_add_number(json, "r", slot->cost.r, error) &&
	                                kt_json_add_number(json, "p", slot->cost.p, error)))
		return false;
	return kt_json_add_text(json, "salt", slot->salt, error) &&
	       kt_json_add_text(json, "key", slot->wrapped, error) &&
	       kt_json_add_object(slots, ways[way].name, &json, error);
}

/* The text of the header; without its check it is what the check is made of. */
static bool write_header(const struct kt_vault *vault, const char *check, struct kt_secret *text,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	KT_CLEANUP(kt_json_free) struct kt_json *slots = NULL;

	if (!kt_json_create(&json, error) || !kt_json_create(&slots, error) ||
	    !kt_json_add_number(json, "version", VERSION, error) ||
	    !kt_json_add_text(json, "id", vault->id, error))
		return false;
	for (enum kt_vault_way way = 0; way < KT_VAULT_WAYS; way++)
		if (vault->slots[way].exists &&
		    !write_slot(&vault->slots[way], way, slots, error))
			return false;
	if (!kt_json_add_object(json, "slots", &slots, error) ||
	    (check && !kt_json_add_text(json, "check", check, error)))
		return false;
	return kt_json_print(json, text, error);
}

static bool make_check(const struct kt_vault *vault, const struct kt_secret *key,
                       struct kt_secret *check, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret hash = { 0 };

	kt_secret_clear(check);
	return write_header(vault, NULL, &text, error) &&
	       kt_seal_derive(key, "keyturn vault header 1", kt_secret_reveal(&text),
	                      kt_secret_length(&text), &hash, error) &&
	       kt_seal_append_hex(check, kt_secret_reveal(&hash), kt_secret_length(&hash), error);
}

/* *holds: the header is as it was written by someone who had this key. */
static bool check_header(const struct kt_vault *vault, const struct kt_secret *key, bool *holds,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret expected = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret stored = { 0 };

	if (!make_check(vault, key, &expected, error) ||
	    !kt_secret_append_text(&stored, vault->check, error))
		return false;
	*holds = kt_secret_is_equal(&expected, &stored);
	return true;
}

static bool fail_damaged(const struct kt_vault *vault, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_CORRUPT, "vault.json in %s is damaged", vault->directory);
	return kt_advise(error, "put vault.json back from a backup; without it the vault "
	                 "cannot be opened");
}

static bool read_hex(const struct kt_json *json, const char *name, size_t length, char **digits,
                     struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
	const char *text = kt_json_text(json, name);

	if (!text)
		return kt_fail(error, KT_ERROR_CORRUPT, "a member is missing");
	return kt_seal_read_hex(&bytes, text, length, error) && kt_text_set(digits, text, error);
}

static bool read_slot(const struct kt_json *json, enum kt_vault_way way,
                      struct kt_vault_slot *slot, struct kt_error *error)
{
	if (ways[way].is_stretched && !(kt_json_number(json, "n", &slot->cost.n) &&
	                                kt_json_number(json, "r", &slot->cost.r) &&
	                                kt_json_number(json, "p", &slot->cost.p) &&
	                                kt_seal_is_bounded(&slot->cost)))
		return kt_fail(error, KT_ERROR_CORRUPT, "a cost is out of bounds");
	slot->exists = true;
	return kt_text_set(&slot->source, kt_json_text(json, "source"), error) &&
	       read_hex(json, "salt", KT_SEAL_SALT_SIZE, &slot->salt, error) &&
	       read_hex(json, "key", WRAPPED_SIZE, &slot->wrapped, error);
}

static bool read_header(struct kt_vault *vault, const struct kt_secret *text,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	const struct kt_json *slots;
	int64_t version;

	if (!kt_json_parse(&json, kt_secret_reveal(text), kt_secret_length(text), error))
		return false;
	if (kt_json_number(json, "version", &version) && version > VERSION) {
		kt_fail(error, KT_ERROR_UNAVAILABLE, "the vault in %s is a newer keyturn's",
		        vault->directory);
		return kt_advise(error, "update keyturn on this machine");
	}
	if (!kt_json_number(json, "version", &version) || version != VERSION ||
	    !read_hex(json, "id", ID_SIZE, &vault->id, error) ||
	    !read_hex(json, "check", KT_SEAL_KEY_SIZE, &vault->check, error))
		return kt_fail(error, KT_ERROR_CORRUPT, "a member is missing");
	slots = kt_json_object(json, "slots");
	for (enum kt_vault_way way = 0; slots && way < KT_VAULT_WAYS; way++) {
		const struct kt_json *slot = kt_json_object(slots, ways[way].name);

		if (slot && !read_slot(slot, way, &vault->slots[way], error))
			return false;
	}
	return true;
}

/* Others must not enter: they could delete items, or put old ones back. */
static bool check_directory(const struct kt_vault *vault, bool *found, struct kt_error *error)
{
	struct stat status;

	*found = lstat(vault->directory, &status) == 0;
	if (!*found && (errno == ENOENT || errno == ENOTDIR))
		return true;
	if (!*found) {
		kt_fail(error, KT_ERROR_UNAVAILABLE, "the vault in %s cannot be reached: %s",
		        vault->directory, strerror(errno));
		return kt_advise(error, "check the rights of the directories above it");
	}
	if (!S_ISDIR(status.st_mode) || status.st_uid != geteuid()) {
		kt_fail(error, KT_ERROR_UNSAFE, "%s is not a directory of yours",
		        vault->directory);
		return kt_advise(error, "let KEYTURN_VAULT name a directory of yours");
	}
	if (status.st_mode & 077) {
		kt_fail(error, KT_ERROR_UNSAFE, "others can enter the vault in %s",
		        vault->directory);
		return kt_advise(error, "run: chmod 700 %s", vault->directory);
	}
	return true;
}

static bool fail_missing(const struct kt_vault *vault, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_UNAVAILABLE, "there is no vault in %s", vault->directory);
	return kt_advise(error, "run: keyturn vault create");
}

/* Reads what there is; *found tells whether that is a vault. */
static bool read_vault(struct kt_vault *vault, bool *found, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *path = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	struct kt_error cause = { 0 };

	kt_vault_clear(vault);
	if (!kt_vault_directory(&vault->directory, error) ||
	    !check_directory(vault, found, error))
		return false;
	if (!*found)
		return true;
	if (!header_path(vault, &path, error))
		return false;
	if (!kt_file_read(path, HEADER_MAXIMUM, &text, found, error))
		return kt_advise(error, "put vault.json back from a backup, readable for you");
	if (!*found || read_header(vault, &text, &cause))
		return true;
	if (cause.code != KT_ERROR_INTERNAL && cause.code != KT_ERROR_UNAVAILABLE)
		return fail_damaged(vault, error);
	*error = cause;
	return false;
}

bool kt_vault_read(struct kt_vault *vault, struct kt_error *error)
{
	bool found;

	return read_vault(vault, &found, error) && (found || fail_missing(vault, error));
}

/*
 * The key in the kernel keyring.
 */

static bool kernel_description(const struct kt_vault *vault, char **description,
                               struct kt_error *error)
{
	return kt_text_format(description, error, "keyturn:vault:v1:%s", vault->id);
}

/* A key that does not fit the header is not believed. Empty: it is not there. */
static bool recall(const struct kt_vault *vault, struct kt_secret *key, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *description = NULL;
	int32_t serial;
	bool holds = false;

	kt_secret_clear(key);
	if (!kernel_description(vault, &description, error))
		return false;
	serial = kt_kernel_key_find(description);
	if (serial == 0 || !kt_kernel_key_read_secret(serial, key, KT_SEAL_KEY_SIZE) ||
	    kt_secret_length(key) != KT_SEAL_KEY_SIZE) {
		kt_secret_clear(key);
		return true;
	}
	if (!check_header(vault, key, &holds, error))
		return false;
	if (!holds)
		kt_secret_clear(key);
	return true;
}

/* Where the kernel keyring is refused or full, the next call opens the vault again. */
static bool remember(const struct kt_vault *vault, const struct kt_secret *key,
                     struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *description = NULL;

	if (!kernel_description(vault, &description, error))
		return false;
	kt_kernel_key_put(description, kt_secret_reveal(key), kt_secret_length(key), OPEN_SECONDS);
	return true;
}

bool kt_vault_is_open(const struct kt_vault *vault)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	struct kt_error ignored = { 0 };

	return recall(vault, &key, &ignored) && !kt_secret_is_empty(&key);
}

bool kt_vault_keep_open(const struct kt_vault *vault)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	struct kt_error ignored = { 0 };

	return recall(vault, &key, &ignored) && !kt_secret_is_empty(&key) &&
	       remember(vault, &key, &ignored);
}

void kt_vault_lock(const struct kt_vault *vault)
{
	KT_CLEANUP(kt_text_free) char *description = NULL;
	struct kt_error ignored = { 0 };
	int32_t serial;

	if (!kernel_description(vault, &description, &ignored))
		return;
	serial = kt_kernel_key_find(description);
	if (serial != 0)
		kt_kernel_key_drop(serial);
}

/*
 * Slots: wrapping the key and unwrapping it.
 */

static bool slot_context(const struct kt_vault *vault, enum kt_vault_way way, char **context,
                         struct kt_error *error)
{
	return kt_text_format(context, error, "keyturn vault slot 1 %s %s", vault->id,
	                      ways[way].name);
}

/* The key that wraps the vault's, from what the person or the file has. */
static bool make_wrapping_key(const struct kt_vault_slot *slot, enum kt_vault_way way,
                              const struct kt_secret *material, struct kt_secret *key,
                              struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret salt = { 0 };

	if (!kt_seal_read_hex(&salt, slot->salt, KT_SEAL_SALT_SIZE, error))
		return false;
	if (ways[way].is_stretched)
		return kt_seal_stretch(material, &salt, &slot->cost, key, error);
	return kt_seal_derive(material, "keyturn vault key file 1", kt_secret_reveal(&salt),
	                      kt_secret_length(&salt), key, error);
}

static bool set_hex(char **digits, const struct kt_secret *bytes, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };

	return kt_seal_append_hex(&text, kt_secret_reveal(bytes), kt_secret_length(bytes), error) &&
	       kt_text_set(digits, kt_secret_reveal(&text), error);
}

/* Replaces a slot; a source is borrowed. */
static bool wrap(struct kt_vault *vault, enum kt_vault_way way, const char *source,
                 const struct kt_secret *material, const struct kt_secret *key,
                 struct kt_error *error)
{
	KT_CLEANUP(clear_slot) struct kt_vault_slot slot = { .exists = true, .cost = KT_SEAL_COST };
	KT_CLEANUP(kt_text_free) char *context = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret salt = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret wrapping = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret wrapped = { 0 };

	if (!kt_seal_randomize(&salt, KT_SEAL_SALT_SIZE, error) ||
	    !set_hex(&slot.salt, &salt, error) || !kt_text_set(&slot.source, source, error) ||
	    !make_wrapping_key(&slot, way, material, &wrapping, error) ||
	    !slot_context(vault, way, &context, error) ||
	    !kt_seal_close(&wrapping, context, key, &wrapped, error) ||
	    !set_hex(&slot.wrapped, &wrapped, error))
		return false;
	clear_slot(&vault->slots[way]);
	vault->slots[way] = slot;
	slot = (struct kt_vault_slot){ 0 };
	return true;
}

/* Leaves key empty where material does not open this slot, or there is no such slot. */
static bool unwrap(const struct kt_vault *vault, enum kt_vault_way way,
                   const struct kt_secret *material, struct kt_secret *key,
                   struct kt_error *error)
{
	const struct kt_vault_slot *slot = &vault->slots[way];
	KT_CLEANUP(kt_text_free) char *context = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret wrapping = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret wrapped = { 0 };
	struct kt_error cause = { 0 };
	bool holds = false;

	kt_secret_clear(key);
	if (!slot->exists)
		return true;
	if (!make_wrapping_key(slot, way, material, &wrapping, error) ||
	    !kt_seal_read_hex(&wrapped, slot->wrapped, WRAPPED_SIZE, error) ||
	    !slot_context(vault, way, &context, error))
		return false;
	if (!kt_seal_open(&wrapping, context, kt_secret_reveal(&wrapped),
	                  kt_secret_length(&wrapped), key, &cause)) {
		if (cause.code == KT_ERROR_CORRUPT)
			return true;
		*error = cause;
		return false;
	}
	if (check_header(vault, key, &holds, error) && holds)
		return true;
	kt_secret_clear(key);
	return fail_damaged(vault, error);
}

/*
 * Key files and credentials.
 */

/*
 * A credential may be root's and, by its access list, look readable to a group: systemd gives
 * a service its own directory. A key file is the user's alone.
 */
static bool check_key_file(const char *path, const struct stat *status, enum kt_vault_way way,
                           struct kt_error *error)
{
	bool is_credential = way == KT_VAULT_CREDENTIAL;
	mode_t forbidden = is_credential ? 007 : 077;

	if (!S_ISREG(status->st_mode) ||
	    (status->st_uid != geteuid() && !(is_credential && status->st_uid == 0))) {
		kt_fail(error, KT_ERROR_UNSAFE, "the key file %s is not a regular file of yours",
		        path);
		return kt_advise(error, "name a file that only you can read");
	}
	if (status->st_mode & forbidden) {
		kt_fail(error, KT_ERROR_UNSAFE, "the key file %s can be used by others", path);
		return kt_advise(error, "run: chmod 600 %s", path);
	}
	if (status->st_size < KEY_FILE_MINIMUM || status->st_size > KEY_FILE_MAXIMUM) {
		kt_fail(error, KT_ERROR_UNSAFE, "the key file %s has not %d to %d bytes", path,
		        KEY_FILE_MINIMUM, KEY_FILE_MAXIMUM);
		return kt_advise(error, "make one with: head -c 32 /dev/urandom > FILE; what a "
		                 "person chose belongs in --passphrase-file");
	}
	return true;
}

/* Links are followed: what they lead to is checked. */
static bool read_key_file(const char *path, enum kt_vault_way way, struct kt_secret *material,
                          struct kt_error *error)
{
	KT_CLEANUP(close_descriptor) int descriptor =
		open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;

	if (descriptor < 0 || fstat(descriptor, &status) != 0)
		return kt_fail(error, KT_ERROR_LOCKED, "the vault's key file %s cannot be read: %s",
		               path, strerror(errno));
	return check_key_file(path, &status, way, error) &&
	       kt_secret_read(material, descriptor, KEY_FILE_MAXIMUM, error);
}

static bool credential_path(const char *name, char **path, struct kt_error *error)
{
	const char *directory = kt_environment_get("CREDENTIALS_DIRECTORY");

	if (strchr(name, '/') || name[0] == '\0' || strcmp(name, "..") == 0) {
		kt_fail(error, KT_ERROR_USAGE, "a credential's name is no file name");
		return kt_advise(error, "name a file in CREDENTIALS_DIRECTORY, without slashes");
	}
	if (directory)
		return kt_text_format(path, error, "%s/%s", directory, name);
	kt_fail(error, KT_ERROR_LOCKED, "the vault's key is the systemd credential %s, and "
	        "CREDENTIALS_DIRECTORY is not set", name);
	return kt_advise(error, "give the unit LoadCredential=%s:FILE", name);
}

/* The same bytes open the vault whether they come as a file or as a credential. */
static bool open_with_file(const struct kt_vault *vault, const char *path, enum kt_vault_way way,
                           struct kt_secret *key, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret material = { 0 };

	if (!read_key_file(path, way, &material, error) ||
	    !unwrap(vault, KT_VAULT_KEY_FILE, &material, key, error) ||
	    (kt_secret_is_empty(key) &&
	     !unwrap(vault, KT_VAULT_CREDENTIAL, &material, key, error)))
		return false;
	return !kt_secret_is_empty(key) ||
	       kt_fail(error, KT_ERROR_LOCKED, "the key file %s does not open the vault in %s",
	               path, vault->directory);
}

/* Without error: no credential is meant for this vault. */
static bool open_with_credential(const struct kt_vault *vault, struct kt_secret *key,
                                 struct kt_error *error)
{
	const struct kt_vault_slot *slot = &vault->slots[KT_VAULT_CREDENTIAL];
	KT_CLEANUP(kt_text_free) char *path = NULL;

	if (!slot->exists && !(vault->slots[KT_VAULT_KEY_FILE].exists &&
	                       kt_environment_get("CREDENTIALS_DIRECTORY")))
		return false;
	return credential_path(slot->source ? slot->source : "keyturn", &path, error) &&
	       open_with_file(vault, path, KT_VAULT_CREDENTIAL, key, error);
}

static bool open_with_key_file(const struct kt_vault *vault, struct kt_secret *key,
                               struct kt_error *error)
{
	const char *path = kt_environment_get("KEYTURN_VAULT_KEY_FILE");

	if (!path)
		path = vault->slots[KT_VAULT_KEY_FILE].source;
	return path && open_with_file(vault, path, KT_VAULT_KEY_FILE, key, error);
}

static bool is_askable(const struct kt_vault *vault)
{
	return vault->slots[KT_VAULT_PASSPHRASE].exists || vault->slots[KT_VAULT_LOGIN].exists;
}

/* Nothing worse than "this key file is not to be had": the next way may still open. */
static bool is_passable(const struct kt_error *error)
{
	return error->code == KT_ERROR_NONE || error->code == KT_ERROR_LOCKED;
}

/* A login that could have opened the vault, and why it did not; else nothing is known of it. */
static enum kt_outcome login_outcome(const struct kt_vault *vault)
{
	enum kt_outcome outcome;

	if (!vault->slots[KT_VAULT_LOGIN].exists)
		return KT_OUTCOME_NONE;
	outcome = kt_outcome_read(kt_environment_get("XDG_RUNTIME_DIR"));
	/* The others are about the desktop's keyring. */
	return outcome == KT_OUTCOME_NO_PASSWORD || outcome == KT_OUTCOME_PASSWORDS_DIFFER
	               ? outcome : KT_OUTCOME_NONE;
}

static bool open_unattended(const struct kt_vault *vault, struct kt_secret *key,
                            struct kt_error *error)
{
	enum kt_outcome outcome = login_outcome(vault);
	struct kt_error cause = { 0 };
	struct kt_error second = { 0 };

	if (open_with_key_file(vault, key, &cause) ||
	    (is_passable(&cause) && open_with_credential(vault, key, &second)))
		return true;
	if (cause.code == KT_ERROR_NONE || !is_passable(&second))
		cause = second;
	if (cause.code == KT_ERROR_NONE)
		kt_fail(&cause, KT_ERROR_LOCKED, "the vault in %s is locked%s", vault->directory,
		        kt_outcome_reason(outcome));
	if (cause.code == KT_ERROR_LOCKED)
		kt_advise(&cause, "%s", is_askable(vault) ? kt_outcome_remedy(outcome) :
		          "put the key file back, or name it in KEYTURN_VAULT_KEY_FILE");
	*error = cause;
	return false;
}

/*
 * Passphrases, and opening as a whole.
 */

static bool ask(const struct kt_vault *vault, const struct kt_keyring_options *options,
                struct kt_secret *key, struct kt_error *error)
{
	for (int i = 0; i < TRIES; i++) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret passphrase = { 0 };

		if (!options->ask_passphrase(&passphrase, error))
			return false;
		if (kt_secret_is_empty(&passphrase)) {
			kt_fail(error, KT_ERROR_DISMISSED, "no passphrase was given");
			return kt_advise(error, "run: keyturn unlock");
		}
		if (!unwrap(vault, KT_VAULT_PASSPHRASE, &passphrase, key, error) ||
		    (kt_secret_is_empty(key) &&
		     !unwrap(vault, KT_VAULT_LOGIN, &passphrase, key, error)))
			return false;
		if (!kt_secret_is_empty(key))
			return true;
	}
	kt_fail(error, KT_ERROR_LOCKED, "wrong passphrase: the vault stays locked");
	return kt_advise(error, "run: keyturn unlock");
}

/* One prompt at a time; who waited for another's may find the vault open. */
static bool ask_in_turn(const struct kt_vault *vault, const struct kt_keyring_options *options,
                        struct kt_secret *key, struct kt_error *error)
{
	KT_CLEANUP(kt_lock_release) struct kt_lock lock = { 0 };

	if (!kt_lock_take(&lock, "vault-prompt", KT_LOCK_EXCLUSIVE,
	                  kt_clock_monotonic() + PROMPT_WAIT, "the vault's passphrase prompt",
	                  error) ||
	    !recall(vault, key, error))
		return false;
	if (!kt_secret_is_empty(key))
		return true;
	return ask(vault, options, key, error) && remember(vault, key, error);
}

bool kt_vault_open_key(const struct kt_vault *vault, const struct kt_keyring_options *options,
                       struct kt_secret *key, struct kt_error *error)
{
	struct kt_error cause = { 0 };

	if (!recall(vault, key, error))
		return false;
	if (!kt_secret_is_empty(key))
		return true;
	if (open_unattended(vault, key, &cause))
		return remember(vault, key, error);
	if (cause.code == KT_ERROR_LOCKED && options && options->may_prompt &&
	    options->ask_passphrase && is_askable(vault))
		return ask_in_turn(vault, options, key, error);
	*error = cause;
	return false;
}

/* Opens with one password for one slot. */
static bool open_with(const struct kt_vault *vault, enum kt_vault_way way, const char *what,
                      const struct kt_secret *password, struct kt_secret *key,
                      struct kt_error *error)
{
	if (!vault->slots[way].exists) {
		kt_fail(error, KT_ERROR_LOCKED, "the vault in %s has no %s", vault->directory, what);
		return kt_advise(error, "run: keyturn vault status");
	}
	if (!unwrap(vault, way, password, key, error))
		return false;
	if (!kt_secret_is_empty(key))
		return true;
	kt_fail(error, KT_ERROR_LOCKED, "wrong %s", what);
	return kt_advise(error, "try again with the %s that opens the vault now", what);
}

/*
 * Making and changing the header.
 */

static bool take_header_lock(struct kt_lock *lock, struct kt_error *error)
{
	return kt_lock_take(lock, "vault", KT_LOCK_EXCLUSIVE, kt_clock_monotonic() + HEADER_WAIT,
	                    "the vault's header", error);
}

static bool save(const struct kt_vault *vault, const struct kt_secret *key,
                 struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *path = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret check = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };

	if (!header_path(vault, &path, error) || !make_check(vault, key, &check, error) ||
	    !write_header(vault, kt_secret_reveal(&check), &text, error) ||
	    !kt_secret_append(&text, "\n", 1, error))
		return false;
	return kt_file_replace(path, kt_secret_reveal(&text), kt_secret_length(&text), error) ||
	       kt_advise(error, "check free space, quota and rights of %s, then try again",
	                 vault->directory);
}

/* Made in one piece or not at all; one that is there stays as it is. */
static bool make_key_file(const char *path, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *parent = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
	const char *slash = strrchr(path, '/');

	if (access(path, F_OK) == 0)
		return true;
	if (slash && slash != path &&
	    (!kt_text_set_bytes(&parent, path, (size_t)(slash - path), error) ||
	     !kt_environment_make_directory(parent, error)))
		return false;
	if (!kt_seal_randomize(&bytes, KT_SEAL_KEY_SIZE, error))
		return false;
	return kt_file_replace(path, kt_secret_reveal(&bytes), kt_secret_length(&bytes), error) ||
	       kt_advise(error, "name a place that you can write to");
}

/* A key beside what it opens protects nothing. */
static bool is_inside(const char *path, const char *directory)
{
	KT_CLEANUP(kt_text_free) char *resolved = realpath(directory, NULL);
	size_t length = resolved ? strlen(resolved) : 0;

	return resolved && strncmp(path, resolved, length) == 0 && path[length] == '/';
}

/* What may be recorded: JSON has to hold it, and it must be of use when the vault is stolen. */
static bool check_key_path(const char *path, const char *directory, struct kt_error *error)
{
	if (!kt_text_is_utf8(path, strlen(path)) || !kt_text_is_clean(path, strlen(path)))
		kt_fail(error, KT_ERROR_USAGE, "the key file's path is not clean UTF-8");
	else if (is_inside(path, directory))
		kt_fail(error, KT_ERROR_UNSAFE, "the key file lies in the vault it opens");
	else
		return true;
	return kt_advise(error, "put the key file at another place");
}

static bool add_key_file(struct kt_vault *vault, const char *path, const struct kt_secret *key,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *resolved = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret material = { 0 };

	if (!make_key_file(path, error))
		return false;
	resolved = realpath(path, NULL);
	if (!resolved) {
		kt_fail(error, KT_ERROR_USAGE, "the key file %s cannot be reached: %s", path,
		        strerror(errno));
		return kt_advise(error, "name a file that you can read");
	}
	return check_key_path(resolved, vault->directory, error) &&
	       read_key_file(resolved, KT_VAULT_KEY_FILE, &material, error) &&
	       wrap(vault, KT_VAULT_KEY_FILE, resolved, &material, key, error);
}

static bool add_credential(struct kt_vault *vault, const char *name, const struct kt_secret *key,
                           struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *path = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret material = { 0 };

	return credential_path(name, &path, error) &&
	       read_key_file(path, KT_VAULT_CREDENTIAL, &material, error) &&
	       wrap(vault, KT_VAULT_CREDENTIAL, name, &material, key, error);
}

static bool add_password(struct kt_vault *vault, enum kt_vault_way way,
                         const struct kt_secret *password, const struct kt_secret *key,
                         struct kt_error *error)
{
	if (kt_secret_is_empty(password)) {
		kt_fail(error, KT_ERROR_USAGE, "the %s is empty",
		        way == KT_VAULT_LOGIN ? "login password" : "passphrase");
		return kt_advise(error, "give one that is not");
	}
	return wrap(vault, way, NULL, password, key, error);
}

static bool add_ways(struct kt_vault *vault, const struct kt_vault_options *options,
                     const struct kt_secret *key, struct kt_error *error)
{
	if (!options->passphrase && !options->key_file && !options->credential &&
	    !options->login) {
		kt_fail(error, KT_ERROR_USAGE, "a vault needs a way to be opened");
		return kt_advise(error, "run: keyturn help vault");
	}
	return (!options->key_file || add_key_file(vault, options->key_file, key, error)) &&
	       (!options->credential || add_credential(vault, options->credential, key, error)) &&
	       (!options->passphrase || add_password(vault, KT_VAULT_PASSPHRASE,
	                                             options->passphrase, key, error)) &&
	       (!options->login || add_password(vault, KT_VAULT_LOGIN, options->login, key, error));
}

bool kt_vault_create(const struct kt_vault_options *options, struct kt_error *error)
{
	KT_CLEANUP(kt_lock_release) struct kt_lock lock = { 0 };
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret id = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	bool found;

	if (!take_header_lock(&lock, error) || !read_vault(&vault, &found, error))
		return false;
	if (found) {
		kt_fail(error, KT_ERROR_USAGE, "there is a vault in %s already", vault.directory);
		return kt_advise(error, "run: keyturn vault status");
	}
	return kt_environment_make_directory(vault.directory, error) &&
	       kt_seal_randomize(&id, ID_SIZE, error) && set_hex(&vault.id, &id, error) &&
	       kt_seal_randomize(&key, KT_SEAL_KEY_SIZE, error) &&
	       add_ways(&vault, options, &key, error) && save(&vault, &key, error) &&
	       remember(&vault, &key, error);
}

/* Puts the fresh password in. The header may have changed since it was opened. */
static bool replace_password(enum kt_vault_way way, const struct kt_secret *fresh,
                             const struct kt_secret *key, struct kt_error *error)
{
	KT_CLEANUP(kt_lock_release) struct kt_lock lock = { 0 };
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	bool holds;

	if (!take_header_lock(&lock, error) || !kt_vault_read(&vault, error) ||
	    !check_header(&vault, key, &holds, error))
		return false;
	if (!holds)
		return fail_damaged(&vault, error);
	return add_password(&vault, way, fresh, key, error) && save(&vault, key, error);
}

/* Opens with the current password or, where none is given, as options allow. */
static bool change(enum kt_vault_way way, const char *what, const struct kt_secret *current,
                   const struct kt_secret *fresh, const struct kt_keyring_options *options,
                   struct kt_error *error)
{
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	bool opened;

	if (!kt_vault_read(&vault, error))
		return false;
	opened = current ? open_with(&vault, way, what, current, &key, error)
	                 : kt_vault_open_key(&vault, options, &key, error);
	return opened && replace_password(way, fresh, &key, error);
}

bool kt_vault_change_passphrase(const struct kt_secret *current, const struct kt_secret *fresh,
                                const struct kt_keyring_options *options,
                                struct kt_error *error)
{
	return change(KT_VAULT_PASSPHRASE, "passphrase", current, fresh, options, error);
}

bool kt_vault_add_login(const struct kt_secret *password,
                        const struct kt_keyring_options *options, struct kt_error *error)
{
	return change(KT_VAULT_LOGIN, "login password", NULL, password, options, error);
}

bool kt_vault_change_login(const struct kt_secret *current, const struct kt_secret *fresh,
                           struct kt_error *error)
{
	return change(KT_VAULT_LOGIN, "login password", current, fresh, NULL, error);
}

bool kt_vault_open_with_login(const struct kt_secret *password, struct kt_error *error)
{
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };

	return kt_vault_read(&vault, error) &&
	       open_with(&vault, KT_VAULT_LOGIN, "login password", password, &key, error) &&
	       remember(&vault, &key, error);
}

void kt_vault_status_clear(struct kt_vault_status *status)
{
	kt_text_free(&status->directory);
	kt_text_free(&status->key_file);
	*status = (struct kt_vault_status){ 0 };
}

bool kt_vault_status(struct kt_vault_status *status, struct kt_error *error)
{
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };

	kt_vault_status_clear(status);
	if (!read_vault(&vault, &status->exists, error) ||
	    !kt_text_set(&status->directory, vault.directory, error))
		return false;
	status->is_kernel_keyring_usable = kt_kernel_key_is_usable();
	if (!status->exists)
		return true;
	for (size_t i = 0; i < KT_VAULT_WAYS; i++)
		status->has_way[i] = vault.slots[i].exists;
	status->is_open = kt_vault_is_open(&vault);
	status->is_unattended = open_unattended(&vault, &key, &status->obstacle);
	return kt_text_set(&status->key_file, vault.slots[KT_VAULT_KEY_FILE].source, error);
}
