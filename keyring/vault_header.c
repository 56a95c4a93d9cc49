/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/environment.h"
#include "keyring/file.h"
#include "keyring/json.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"
#include "keyring/vault_header.h"
#include "keyring/vault_item.h"

#define VERSION 2
/* Bytes of the random id of a slot. */
#define SLOT_ID_SIZE 4
#define ITEMS_PREFIX "items-"
#define HEADER_MAXIMUM 65536

void kt_vault_clear(struct kt_vault *vault)
{
	kt_text_free(&vault->directory);
	kt_text_free(&vault->id);
	kt_text_free(&vault->items);
	kt_text_free(&vault->check);
	kt_text_free(&vault->checked);
	kt_text_free(&vault->others);
	kt_secret_clear(&vault->text);
	for (size_t i = 0; i < vault->count; i++)
		kt_vault_slot_clear(&vault->slots[i]);
	free(vault->slots);
	*vault = (struct kt_vault){ 0 };
}

/*
 * Slots.
 */

const struct kt_vault_slot *kt_vault_find_way(const struct kt_vault *vault, enum kt_vault_way way)
{
	for (size_t i = 0; i < vault->count; i++)
		if (vault->slots[i].way == way)
			return &vault->slots[i];
	return NULL;
}

struct kt_vault_slot *kt_vault_find_slot(const struct kt_vault *vault, const char *id)
{
	for (size_t i = 0; i < vault->count; i++)
		if (kt_text_is_equal(vault->slots[i].id, id))
			return &vault->slots[i];
	return NULL;
}

bool kt_vault_put_slot(struct kt_vault *vault, struct kt_vault_slot *slot, struct kt_error *error)
{
	struct kt_vault_slot *place = kt_vault_find_slot(vault, slot->id);

	if (!place && vault->count == KT_VAULT_SLOTS) {
		kt_fail(error, KT_ERROR_USAGE, "the vault in %s has %d ways in, and no room for more",
		        vault->directory, KT_VAULT_SLOTS);
		return kt_advise(error, "remove one first; run: keyturn vault keys");
	}
	if (!place) {
		struct kt_vault_slot *slots =
			reallocarray(vault->slots, vault->count + 1, sizeof(*slots));

		if (!slots)
			return kt_fail_memory(error);
		vault->slots = slots;
		place = &slots[vault->count++];
	} else {
		kt_vault_slot_clear(place);
	}
	*place = *slot;
	*slot = (struct kt_vault_slot){ 0 };
	return true;
}

void kt_vault_drop_slot(struct kt_vault *vault, struct kt_vault_slot *slot)
{
	size_t index = (size_t)(slot - vault->slots);

	kt_vault_slot_clear(slot);
	vault->count--;
	memmove(slot, slot + 1, (vault->count - index) * sizeof(*slot));
}

bool kt_vault_begin_slot(const struct kt_vault *vault, enum kt_vault_way way, const char *name,
                         struct kt_vault_slot *slot, struct kt_error *error)
{
	const struct kt_vault_slot *before = kt_vault_find_way(vault, way);
	KT_CLEANUP(kt_secret_clear) struct kt_secret id = { 0 };

