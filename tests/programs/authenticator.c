/* SPDX-License-Identifier: MIT */
#include "config.h"

/*
 * Security keys for tests, where there is no USB: libfido2's own I/O ends here. After the
 * specification "Client to Authenticator Protocol (CTAP)", 2.1: 6.1 (authenticatorMakeCredential),
 * 6.2 (authenticatorGetAssertion), 6.5 (authenticatorClientPIN, both protocols), 11.2 (CTAPHID) and
 * 12.5 (hmac-secret). Linked into a test, or put before libfido2 by LD_PRELOAD.
 *
 * KEYTURN_TEST_AUTHENTICATORS names a directory; each directory in it is a key that is plugged in:
 *
 *   master    32 random bytes, made if it is not there: without it the key is another one
 *   pin       its PIN; without the file it has none
 *   tries     how many wrong PINs it still takes
 *   wrong     wrong PINs since it was plugged in: at three it takes none any more
 *   behaviour words: protocol2, untouched, silent, removed, refused, plain (no hmac-secret), u2f
 *   product   its name
 *   log       a line for each touch: "make" or "assert"
 */

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fido.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PACKET 64
#define MESSAGE 4096
#define HASH SHA256_DIGEST_LENGTH
#define NONCE 16
#define ID_SIZE (NONCE + HASH)
#define SILENCE 1500

enum {
	HID_INIT = 0x86,
	HID_CBOR = 0x90,
	HID_CANCEL = 0x91,
	HID_KEEPALIVE = 0xbb,
	HID_ERROR = 0xbf,
};
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

/* A part of a message; empty (NULL): there is none. */
struct item {
	const unsigned char *bytes;
	size_t length;
};

struct buffer {
	unsigned char bytes[MESSAGE];
	size_t length;
};

/* One key, as one call has it open. */
struct key {
	char directory[400];
	unsigned char master[HASH];
	unsigned char token[HASH];
	EVP_PKEY *agreement;
	struct buffer message; /* what comes in, over several packets */
	size_t expected;
	struct buffer packets; /* what goes out, one behind the other */
	size_t sent;
	bool is_silent;
	bool is_removed;
};

/*
 * Files.
 */

static size_t read_file(const struct key *key, const char *name, void *bytes, size_t size)
{
	char path[512];
	size_t length = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", key->directory, name);
	file = fopen(path, "r");
	if (file) {
		length = fread(bytes, 1, size, file);
		fclose(file);
	}
	return length;
}

static void write_file(const struct key *key, const char *name, const char *mode,
                       const void *bytes, size_t length)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", key->directory, name);
	file = fopen(path, mode);
	if (file) {
		fwrite(bytes, 1, length, file);
		fclose(file);
	}
}

static int read_number(const struct key *key, const char *name, int otherwise)
{
	char text[16] = "";

	return read_file(key, name, text, sizeof(text) - 1) > 0 ? (int)strtol(text, NULL, 10)
	                                                         : otherwise;
}

static void write_number(const struct key *key, const char *name, int number)
{
	char text[16];

	snprintf(text, sizeof(text), "%d\n", number);
	write_file(key, name, "w", text, strlen(text));
}

static bool behaves(const struct key *key, const char *word)
{
	char words[200] = "";
	size_t length = strlen(word);

	read_file(key, "behaviour", words, sizeof(words) - 1);
	for (const char *next = strstr(words, word); next; next = strstr(next + 1, word))
		if ((next == words || strchr(" \n", next[-1])) && strchr(" \n", next[length]))
			return true;
	return false;
}

static size_t read_pin(const struct key *key, char pin[static 64])
{
	size_t length = read_file(key, "pin", pin, 63);

	pin[length] = '\0';
	pin[strcspn(pin, "\n")] = '\0';
	return strlen(pin);
}

/*
 * CBOR (RFC 8949), as much of it as CTAP has.
 */

static bool take_head(struct item *rest, unsigned *type, size_t *number)
{
	unsigned char first;
	size_t more = 0;

	if (rest->length == 0)
		return false;
	first = *rest->bytes++;
	rest->length--;
	*type = first >> 5;
	*number = first & 31;
	if (*number >= 24) {
		more = (size_t)1 << (*number - 24);
		*number = 0;
	}
	if (more > 4 || more > rest->length)
		return false;
	for (; more > 0; more--, rest->length--)
		*number = *number << 8 | *rest->bytes++;
	return true;
}

