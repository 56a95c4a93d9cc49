/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keyring/cleanup.h"
#include "keyring/credential.h"
#include "keyring/file.h"
#include "keyring/lock.h"
#include "keyring/recovery_code.h"
#include "keyring/text.h"
#include "keyring/vault.h"
#include "keyring/vault_agent.h"
#include "keyring/vault_fido2.h"
#include "keyring/vault_item.h"
#include "keyring/vault_key.h"
#include "keyring/vault_open.h"
#include "keyring/vault_rekey.h"

/* The vault as it is and as it will be. */
struct change {
	struct kt_vault before;
	struct kt_vault after;
	struct kt_vault_item_key old_key;
	struct kt_vault_item_key new_key;
};

static void clear_change(struct change *change)
{
	kt_vault_clear(&change->before);
	kt_vault_clear(&change->after);
	kt_vault_item_key_clear(&change->old_key);
	kt_vault_item_key_clear(&change->new_key);
}

/*
 * Slots.
 */

/* A way that cannot be made anew would be lost without a word. */
static bool fail_slot(const struct kt_vault_slot *slot, const struct kt_error *cause,
                      struct kt_error *error)
{
	kt_fail(error, cause->code == KT_ERROR_DISMISSED ? KT_ERROR_LOCKED : cause->code,
	        "the way in %s (%s) cannot be made anew: %s", slot->id, kt_vault_slot_way(slot),
	        cause->message);
	return kt_advise(error, "bring it, or take it away first: keyturn vault remove-key %s",
	                 slot->id);
}

static bool open_typed(const struct change *change, const struct kt_vault_slot *slot,
                       const struct kt_vault_typist *typist, struct kt_secret *material,
                       struct kt_secret *key, struct kt_error *error)
{
	if (!typist->ask(typist->context, slot->way, material, error) ||
	    !kt_vault_unwrap(&change->before, slot, material, key, error))
		return false;
	return !kt_secret_is_empty(key) ||
	       kt_fail(error, KT_ERROR_LOCKED, "what was typed does not open the vault");
}

static bool open_asking(const struct change *change, const struct kt_vault_slot *slot,
                        struct kt_secret *material, struct kt_secret *key, struct kt_error *error)
{
	if (!kt_vault_agent_fetch(&change->before, slot, KT_VAULT_AGENT_PERSON, material, error) ||
	    !kt_vault_unwrap(&change->before, slot, material, key, error))
		return false;
	return !kt_secret_is_empty(key) ||
	       kt_fail(error, KT_ERROR_LOCKED, "it does not open the vault any more");
}

/* One touch for what opens the slot as it is, and for what is to open it with its new salt. */
static bool renew_fido2(struct change *change, const struct kt_vault_slot *slot,
                        const struct kt_vault_slot *fresh, const struct kt_keyring_options *options,
                        struct kt_secret *material, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret old = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	struct kt_error cause = { 0 };

	if (kt_vault_fido2_fetch(&change->before, slot, fresh, &options->security_keys, &old, material,
	                         &cause) &&
	    kt_vault_unwrap(&change->before, slot, &old, &key, &cause) && !kt_secret_is_empty(&key))
		return kt_secret_copy(&change->old_key.key, &key, error);
	if (cause.code == KT_ERROR_NONE)
		kt_fail(&cause, KT_ERROR_LOCKED, "it does not open the vault any more");
	return fail_slot(slot, &cause, error);
}

/* The material of a slot, which opens the vault as it is. */
static bool take_material(struct change *change, const struct kt_vault_slot *slot,
                          const struct kt_vault_typist *typist, struct kt_secret *material,
                          struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	struct kt_error cause = { 0 };
	bool opened;

	if (kt_vault_is_typed(slot->way))
		opened = open_typed(change, slot, typist, material, &key, &cause);
	else if (slot->asks)
		opened = open_asking(change, slot, material, &key, &cause);
	else
		opened = kt_vault_open_by_slot(&change->before, slot, true, material, &key,
		                               &cause);
	return opened ? kt_secret_copy(&change->old_key.key, &key, error)
	              : fail_slot(slot, &cause, error);
}