	kt_vault_slot_clear(slot);
	slot->way = way;
	slot->cost = KT_SEAL_COST;
	before = kt_vault_is_single(way) ? before : NULL;
	if (!kt_vault_slot_salt(slot, error) ||
	    !kt_text_set(&slot->name, name || !before ? name : before->name, error) ||
	    !kt_text_set(&slot->id, before ? before->id : kt_vault_way_name(way), error))
		return false;
	if (vault->version < 2 && kt_vault_is_plain(slot) &&
	    (before || !kt_vault_find_slot(vault, slot->id)))
		return true;
	slot->added = kt_clock_wall();
	return before || (kt_seal_randomize(&id, SLOT_ID_SIZE, error) &&
	                  kt_vault_set_hex(&slot->id, &id, error));
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

static bool write_slots_plain(const struct kt_vault *vault, struct kt_json *json,
                              struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *slots = NULL;

	if (!kt_json_create(&slots, error))
		return false;
	for (enum kt_vault_way way = 0; way < KT_VAULT_PLAIN_WAYS; way++) {
		const struct kt_vault_slot *slot = kt_vault_find_way(vault, way);
		KT_CLEANUP(kt_json_free) struct kt_json *member = NULL;

		if (slot && !(kt_vault_slot_write_plain(slot, &member, error) &&
		              kt_json_add_object(slots, kt_vault_way_name(way), &member, error)))
			return false;
	}
	return kt_json_add_object(json, "slots", &slots, error);
}

static bool write_slots(const struct kt_vault *vault, struct kt_json *json,
                        struct kt_error *error)
{
	if (!kt_json_add_list(json, "slots", error))
		return false;
	for (size_t i = 0; i < vault->count; i++) {
		KT_CLEANUP(kt_json_free) struct kt_json *slot = NULL;

		if (!kt_vault_slot_write(&vault->slots[i], &slot, error) ||
		    !kt_json_append_object(json, "slots", &slot, error))
			return false;
	}
	return true;
}

/* Version 1 holds one slot a way, and nothing of any but its four. */
static int64_t version_of(const struct kt_vault *vault)
{
	if (vault->version > 1 || vault->items)
		return 2;
	for (size_t i = 0; i < vault->count; i++)
		if (!kt_vault_is_plain(&vault->slots[i]))
			return 2;
	return 1;
}

/* The text of the header; without its check it is what the check is made of. */
static bool write_header(const struct kt_vault *vault, const char *check, struct kt_secret *text,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	int64_t version = version_of(vault);

	if (vault->others && !kt_json_parse(&json, vault->others, strlen(vault->others), error))
		return false;
	if (!vault->others && !(kt_json_create(&json, error) &&
	                        kt_json_add_number(json, "version", version, error) &&
	                        kt_json_add_text(json, "id", vault->id, error)))
		return false;
	if (vault->items && !kt_json_add_text(json, "items", vault->items, error))
		return false;
	if (!(version > 1 ? write_slots(vault, json, error)
	                  : write_slots_plain(vault, json, error)) ||
	    (check && !kt_json_add_text(json, "check", check, error)))
		return false;
	return kt_json_print(json, text, error);
}

static bool make_check(const struct kt_secret *text, const struct kt_secret *key,
                       struct kt_secret *check, struct kt_error *error)
{
	return kt_seal_hash(key, "keyturn vault header 1", kt_secret_reveal(text),
	                    kt_secret_length(text), KT_SEAL_KEY_SIZE, check, error);
}

bool kt_vault_check_header(const struct kt_vault *vault, const struct kt_secret *key, bool *holds,
                           struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret expected = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret stored = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };

	if (!(vault->checked ? kt_secret_append_text(&text, vault->checked, error)
	                     : write_header(vault, NULL, &text, error)) ||
	    !make_check(&text, key, &expected, error) ||
	    !kt_secret_append_text(&stored, vault->check, error))
		return false;
	*holds = kt_secret_is_equal(&expected, &stored);
	return true;
}

bool kt_vault_fail_damaged(const struct kt_vault *vault, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_CORRUPT, "vault.json in %s is damaged", vault->directory);
	return kt_advise(error, "put vault.json back from a backup; without it the vault "
	                 "cannot be opened");
}

static bool read_slot_plain(const struct kt_json *json, enum kt_vault_way way,
                            struct kt_vault *vault, struct kt_error *error)
{
	KT_CLEANUP(kt_vault_slot_clear) struct kt_vault_slot slot = { 0 };

	return kt_vault_slot_read_plain(json, way, &slot, error) &&
	       kt_vault_put_slot(vault, &slot, error);
}

static bool read_slots_plain(const struct kt_json *json, struct kt_vault *vault,
                             struct kt_error *error)
{
	const struct kt_json *slots = kt_json_object(json, "slots");

	for (enum kt_vault_way way = 0; slots && way < KT_VAULT_PLAIN_WAYS; way++) {
		const struct kt_json *member = kt_json_object(slots, kt_vault_way_name(way));

		if (member && !read_slot_plain(member, way, vault, error))
			return false;
	}
	return true;
}

