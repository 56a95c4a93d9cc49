/* SPDX-License-Identifier: MIT */
#include "config.h"

/* Items in the vault's directory, one file each (vault_item.h). */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keyring/backend.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/file.h"
#include "keyring/lock.h"
#include "keyring/text.h"
#include "keyring/translate.h"
#include "keyring/vault_header.h"
#include "keyring/vault_item.h"
#include "keyring/vault_key.h"
#include "keyring/vault_open.h"

#define STALE_SECONDS 86400
#define CHANGE_WAIT 10000

struct state {
	struct kt_vault vault;
	char *items; /* the directory in which the vault's items lie */
	struct kt_keyring_options options;
	struct kt_vault_item_key key; /* empty until it is needed */
};

static void forget_vault(struct state *state)
{
	kt_vault_clear(&state->vault);
	kt_text_free(&state->items);
	kt_vault_item_key_clear(&state->key);
}

static void close_vault(void *opaque)
{
	struct state *state = opaque;

	forget_vault(state);
	free(state);
}

static bool open_vault(void **opaque, const struct kt_keyring_options *options,
                       struct kt_error *error)
{
	struct state *state = calloc(1, sizeof(*state));

	if (!state)
		return kt_fail_memory(error);
	state->options = *options;
	if (!kt_vault_read(&state->vault, error) ||
	    !kt_vault_items_directory(&state->vault, &state->items, error)) {
		close_vault(state);
		return false;
	}
	*opaque = state;
	return true;
}

/*
 * Reads the header again. *moved: the vault has another key since, and other files, and this one
 * is forgotten.
 */
static bool follow(struct state *state, bool *moved, struct kt_error *error)
{
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	KT_CLEANUP(kt_text_free) char *items = NULL;
	bool changed;

	if (!kt_vault_read_again(&state->vault, &vault, &changed, error))
		return false;
	*moved = changed && (!kt_text_is_equal(vault.items, state->vault.items) ||
	                     !kt_text_is_equal(vault.id, state->vault.id));
	if (!*moved)
		return true;
	if (!kt_vault_items_directory(&vault, &items, error))
		return false;
	forget_vault(state);
	state->vault = vault;
	state->items = items;
	vault = (struct kt_vault){ 0 };
	items = NULL;
	return true;
}

/* Where the vault gets a new key just now, the header that was read may be the old one. */
static bool need_key(struct state *state, struct kt_error *error)
{
	struct kt_error cause = { 0 };
	struct kt_error ignored = { 0 };
	bool moved = false;

	if (!kt_secret_is_empty(&state->key.key) ||
	    kt_vault_open_key(&state->vault, &state->options, &state->key.key, &cause))
		return true;
	if (follow(state, &moved, &ignored) && moved)
		return kt_vault_open_key(&state->vault, &state->options, &state->key.key, error);
	*error = cause;
	return false;
}

static bool item_path(const struct state *state, const char *name, char **path,
                      struct kt_error *error)
{
	return kt_text_format(path, error, "%s/%s", state->items, name);
}

/*
 * Reading.
 */

static bool open_item(const struct state *state, const char *name,
                      const struct kt_secret *content, struct kt_secret *form,
                      struct kt_credential *credential, struct kt_error *error)
{
	return kt_vault_item_open(&state->key, name, content, form, error) &&
	       kt_credential_read(credential, kt_secret_reveal(form), kt_secret_length(form), error);
}

/*
 * A file that this user may not read can be whole: whoever asks for it is not told that it is
 * damaged, which would have it replaced.
 */
static bool is_forbidden(const char *path, const struct kt_identity *pattern)
{
	return (pattern->host || pattern->username) && eaccess(path, R_OK) != 0 && errno == EACCES;
}

/* An item that cannot be read is counted and left alone: the others are still to be had. */
static bool read_item(const struct state *state, const char *name,
                      const struct kt_identity *pattern, struct kt_credentials *found,
                      struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *path = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret form = { 0 };
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	struct kt_error cause = { 0 };
	bool is_there = false;
	bool is_read;

	if (!item_path(state, name, &path, error))
		return false;
	is_read = kt_file_read(path, KT_VAULT_ITEM_MAXIMUM, &content, &is_there, &cause);
	if (is_read && !is_there)
		return true;
	if (is_read && open_item(state, name, &content, &form, &credential, &cause))
		return !kt_identity_is_match(pattern, &credential.identity) ||
		       (kt_text_set(&credential.place, name, error) &&
		        kt_credentials_add(found, &credential, error));
	if (!is_read && is_forbidden(path, pattern)) {
		*error = cause;
		return kt_advise(error, "check the file's owner and rights, then run the command again");
	}
	if (cause.code == KT_ERROR_INTERNAL) {
		*error = cause;
		return false;
	}
	return kt_credentials_add_damaged(found, name, &form, error);
}

