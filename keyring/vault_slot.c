/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"
#include "keyring/vault_slot.h"

#define WORD_MAXIMUM 64

static const struct {
	const char *name;
	bool is_stretched;
	bool is_typed;
	bool is_single;
	bool is_bound; /* opens on one machine alone */
	bool travels;  /* opens wherever its person comes */
	bool lasts;    /* goes with no agent, machine or thing at USB */
} ways[KT_VAULT_WAYS] = {
	[KT_VAULT_PASSPHRASE] = { "passphrase", true, true, true, false, true, true },
	[KT_VAULT_KEY_FILE] = { "key-file", false, false, false, false, true, true },
	[KT_VAULT_CREDENTIAL] = { "credential", false, false, false, false, false, true },
	[KT_VAULT_LOGIN] = { "login", true, true, true, false, true, true },
	[KT_VAULT_RECOVERY] = { "recovery", false, true, true, false, true, true },
	[KT_VAULT_SSH_AGENT] = { "ssh-agent", false, false, false, false, true, false },
	[KT_VAULT_MACHINE] = { "machine", false, false, false, true, false, false },
	[KT_VAULT_FIDO2] = { "fido2", false, false, false, false, true, false },
};

const char *kt_vault_way_name(enum kt_vault_way way)
{
	return ways[way].name;
}

const char *kt_vault_slot_way(const struct kt_vault_slot *slot)
{
	return slot->way_name ? slot->way_name : ways[slot->way].name;
}

bool kt_vault_is_stretched(enum kt_vault_way way)
{
	return way < KT_VAULT_WAYS && ways[way].is_stretched;
}

bool kt_vault_is_typed(enum kt_vault_way way)
{
	return way < KT_VAULT_WAYS && ways[way].is_typed;
}

bool kt_vault_is_single(enum kt_vault_way way)
{
	return way < KT_VAULT_WAYS && ways[way].is_single;
}

bool kt_vault_is_bound(enum kt_vault_way way)
{
	return way < KT_VAULT_WAYS && ways[way].is_bound;
}

bool kt_vault_does_travel(enum kt_vault_way way)
{
	return way < KT_VAULT_WAYS && ways[way].travels;
}

bool kt_vault_does_last(enum kt_vault_way way)
{
	return way < KT_VAULT_WAYS && ways[way].lasts;
}

bool kt_vault_is_plain(const struct kt_vault_slot *slot)
{
	return slot->way < KT_VAULT_PLAIN_WAYS && !slot->name &&
	       kt_text_is_equal(slot->id, ways[slot->way].name);
}

void kt_vault_slot_clear(struct kt_vault_slot *slot)
{
	kt_text_free(&slot->id);
	kt_text_free(&slot->way_name);
	kt_text_free(&slot->name);
	kt_text_free(&slot->source);
	kt_text_free(&slot->salt);
	kt_text_free(&slot->wrapped);
	kt_text_free(&slot->blob);
	kt_text_free(&slot->public_key);
	kt_text_free(&slot->algorithm);
	kt_text_free(&slot->credential);
	kt_text_free(&slot->rp);
	kt_text_free(&slot->text);
	*slot = (struct kt_vault_slot){ 0 };
}

bool kt_vault_set_hex(char **digits, const struct kt_secret *bytes, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };

	return kt_seal_append_hex(&text, kt_secret_reveal(bytes), kt_secret_length(bytes), error) &&
	       kt_text_set(digits, kt_secret_reveal(&text), error);
}

bool kt_vault_slot_salt(struct kt_vault_slot *slot, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret salt = { 0 };

	return kt_seal_randomize(&salt, KT_SEAL_SALT_SIZE, error) &&
	       kt_vault_set_hex(&slot->salt, &salt, error);
}

/* Members of the object that mean nothing here stay. */
bool kt_vault_slot_wrapped(struct kt_vault_slot *slot, const struct kt_secret *wrapped,
                           struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };

	if (!kt_vault_set_hex(&slot->wrapped, wrapped, error))
		return false;
	if (!slot->text)
		return true;
	if (!kt_json_parse(&json, slot->text, strlen(slot->text), error))
		return false;
	kt_json_remove(json, "salt");
	kt_json_remove(json, "key");
	return kt_json_add_text(json, "salt", slot->salt, error) &&
	       kt_json_add_text(json, "key", slot->wrapped, error) &&
	       kt_json_print(json, &text, error) &&
	       kt_text_set(&slot->text, kt_secret_reveal(&text), error);
}

