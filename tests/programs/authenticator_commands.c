/* SPDX-License-Identifier: MIT */
#include "config.h"

/* The commands of authenticator.c. Each appends its answer and returns a status. */

#include <openssl/rand.h>
#include <string.h>

#include "tests/programs/authenticator.h"

#define NONCE 16
#define ID_SIZE (NONCE + HASH)

enum { MAKE_CREDENTIAL = 1, GET_ASSERTION = 2, GET_INFO = 4, CLIENT_PIN = 6 };
enum {
	OK = 0,
	INVALID_COMMAND = 0x01,
	INVALID_CBOR = 0x12,
	OPERATION_DENIED = 0x27,
	NO_CREDENTIALS = 0x2e,
	USER_ACTION_TIMEOUT = 0x2f,
	PIN_INVALID = 0x31,
	PIN_BLOCKED = 0x32,
	PIN_AUTH_INVALID = 0x33,
	PIN_AUTH_BLOCKED = 0x34,
	PIN_NOT_SET = 0x35,
	PIN_REQUIRED = 0x36,
};

static int get_info(struct key *key, struct buffer *answer)
{
	static const unsigned char aaguid[16] = "keyturn test key";
	bool is_plain = key_behaves(key, "plain");
	bool has_two = key_behaves(key, "protocol2");
	char pin[64];

	buffer_put_head(answer, 5, is_plain ? 5 : 6);
	buffer_put_int(answer, 1);
	buffer_put_head(answer, 4, 1);
	buffer_put_text(answer, "FIDO_2_0");
	if (!is_plain) {
		buffer_put_int(answer, 2);
		buffer_put_head(answer, 4, 1);
		buffer_put_text(answer, "hmac-secret");
	}
	buffer_put_int(answer, 3);
	buffer_put_bytes(answer, aaguid, sizeof(aaguid));
	buffer_put_int(answer, 4);
	buffer_put_head(answer, 5, 3);
	buffer_put_text(answer, "rk");
	buffer_put_truth(answer, true);
	buffer_put_text(answer, "up");
	buffer_put_truth(answer, true);
	buffer_put_text(answer, "clientPin");
	buffer_put_truth(answer, key_read_pin(key, pin) > 0);
	buffer_put_int(answer, 5);
	buffer_put_int(answer, 1200);
	buffer_put_int(answer, 6);
	buffer_put_head(answer, 4, has_two ? 2 : 1);
	if (has_two)
		buffer_put_int(answer, 2);
	buffer_put_int(answer, 1);
	return OK;
}

static int check_pin(struct key *key, struct item hash)
{
	unsigned char wanted[HASH];
	int tries = key_read_number(key, "tries", 8);
	int wrong = key_read_number(key, "wrong", 0);
	char pin[64];
	size_t length = key_read_pin(key, pin);

	if (length == 0)
		return PIN_NOT_SET;
	if (tries <= 0)
		return PIN_BLOCKED;
	if (wrong >= 3)
		return PIN_AUTH_BLOCKED;
	SHA256((const unsigned char *)pin, length, wanted);
	if (hash.length == 16 && memcmp(hash.bytes, wanted, 16) == 0) {
		key_write_number(key, "tries", 8);
		key_write_number(key, "wrong", 0);
		return OK;
	}
	key_write_number(key, "tries", tries - 1);
	key_write_number(key, "wrong", wrong + 1);
	if (tries == 1)
		return PIN_BLOCKED;
	return wrong == 2 ? PIN_AUTH_BLOCKED : PIN_INVALID;
}

static int client_pin(struct key *key, struct item request, struct buffer *answer)
{
	int protocol = item_number(item_find_number(request, 1), 1);
	unsigned char encrypting[HASH];
	unsigned char signing[HASH];
	unsigned char clear[128];
	int status;

	switch (item_number(item_find_number(request, 2), 0)) {
	case 1:
		buffer_put_head(answer, 5, 1);
		buffer_put_int(answer, 3);
		buffer_put_int(answer, key_read_number(key, "tries", 8));
		return OK;
	case 2:
		buffer_put_head(answer, 5, 1);
		buffer_put_int(answer, 1);
		ctap_put_public(answer, key->agreement, -25);
		return OK;
	case 5:
		if (!ctap_agree(key->agreement, protocol, item_find_number(request, 3), encrypting,
		                signing))
			return INVALID_CBOR;
		status = check_pin(key,
		                   ctap_decrypt(protocol, encrypting,
		                                item_content(item_find_number(request, 6)), clear));
		if (status != OK)
			return status;
		buffer_put_head(answer, 5, 1);
		buffer_put_int(answer, 2);
		ctap_put_encrypted(answer, protocol, encrypting, key->token, HASH);
		return OK;
	default:
		return INVALID_COMMAND;
	}
}