static bool fail_listing(const struct state *state, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_UNAVAILABLE, "the vault in %s cannot be listed: %s",
	        state->vault.directory, strerror(errno));
	return kt_advise(error, "check its rights and its disk, then try again");
}

/* The next name, or NULL at the end and (errno not 0) where listing fails. */
static const char *next_name(DIR *directory)
{
	const struct dirent *entry;

	errno = 0;
	entry = readdir(directory);
	return entry ? entry->d_name : NULL;
}

static bool search_listing(const struct state *state, const struct kt_vault_name *parts,
                           const struct kt_identity *pattern, struct kt_credentials *found,
                           struct kt_error *error)
{
	KT_CLEANUP(kt_directory_close) DIR *directory = opendir(state->items);
	const char *name;

	if (!directory)
		return errno == ENOENT || fail_listing(state, error);
	/* A file under a name that no item has is nobody's answer: doctor counts those. */
	while ((name = next_name(directory)) != NULL)
		if (kt_vault_name_is_match(parts, name) &&
		    !read_item(state, name, pattern, found, error))
			return false;
	return errno == 0 || fail_listing(state, error);
}

/* *is_sure: no new key can have taken away what was looked for. */
static bool search_once(struct state *state, const struct kt_identity *pattern,
                        struct kt_credentials *found, bool *is_sure, struct kt_error *error)
{
	KT_CLEANUP(kt_vault_name_clear) struct kt_vault_name parts = { 0 };
	KT_CLEANUP(kt_text_free) char *name = NULL;

	*is_sure = false;
	if (!need_key(state, error) || !kt_vault_name_make(&state->key, pattern, &parts, error) ||
	    !kt_vault_name_join(&parts, &name, error))
		return false;
	if (!name)
		return search_listing(state, &parts, pattern, found, error);
	if (!read_item(state, name, pattern, found, error))
		return false;
	*is_sure = found->count > 0;
	return true;
}

static bool search(void *opaque, const struct kt_identity *pattern, struct kt_credentials *found,
                   struct kt_error *error)
{
	struct state *state = opaque;
	bool moved = true;

	while (moved) {
		bool is_sure;

		kt_credentials_clear(found);
		moved = false;
		if (!search_once(state, pattern, found, &is_sure, error) ||
		    (!is_sure && !follow(state, &moved, error)))
			return false;
	}
	return true;
}

/*
 * Writing.
 */

