/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "keyring/cleanup.h"
#include "keyring/seal.h"
#include "keyring/text.h"
#include "keyring/vault_item.h"

#define MAGIC "keyturn vault item 1\n"
#define HASH_SIZE 16
#define PART_DIGITS ((size_t)(2 * HASH_SIZE))
#define NAME_LENGTH (KT_VAULT_NAME_PARTS * PART_DIGITS + KT_VAULT_NAME_PARTS - 1)
#define TEMPORARY_SUFFIX 7 /* the end that kt_file_replace appends */

void kt_vault_name_clear(struct kt_vault_name *name)
{
	for (size_t i = 0; i < KT_VAULT_NAME_PARTS; i++)
		kt_text_free(&name->part[i]);
}

void kt_vault_item_key_clear(struct kt_vault_item_key *key)
{
	for (size_t i = 0; i < KT_VAULT_NAME_PARTS; i++) {
		kt_secret_clear(&key->hashed[i].plain);
		kt_secret_clear(&key->hashed[i].digits);
	}
	kt_secret_clear(&key->key);
}

/*
 * Names.
 */

bool kt_vault_is_item_name(const char *name, size_t length)
{
	if (length != NAME_LENGTH || strspn(name, "0123456789abcdef-") < length)
		return false;
	return name[PART_DIGITS] == '-' && name[2 * PART_DIGITS + 1] == '-';
}

bool kt_vault_is_temporary(const char *name)
{
	size_t length = strlen(name);
	size_t stem;

	if (length <= TEMPORARY_SUFFIX || name[length - TEMPORARY_SUFFIX] != '.')
		return false;
	stem = length - TEMPORARY_SUFFIX;
	return kt_vault_is_item_name(name, stem) ||
	       (stem == strlen("vault.json") && kt_text_has_prefix(name, "vault.json"));
}

static bool hash_part(struct kt_vault_item_key *key, size_t part, const struct kt_secret *plain,
                      struct kt_vault_name *name, struct kt_error *error)
{
	static const char *const purposes[KT_VAULT_NAME_PARTS] = {
		"keyturn vault account 1", "keyturn vault service 1", "keyturn vault path 1",
	};
	struct kt_vault_hashed *hashed = &key->hashed[part];

	if (kt_secret_is_empty(&hashed->digits) || !kt_secret_is_equal(&hashed->plain, plain)) {
		kt_secret_clear(&hashed->digits);
		if (!kt_secret_copy(&hashed->plain, plain, error) ||
		    !kt_seal_hash(&key->key, purposes[part], kt_secret_reveal(plain),
		                  kt_secret_length(plain), HASH_SIZE, &hashed->digits, error))
			return false;
	}
	return kt_text_set(&name->part[part], kt_secret_reveal(&hashed->digits), error);
}

static bool hash_text(struct kt_vault_item_key *key, size_t part, const char *text,
                      struct kt_vault_name *name, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret plain = { 0 };

	return !text || (kt_secret_append_text(&plain, text, error) &&
	                 hash_part(key, part, &plain, name, error));
}

bool kt_vault_name_make(struct kt_vault_item_key *key, const struct kt_identity *pattern,
                        struct kt_vault_name *name, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret service = { 0 };

	if (!hash_text(key, 0, pattern->username, name, error) ||
	    !hash_text(key, 2, pattern->path, name, error))
		return false;
	if (!pattern->protocol || !pattern->host)
		return true;
	return kt_secret_append(&service, pattern->protocol, strlen(pattern->protocol) + 1,
	                        error) &&
	       kt_secret_append_text(&service, pattern->host, error) &&
	       hash_part(key, 1, &service, name, error);
}

bool kt_vault_name_join(const struct kt_vault_name *name, char **file, struct kt_error *error)
{
	kt_text_free(file);
	return !name->part[0] || !name->part[1] || !name->part[2] ||
	       kt_text_format(file, error, "%s-%s-%s", name->part[0], name->part[1],
	                      name->part[2]);
}

bool kt_vault_item_name(struct kt_vault_item_key *key, const struct kt_identity *identity,
                        char **file, struct kt_error *error)
{
	KT_CLEANUP(kt_vault_name_clear) struct kt_vault_name parts = { 0 };

	if (!kt_vault_name_make(key, identity, &parts, error) ||
	    !kt_vault_name_join(&parts, file, error))
		return false;
	return *file || kt_fail(error, KT_ERROR_INTERNAL,
	                        "a credential's identity is incomplete");
}

/* Cheap first: of a thousand names a request looks closely at its own alone. */
bool kt_vault_name_is_match(const struct kt_vault_name *name, const char *file)
{
	size_t length = strlen(file);

	if (length != NAME_LENGTH)
		return false;
	for (size_t i = 0; i < KT_VAULT_NAME_PARTS; i++)
		if (name->part[i] && strncmp(file + i * (PART_DIGITS + 1), name->part[i],
		                             PART_DIGITS) != 0)
			return false;
	return kt_vault_is_item_name(file, length);
}

/*
 * Content.
 */

bool kt_vault_item_is_one(const struct kt_secret *content)
{
	return kt_secret_length(content) >= strlen(MAGIC) &&
	       memcmp(kt_secret_reveal(content), MAGIC, strlen(MAGIC)) == 0;
}

static bool item_context(const char *file, char **context, struct kt_error *error)
{
	return kt_text_format(context, error, "keyturn vault item 1 %s", file);
}

bool kt_vault_item_open(const struct kt_vault_item_key *key, const char *file,
                        const struct kt_secret *content, struct kt_secret *form,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *context = NULL;

	if (!kt_vault_item_is_one(content))
		return kt_fail(error, KT_ERROR_CORRUPT, "an item has not its first line");
	return item_context(file, &context, error) &&
	       kt_seal_open(&key->key, context, kt_secret_reveal(content) + strlen(MAGIC),
	                    kt_secret_length(content) - strlen(MAGIC), form, error);
}

bool kt_vault_item_seal(const struct kt_vault_item_key *key, const char *file,
                        const struct kt_secret *form, struct kt_secret *content,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *context = NULL;

	kt_secret_clear(content);
	if (!item_context(file, &context, error) ||
	    !kt_secret_append_text(content, MAGIC, error) ||
	    !kt_seal_close(&key->key, context, form, content, error))
		return false;
	if (kt_secret_length(content) <= KT_VAULT_ITEM_MAXIMUM)
		return true;
	kt_fail(error, KT_ERROR_USAGE, "a login is larger than the vault can keep");
	return kt_advise(error, "a token of less than 1 MiB can be kept");
}