/* *verified: the PIN stands behind it. proof and its protocol are the command's last members. */
static int check_user(const struct key *key, struct item hash, struct item proof, int protocol,
                      bool *verified)
{
	*verified = false;
	if (!proof.bytes)
		return OK;
	if (!ctap_is_authentic(protocol, key->token, item_content(hash), item_content(proof)))
		return PIN_AUTH_INVALID;
	*verified = true;
	return OK;
}

static int wait_for_touch(struct key *key, const char *what)
{
	if (key_behaves(key, "untouched"))
		return USER_ACTION_TIMEOUT;
	if (key_behaves(key, "refused"))
		return OPERATION_DENIED;
	key->is_silent = key_behaves(key, "silent");
	key->is_removed = key_behaves(key, "removed");
	if (key->is_removed)
		key_write_file(key, "gone", "w", "yes", 3);
	key_write_file(key, "log", "a", what, strlen(what));
	return OK;
}

static void make_id(const struct key *key, const unsigned char rp[static HASH],
                    const unsigned char nonce[static NONCE], unsigned char id[static ID_SIZE])
{
	memmove(id, nonce, NONCE);
	ctap_keyed_hash(key->master, HASH, "id", rp, HASH, nonce, NONCE, id + NONCE);
}

static EVP_PKEY *pair_of(const struct key *key, const unsigned char *id)
{
	unsigned char private[HASH];

	ctap_keyed_hash(key->master, HASH, "pair", id, NONCE, NULL, 0, private);
	return ctap_make_pair(private);
}

static void put_signature(struct buffer *answer, EVP_PKEY *pair, const struct buffer *data,
                          struct item hash)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	struct buffer text = *data;
	unsigned char signature[80];
	size_t length = sizeof(signature);

	buffer_put(&text, hash.bytes, hash.length);
	EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, pair);
	EVP_DigestSign(context, signature, &length, text.bytes, text.length);
	EVP_MD_CTX_free(context);
	buffer_put_bytes(answer, signature, length);
}

static void put_flags(struct buffer *data, const unsigned char rp[static HASH], unsigned flags)
{
	const unsigned char tail[] = { (unsigned char)flags, 0, 0, 0, 1 };

	buffer_put(data, rp, HASH);
	buffer_put(data, tail, sizeof(tail));
}

static int make_credential(struct key *key, struct item request, struct buffer *answer)
{
	struct item rp_id = item_content(item_find_text(item_find_number(request, 2), "id"));
	struct item hash = item_find_number(request, 1);
	struct buffer data = { .length = 0 };
	unsigned char rp[HASH];
	unsigned char id[ID_SIZE];
	bool verified;
	char pin[64];
	EVP_PKEY *pair;
	int status = check_user(key, hash, item_find_number(request, 8),
	                        item_number(item_find_number(request, 9), 1), &verified);

	if (status == OK && !verified && key_read_pin(key, pin) > 0)
		status = PIN_REQUIRED;
	if (status == OK)
		status = wait_for_touch(key, "make\n");
	if (status != OK)
		return status;
	SHA256(rp_id.bytes, rp_id.length, rp);
	RAND_bytes(id, NONCE);
	make_id(key, rp, id, id);
	pair = pair_of(key, id);
	put_flags(&data, rp, verified ? 0xc5 : 0xc1);
	buffer_put(&data, "keyturn test key\0\x30", 18);
	buffer_put(&data, id, ID_SIZE);
	ctap_put_public(&data, pair, -7);
	buffer_put_head(&data, 5, 1);
	buffer_put_text(&data, "hmac-secret");
	buffer_put_truth(&data, true);
	buffer_put_head(answer, 5, 3);
	buffer_put_int(answer, 1);
	buffer_put_text(answer, "packed");
	buffer_put_int(answer, 2);
	buffer_put_bytes(answer, data.bytes, data.length);
	buffer_put_int(answer, 3);
	buffer_put_head(answer, 5, 2);
	buffer_put_text(answer, "alg");
	buffer_put_int(answer, -7);
	buffer_put_text(answer, "sig");
	put_signature(answer, pair, &data, item_content(hash));
	EVP_PKEY_free(pair);
	return OK;
}