bool kt_vault_slot_copy(struct kt_vault_slot *slot, const struct kt_vault_slot *source,
                        struct kt_error *error)
{
	kt_vault_slot_clear(slot);
	slot->way = source->way;
	slot->added = source->added;
	slot->cost = source->cost;
	slot->pin = source->pin;
	slot->asks = source->asks;
	return kt_text_set(&slot->id, source->id, error) &&
	       kt_text_set(&slot->way_name, source->way_name, error) &&
	       kt_text_set(&slot->name, source->name, error) &&
	       kt_text_set(&slot->source, source->source, error) &&
	       kt_text_set(&slot->salt, source->salt, error) &&
	       kt_text_set(&slot->wrapped, source->wrapped, error) &&
	       kt_text_set(&slot->blob, source->blob, error) &&
	       kt_text_set(&slot->public_key, source->public_key, error) &&
	       kt_text_set(&slot->algorithm, source->algorithm, error) &&
	       kt_text_set(&slot->credential, source->credential, error) &&
	       kt_text_set(&slot->rp, source->rp, error) &&
	       kt_text_set(&slot->text, source->text, error);
}

bool kt_vault_read_hex(const struct kt_json *json, const char *name, size_t length, char **digits,
                       struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
	const char *text = kt_json_text(json, name);

	if (!text)
		return kt_fail(error, KT_ERROR_CORRUPT, "a member is missing");
	return kt_seal_read_hex(&bytes, text, length, error) && kt_text_set(digits, text, error);
}

static bool read_ssh_agent(const struct kt_json *json, struct kt_vault_slot *slot,
                           struct kt_error *error)
{
	const char *key = kt_json_text(json, "public");
	const char *algorithm = kt_json_text(json, "algorithm");

	if (!key || !algorithm)
		return kt_fail(error, KT_ERROR_CORRUPT, "a member is missing");
	slot->asks = kt_json_is_true(json, "asks");
	return kt_text_set(&slot->public_key, key, error) &&
	       kt_text_set(&slot->algorithm, algorithm, error);
}

static bool read_fido2(const struct kt_json *json, struct kt_vault_slot *slot,
                       struct kt_error *error)
{
	const char *credential = kt_json_text(json, "credential");
	const char *rp = kt_json_text(json, "rp");

	if (!credential || !rp)
		return kt_fail(error, KT_ERROR_CORRUPT, "a member is missing");
	slot->pin = kt_json_is_true(json, "pin");
	slot->asks = true;
	return kt_text_set(&slot->credential, credential, error) &&
	       kt_text_set(&slot->rp, rp, error);
}

static bool read_parts(const struct kt_json *json, struct kt_vault_slot *slot,
                       struct kt_error *error)
{
	if (ways[slot->way].is_stretched && !(kt_json_number(json, "n", &slot->cost.n) &&
	                                      kt_json_number(json, "r", &slot->cost.r) &&
	                                      kt_json_number(json, "p", &slot->cost.p) &&
	                                      kt_seal_is_bounded(&slot->cost)))
		return kt_fail(error, KT_ERROR_CORRUPT, "a cost is out of bounds");
	if (slot->way == KT_VAULT_SSH_AGENT && !read_ssh_agent(json, slot, error))
		return false;
	if (slot->way == KT_VAULT_FIDO2 && !read_fido2(json, slot, error))
		return false;
	if (slot->way == KT_VAULT_MACHINE && !kt_json_text(json, "blob"))
		return kt_fail(error, KT_ERROR_CORRUPT, "a member is missing");
	if (slot->way == KT_VAULT_MACHINE &&
	    !kt_text_set(&slot->blob, kt_json_text(json, "blob"), error))
		return false;
	return kt_text_set(&slot->source, kt_json_text(json, "source"), error) &&
	       kt_vault_read_hex(json, "salt", KT_SEAL_SALT_SIZE, &slot->salt, error) &&
	       kt_vault_read_hex(json, "key", KT_VAULT_WRAPPED_SIZE, &slot->wrapped, error);
}

