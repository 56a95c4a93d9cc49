/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/file.h"
#include "keyring/json.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"
#include "keyring/vault_header.h"

#define VERSION 1
#define HEADER_MAXIMUM 65536
/* Hexadecimal digits of each of the three parts of an item's name. */
#define PART_DIGITS ((size_t)32)

static const struct {
	const char *name;
	bool is_stretched;
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

bool kt_vault_is_stretched(enum kt_vault_way way)
{
	return ways[way].is_stretched;
}

void kt_vault_slot_clear(struct kt_vault_slot *slot)
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
		kt_vault_slot_clear(&vault->slots[i]);
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

	return write_header(vault, NULL, &text, error) &&
	       kt_seal_hash(key, "keyturn vault header 1", kt_secret_reveal(&text),
	                    kt_secret_length(&text), KT_SEAL_KEY_SIZE, check, error);
}

bool kt_vault_check_header(const struct kt_vault *vault, const struct kt_secret *key, bool *holds,
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

bool kt_vault_fail_damaged(const struct kt_vault *vault, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_CORRUPT, "vault.json in %s is damaged", vault->directory);
	return kt_advise(error, "put vault.json back from a backup; without it the vault "
	                 "cannot be opened");
}

bool kt_vault_set_hex(char **digits, const struct kt_secret *bytes, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };

	return kt_seal_append_hex(&text, kt_secret_reveal(bytes), kt_secret_length(bytes), error) &&
	       kt_text_set(digits, kt_secret_reveal(&text), error);
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
	       read_hex(json, "key", KT_VAULT_WRAPPED_SIZE, &slot->wrapped, error);
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
	    !read_hex(json, "id", KT_VAULT_ID_SIZE, &vault->id, error) ||
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

bool kt_vault_is_item_name(const char *name, size_t length)
{
	if (length != 3 * PART_DIGITS + 2 || strspn(name, "0123456789abcdef-") < length)
		return false;
	return name[PART_DIGITS] == '-' && name[2 * PART_DIGITS + 1] == '-';
}

static bool has_items(const char *path)
{
	KT_CLEANUP(kt_directory_close) DIR *directory = opendir(path);
	const struct dirent *entry;

	while (directory && (entry = readdir(directory)) != NULL)
		if (kt_vault_is_item_name(entry->d_name, strlen(entry->d_name)))
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

bool kt_vault_find(struct kt_vault *vault, bool *found, struct kt_error *error)
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
	if (!*found)
		return !has_items(vault->directory) || fail_headless(vault, error);
	if (read_header(vault, &text, &cause))
		return true;
	if (cause.code != KT_ERROR_INTERNAL && cause.code != KT_ERROR_UNAVAILABLE)
		return kt_vault_fail_damaged(vault, error);
	*error = cause;
	return false;
}

bool kt_vault_read(struct kt_vault *vault, struct kt_error *error)
{
	bool found;

	return kt_vault_find(vault, &found, error) && (found || fail_missing(vault, error));
}

bool kt_vault_save(const struct kt_vault *vault, const struct kt_secret *key,
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