/* The next item of rest, which goes behind it. */
static bool take(struct item *rest, struct item *taken)
{
	size_t number;
	unsigned type;

	*taken = *rest;
	if (!take_head(rest, &type, &number))
		return false;
	if (type == 2 || type == 3) {
		if (number > rest->length)
			return false;
		rest->bytes += number;
		rest->length -= number;
	}
	if (type == 4 || type == 5)
		for (size_t i = 0; i < (type == 5 ? 2 * number : number); i++) {
			struct item inner;

			if (!take(rest, &inner))
				return false;
		}
	taken->length = (size_t)(rest->bytes - taken->bytes);
	return true;
}

/* The value of a map behind this key, as it is encoded. */
static struct item find(struct item map, const unsigned char *key, size_t length)
{
	size_t count;
	unsigned type;

	if (!map.bytes || !take_head(&map, &type, &count) || type != 5)
		return (struct item){ 0 };
	for (; count > 0; count--) {
		struct item name;
		struct item value;

		if (!take(&map, &name) || !take(&map, &value))
			break;
		if (name.length == length && memcmp(name.bytes, key, length) == 0)
			return value;
	}
	return (struct item){ 0 };
}

static struct item find_number(struct item map, int number)
{
	unsigned char key = (unsigned char)(number >= 0 ? number : 0x20 | (-1 - number));

	return find(map, &key, 1);
}

static struct item find_text(struct item map, const char *text)
{
	unsigned char key[32];

	key[0] = (unsigned char)(0x60 | strlen(text));
	memcpy(key + 1, text, strlen(text));
	return find(map, key, 1 + strlen(text));
}

/* The bytes of a text or string, the number of a number. */
static struct item content(struct item item)
{
	size_t length;
	unsigned type;

	if (!item.bytes || !take_head(&item, &type, &length) || (type != 2 && type != 3))
		return (struct item){ 0 };
	return item;
}

static int number_of(struct item item, int otherwise)
{
	size_t number;
	unsigned type;

	return item.bytes && take_head(&item, &type, &number) && type == 0 ? (int)number : otherwise;
}

static void put(struct buffer *buffer, const void *bytes, size_t length)
{
	if (length > sizeof(buffer->bytes) - buffer->length)
		abort();
	if (length > 0)
		memcpy(buffer->bytes + buffer->length, bytes, length);
	buffer->length += length;
}

static void put_head(struct buffer *buffer, unsigned type, size_t number)
{
	const unsigned char head[] = { (unsigned char)(type << 5 | 25), (unsigned char)(number >> 8),
	                               (unsigned char)number };
	const unsigned char byte[] = { (unsigned char)(type << 5 | 24), (unsigned char)number };
	unsigned char small = (unsigned char)(type << 5 | (number & 31));

	if (number < 24)
		put(buffer, &small, 1);
	else if (number < 256)
		put(buffer, byte, sizeof(byte));
	else
		put(buffer, head, sizeof(head));
}

static void put_int(struct buffer *buffer, int number)
{
	put_head(buffer, number < 0, (size_t)(number < 0 ? -1 - number : number));
}

static void put_bytes(struct buffer *buffer, const void *bytes, size_t length)
{
	put_head(buffer, 2, length);
	put(buffer, bytes, length);
}

static void put_text(struct buffer *buffer, const char *text)
{
	put_head(buffer, 3, strlen(text));
	put(buffer, text, strlen(text));
}

static void put_truth(struct buffer *buffer, bool truth)
{
	put(buffer, truth ? "\xf5" : "\xf4", 1);
}

/*
 * Cryptography.
 */

static void keyed_hash(const void *key, size_t size, const char *purpose, const void *first,
                       size_t first_length, const void *second, size_t second_length,
                       unsigned char hash[static HASH])
{
	struct buffer text = { .length = 0 };
	unsigned length = HASH;

	put(&text, purpose, strlen(purpose));
	put(&text, first, first_length);
	put(&text, second, second_length);
	HMAC(EVP_sha256(), key, (int)size, text.bytes, text.length, hash, &length);
}