/* An agent signs the slot's salt, too: its material is another one for the new salt. */
static bool renew_material(const struct change *change, const struct kt_vault_slot *fresh,
                           struct kt_secret *material, struct kt_error *error)
{
	struct kt_error cause = { 0 };
	int patience = fresh->asks ? KT_VAULT_AGENT_PERSON : KT_VAULT_AGENT_PATIENCE;

	return fresh->way != KT_VAULT_SSH_AGENT ||
	       kt_vault_agent_fetch(&change->after, fresh, patience, material, &cause) ||
	       fail_slot(fresh, &cause, error);
}

static bool renew_recovery(const struct kt_vault_slot *slot, const struct kt_vault_typist *typist,
                           struct kt_secret *material, struct kt_error *error)
{
	struct kt_error cause = { 0 };

	if (typist->recovery_code)
		return kt_recovery_code_make(typist->recovery_code, material, error);
	kt_fail(&cause, KT_ERROR_USAGE, "a new code is shown on a terminal alone");
	return fail_slot(slot, &cause, error);
}

static bool renew_slot(struct change *change, const struct kt_vault_slot *slot,
                       const struct kt_vault_typist *typist,
                       const struct kt_keyring_options *options, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret material = { 0 };
	KT_CLEANUP(kt_vault_slot_clear) struct kt_vault_slot fresh = { 0 };
	bool taken;

	if (!kt_vault_slot_copy(&fresh, slot, error) || !kt_vault_slot_salt(&fresh, error))
		return false;
	if (slot->way == KT_VAULT_RECOVERY)
		taken = renew_recovery(slot, typist, &material, error);
	else if (slot->way == KT_VAULT_FIDO2)
		taken = renew_fido2(change, slot, &fresh, options, &material, error);
	else
		taken = take_material(change, slot, typist, &material, error);
	return taken && renew_material(change, &fresh, &material, error) &&
	       kt_vault_wrap(&change->after, &fresh, &material, &change->new_key.key, error);
}

/* The new header, with everything that is typed or fetched for it; nothing is written. */
static bool prepare(struct change *change, const struct kt_vault_typist *typist,
                    const struct kt_keyring_options *options, struct kt_error *error)
{
	if (!kt_vault_read(&change->before, error) || !kt_vault_read(&change->after, error) ||
	    !kt_vault_renew_items(&change->after, error) ||
	    !kt_seal_randomize(&change->new_key.key, KT_SEAL_KEY_SIZE, error))
		return false;
	for (size_t i = 0; i < change->before.count; i++)
		if (!renew_slot(change, &change->before.slots[i], typist, options, error))
			return false;
	return !kt_secret_is_empty(&change->old_key.key) ||
	       kt_vault_open_key(&change->before, options, &change->old_key.key, error);
}

/*
 * Items.
 */

static bool fail_damaged_item(struct kt_error *error)
{
	kt_fail(error, KT_ERROR_CORRUPT, "a stored login is damaged, and would be lost with a new key: "
	        "nothing is changed");
	return kt_advise(error, "run: keyturn doctor");
}

/* A new file that was not there: the directory is ours alone. */
static bool write_new(int directory, const char *file, const struct kt_secret *content,
                      struct kt_error *error)
{
	KT_CLEANUP(kt_descriptor_close) int descriptor =
		openat(directory, file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	return (descriptor >= 0 &&
	        kt_file_write(descriptor, kt_secret_reveal(content), kt_secret_length(content)) &&
	        fsync(descriptor) == 0) ||
	       kt_fail(error, KT_ERROR_UNAVAILABLE, "the vault's items cannot be written: %s",
	               strerror(errno)) ||
	       kt_advise(error, "check free space, quota and rights of the vault, then try again");
}

static bool renew_item(struct change *change, const char *from, const char *file, int target,
                       struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *path = NULL;
	KT_CLEANUP(kt_text_free) char *name = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret form = { 0 };
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	struct kt_error ignored = { 0 };
	bool found;

	if (!kt_text_format(&path, error, "%s/%s", from, file) ||
	    !kt_file_read(path, KT_VAULT_ITEM_MAXIMUM, &content, &found, error))
		return false;
	if (!found)
		return true;
	if (!kt_vault_item_open(&change->old_key, file, &content, &form, &ignored) ||
	    !kt_credential_read(&credential, kt_secret_reveal(&form), kt_secret_length(&form),
	                        &ignored))
		return fail_damaged_item(error);
	return kt_vault_item_name(&change->new_key, &credential.identity, &name, error) &&
	       kt_vault_item_seal(&change->new_key, name, &form, &content, error) &&
	       write_new(target, name, &content, error);
}

static bool fail_listing(const char *path, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_UNAVAILABLE, "the vault in %s cannot be listed: %s", path,
	        strerror(errno));
	return kt_advise(error, "check its rights and its disk, then try again");
}

