/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/file.h"
#include "keyring/key_command.h"
#include "keyring/machine_credential.h"
#include "keyring/recovery_code.h"
#include "keyring/text.h"
#include "keyring/translate.h"
#include "keyring/vault_agent.h"
#include "keyring/vault_enrol.h"
#include "keyring/vault_fido2.h"
#include "keyring/vault_key.h"
#include "keyring/vault_material.h"

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

/* A key beside the vault that it opens protects nothing. */
static bool is_inside(const char *path, const char *directory)
{
	KT_CLEANUP(kt_text_free) char *resolved = realpath(directory, NULL);
	size_t length = resolved ? strlen(resolved) : 0;

	return resolved && strncmp(path, resolved, length) == 0 && path[length] == '/';
}

/*
 * Checks the key file's path, which is recorded in JSON. A key inside the vault would be stolen
 * with it.
 */
static bool check_key_path(const char *path, const char *directory, struct kt_error *error)
{
	if (!kt_characters_are_utf8(path, strlen(path)) ||
	    !kt_characters_are_clean(path, strlen(path)))
		kt_fail(error, KT_ERROR_USAGE, "the key file's path is not clean UTF-8");
	else if (is_inside(path, directory))
		kt_fail(error, KT_ERROR_UNSAFE, "the key file lies in the vault it opens");
	else
		return true;
	return kt_advise(error, "put the key file at another place");
}

/* One more slot of this way, or in place of the one that is there. */
static bool add_slot(struct kt_vault *vault, const struct kt_vault_options *options,
                     enum kt_vault_way way, const char *source, const struct kt_secret *material,
                     const struct kt_secret *key, struct kt_error *error)
{
	KT_CLEANUP(kt_vault_slot_clear) struct kt_vault_slot slot = { 0 };

	return kt_vault_begin_slot(vault, way, options->name, &slot, error) &&
	       kt_text_set(&slot.source, source, error) &&
	       kt_vault_wrap(vault, &slot, material, key, error);
}

static bool add_key_file(struct kt_vault *vault, const struct kt_vault_options *options,
                         const struct kt_secret *key, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *resolved = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret material = { 0 };
	const char *path = options->key_file;

	if (!path)
		return true;
	if (!make_key_file(path, error))
		return false;
	resolved = realpath(path, NULL);
	if (!resolved) {
		kt_fail(error, KT_ERROR_USAGE, "the key file %s cannot be reached: %s", path,
		        strerror(errno));
		return kt_advise(error, "name a file that you can read");
	}
	return check_key_path(resolved, vault->directory, error) &&
	       kt_vault_read_key_file(resolved, KT_VAULT_KEY_FILE, &material, error) &&
	       add_slot(vault, options, KT_VAULT_KEY_FILE, resolved, &material, key, error);
}

static bool add_key_command(struct kt_vault *vault, const struct kt_vault_options *options,
                            const struct kt_secret *key, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *command = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret material = { 0 };

	if (!options->key_command)
		return true;
	if (!kt_key_command_find(&command, error))
		return false;
	if (!command) {
		kt_fail(error, KT_ERROR_USAGE, "KEYTURN_VAULT_KEY_COMMAND is not set");
		return kt_advise(error, "let it name a program that prints 32 bytes or more");
	}
	return kt_key_command_run(command, true, &material, error) &&
	       add_slot(vault, options, KT_VAULT_KEY_FILE, NULL, &material, key, error);
}

static bool add_credential(struct kt_vault *vault, const struct kt_vault_options *options,
                           const struct kt_secret *key, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *path = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret material = { 0 };

	return !options->credential ||
	       (kt_vault_credential_path(options->credential, &path, error) &&
	        kt_vault_read_key_file(path, KT_VAULT_CREDENTIAL, &material, error) &&
	        add_slot(vault, options, KT_VAULT_CREDENTIAL, options->credential, &material, key,
	                 error));
}

static bool add_password(struct kt_vault *vault, const struct kt_vault_options *options,
                         enum kt_vault_way way, const struct kt_secret *password,
                         const struct kt_secret *key, struct kt_error *error)
{
	if (!password)
		return true;
	if (kt_secret_is_empty(password)) {
		if (way == KT_VAULT_LOGIN)
			kt_fail(error, KT_ERROR_USAGE, "the login password is empty");
		else
			kt_fail(error, KT_ERROR_USAGE, "the passphrase is empty");
		return kt_advise(error, "give one that is not");
	}
	return add_slot(vault, options, way, NULL, password, key, error);
}

static bool add_recovery(struct kt_vault *vault, const struct kt_vault_options *options,
                         const struct kt_secret *key, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret material = { 0 };

	return !options->recovery_code ||
	       (kt_recovery_code_make(options->recovery_code, &material, error) &&
	        add_slot(vault, options, KT_VAULT_RECOVERY, NULL, &material, key, error));
}

static void tell_key(const struct kt_vault_options *options, const struct kt_vault_slot *slot)
{
	KT_CLEANUP(kt_text_free) char *fingerprint = NULL;
	KT_CLEANUP(kt_text_free) char *line = NULL;
	struct kt_error ignored = { 0 };

	if (options->tell && kt_vault_agent_describe(slot, &fingerprint, &ignored) &&
	    kt_text_format(&line, &ignored, slot->asks
	                                            ? kt_translate("the vault is opened by the SSH "
	                                                           "key %s (%s), which asks each "
	                                                           "time")
	                                            : kt_translate("the vault is opened by the SSH "
	                                                           "key %s (%s)"),
	                   fingerprint, slot->name ? slot->name : slot->id))
		options->tell(line);
}