/* The key pair of a credential: its private number is made of the master secret. */
static EVP_PKEY *make_pair(const unsigned char private[static HASH])
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	EC_POINT *point = EC_POINT_new(group);
	BIGNUM *number = BN_bin2bn(private, HASH, NULL);
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *pair = NULL;
	OSSL_PARAM *parameters;
	unsigned char public[65];

	EC_POINT_mul(group, point, number, NULL, NULL, NULL);
	EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, public, sizeof(public), NULL);
	OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
	OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, public, sizeof(public));
	OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, number);
	parameters = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY_fromdata_init(context);
	EVP_PKEY_fromdata(context, &pair, EVP_PKEY_KEYPAIR, parameters);
	OSSL_PARAM_free(parameters);
	EVP_PKEY_CTX_free(context);
	OSSL_PARAM_BLD_free(builder);
	BN_free(number);
	EC_POINT_free(point);
	EC_GROUP_free(group);
	return pair;
}

static void put_public(struct buffer *buffer, EVP_PKEY *pair, int algorithm)
{
	unsigned char point[65];
	size_t length = 0;

	EVP_PKEY_get_octet_string_param(pair, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &length);
	put_head(buffer, 5, 5);
	put_int(buffer, 1);
	put_int(buffer, 2);
	put_int(buffer, 3);
	put_int(buffer, algorithm);
	put_int(buffer, -1);
	put_int(buffer, 1);
	put_int(buffer, -2);
	put_bytes(buffer, point + 1, 32);
	put_int(buffer, -3);
	put_bytes(buffer, point + 33, 32);
}

/* 6.5.6 and 6.5.7: what both sides share, for encryption and for authentication. */
static bool agree(const struct key *key, int protocol, struct item cose,
                  unsigned char encrypting[static HASH], unsigned char signing[static HASH])
{
	struct item x = content(find_number(cose, -2));
	struct item y = content(find_number(cose, -3));
	const unsigned char zeros[HASH] = { 0 };
	unsigned char point[65] = { 4 };
	unsigned char shared[HASH];
	unsigned char prk[HASH];
	size_t length = sizeof(shared);
	EVP_PKEY *peer = EVP_PKEY_new();
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key->agreement, NULL);
	bool is_done;

	if (x.length == 32 && y.length == 32) {
		memcpy(point + 1, x.bytes, 32);
		memcpy(point + 33, y.bytes, 32);
	}
	is_done = EVP_PKEY_copy_parameters(peer, key->agreement) == 1 &&
	          EVP_PKEY_set1_encoded_public_key(peer, point, sizeof(point)) == 1 &&
	          EVP_PKEY_derive_init(context) == 1 && EVP_PKEY_derive_set_peer(context, peer) == 1 &&
	          EVP_PKEY_derive(context, shared, &length) == 1;
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(peer);
	if (!is_done)
		return false;
	if (protocol == 1) {
		SHA256(shared, HASH, encrypting);
		memcpy(signing, encrypting, HASH);
		return true;
	}
	/* HKDF (RFC 5869), of one block each. */
	keyed_hash(zeros, HASH, "", shared, HASH, NULL, 0, prk);
	keyed_hash(prk, HASH, "CTAP2 HMAC key", "\1", 1, NULL, 0, signing);
	keyed_hash(prk, HASH, "CTAP2 AES key", "\1", 1, NULL, 0, encrypting);
	return true;
}

static void cipher(bool encrypts, const unsigned char *key, const unsigned char *iv,
                   const unsigned char *from, size_t length, unsigned char *to)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int written = 0;

	EVP_CipherInit_ex(context, EVP_aes_256_cbc(), NULL, key, iv, encrypts);
	EVP_CIPHER_CTX_set_padding(context, 0);
	EVP_CipherUpdate(context, to, &written, from, (int)length);
	EVP_CIPHER_CTX_free(context);
}

static struct item decrypt(int protocol, const unsigned char *key, struct item text,
                           unsigned char clear[static 128])
{
	static const unsigned char zeros[16] = { 0 };
	const unsigned char *iv = protocol == 1 ? zeros : text.bytes;
	size_t head = protocol == 1 ? 0 : 16;

	if (text.length < head + 16 || text.length > head + 128 || text.length % 16 != 0)
		return (struct item){ 0 };
	cipher(false, key, iv, text.bytes + head, text.length - head, clear);
	return (struct item){ clear, text.length - head };
}