/* 12.5: one secret of each salt, and others with a PIN than without. */
static int put_secrets(const struct key *key, struct item input, const unsigned char *id,
                       bool verified, struct buffer *data)
{
	int protocol = item_number(item_find_number(input, 4), 1);
	struct item encrypted = item_content(item_find_number(input, 2));
	unsigned char encrypting[HASH];
	unsigned char signing[HASH];
	unsigned char clear[128];
	unsigned char random[HASH];
	unsigned char secrets[2 * HASH];
	struct item salts;

	if (!ctap_agree(key->agreement, protocol, item_find_number(input, 1), encrypting,
	                signing) ||
	    !ctap_is_authentic(protocol, signing, encrypted,
	                       item_content(item_find_number(input, 3))))
		return PIN_AUTH_INVALID;
	salts = ctap_decrypt(protocol, encrypting, encrypted, clear);
	if (salts.length != HASH && salts.length != 2 * HASH)
		return INVALID_CBOR;
	ctap_keyed_hash(key->master, HASH, verified ? "verified" : "present", id, NONCE, NULL, 0,
	                random);
	for (size_t i = 0; i < salts.length; i += HASH)
		ctap_keyed_hash(random, HASH, "", salts.bytes + i, HASH, NULL, 0, secrets + i);
	buffer_put_head(data, 5, 1);
	buffer_put_text(data, "hmac-secret");
	ctap_put_encrypted(data, protocol, encrypting, secrets, salts.length);
	return OK;
}

static struct item find_credential(const struct key *key, struct item list,
                                   const unsigned char rp[static HASH])
{
	size_t count;
	unsigned type;

	if (!list.bytes || !item_take_head(&list, &type, &count) || type != 4)
		return (struct item){ 0 };
	for (; count > 0; count--) {
		unsigned char made[ID_SIZE];
		struct item entry;
		struct item id;

		if (!item_take(&list, &entry))
			break;
		id = item_content(item_find_text(entry, "id"));
		if (id.length != ID_SIZE)
			continue;
		make_id(key, rp, id.bytes, made);
		if (memcmp(made, id.bytes, ID_SIZE) == 0)
			return id;
	}
	return (struct item){ 0 };
}

static int get_assertion(struct key *key, struct item request, struct buffer *answer)
{
	struct item rp_id = item_content(item_find_number(request, 1));
	struct item hash = item_find_number(request, 2);
	struct item secret = item_find_text(item_find_number(request, 4), "hmac-secret");
	struct item up = item_find_text(item_find_number(request, 5), "up");
	bool is_touched = !up.bytes || up.bytes[0] != 0xf4;
	struct buffer data = { .length = 0 };
	unsigned char rp[HASH];
	struct item id;
	bool verified;
	EVP_PKEY *pair;
	int status = check_user(key, hash, item_find_number(request, 6),
	                        item_number(item_find_number(request, 7), 1), &verified);

	SHA256(rp_id.bytes, rp_id.length, rp);
	id = find_credential(key, item_find_number(request, 3), rp);
	if (status == OK && !id.bytes)
		status = NO_CREDENTIALS;
	if (status == OK && is_touched)
		status = wait_for_touch(key, "assert\n");
	if (status != OK)
		return status;
	put_flags(&data, rp,
	          (verified ? 4u : 0) | (is_touched ? 1u : 0) | (secret.bytes ? 0x80u : 0));
	if (secret.bytes)
		status = put_secrets(key, secret, id.bytes, verified, &data);
	if (status != OK)
		return status;
	pair = pair_of(key, id.bytes);
	buffer_put_head(answer, 5, 3);
	buffer_put_int(answer, 1);
	buffer_put_head(answer, 5, 2);
	buffer_put_text(answer, "id");
	buffer_put_bytes(answer, id.bytes, id.length);
	buffer_put_text(answer, "type");
	buffer_put_text(answer, "public-key");
	buffer_put_int(answer, 2);
	buffer_put_bytes(answer, data.bytes, data.length);
	buffer_put_int(answer, 3);
	put_signature(answer, pair, &data, item_content(hash));
	EVP_PKEY_free(pair);
	return OK;
}

int key_answer(struct key *key, const unsigned char *bytes, size_t length, struct buffer *answer)
{
	struct item request = { bytes + 1, length - 1 };

	switch (length > 0 ? bytes[0] : 0) {
	case GET_INFO:
		return get_info(key, answer);
	case CLIENT_PIN:
		return client_pin(key, request, answer);
	case MAKE_CREDENTIAL:
		return make_credential(key, request, answer);
	case GET_ASSERTION:
		return get_assertion(key, request, answer);
	default:
		return INVALID_COMMAND;
	}
}
