/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/account/service.h"
#include "helper/keeper/import/import.h"
#include "helper/keeper/import/item.h"
#include "keyring/cleanup.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"
#include "keyring/translate.h"

/* Names of one service that are tried: "main", "main-2", ... */
#define NAMES_MAXIMUM 99

static bool is_same_app(const struct kt_credential *credential, const struct kt_credential *other)
{
	return kt_text_is_equal(credential->client_id, other->client_id) &&
	       (kt_secret_is_empty(&credential->private_key)
	        ? kt_secret_is_equal(&credential->client_secret, &other->client_secret)
	        : kt_secret_is_equal(&credential->private_key, &other->private_key));
}

bool kt_import_is_same(const struct kt_credential *credential, const struct kt_credential *other)
{
	const struct kt_identity *service = &credential->identity;
	const struct kt_secret *refresh = &credential->refresh_token;
	bool is_grant = kt_kind_is_grant(credential->kind);

	if (!kt_text_is_equal(service->protocol, other->identity.protocol) ||
	    !kt_text_is_equal(service->host, other->identity.host) ||
	    !kt_text_is_equal(service->path, other->identity.path) ||
	    is_grant != kt_kind_is_grant(other->kind))
		return false;
	if (!is_grant)
		return kt_secret_is_equal(&credential->token, &other->token);
	if (credential->kind != other->kind)
		return false;
	if (kt_secret_is_empty(refresh))
		return is_same_app(credential, other);
	return kt_secret_is_equal(refresh, &other->refresh_token) ||
	       kt_secret_is_equal(refresh, &other->previous_refresh_token);
}

static bool may_be(const struct kt_import_item *item, const struct kt_credential *other)
{
	return kt_import_is_same(&item->credential, other) &&
	       (!item->is_named || kt_text_is_equal(item->credential.identity.username,
	                                            other->identity.username));
}

/* The item of the same secret that was settled before; NULL: none. */
static const struct kt_import_item *find_twin(const struct kt_import *import,
                                              const struct kt_import_item *item)
{
	for (size_t i = 0; i < import->count; i++)
		for (size_t j = 0; j < import->files[i].count; j++) {
			const struct kt_import_item *other = &import->files[i].items[j];

			if (other->is_settled && kt_import_is_movable(other) &&
			    may_be(item, &other->credential))
				return other;
		}
	return NULL;
}

static bool is_taken(const struct kt_import *import, const struct kt_credentials *stored,
                     const struct kt_identity *identity)
{
	for (size_t i = 0; i < stored->count; i++)
		if (kt_identity_is_equal(&stored->items[i].identity, identity))
			return true;
	for (size_t i = 0; i < import->count; i++)
		for (size_t j = 0; j < import->files[i].count; j++) {
			const struct kt_import_item *other = &import->files[i].items[j];

			if (other->is_settled && kt_import_is_movable(other) &&
			    kt_identity_is_equal(&other->credential.identity, identity))
				return true;
		}
	return false;
}

/* Nothing that is stored is replaced: a name of ours gives way, one of the file's does not. */
static bool settle_name(const struct kt_import *import, const struct kt_credentials *stored,
                        struct kt_import_item *item, struct kt_error *error)
{
	struct kt_identity *identity = &item->credential.identity;
	KT_CLEANUP(kt_text_free) char *base = NULL;
	struct kt_shell_word word;

	if (!is_taken(import, stored, identity))
		return true;
	if (item->is_named) {
		KT_CLEANUP(kt_text_free) char *name = NULL;
		KT_CLEANUP(kt_text_free) char *remedy = NULL;

		if (!kt_service_full_name(identity, &name, error) ||
		    !kt_text_format(&remedy, error, kt_translate("keep one of the two: to take this one, "
		                    "first run: keyturn logout %s"), kt_shell_word(&word, name, "ACCOUNT")))
			return false;
		kt_import_leave(item, remedy, "%s has another secret already, which is not replaced",
		                name);
		item->reason.code = KT_ERROR_UNSAFE;
		return true;
	}
	if (!kt_text_set(&base, identity->username, error))
		return false;
	for (int number = 2; number <= NAMES_MAXIMUM; number++) {
		if (!kt_text_format(&identity->username, error, "%s-%d", base, number))
			return false;
		if (!is_taken(import, stored, identity))
			return true;
	}
	return kt_import_leave(item, "name the account yourself: keyturn login NAME --with-token",
	                       "there are too many accounts of that name");
}

static bool settle_item(const struct kt_import *import, struct kt_keyring *keyring,
                        struct kt_import_item *item, struct kt_error *error)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials stored = { 0 };
	struct kt_identity *identity = &item->credential.identity;
	const struct kt_import_item *twin = find_twin(import, item);
	const struct kt_identity pattern = {
		.protocol = identity->protocol, .host = identity->host, .path = identity->path,
	};

	if (twin) {
		item->state = KT_IMPORT_TWIN;
		return kt_text_set(&identity->username, twin->credential.identity.username, error);
	}
	if (keyring && !kt_keyring_search(keyring, &pattern, &stored, error))
		return false;
	for (size_t i = 0; i < stored.count; i++)
		if (may_be(item, &stored.items[i])) {
			item->state = KT_IMPORT_STORED;
			return kt_text_set(&identity->username, stored.items[i].identity.username, error);
		}
	return settle_name(import, &stored, item, error);
}

/* Names that files give go first, so that an account has the name that its tool asks for. */
bool kt_import_settle(struct kt_import *import, struct kt_keyring *keyring,
                      struct kt_error *error)
{
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < import->count; i++)
			for (size_t j = 0; j < import->files[i].count; j++) {
				struct kt_import_item *item = &import->files[i].items[j];

				if (!kt_import_is_movable(item) || item->is_named != (pass == 0))
					continue;
				if (!settle_item(import, keyring, item, error))
					return false;
				item->is_settled = true;
			}
	return true;
}