static bool add_ssh_agent(struct kt_vault *vault, const struct kt_vault_options *options,
                          const struct kt_secret *key, struct kt_error *error)
{
	KT_CLEANUP(kt_vault_slot_clear) struct kt_vault_slot slot = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret material = { 0 };

	if (!options->ssh_agent)
		return true;
	if (!kt_vault_begin_slot(vault, KT_VAULT_SSH_AGENT, options->name, &slot, error))
		return false;
	slot.asks = options->asks;
	if (!kt_vault_agent_enrol(vault, options->ssh_agent, &slot, &material, error))
		return false;
	tell_key(options, &slot);
	return kt_vault_wrap(vault, &slot, &material, key, error);
}

static bool add_fido2(struct kt_vault *vault, const struct kt_vault_options *options,
                      const struct kt_secret *key, struct kt_error *error)
{
	KT_CLEANUP(kt_vault_slot_clear) struct kt_vault_slot slot = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret material = { 0 };

	return !options->fido2 ||
	       (kt_vault_begin_slot(vault, KT_VAULT_FIDO2, options->name, &slot, error) &&
	        kt_vault_fido2_enrol(vault, options->fido2, options->security_keys, &slot, &material,
	                             error) &&
	        kt_vault_wrap(vault, &slot, &material, key, error));
}

static void tell_bound(const struct kt_vault_options *options, const char *blob)
{
	static const char *const lines[] = {
		[KT_MACHINE_BOUND_UNKNOWN] = KT_TEXT("the vault is bound to this machine, by a key of a "
		                                     "sort that is not known here"),
		[KT_MACHINE_BOUND_DISK] = KT_TEXT("the vault is bound to a key on this machine's disk: no "
		                                  "help if the disk is stolen"),
		[KT_MACHINE_BOUND_TPM] = KT_TEXT("the vault is bound to this machine's TPM"),
	};

	if (options->tell)
		options->tell(kt_translate(lines[kt_machine_bound(blob)]));
}

/* A vault has one for each machine: it is called as the machine is. */
static bool name_machine(struct kt_vault_slot *slot, struct kt_error *error)
{
	char name[65] = "";

	if (slot->name || gethostname(name, sizeof(name) - 1) != 0 || name[0] == '\0' ||
	    !kt_characters_are_visible_ascii(name, strlen(name)))
		return true;
	return kt_text_set(&slot->name, name, error);
}

static bool add_machine(struct kt_vault *vault, const struct kt_vault_options *options,
                        const struct kt_secret *key, struct kt_error *error)
{
	KT_CLEANUP(kt_vault_slot_clear) struct kt_vault_slot slot = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret material = { 0 };
	KT_CLEANUP(kt_text_free) char *name = NULL;

	if (!options->machine)
		return true;
	if (!kt_vault_begin_slot(vault, KT_VAULT_MACHINE, options->name, &slot, error) ||
	    !name_machine(&slot, error) ||
	    !kt_seal_randomize(&material, KT_SEAL_KEY_SIZE, error) ||
	    !kt_vault_machine_name(vault, &name, error) ||
	    !kt_machine_encrypt(name, &material, &slot.blob, error))
		return false;
	tell_bound(options, slot.blob);
	return kt_vault_wrap(vault, &slot, &material, key, error);
}

/* A name is one line that a terminal can show. */
static bool check_name(const char *name, struct kt_error *error)
{
	size_t length = name ? strlen(name) : 1;

	if (!name || (length > 0 && length <= KT_VAULT_NAME_MAXIMUM &&
	              kt_characters_are_utf8(name, length) && kt_characters_are_clean(name, length)))
		return true;
	kt_fail(error, KT_ERROR_USAGE, "the name of a way in is not a clean text of at most %d bytes",
	        KT_VAULT_NAME_MAXIMUM);
	return kt_advise(error, "give a short name, such as the machine's");
}

bool kt_vault_enrol(struct kt_vault *vault, const struct kt_vault_options *options,
                    const struct kt_secret *key, struct kt_error *error)
{
	if (!options->passphrase && !options->key_file && !options->key_command &&
	    !options->credential && !options->login && !options->recovery_code &&
	    !options->ssh_agent && !options->machine && !options->fido2) {
		kt_fail(error, KT_ERROR_USAGE, "a vault needs a way to be opened");
		return kt_advise(error, "run: keyturn help vault");
	}
	return check_name(options->name, error) && add_key_file(vault, options, key, error) &&
	       add_key_command(vault, options, key, error) &&
	       add_credential(vault, options, key, error) &&
	       add_password(vault, options, KT_VAULT_PASSPHRASE, options->passphrase, key, error) &&
	       add_password(vault, options, KT_VAULT_LOGIN, options->login, key, error) &&
	       add_machine(vault, options, key, error) &&
	       add_ssh_agent(vault, options, key, error) &&
	       add_fido2(vault, options, key, error) &&
	       add_recovery(vault, options, key, error);
}