static void put_encrypted(struct buffer *buffer, int protocol, const unsigned char *key,
                          const unsigned char *clear, size_t length)
{
	unsigned char text[16 + 128] = { 0 };
	size_t head = protocol == 1 ? 0 : 16;

	if (head)
		RAND_bytes(text, 16);
	cipher(true, key, text, clear, length, text + head);
	if (!head) {
		const unsigned char zeros[16] = { 0 };

		cipher(true, key, zeros, clear, length, text);
	}
	put_bytes(buffer, text, head + length);
}

static bool is_authentic(int protocol, const unsigned char *key, struct item text,
                         struct item proof)
{
	unsigned char hash[HASH];

	keyed_hash(key, HASH, "", text.bytes, text.length, NULL, 0, hash);
	return proof.length == (protocol == 1 ? 16 : HASH) &&
	       memcmp(proof.bytes, hash, proof.length) == 0;
}

/*
 * Commands. Each appends its answer and returns a status.
 */

static int get_info(struct key *key, struct buffer *answer)
{
	static const unsigned char aaguid[16] = "keyturn test key";
	bool is_plain = behaves(key, "plain");
	bool has_two = behaves(key, "protocol2");
	char pin[64];

	put_head(answer, 5, is_plain ? 5 : 6);
	put_int(answer, 1);
	put_head(answer, 4, 1);
	put_text(answer, "FIDO_2_0");
	if (!is_plain) {
		put_int(answer, 2);
		put_head(answer, 4, 1);
		put_text(answer, "hmac-secret");
	}
	put_int(answer, 3);
	put_bytes(answer, aaguid, sizeof(aaguid));
	put_int(answer, 4);
	put_head(answer, 5, 3);
	put_text(answer, "rk");
	put_truth(answer, true);
	put_text(answer, "up");
	put_truth(answer, true);
	put_text(answer, "clientPin");
	put_truth(answer, read_pin(key, pin) > 0);
	put_int(answer, 5);
	put_int(answer, 1200);
	put_int(answer, 6);
	put_head(answer, 4, has_two ? 2 : 1);
	if (has_two)
		put_int(answer, 2);
	put_int(answer, 1);
	return OK;
}

static int check_pin(struct key *key, struct item hash)
{
	unsigned char wanted[HASH];
	int tries = read_number(key, "tries", 8);
	int wrong = read_number(key, "wrong", 0);
	char pin[64];
	size_t length = read_pin(key, pin);

	if (length == 0)
		return PIN_NOT_SET;
	if (tries <= 0)
		return PIN_BLOCKED;
	if (wrong >= 3)
		return PIN_AUTH_BLOCKED;
	SHA256((const unsigned char *)pin, length, wanted);
	if (hash.length == 16 && memcmp(hash.bytes, wanted, 16) == 0) {
		write_number(key, "tries", 8);
		write_number(key, "wrong", 0);
		return OK;
	}
	write_number(key, "tries", tries - 1);
	write_number(key, "wrong", wrong + 1);
	if (tries == 1)
		return PIN_BLOCKED;
	return wrong == 2 ? PIN_AUTH_BLOCKED : PIN_INVALID;
}

