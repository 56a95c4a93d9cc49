/* SPDX-License-Identifier: MIT */
#include "config.h"

/*
 * Items in the vault's directory. A file's name is three joined keyed hashes (account; protocol
 * and host; path), so that a listing shows nobody's name and a pattern is a listing with some
 * of them compared. The name is authenticated with the content: a file under another's name
 * is a damaged one.
 */

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
#include "keyring/seal.h"
#include "keyring/text.h"
#include "keyring/vault.h"
#include "keyring/vault_key.h"
#include "keyring/vault_open.h"

#define MAGIC "keyturn vault item 1\n"
#define ITEM_MAXIMUM (1 << 20)
#define HASH_SIZE 16
#define PART_LENGTH ((size_t)(2 * HASH_SIZE))
#define TEMPORARY_SUFFIX 7 /* the end that kt_file_replace appends */
#define STALE_SECONDS 86400

#define PARTS 3

/* The parts of a file's name, in hexadecimal; NULL for a part that a pattern leaves open. */
struct parts {
	char *text[PARTS];
};

/* A part that was hashed last: one account is looked for, stored and looked at again. */
struct hashed {
	struct kt_secret plain;
	struct kt_secret digits; /* empty: none yet */
};

struct state {
	struct kt_vault vault;
	struct kt_keyring_options options;
	struct kt_secret key; /* empty until it is needed */
	struct hashed hashed[PARTS];
};

static void clear_parts(struct parts *parts)
{
	for (size_t i = 0; i < PARTS; i++)
		kt_text_free(&parts->text[i]);
}

static void forget_key(struct state *state)
{
	for (size_t i = 0; i < PARTS; i++) {
		kt_secret_clear(&state->hashed[i].plain);
		kt_secret_clear(&state->hashed[i].digits);
	}
	kt_secret_clear(&state->key);
}

static void close_vault(void *opaque)
{
	struct state *state = opaque;

	kt_vault_clear(&state->vault);
	forget_key(state);
	free(state);
}

static bool open_vault(void **opaque, const struct kt_keyring_options *options,
                       struct kt_error *error)
{
	struct state *state = calloc(1, sizeof(*state));

	if (!state)
		return kt_fail_memory(error);
	state->options = *options;
	if (!kt_vault_read(&state->vault, error)) {
		close_vault(state);
		return false;
	}
	*opaque = state;
	return true;
}

static bool need_key(struct state *state, struct kt_error *error)
{
	return !kt_secret_is_empty(&state->key) ||
	       kt_vault_open_key(&state->vault, &state->options, &state->key, error);
}

/*
 * Names.
 */

static bool hash_part(struct state *state, size_t part, const struct kt_secret *plain,
                      struct parts *parts, struct kt_error *error)
{
	static const char *const purposes[PARTS] = {
		"keyturn vault account 1", "keyturn vault service 1", "keyturn vault path 1",
	};
	struct hashed *hashed = &state->hashed[part];

	if (kt_secret_is_empty(&hashed->digits) || !kt_secret_is_equal(&hashed->plain, plain)) {
		kt_secret_clear(&hashed->digits);
		if (!kt_secret_copy(&hashed->plain, plain, error) ||
		    !kt_seal_hash(&state->key, purposes[part], kt_secret_reveal(plain),
		                  kt_secret_length(plain), HASH_SIZE, &hashed->digits, error))
			return false;
	}
	return kt_text_set(&parts->text[part], kt_secret_reveal(&hashed->digits), error);
}

static bool hash_text(struct state *state, size_t part, const char *text, struct parts *parts,
                      struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret plain = { 0 };

	return !text || (kt_secret_append_text(&plain, text, error) &&
	                 hash_part(state, part, &plain, parts, error));
}

static bool make_parts(struct state *state, const struct kt_identity *pattern,
                       struct parts *parts, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret service = { 0 };

	if (!hash_text(state, 0, pattern->username, parts, error) ||
	    !hash_text(state, 2, pattern->path, parts, error))
		return false;
	if (!pattern->protocol || !pattern->host)
		return true;
	return kt_secret_append(&service, pattern->protocol, strlen(pattern->protocol) + 1,
	                        error) &&
	       kt_secret_append_text(&service, pattern->host, error) &&
	       hash_part(state, 1, &service, parts, error);
}