static bool renew_items(struct change *change, int target, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *from = NULL;
	KT_CLEANUP(kt_directory_close) DIR *directory = NULL;
	const struct dirent *entry;

	if (!kt_vault_items_directory(&change->before, &from, error))
		return false;
	directory = opendir(from);
	if (!directory)
		return errno == ENOENT || fail_listing(from, error);
	while ((errno = 0, entry = readdir(directory)) != NULL)
		if (kt_vault_is_item_name(entry->d_name, strlen(entry->d_name)) &&
		    !renew_item(change, from, entry->d_name, target, error))
			return false;
	return errno == 0 || fail_listing(from, error);
}

/* The new directory, with everything in it on disk. */
static bool write_items(struct change *change, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *path = NULL;
	KT_CLEANUP(kt_descriptor_close) int parent = -1;
	KT_CLEANUP(kt_descriptor_close) int target = -1;

	if (!kt_vault_items_directory(&change->after, &path, error))
		return false;
	parent = open(change->after.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (mkdir(path, 0700) == 0)
		target = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0 || target < 0) {
		kt_fail(error, KT_ERROR_UNAVAILABLE, "%s cannot be made: %s", path, strerror(errno));
		return kt_advise(error, "check free space, quota and rights of the vault");
	}
	return renew_items(change, target, error) &&
	       ((fsync(target) == 0 && fsync(parent) == 0) ||
	        kt_fail(error, KT_ERROR_UNAVAILABLE, "the vault's items cannot be written: %s",
	                strerror(errno)));
}

/*
 * What is left of other keys.
 */

/* Files of any key but this header's. A failure here leaves what nobody opens any more. */
static void delete_others(const struct kt_vault *vault)
{
	KT_CLEANUP(kt_directory_close) DIR *directory = opendir(vault->directory);
	const struct dirent *entry;

	while (directory && (entry = readdir(directory)) != NULL) {
		if (kt_vault_is_items_name(entry->d_name) &&
		    !kt_text_is_equal(entry->d_name, vault->items))
			kt_vault_delete_items(dirfd(directory), entry->d_name);
		else if (vault->items &&
		         (kt_vault_is_item_name(entry->d_name, strlen(entry->d_name)) ||
		          kt_vault_is_temporary(entry->d_name)))
			unlinkat(dirfd(directory), entry->d_name, 0);
	}
}

static bool fail_changed(struct kt_error *error)
{
	kt_fail(error, KT_ERROR_BUSY, "the vault was changed by another process: nothing is renewed");
	return kt_advise(error, "run the command again");
}

/* After a failure the header on disk alone says which items are the vault's. */
static void give_up(void)
{
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	struct kt_error ignored = { 0 };

	if (kt_vault_read(&vault, &ignored))
		delete_others(&vault);
}

static bool commit(struct change *change, struct kt_error *error)
{
	KT_CLEANUP(kt_lock_release) struct kt_lock lock = { 0 };
	KT_CLEANUP(kt_vault_clear) struct kt_vault now = { 0 };

	if (!kt_vault_take_header(&lock, error) || !kt_vault_read(&now, error))
		return false;
	if (!kt_text_is_equal(now.check, change->before.check))
		return fail_changed(error);
	delete_others(&now);
	if (!write_items(change, error) ||
	    !kt_vault_save(&change->after, &change->new_key.key, error)) {
		give_up();
		return false;
	}
	delete_others(&change->after);
	return true;
}

bool kt_vault_rekey(const struct kt_vault_typist *typist, const struct kt_keyring_options *options,
                    struct kt_error *error)
{
	KT_CLEANUP(clear_change) struct change change = { 0 };

	return prepare(&change, typist, options, error) && commit(&change, error) &&
	       kt_vault_remember(&change.after, &change.new_key.key, error);
}