static int client_pin(struct key *key, struct item request, struct buffer *answer)
{
	int protocol = number_of(find_number(request, 1), 1);
	unsigned char encrypting[HASH];
	unsigned char signing[HASH];
	unsigned char clear[128];
	int status;

	switch (number_of(find_number(request, 2), 0)) {
	case 1:
		put_head(answer, 5, 1);
		put_int(answer, 3);
		put_int(answer, read_number(key, "tries", 8));
		return OK;
	case 2:
		put_head(answer, 5, 1);
		put_int(answer, 1);
		put_public(answer, key->agreement, -25);
		return OK;
	case 5:
		if (!agree(key, protocol, find_number(request, 3), encrypting, signing))
			return INVALID_CBOR;
		status = check_pin(key, decrypt(protocol, encrypting,
		                                content(find_number(request, 6)), clear));
		if (status != OK)
			return status;
		put_head(answer, 5, 1);
		put_int(answer, 2);
		put_encrypted(answer, protocol, encrypting, key->token, HASH);
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
	if (!is_authentic(protocol, key->token, content(hash), content(proof)))
		return PIN_AUTH_INVALID;
	*verified = true;
	return OK;
}

static int wait_for_touch(struct key *key, const char *what)
{
	if (behaves(key, "untouched"))
		return USER_ACTION_TIMEOUT;
	if (behaves(key, "refused"))
		return OPERATION_DENIED;
	key->is_silent = behaves(key, "silent");
	key->is_removed = behaves(key, "removed");
	if (key->is_removed)
		write_file(key, "gone", "w", "yes", 3);
	write_file(key, "log", "a", what, strlen(what));
	return OK;
}

static void make_id(const struct key *key, const unsigned char rp[static HASH],
                    const unsigned char nonce[static NONCE], unsigned char id[static ID_SIZE])
{
	memmove(id, nonce, NONCE);
	keyed_hash(key->master, HASH, "id", rp, HASH, nonce, NONCE, id + NONCE);
}

static EVP_PKEY *pair_of(const struct key *key, const unsigned char *id)
{
	unsigned char private[HASH];

	keyed_hash(key->master, HASH, "pair", id, NONCE, NULL, 0, private);
	return make_pair(private);
}

static void put_signature(struct buffer *answer, EVP_PKEY *pair, const struct buffer *data,
                          struct item hash)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	struct buffer text = *data;
	unsigned char signature[80];
	size_t length = sizeof(signature);

	put(&text, hash.bytes, hash.length);
	EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, pair);
	EVP_DigestSign(context, signature, &length, text.bytes, text.length);
	EVP_MD_CTX_free(context);
	put_bytes(answer, signature, length);
}

static void put_flags(struct buffer *data, const unsigned char rp[static HASH], unsigned flags)
{
	const unsigned char tail[] = { (unsigned char)flags, 0, 0, 0, 1 };

	put(data, rp, HASH);
	put(data, tail, sizeof(tail));
}

static int make_credential(struct key *key, struct item request, struct buffer *answer)
{
	struct item rp_id = content(find_text(find_number(request, 2), "id"));
	struct item hash = find_number(request, 1);
	struct buffer data = { .length = 0 };
	unsigned char rp[HASH];
	unsigned char id[ID_SIZE];
	bool verified;
	char pin[64];
	EVP_PKEY *pair;
	int status = check_user(key, hash, find_number(request, 8),
	                        number_of(find_number(request, 9), 1), &verified);

	if (status == OK && !verified && read_pin(key, pin) > 0)
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
	put(&data, "keyturn test key\0\x30", 18);
	put(&data, id, ID_SIZE);
	put_public(&data, pair, -7);
	put_head(&data, 5, 1);
	put_text(&data, "hmac-secret");
	put_truth(&data, true);
	put_head(answer, 5, 3);
	put_int(answer, 1);
	put_text(answer, "packed");
	put_int(answer, 2);
	put_bytes(answer, data.bytes, data.length);
	put_int(answer, 3);
	put_head(answer, 5, 2);
	put_text(answer, "alg");
	put_int(answer, -7);
	put_text(answer, "sig");
	put_signature(answer, pair, &data, content(hash));
	EVP_PKEY_free(pair);
	return OK;
}

/* 12.5: one secret of each salt, and others with a PIN than without. */
static int put_secrets(const struct key *key, struct item input, const unsigned char *id,
                       bool verified, struct buffer *data)
{
	int protocol = number_of(find_number(input, 4), 1);
	struct item encrypted = content(find_number(input, 2));
	unsigned char encrypting[HASH];
	unsigned char signing[HASH];
	unsigned char clear[128];
	unsigned char random[HASH];
	unsigned char secrets[2 * HASH];
	struct item salts;

	if (!agree(key, protocol, find_number(input, 1), encrypting, signing) ||
	    !is_authentic(protocol, signing, encrypted, content(find_number(input, 3))))
		return PIN_AUTH_INVALID;
	salts = decrypt(protocol, encrypting, encrypted, clear);
	if (salts.length != HASH && salts.length != 2 * HASH)
		return INVALID_CBOR;
	keyed_hash(key->master, HASH, verified ? "verified" : "present", id, NONCE, NULL, 0, random);
	for (size_t i = 0; i < salts.length; i += HASH)
		keyed_hash(random, HASH, "", salts.bytes + i, HASH, NULL, 0, secrets + i);
	put_head(data, 5, 1);
	put_text(data, "hmac-secret");
	put_encrypted(data, protocol, encrypting, secrets, salts.length);
	return OK;
}