static bool is_stale(DIR *directory, const char *name)
{
	struct stat status;

	return fstatat(dirfd(directory), name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       status.st_mtime < kt_clock_wall() - STALE_SECONDS;
}

/* Temporary files of those that were killed. A failure here is no reason not to store. */
static void sweep(const struct state *state)
{
	KT_CLEANUP(kt_directory_close) DIR *directory = opendir(state->items);
	const char *name;

	while (directory && (name = next_name(directory)) != NULL)
		if (kt_vault_is_temporary(name) && is_stale(directory, name))
			unlinkat(dirfd(directory), name, 0);
}

/* Nobody gives the vault a new key meanwhile; if somebody just did, the store is under that. */
static bool begin_change(struct state *state, struct kt_lock *lock, bool *moved,
                         struct kt_error *error)
{
	return kt_lock_take(lock, "vault", KT_LOCK_SHARED, kt_clock_monotonic() + CHANGE_WAIT,
	                    KT_TEXT("the vault"), NULL, error) &&
	       follow(state, moved, error);
}

/* An item's place is its file's name, which its identity makes. */
static bool store(void *opaque, const struct kt_credential *credential,
                  const struct kt_credential *before, struct kt_error *error)
{
	struct state *state = opaque;
	KT_CLEANUP(kt_lock_release) struct kt_lock lock = { 0 };
	KT_CLEANUP(kt_text_free) char *name = NULL;
	KT_CLEANUP(kt_text_free) char *path = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret form = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
	bool moved;

	(void)before;
	if (!begin_change(state, &lock, &moved, error) || !need_key(state, error) ||
	    !kt_vault_item_name(&state->key, &credential->identity, &name, error) ||
	    !item_path(state, name, &path, error) ||
	    !kt_credential_write(credential, &form, error) ||
	    !kt_vault_item_seal(&state->key, name, &form, &content, error))
		return false;
	sweep(state);
	if (kt_file_replace(path, kt_secret_reveal(&content), kt_secret_length(&content), error))
		return true;
	return kt_advise(error, "check free space, quota and rights of %s, then try again",
	                 state->vault.directory);
}

/* A place of before a new key is another item's, or nobody's. */
static bool fail_moved(struct kt_error *error)
{
	kt_fail(error, KT_ERROR_BUSY, "the vault got a new key just now: nothing is deleted");
	return kt_advise(error, "run the command again");
}

static bool delete_item(const struct state *state, const char *place, struct kt_error *error)
{
	KT_CLEANUP(kt_descriptor_close) int directory =
		open(state->items, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (directory >= 0 && faccessat(directory, place, F_OK, AT_SYMLINK_NOFOLLOW) != 0 &&
	    errno == ENOENT)
		return true;
	if (directory >= 0 && (unlinkat(directory, place, 0) == 0 || errno == ENOENT) &&
	    fsync(directory) == 0)
		return true;
	kt_fail(error, KT_ERROR_UNAVAILABLE, "%s/%s cannot be deleted: %s", state->items, place,
	        strerror(errno));
	return kt_advise(error, "check the rights of %s, then try again", state->vault.directory);
}

static bool erase(void *opaque, const char *place, struct kt_error *error)
{
	struct state *state = opaque;
	KT_CLEANUP(kt_lock_release) struct kt_lock lock = { 0 };
	bool moved;

	return begin_change(state, &lock, &moved, error) &&
	       (!moved || fail_moved(error)) && delete_item(state, place, error);
}

/*
 * Stray files.
 */

/* An item under a name that no item has. */
static bool is_stray(const struct state *state, const char *name)
{
	KT_CLEANUP(kt_text_free) char *path = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
	struct kt_error ignored = { 0 };
	bool is_there;

	return name[0] != '.' && !kt_vault_is_item_name(name, strlen(name)) &&
	       !kt_vault_is_temporary(name) && item_path(state, name, &path, &ignored) &&
	       kt_file_read(path, KT_VAULT_ITEM_MAXIMUM, &content, &is_there, &ignored) &&
	       kt_vault_item_is_one(&content);
}

static bool describe(void *opaque, char **line, bool *is_odd, struct kt_error *error)
{
	struct state *state = opaque;
	KT_CLEANUP(kt_directory_close) DIR *directory = opendir(state->items);
	const char *name;
	size_t count = 0;

	if (!directory)
		return fail_listing(state, error);
	while ((name = next_name(directory)) != NULL)
		count += is_stray(state, name);
	*is_odd = count > 0;
	return count == 0 ||
	       kt_text_format(line, error, kt_translate("%zu items in %s are copies under other names: "
	                      "nobody gets them"), count, state->vault.directory);
}

/*
 * Locking.
 */

static bool lock(void *opaque, struct kt_error *error)
{
	struct state *state = opaque;

	(void)error;
	kt_vault_item_key_clear(&state->key);
	kt_vault_lock(&state->vault);
	return true;
}

static bool is_open(void *opaque, bool *open, struct kt_error *error)
{
	struct state *state = opaque;
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	struct kt_error cause = { 0 };

	*open = kt_vault_open_key(&state->vault, NULL, &key, &cause);
	if (*open || cause.code == KT_ERROR_LOCKED)
		return true;
	*error = cause;
	return false;
}

/*
 * The key has to be in the kernel keyring: otherwise the vault would be locked again for the
 * next call.
 */
static bool unlock(void *opaque, struct kt_error *error)
{
	struct state *state = opaque;
	bool stays_open;

	kt_vault_item_key_clear(&state->key);
	if (!need_key(state, error) || !is_open(state, &stays_open, error))
		return false;
	if (stays_open)
		return true;
	kt_fail(error, KT_ERROR_UNAVAILABLE,
	        "the passphrase is right, but no kernel keyring keeps the vault open here");
	return kt_advise(error, "give the vault a way that asks nobody: keyturn vault add-key "
	                 "--key-file FILE");
}

const struct kt_backend kt_backend_vault = {
	.name = "vault",
	.open = open_vault,
	.close = close_vault,
	.search = search,
	.store = store,
	.erase = erase,
	.describe = describe,
	.lock = lock,
	.unlock = unlock,
	.is_open = is_open,
};