static bool is_complete(const struct parts *parts)
{
	return parts->text[0] && parts->text[1] && parts->text[2];
}

static bool join_parts(const struct parts *parts, char **name, struct kt_error *error)
{
	return kt_text_format(name, error, "%s-%s-%s", parts->text[0], parts->text[1],
	                      parts->text[2]);
}

/* True for the temporary file of a writer that was killed. */
static bool is_temporary(const char *name)
{
	size_t length = strlen(name);
	size_t stem;

	if (length <= TEMPORARY_SUFFIX || name[length - TEMPORARY_SUFFIX] != '.')
		return false;
	stem = length - TEMPORARY_SUFFIX;
	return kt_vault_is_item_name(name, stem) ||
	       (stem == strlen("vault.json") && kt_text_has_prefix(name, "vault.json"));
}

/* Cheap first: of a thousand names a request looks closely at its own alone. */
static bool is_name_match(const struct parts *parts, const char *name)
{
	size_t length = strlen(name);

	if (length != PARTS * PART_LENGTH + PARTS - 1)
		return false;
	for (size_t i = 0; i < PARTS; i++)
		if (parts->text[i] && strncmp(name + i * (PART_LENGTH + 1), parts->text[i],
		                              PART_LENGTH) != 0)
			return false;
	return kt_vault_is_item_name(name, length);
}

static bool item_path(const struct state *state, const char *name, char **path,
                      struct kt_error *error)
{
	return kt_text_format(path, error, "%s/%s", state->vault.directory, name);
}

static bool item_context(const char *name, char **context, struct kt_error *error)
{
	return kt_text_format(context, error, "keyturn vault item 1 %s", name);
}

/*
 * Reading.
 */

static bool has_magic(const struct kt_secret *content)
{
	return kt_secret_length(content) >= strlen(MAGIC) &&
	       memcmp(kt_secret_reveal(content), MAGIC, strlen(MAGIC)) == 0;
}