static bool read_slots(const struct kt_json *json, struct kt_vault *vault, struct kt_error *error)
{
	size_t count = kt_json_list_length(json, "slots");

	if (count == 0 || count > KT_VAULT_SLOTS)
		return kt_fail(error, KT_ERROR_CORRUPT, "the number of slots is out of bounds");
	for (size_t i = 0; i < count; i++) {
		const struct kt_json *member = kt_json_list_object(json, "slots", i);
		KT_CLEANUP(kt_vault_slot_clear) struct kt_vault_slot slot = { 0 };

		if (!member)
			return kt_fail(error, KT_ERROR_CORRUPT, "a slot is no object");
		if (!kt_vault_slot_read(member, &slot, error))
			return false;
		if (kt_vault_find_slot(vault, slot.id))
			return kt_fail(error, KT_ERROR_CORRUPT, "two slots have one id");
		if (!kt_vault_put_slot(vault, &slot, error))
			return false;
	}
	return true;
}

bool kt_vault_is_items_name(const char *name)
{
	size_t prefix = strlen(ITEMS_PREFIX);

	return kt_text_has_prefix(name, ITEMS_PREFIX) &&
	       strlen(name + prefix) == 2 * KT_VAULT_ID_SIZE &&
	       strspn(name + prefix, "0123456789abcdef") == 2 * KT_VAULT_ID_SIZE;
}

bool kt_vault_renew_items(struct kt_vault *vault, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret id = { 0 };
	KT_CLEANUP(kt_text_free) char *digits = NULL;

	return kt_seal_randomize(&id, KT_VAULT_ID_SIZE, error) &&
	       kt_vault_set_hex(&digits, &id, error) &&
	       kt_text_format(&vault->items, error, ITEMS_PREFIX "%s", digits);
}

bool kt_vault_items_directory(const struct kt_vault *vault, char **path, struct kt_error *error)
{
	return vault->items ? kt_text_format(path, error, "%s/%s", vault->directory, vault->items)
	                    : kt_text_set(path, vault->directory, error);
}

/* Takes the members apart that are written anew, and keeps all others. */
static bool read_list(struct kt_json *json, struct kt_vault *vault, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret checked = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret others = { 0 };

	if (!read_slots(json, vault, error) ||
	    !kt_text_set(&vault->items, kt_json_text(json, "items"), error))
		return false;
	if (kt_json_has(json, "items") && !(vault->items && kt_vault_is_items_name(vault->items)))
		return kt_fail(error, KT_ERROR_CORRUPT, "the items' directory has no fit name");
	kt_json_remove(json, "check");
	if (!kt_json_print(json, &checked, error))
		return false;
	kt_json_remove(json, "slots");
	kt_json_remove(json, "items");
	return kt_json_print(json, &others, error) &&
	       kt_text_set(&vault->checked, kt_secret_reveal(&checked), error) &&
	       kt_text_set(&vault->others, kt_secret_reveal(&others), error);
}

bool kt_vault_parse(struct kt_vault *vault, const struct kt_secret *text, struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;

	if (!kt_json_parse(&json, kt_secret_reveal(text), kt_secret_length(text), error))
		return false;
	if (kt_json_number(json, "version", &vault->version) && vault->version > VERSION) {
		kt_fail(error, KT_ERROR_UNAVAILABLE, "the vault in %s is a newer keyturn's",
		        vault->directory ? vault->directory : "the file");
		return kt_advise(error, "update keyturn on this machine");
	}
	if (vault->version < 1 ||
	    !kt_vault_read_hex(json, "id", KT_VAULT_ID_SIZE, &vault->id, error) ||
	    !kt_vault_read_hex(json, "check", KT_SEAL_KEY_SIZE, &vault->check, error))
		return kt_fail(error, KT_ERROR_CORRUPT, "a member is missing");
	return vault->version == 1 ? read_slots_plain(json, vault, error)
	                           : read_list(json, vault, error);
}

/* Others must not enter: they could delete items, or put old ones back. */
static bool check_directory(const struct kt_vault *vault, bool *found, struct kt_error *error)
{
	struct kt_shell_word word;
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
		return kt_advise(error, "run: chmod 700 %s",
		                 kt_shell_word(&word, vault->directory, "DIRECTORY"));
	}
	return true;
}