static struct item find_credential(const struct key *key, struct item list,
                                   const unsigned char rp[static HASH])
{
	size_t count;
	unsigned type;

	if (!list.bytes || !take_head(&list, &type, &count) || type != 4)
		return (struct item){ 0 };
	for (; count > 0; count--) {
		unsigned char made[ID_SIZE];
		struct item entry;
		struct item id;

		if (!take(&list, &entry))
			break;
		id = content(find_text(entry, "id"));
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
	struct item rp_id = content(find_number(request, 1));
	struct item hash = find_number(request, 2);
	struct item secret = find_text(find_number(request, 4), "hmac-secret");
	struct item up = find_text(find_number(request, 5), "up");
	bool is_touched = !up.bytes || up.bytes[0] != 0xf4;
	struct buffer data = { .length = 0 };
	unsigned char rp[HASH];
	struct item id;
	bool verified;
	EVP_PKEY *pair;
	int status = check_user(key, hash, find_number(request, 6),
	                        number_of(find_number(request, 7), 1), &verified);

	SHA256(rp_id.bytes, rp_id.length, rp);
	id = find_credential(key, find_number(request, 3), rp);
	if (status == OK && !id.bytes)
		status = NO_CREDENTIALS;
	if (status == OK && is_touched)
		status = wait_for_touch(key, "assert\n");
	if (status != OK)
		return status;
	put_flags(&data, rp, (verified ? 4u : 0) | (is_touched ? 1u : 0) | (secret.bytes ? 0x80u : 0));
	if (secret.bytes)
		status = put_secrets(key, secret, id.bytes, verified, &data);
	if (status != OK)
		return status;
	pair = pair_of(key, id.bytes);
	put_head(answer, 5, 3);
	put_int(answer, 1);
	put_head(answer, 5, 2);
	put_text(answer, "id");
	put_bytes(answer, id.bytes, id.length);
	put_text(answer, "type");
	put_text(answer, "public-key");
	put_int(answer, 2);
	put_bytes(answer, data.bytes, data.length);
	put_int(answer, 3);
	put_signature(answer, pair, &data, content(hash));
	EVP_PKEY_free(pair);
	return OK;
}

static int answer_cbor(struct key *key, const unsigned char *bytes, size_t length,
                       struct buffer *answer)
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

/*
 * CTAPHID: packets of 64 bytes.
 */

static void send_message(struct key *key, const unsigned char channel[static 4], unsigned command,
                         const unsigned char *bytes, size_t length)
{
	unsigned char packet[PACKET] = { 0 };
	size_t taken = length < PACKET - 7 ? length : PACKET - 7;

	memcpy(packet, channel, 4);
	packet[4] = (unsigned char)command;
	packet[5] = (unsigned char)(length >> 8);
	packet[6] = (unsigned char)length;
	memcpy(packet + 7, bytes, taken);
	put(&key->packets, packet, PACKET);
	for (unsigned char next = 0; taken < length; next++) {
		size_t more = length - taken < PACKET - 5 ? length - taken : PACKET - 5;

		memset(packet + 4, 0, PACKET - 4);
		packet[4] = next;
		memcpy(packet + 5, bytes + taken, more);
		put(&key->packets, packet, PACKET);
		taken += more;
	}
}

static void send_cbor(struct key *key, const unsigned char channel[static 4])
{
	static const unsigned char wants_touch = 2;
	struct buffer answer = { .length = 1 };
	int status = answer_cbor(key, key->message.bytes + 7, key->expected, &answer);

	if (key->is_silent || key->is_removed)
		return;
	send_message(key, channel, HID_KEEPALIVE, &wants_touch, 1);
	answer.bytes[0] = (unsigned char)status;
	send_message(key, channel, HID_CBOR, answer.bytes, status == OK ? answer.length : 1);
}

static void send_init(struct key *key, const unsigned char channel[static 4])
{
	/* The nonce, a channel, the protocol's version, ours, and what it can: CBOR, no U2F. */
	unsigned char reply[17] = { [8] = 1, 2, 3, 4, 2, 1, 0, 0, 0x0c };

	memcpy(reply, key->message.bytes + 7, 8);
	if (behaves(key, "u2f"))
		reply[16] = 0;
	send_message(key, channel, HID_INIT, reply, sizeof(reply));
}

static void obey(struct key *key)
{
	const unsigned char *head = key->message.bytes;
	static const unsigned char invalid = 1;

	if (head[4] == HID_INIT)
		send_init(key, head);
	else if (head[4] == HID_CBOR)
		send_cbor(key, head);
	else if (head[4] != HID_CANCEL)
		send_message(key, head, HID_ERROR, &invalid, 1);
}

/* libfido2's I/O: a packet behind the number of a report. */
static int write_packet(void *handle, const unsigned char *bytes, size_t length)
{
	struct key *key = handle;

	if (length != PACKET + 1)
		return -1;
	if (bytes[5] & 0x80) {
		key->message.length = 0;
		key->expected = (size_t)bytes[6] << 8 | bytes[7];
		put(&key->message, bytes + 1, PACKET);
	} else {
		put(&key->message, bytes + 6, PACKET - 5);
	}
	if (key->message.length >= key->expected + 7)
		obey(key);
	return (int)length;
}

static int read_packet(void *handle, unsigned char *bytes, size_t length, int milliseconds)
{
	struct key *key = handle;

	if (key->is_removed || length != PACKET)
		return -1;
	if (key->packets.length - key->sent < PACKET) {
		poll(NULL, 0, milliseconds);
		return -1;
	}
	memcpy(bytes, key->packets.bytes + key->sent, PACKET);
	key->sent += PACKET;
	if (key->sent == key->packets.length)
		key->sent = key->packets.length = 0;
	return PACKET;
}

static void *open_key(const char *path)
{
	struct key *key = calloc(1, sizeof(*key));

	if (!key)
		return NULL;
	snprintf(key->directory, sizeof(key->directory), "%s", path);
	if (read_file(key, "master", key->master, HASH) != HASH) {
		RAND_bytes(key->master, HASH);
		write_file(key, "master", "w", key->master, HASH);
	}
	RAND_bytes(key->token, HASH);
	key->agreement = EVP_EC_gen("P-256");
	return key;
}

static void close_key(void *handle)
{
	struct key *key = handle;

	EVP_PKEY_free(key->agreement);
	free(key);
}

static const fido_dev_io_t io = { open_key, close_key, read_packet, write_packet };
/* The one that is to be opened next: libfido2 lets none of its own be given other I/O. */
static char chosen[400];

/*
 * In place of libfido2's, which look for USB.
 */

__attribute__((visibility("default")))
fido_dev_t *fido_dev_new_with_info(const fido_dev_info_t *info)
{
	fido_dev_t *device = fido_dev_new();

	snprintf(chosen, sizeof(chosen), "%s", fido_dev_info_path(info));
	if (device && fido_dev_set_io_functions(device, &io) != FIDO_OK)
		fido_dev_free(&device);
	return device;
}

__attribute__((visibility("default")))
int fido_dev_open_with_info(fido_dev_t *device)
{
	return fido_dev_open(device, chosen);
}

__attribute__((visibility("default")))
int fido_dev_info_manifest(fido_dev_info_t *devices, size_t size, size_t *count)
{
	const char *directory = getenv("KEYTURN_TEST_AUTHENTICATORS");
	struct dirent **entries = NULL;
	int found = directory ? scandir(directory, &entries, NULL, alphasort) : 0;

	*count = 0;
	for (int i = 0; i < found; i++) {
		struct key key = { .directory = "" };
		char product[128] = "Test key\n";
		char gone[8];

		snprintf(key.directory, sizeof(key.directory), "%s/%s", directory,
		         entries[i]->d_name);
		if (entries[i]->d_name[0] != '.' && *count < size &&
		    read_file(&key, "gone", gone, sizeof(gone)) == 0 && !behaves(&key, "away")) {
			read_file(&key, "product", product, sizeof(product) - 1);
			product[strcspn(product, "\n")] = '\0';
			fido_dev_info_set(devices, (*count)++, key.directory, "keyturn", product, &io,
			                  NULL);
		}
		free(entries[i]);
	}
	free(entries);
	return FIDO_OK;
}

/* A key that says nothing is waited for as long as a test has time. */
__attribute__((visibility("default")))
int fido_dev_set_timeout(fido_dev_t *device, int milliseconds)
{
	int (*real)(fido_dev_t *, int);
	void *symbol = dlsym(RTLD_NEXT, "fido_dev_set_timeout");

	memcpy(&real, &symbol, sizeof(real));
	return real(device, milliseconds > SILENCE ? SILENCE : milliseconds);
}