static bool open_item(const struct state *state, const char *name,
                      const struct kt_secret *content, struct kt_secret *form,
                      struct kt_credential *credential, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *context = NULL;

	if (!has_magic(content))
		return kt_fail(error, KT_ERROR_CORRUPT, "an item has not its first line");
	return item_context(name, &context, error) &&
	       kt_seal_open(&state->key, context, kt_secret_reveal(content) + strlen(MAGIC),
	                    kt_secret_length(content) - strlen(MAGIC), form, error) &&
	       kt_credential_read(credential, kt_secret_reveal(form), kt_secret_length(form), error);
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
	is_read = kt_file_read(path, ITEM_MAXIMUM, &content, &is_there, &cause);
	if (is_read && !is_there)
		return true;
	if (is_read && open_item(state, name, &content, &form, &credential, &cause))
		return !kt_identity_is_match(pattern, &credential.identity) ||
		       (kt_text_set(&credential.place, name, error) &&
		        kt_credentials_add(found, &credential, error));
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

static bool search_listing(const struct state *state, const struct parts *parts,
                           const struct kt_identity *pattern, struct kt_credentials *found,
                           struct kt_error *error)
{
	KT_CLEANUP(kt_directory_close) DIR *directory = opendir(state->vault.directory);
	const char *name;

	if (!directory)
		return fail_listing(state, error);
	/* A file under a name that no item has is nobody's answer: doctor counts those. */
	while ((name = next_name(directory)) != NULL)
		if (is_name_match(parts, name) && !read_item(state, name, pattern, found, error))
			return false;
	return errno == 0 || fail_listing(state, error);
}

static bool search(void *opaque, const struct kt_identity *pattern, struct kt_credentials *found,
                   struct kt_error *error)
{
	struct state *state = opaque;
	KT_CLEANUP(clear_parts) struct parts parts = { 0 };
	KT_CLEANUP(kt_text_free) char *name = NULL;

	if (!need_key(state, error) || !make_parts(state, pattern, &parts, error))
		return false;
	if (!is_complete(&parts))
		return search_listing(state, &parts, pattern, found, error);
	return join_parts(&parts, &name, error) && read_item(state, name, pattern, found, error);
}

/*
 * Writing.
 */

/* A failure here is no reason not to store. */
static void sweep(const struct state *state)
{
	KT_CLEANUP(kt_directory_close) DIR *directory = opendir(state->vault.directory);
	const char *name;

	while (directory && (name = next_name(directory)) != NULL) {
		struct stat status;

		if (is_temporary(name) &&
		    fstatat(dirfd(directory), name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		    status.st_mtime < kt_clock_wall() - STALE_SECONDS)
			unlinkat(dirfd(directory), name, 0);
	}
}

static bool name_item(struct state *state, const struct kt_identity *identity, char **name,
                      struct kt_error *error)
{
	KT_CLEANUP(clear_parts) struct parts parts = { 0 };

	if (!make_parts(state, identity, &parts, error))
		return false;
	if (!is_complete(&parts))
		return kt_fail(error, KT_ERROR_INTERNAL, "a credential's identity is incomplete");
	return join_parts(&parts, name, error);
}

static bool seal_item(const struct state *state, const char *name,
                      const struct kt_credential *credential, struct kt_secret *content,
                      struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *context = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret form = { 0 };

	if (!kt_credential_write(credential, &form, error) ||
	    !item_context(name, &context, error) ||
	    !kt_secret_append_text(content, MAGIC, error) ||
	    !kt_seal_close(&state->key, context, &form, content, error))
		return false;
	if (kt_secret_length(content) <= ITEM_MAXIMUM)
		return true;
	kt_fail(error, KT_ERROR_USAGE, "a login is larger than the vault can keep");
	return kt_advise(error, "a token of less than 1 MiB can be kept");
}

/* An item's place is its file's name, which its identity makes. */
static bool store(void *opaque, const struct kt_credential *credential,
                  const struct kt_credential *before, struct kt_error *error)
{
	struct state *state = opaque;
	KT_CLEANUP(kt_text_free) char *name = NULL;
	KT_CLEANUP(kt_text_free) char *path = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };

	(void)before;
	if (!need_key(state, error) ||
	    !name_item(state, &credential->identity, &name, error) ||
	    !item_path(state, name, &path, error) ||
	    !seal_item(state, name, credential, &content, error))
		return false;
	sweep(state);
	if (kt_file_replace(path, kt_secret_reveal(&content), kt_secret_length(&content), error))
		return true;
	return kt_advise(error, "check free space, quota and rights of %s, then try again",
	                 state->vault.directory);
}

static bool erase(void *opaque, const char *place, struct kt_error *error)
{
	struct state *state = opaque;
	KT_CLEANUP(kt_text_free) char *path = NULL;
	KT_CLEANUP(kt_descriptor_close) int directory = -1;

	if (!item_path(state, place, &path, error))
		return false;
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return true;
	directory = open(state->vault.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory >= 0 && (unlink(path) == 0 || errno == ENOENT) && fsync(directory) == 0)
		return true;
	kt_fail(error, KT_ERROR_UNAVAILABLE, "%s cannot be deleted: %s", path, strerror(errno));
	return kt_advise(error, "check the rights of %s, then try again", state->vault.directory);
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

	return name[0] != '.' && !kt_vault_is_item_name(name, strlen(name)) && !is_temporary(name) &&
	       item_path(state, name, &path, &ignored) &&
	       kt_file_read(path, ITEM_MAXIMUM, &content, &is_there, &ignored) && has_magic(&content);
}

static bool describe(void *opaque, char **line, bool *is_odd, struct kt_error *error)
{
	struct state *state = opaque;
	KT_CLEANUP(kt_directory_close) DIR *directory = opendir(state->vault.directory);
	const char *name;
	size_t count = 0;

	if (!directory)
		return fail_listing(state, error);
	while ((name = next_name(directory)) != NULL)
		count += is_stray(state, name);
	*is_odd = count > 0;
	return count == 0 ||
	       kt_text_format(line, error, "%zu items in %s are copies under other names: nobody gets "
	                      "them", count, state->vault.directory);
}

/*
 * Locking.
 */

static bool lock(void *opaque, struct kt_error *error)
{
	struct state *state = opaque;

	(void)error;
	forget_key(state);
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

	forget_key(state);
	if (!need_key(state, error) || !is_open(state, &stays_open, error))
		return false;
	if (stays_open)
		return true;
	kt_fail(error, KT_ERROR_UNAVAILABLE,
	        "the passphrase is right, but no kernel keyring keeps the vault open here");
	return kt_advise(error, "give this machine a key file: KEYTURN_VAULT_KEY_FILE, or "
	                 "keyturn vault create --key-file F");
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