static bool fail_missing(const struct kt_vault *vault, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_UNAVAILABLE, "there is no vault in %s", vault->directory);
	return kt_advise(error, "run: keyturn vault create");
}

static bool has_items(const char *path)
{
	KT_CLEANUP(kt_directory_close) DIR *directory = opendir(path);
	const struct dirent *entry;

	while (directory && (entry = readdir(directory)) != NULL)
		if (kt_vault_is_item_name(entry->d_name, strlen(entry->d_name)) ||
		    kt_vault_is_items_name(entry->d_name))
			return true;
	return false;
}

static bool fail_headless(const struct kt_vault *vault, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_CORRUPT, "%s holds sealed logins and no vault.json, which alone opens "
	        "them", vault->directory);
	return kt_advise(error, "put vault.json back from a backup; if there is none, move the "
	                 "directory away and run: keyturn vault create");
}

static bool read_text(const struct kt_vault *vault, struct kt_secret *text, bool *found,
                      struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *path = NULL;

	if (!check_directory(vault, found, error))
		return false;
	if (!*found)
		return true;
	if (!header_path(vault, &path, error))
		return false;
	if (!kt_file_read(path, HEADER_MAXIMUM, text, found, error))
		return kt_advise(error, "put vault.json back from a backup, readable for you");
	return *found || !has_items(vault->directory) || fail_headless(vault, error);
}

/* Takes the text over. */
static bool take_text(struct kt_vault *vault, struct kt_secret *text, struct kt_error *error)
{
	struct kt_error cause = { 0 };

	if (kt_vault_parse(vault, text, &cause)) {
		kt_secret_move(&vault->text, text);
		return true;
	}
	if (cause.code != KT_ERROR_INTERNAL && cause.code != KT_ERROR_UNAVAILABLE)
		return kt_vault_fail_damaged(vault, error);
	*error = cause;
	return false;
}

bool kt_vault_find(struct kt_vault *vault, bool *found, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };

	kt_vault_clear(vault);
	return kt_vault_directory(&vault->directory, error) &&
	       read_text(vault, &text, found, error) &&
	       (!*found || take_text(vault, &text, error));
}

bool kt_vault_read(struct kt_vault *vault, struct kt_error *error)
{
	bool found;

	return kt_vault_find(vault, &found, error) && (found || fail_missing(vault, error));
}

bool kt_vault_read_again(const struct kt_vault *before, struct kt_vault *vault, bool *changed,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	bool found;

	kt_vault_clear(vault);
	if (!read_text(before, &text, &found, error) || (!found && !fail_missing(before, error)))
		return false;
	*changed = !kt_secret_is_equal(&text, &before->text);
	return !*changed || (kt_text_set(&vault->directory, before->directory, error) &&
	                     take_text(vault, &text, error));
}

bool kt_vault_print(const struct kt_vault *vault, const struct kt_secret *key,
                    struct kt_secret *text, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret checked = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret check = { 0 };

	return write_header(vault, NULL, &checked, error) &&
	       make_check(&checked, key, &check, error) &&
	       write_header(vault, kt_secret_reveal(&check), text, error) &&
	       kt_secret_append(text, "\n", 1, error);
}

bool kt_vault_save(const struct kt_vault *vault, const struct kt_secret *key,
                   struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *path = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };

	if (!header_path(vault, &path, error) || !kt_vault_print(vault, key, &text, error))
		return false;
	return kt_file_replace(path, kt_secret_reveal(&text), kt_secret_length(&text), error) ||
	       kt_advise(error, "check free space, quota and rights of %s, then try again",
	                 vault->directory);
}

/*
 * The items' directory.
 */

void kt_vault_delete_items(int parent, const char *name)
{
	int descriptor = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	KT_CLEANUP(kt_directory_close) DIR *directory = descriptor < 0 ? NULL
	                                                               : fdopendir(descriptor);
	const struct dirent *entry;

	while (directory && (entry = readdir(directory)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			unlinkat(dirfd(directory), entry->d_name, 0);
	unlinkat(parent, name, AT_REMOVEDIR);
}