bool kt_vault_slot_read_plain(const struct kt_json *json, enum kt_vault_way way,
                              struct kt_vault_slot *slot, struct kt_error *error)
{
	slot->way = way;
	return kt_text_set(&slot->id, ways[way].name, error) && read_parts(json, slot, error);
}

static bool read_word(const struct kt_json *json, const char *name, char **word,
                      struct kt_error *error)
{
	const char *text = kt_json_text(json, name);

	if (!text || strlen(text) > WORD_MAXIMUM ||
	    !kt_characters_are_visible_ascii(text, strlen(text)))
		return kt_fail(error, KT_ERROR_CORRUPT, "a slot has no fit %s", name);
	return kt_text_set(word, text, error);
}

static enum kt_vault_way find_way(const char *name)
{
	enum kt_vault_way way = 0;

	while (way < KT_VAULT_WAYS && strcmp(ways[way].name, name) != 0)
		way++;
	return way;
}

bool kt_vault_slot_read(const struct kt_json *json, struct kt_vault_slot *slot,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	const char *name = kt_json_text(json, "name");

	if (!read_word(json, "id", &slot->id, error) ||
	    !read_word(json, "way", &slot->way_name, error) ||
	    !kt_json_print(json, &text, error) ||
	    !kt_text_set(&slot->text, kt_secret_reveal(&text), error))
		return false;
	if (name && strlen(name) <= KT_VAULT_NAME_MAXIMUM &&
	    !kt_text_set(&slot->name, name, error))
		return false;
	if (!kt_json_number(json, "added", &slot->added) || slot->added < 0)
		slot->added = 0;
	slot->way = find_way(slot->way_name);
	return slot->way == KT_VAULT_WAYS || read_parts(json, slot, error);
}

static bool write_parts(const struct kt_vault_slot *slot, struct kt_json *json,
                        struct kt_error *error)
{
	if (slot->source && !kt_json_add_text(json, "source", slot->source, error))
		return false;
	if (ways[slot->way].is_stretched && !(kt_json_add_number(json, "n", slot->cost.n, error) &&
	                                      kt_json_add_number(json, "r", slot->cost.r, error) &&
	                                      kt_json_add_number(json, "p", slot->cost.p, error)))
		return false;
	if (slot->way == KT_VAULT_MACHINE && !kt_json_add_text(json, "blob", slot->blob, error))
		return false;
	if (slot->way == KT_VAULT_SSH_AGENT &&
	    !(kt_json_add_text(json, "public", slot->public_key, error) &&
	      kt_json_add_text(json, "algorithm", slot->algorithm, error) &&
	      (!slot->asks || kt_json_add_boolean(json, "asks", true, error))))
		return false;
	if (slot->way == KT_VAULT_FIDO2 &&
	    !(kt_json_add_text(json, "credential", slot->credential, error) &&
	      kt_json_add_text(json, "rp", slot->rp, error) &&
	      kt_json_add_boolean(json, "pin", slot->pin, error)))
		return false;
	return kt_json_add_text(json, "salt", slot->salt, error) &&
	       kt_json_add_text(json, "key", slot->wrapped, error);
}

bool kt_vault_slot_write_plain(const struct kt_vault_slot *slot, struct kt_json **json,
                               struct kt_error *error)
{
	return kt_json_create(json, error) && write_parts(slot, *json, error);
}

bool kt_vault_slot_write(const struct kt_vault_slot *slot, struct kt_json **json,
                         struct kt_error *error)
{
	if (slot->text)
		return kt_json_parse(json, slot->text, strlen(slot->text), error);
	if (!kt_json_create(json, error) || !kt_json_add_text(*json, "id", slot->id, error) ||
	    !kt_json_add_text(*json, "way", kt_vault_slot_way(slot), error))
		return false;
	if (slot->name && !kt_json_add_text(*json, "name", slot->name, error))
		return false;
	if (slot->added && !kt_json_add_number(*json, "added", slot->added, error))
		return false;
	return write_parts(slot, *json, error);
}
