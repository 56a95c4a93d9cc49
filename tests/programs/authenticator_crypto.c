/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <string.h>

#include "tests/programs/authenticator_crypto.h"

void ctap_keyed_hash(const void *key, size_t size, const char *purpose, const void *first,
                     size_t first_length, const void *second, size_t second_length,
                     unsigned char hash[static HASH])
{
	struct buffer text = { .length = 0 };
	unsigned length = HASH;

	buffer_put(&text, purpose, strlen(purpose));
	buffer_put(&text, first, first_length);
	buffer_put(&text, second, second_length);
	HMAC(EVP_sha256(), key, (int)size, text.bytes, text.length, hash, &length);
}

EVP_PKEY *ctap_make_pair(const unsigned char private[static HASH])
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
	EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, public, sizeof(public),
	                   NULL);
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

void ctap_put_public(struct buffer *buffer, EVP_PKEY *pair, int algorithm)
{
	unsigned char point[65];
	size_t length = 0;

	EVP_PKEY_get_octet_string_param(pair, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point),
	                                &length);
	buffer_put_head(buffer, 5, 5);
	buffer_put_int(buffer, 1);
	buffer_put_int(buffer, 2);
	buffer_put_int(buffer, 3);
	buffer_put_int(buffer, algorithm);
	buffer_put_int(buffer, -1);
	buffer_put_int(buffer, 1);
	buffer_put_int(buffer, -2);
	buffer_put_bytes(buffer, point + 1, 32);
	buffer_put_int(buffer, -3);
	buffer_put_bytes(buffer, point + 33, 32);
}

bool ctap_agree(EVP_PKEY *own, int protocol, struct item cose,
                unsigned char encrypting[static HASH], unsigned char signing[static HASH])
{
	struct item x = item_content(item_find_number(cose, -2));
	struct item y = item_content(item_find_number(cose, -3));
	const unsigned char zeros[HASH] = { 0 };
	unsigned char point[65] = { 4 };
	unsigned char shared[HASH];
	unsigned char prk[HASH];
	size_t length = sizeof(shared);
	EVP_PKEY *peer = EVP_PKEY_new();
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(own, NULL);
	bool is_done;

	if (x.length == 32 && y.length == 32) {
		memcpy(point + 1, x.bytes, 32);
		memcpy(point + 33, y.bytes, 32);
	}
	is_done = EVP_PKEY_copy_parameters(peer, own) == 1 &&
	          EVP_PKEY_set1_encoded_public_key(peer, point, sizeof(point)) == 1 &&
	          EVP_PKEY_derive_init(context) == 1 &&
	          EVP_PKEY_derive_set_peer(context, peer) == 1 &&
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
	ctap_keyed_hash(zeros, HASH, "", shared, HASH, NULL, 0, prk);
	ctap_keyed_hash(prk, HASH, "CTAP2 HMAC key", "\1", 1, NULL, 0, signing);
	ctap_keyed_hash(prk, HASH, "CTAP2 AES key", "\1", 1, NULL, 0, encrypting);
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

struct item ctap_decrypt(int protocol, const unsigned char *key, struct item text,
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

void ctap_put_encrypted(struct buffer *buffer, int protocol, const unsigned char *key,
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
	buffer_put_bytes(buffer, text, head + length);
}

bool ctap_is_authentic(int protocol, const unsigned char *key, struct item text, struct item proof)
{
	unsigned char hash[HASH];

	ctap_keyed_hash(key, HASH, "", text.bytes, text.length, NULL, 0, hash);
	return proof.length == (protocol == 1 ? 16 : HASH) &&
	       memcmp(proof.bytes, hash, proof.length) == 0;
}
