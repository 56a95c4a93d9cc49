/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/machine_credential.h"
#include "keyring/secret_file.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"
#include "keyring/vault_agent.h"
#include "keyring/vault_material.h"

#define KEY_FILE_MINIMUM 32
#define KEY_FILE_MAXIMUM 65536

/* systemd.exec(5), CREDENTIALS: of all units; nobody but root writes there. */
#define CREDENTIALS "/run/credentials/"

static bool fail_key_file(const char *path, enum kt_secret_file verdict, struct kt_error *error)
{
	struct kt_shell_word word;

	switch (verdict) {
	case KT_SECRET_FILE_SHARED:
		kt_fail(error, KT_ERROR_UNSAFE, "the key file %s can be used by others", path);
		return kt_advise(error, "run: chmod 600 %s", kt_shell_word(&word, path, "FILE"));
	case KT_SECRET_FILE_SIZE:
		kt_fail(error, KT_ERROR_UNSAFE, "the key file %s has not %d to %d bytes", path,
		        KEY_FILE_MINIMUM, KEY_FILE_MAXIMUM);
		return kt_advise(error, "a vault that is there opens with its own key file alone: put it "
		                 "back from a copy; for a new vault make one with: head -c 32 /dev/urandom "
		                 "> FILE (what a person chose belongs in --passphrase-file)");
	case KT_SECRET_FILE_UNREADABLE:
		return kt_fail(error, KT_ERROR_LOCKED, "the vault's key file %s cannot be read: %s",
		               path, strerror(errno));
	default:
		kt_fail(error, KT_ERROR_UNSAFE, "the key file %s is not a regular file of yours",
		        path);
		return kt_advise(error, "name a file that only you can read");
	}
}

/*
 * A credential may be root's and, by its access list, look readable to a group: systemd gives
 * a service its own directory, also where its path is named as a key file's. A key file elsewhere
 * is the user's alone.
 */
bool kt_vault_read_key_file(const char *path, enum kt_vault_way way, struct kt_secret *material,
                            struct kt_error *error)
{
	bool is_credential = way == KT_VAULT_CREDENTIAL || kt_text_has_prefix(path, CREDENTIALS);
	const struct kt_secret_file_rule rule = {
		.may_be_roots = is_credential,
		.forbidden = is_credential ? 007 : 077,
		.least = KEY_FILE_MINIMUM,
		.most = KEY_FILE_MAXIMUM,
	};
	KT_CLEANUP(kt_descriptor_close) int descriptor = -1;
	enum kt_secret_file verdict = kt_secret_file_open(path, &rule, &descriptor, NULL);

	kt_secret_clear(material);
	if (verdict != KT_SECRET_FILE_OPENED)
		return fail_key_file(path, verdict, error);
	return kt_secret_read(material, descriptor, KEY_FILE_MAXIMUM, error);
}

bool kt_vault_credential_path(const char *name, char **path, struct kt_error *error)
{
	const char *directory = kt_environment_get("CREDENTIALS_DIRECTORY");

	if (strchr(name, '/') || name[0] == '\0' || strcmp(name, "..") == 0) {
		kt_fail(error, KT_ERROR_USAGE, "a credential's name is no file name");
		return kt_advise(error, "name a file in CREDENTIALS_DIRECTORY, without slashes");
	}
	if (directory)
		return kt_text_format(path, error, "%s/%s", directory, name);
	if (!kt_text_format(path, error, "/run/credentials/user@%ld.service/%s", (long)geteuid(),
	                    name))
		return false;
	if (access(*path, R_OK) == 0)
		return true;
	kt_fail(error, KT_ERROR_LOCKED, "the vault's key is the systemd credential %s, and "
	        "CREDENTIALS_DIRECTORY is not set", name);
	return kt_advise(error, "give the unit LoadCredential=%s:FILE", name);
}

static bool fetch_key_file(const struct kt_vault *vault, const struct kt_vault_slot *slot,
                           struct kt_secret *material, struct kt_error *error)
{
	(void)vault;
	if (slot->source)
		return kt_vault_read_key_file(slot->source, KT_VAULT_KEY_FILE, material, error);
	kt_fail(error, KT_ERROR_LOCKED, "the vault's key file is recorded nowhere");
	return kt_advise(error, "name it in KEYTURN_VAULT_KEY_FILE, or a program that prints it in "
	                 "KEYTURN_VAULT_KEY_COMMAND");
}

static bool fetch_credential(const struct kt_vault *vault, const struct kt_vault_slot *slot,
                             struct kt_secret *material, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *path = NULL;

	(void)vault;
	return kt_vault_credential_path(slot->source ? slot->source : "keyturn", &path, error) &&
	       kt_vault_read_key_file(path, KT_VAULT_CREDENTIAL, material, error);
}

static bool fetch_ssh_agent(const struct kt_vault *vault, const struct kt_vault_slot *slot,
                            struct kt_secret *material, struct kt_error *error)
{
	return kt_vault_agent_fetch(vault, slot, KT_VAULT_AGENT_PATIENCE, material, error);
}

bool kt_vault_machine_name(const struct kt_vault *vault, char **name, struct kt_error *error)
{
	return kt_text_format(name, error, "keyturn-%s", vault->id);
}

static bool fetch_machine(const struct kt_vault *vault, const struct kt_vault_slot *slot,
                          struct kt_secret *material, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;

	return kt_vault_machine_name(vault, &name, error) &&
	       kt_machine_decrypt(name, slot->blob, material, error);
}

bool kt_vault_fetch(const struct kt_vault *vault, const struct kt_vault_slot *slot,
                    struct kt_secret *material, struct kt_error *error)
{
	static bool (*const fetches[KT_VAULT_WAYS])(const struct kt_vault *vault,
	                                            const struct kt_vault_slot *slot,
	                                            struct kt_secret *material,
	                                            struct kt_error *error) = {
		[KT_VAULT_KEY_FILE] = fetch_key_file,
		[KT_VAULT_CREDENTIAL] = fetch_credential,
		[KT_VAULT_SSH_AGENT] = fetch_ssh_agent,
		[KT_VAULT_MACHINE] = fetch_machine,
	};

	return fetches[slot->way](vault, slot, material, error);
}
