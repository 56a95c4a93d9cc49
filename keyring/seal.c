/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "keyring/cleanup.h"
#include "keyring/seal.h"

#define NONCE_SIZE 12
#define TAG_SIZE 16
#define CHUNK_SIZE 4096
#define BASE64_MAXIMUM 8192
#define MEMORY_MAXIMUM ((int64_t)256 << 20)
#define WORK_MAXIMUM ((int64_t)8 << 20)

static bool fail_library(struct kt_error *error, const char *what)
{
	return kt_fail(error, KT_ERROR_INTERNAL, "OpenSSL cannot do %s", what);
}

/*
 * The configuration file may load any provider it likes. The tables of old names and of error
 * texts are half the instructions of a start, and EVP's fetches use neither. To take all down
 * again at the exit is a twelfth of a get's; the process ends then, and what is secret is wiped.
 */
static bool prepare(struct kt_error *error)
{
	const uint64_t wanted = OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ADD_ALL_CIPHERS |
	                        OPENSSL_INIT_NO_ADD_ALL_DIGESTS |
	                        OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_NO_ATEXIT;

	return OPENSSL_init_crypto(wanted, NULL) == 1 || fail_library(error, "its own start");
}

static void free_mac(EVP_MAC **mac)
{
	EVP_MAC_free(*mac);
}

static void free_mac_context(EVP_MAC_CTX **context)
{
	EVP_MAC_CTX_free(*context);
}

static void free_kdf(EVP_KDF **kdf)
{
	EVP_KDF_free(*kdf);
}

static void free_kdf_context(EVP_KDF_CTX **context)
{
	EVP_KDF_CTX_free(*context);
}

static void free_cipher(EVP_CIPHER **cipher)
{
	EVP_CIPHER_free(*cipher);
}

static void free_cipher_context(EVP_CIPHER_CTX **context)
{
	EVP_CIPHER_CTX_free(*context);
}

static const unsigned char *reveal(const struct kt_secret *secret)
{
	return (const unsigned char *)kt_secret_reveal(secret);
}

/* Hands over a buffer of the stack and wipes it. */
static bool take(struct kt_secret *target, unsigned char *buffer, size_t length,
                 struct kt_error *error)
{
	bool taken = kt_secret_set(target, buffer, length, error);

	OPENSSL_cleanse(buffer, length);
	return taken;
}

bool kt_seal_randomize(struct kt_secret *target, size_t length, struct kt_error *error)
{
	unsigned char buffer[64];

	if (!prepare(error))
		return false;
	if (length > sizeof(buffer) || RAND_priv_bytes(buffer, (int)length) != 1)
		return fail_library(error, "random bytes");
	return take(target, buffer, length, error);
}

bool kt_seal_derive(const struct kt_secret *key, const char *purpose, const void *bytes,
                    size_t length, struct kt_secret *derived, struct kt_error *error)
{
	KT_CLEANUP(free_mac) EVP_MAC *mac = NULL;
	KT_CLEANUP(free_mac_context) EVP_MAC_CTX *context = NULL;
	char digest[] = "SHA256";
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};
	unsigned char buffer[KT_SEAL_KEY_SIZE];
	size_t made = 0;

	if (!prepare(error))
		return false;
	mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	context = mac ? EVP_MAC_CTX_new(mac) : NULL;
	if (!context ||
	    !EVP_MAC_init(context, reveal(key), kt_secret_length(key), parameters) ||
	    !EVP_MAC_update(context, (const unsigned char *)purpose, strlen(purpose) + 1) ||
	    (length && !EVP_MAC_update(context, bytes, length)) ||
	    !EVP_MAC_final(context, buffer, &made, sizeof(buffer)) || made != sizeof(buffer))
		return fail_library(error, "HMAC-SHA256");
	return take(derived, buffer, sizeof(buffer), error);
}

bool kt_seal_is_bounded(const struct kt_seal_cost *cost)
{
	return cost->n >= 2 && cost->n <= MEMORY_MAXIMUM && (cost->n & (cost->n - 1)) == 0 &&
	       cost->r >= 1 && cost->r <= 1024 && cost->p >= 1 && cost->p <= 1024 &&
	       cost->n * cost->r <= MEMORY_MAXIMUM / 128 &&
	       cost->n * cost->r * cost->p <= WORK_MAXIMUM;
}

bool kt_seal_stretch(const struct kt_secret *passphrase, const struct kt_secret *salt,
                     const struct kt_seal_cost *cost, struct kt_secret *key,
                     struct kt_error *error)
{
	KT_CLEANUP(free_kdf) EVP_KDF *kdf = NULL;
	KT_CLEANUP(free_kdf_context) EVP_KDF_CTX *context = NULL;
	unsigned char buffer[KT_SEAL_KEY_SIZE];
	uint64_t n = (uint64_t)cost->n;
	uint32_t r = (uint32_t)cost->r;
	uint32_t p = (uint32_t)cost->p;
	uint64_t memory = 2 * (uint64_t)MEMORY_MAXIMUM;
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD,
		                                  (void *)(uintptr_t)reveal(passphrase),
		                                  kt_secret_length(passphrase)),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT,
		                                  (void *)(uintptr_t)reveal(salt),
		                                  kt_secret_length(salt)),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
		OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r),
		OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory),
		OSSL_PARAM_construct_end(),
	};

	if (!kt_seal_is_bounded(cost))
		return kt_fail(error, KT_ERROR_CORRUPT,
		               "the cost of a passphrase is out of bounds");
	if (!prepare(error))
		return false;
	kdf = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
	context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	if (!context || EVP_KDF_derive(context, buffer, sizeof(buffer), parameters) != 1)
		return fail_library(error, "scrypt (is there enough memory?)");
	return take(key, buffer, sizeof(buffer), error);
}

/* A cipher context under the key of this one seal, the text's context already fed in. */
static bool start(EVP_CIPHER_CTX **context, int encrypt, const struct kt_secret *key,
                  const unsigned char *salt, const unsigned char *nonce, const char *bound,
                  struct kt_error *error)
{
	KT_CLEANUP(free_cipher) EVP_CIPHER *cipher = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret derived = { 0 };
	int length = 0;

	if (!kt_seal_derive(key, "keyturn seal 1", salt, KT_SEAL_SALT_SIZE, &derived, error))
		return false;
	cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	*context = EVP_CIPHER_CTX_new();
	if (!cipher || !*context ||
	    EVP_CipherInit_ex2(*context, cipher, reveal(&derived), nonce, encrypt, NULL) != 1 ||
	    EVP_CipherUpdate(*context, NULL, &length, (const unsigned char *)bound,
	                     (int)strlen(bound)) != 1)
		return fail_library(error, "AES-256-GCM");
	return true;
}

/* Appends what the cipher makes of bytes, piece by piece. */
static bool run(EVP_CIPHER_CTX *context, const unsigned char *bytes, size_t length,
                struct kt_secret *target, struct kt_error *error)
{
	unsigned char buffer[CHUNK_SIZE];
	bool done = true;

	while (done && length > 0) {
		size_t piece = length < sizeof(buffer) ? length : sizeof(buffer);
		int made = 0;

		if (EVP_CipherUpdate(context, buffer, &made, bytes, (int)piece) != 1)
			done = fail_library(error, "AES-256-GCM");
		else
			done = kt_secret_append(target, buffer, (size_t)made, error);
		bytes += piece;
		length -= piece;
	}
	OPENSSL_cleanse(buffer, sizeof(buffer));
	return done;
}

bool kt_seal_close(const struct kt_secret *key, const char *context,
                   const struct kt_secret *content, struct kt_secret *sealed,
                   struct kt_error *error)
{
	KT_CLEANUP(free_cipher_context) EVP_CIPHER_CTX *cipher = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret fresh = { 0 };
	unsigned char tag[TAG_SIZE];
	int length = 0;

	if (!kt_seal_randomize(&fresh, KT_SEAL_SALT_SIZE + NONCE_SIZE, error) ||
	    !start(&cipher, 1, key, reveal(&fresh), reveal(&fresh) + KT_SEAL_SALT_SIZE, context,
	           error) ||
	    !run(cipher, reveal(content), kt_secret_length(content), &fresh, error))
		return false;
	if (EVP_CipherFinal_ex(cipher, tag, &length) != 1 ||
	    EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, tag) != 1)
		return fail_library(error, "AES-256-GCM");
	return kt_secret_append(&fresh, tag, sizeof(tag), error) &&
	       kt_secret_append(sealed, reveal(&fresh), kt_secret_length(&fresh), error);
}

bool kt_seal_open(const struct kt_secret *key, const char *context, const void *bytes,
                  size_t length, struct kt_secret *content, struct kt_error *error)
{
	KT_CLEANUP(free_cipher_context) EVP_CIPHER_CTX *cipher = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret opened = { 0 };
	const unsigned char *salt = bytes;
	const unsigned char *nonce;
	unsigned char tag[TAG_SIZE];
	unsigned char rest[TAG_SIZE];
	int left = 0;

	if (length < KT_SEAL_OVERHEAD)
		return kt_fail(error, KT_ERROR_CORRUPT, "a sealed text is too short");
	length -= KT_SEAL_OVERHEAD;
	nonce = salt + KT_SEAL_SALT_SIZE;
	memcpy(tag, nonce + NONCE_SIZE + length, TAG_SIZE);
	if (!start(&cipher, 0, key, salt, nonce, context, error) ||
	    !run(cipher, nonce + NONCE_SIZE, length, &opened, error))
		return false;
	if (EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag) != 1)
		return fail_library(error, "AES-256-GCM");
	if (EVP_CipherFinal_ex(cipher, rest, &left) != 1)
		return kt_fail(error, KT_ERROR_CORRUPT,
		               "a sealed text was changed, or is another key's");
	kt_secret_move(content, &opened);
	return true;
}

bool kt_seal_append_hex(struct kt_secret *target, const void *bytes, size_t length,
                        struct kt_error *error)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *input = bytes;

	for (size_t i = 0; i < length; i++) {
		const char pair[2] = { digits[input[i] >> 4], digits[input[i] & 0xf] };

		if (!kt_secret_append(target, pair, sizeof(pair), error))
			return false;
	}
	return true;
}

bool kt_seal_hash(const struct kt_secret *key, const char *purpose, const void *bytes,
                  size_t length, size_t size, struct kt_secret *digits, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret hash = { 0 };

	kt_secret_clear(digits);
	return kt_seal_derive(key, purpose, bytes, length, &hash, error) &&
	       kt_seal_append_hex(digits, kt_secret_reveal(&hash), size, error);
}

bool kt_seal_read_hex(struct kt_secret *bytes, const char *digits, size_t length,
                      struct kt_error *error)
{
	unsigned char buffer[KT_SEAL_KEY_SIZE + KT_SEAL_OVERHEAD];
	size_t read = 0;

	if (!prepare(error))
		return false;
	if (length > sizeof(buffer) || strlen(digits) != 2 * length ||
	    OPENSSL_hexstr2buf_ex(buffer, sizeof(buffer), &read, digits, '\0') != 1 ||
	    read != length)
		return kt_fail(error, KT_ERROR_CORRUPT, "a number in hexadecimal is malformed");
	return take(bytes, buffer, length, error);
}

bool kt_seal_read_base64(struct kt_secret *bytes, const char *text, struct kt_error *error)
{
	unsigned char buffer[BASE64_MAXIMUM];
	size_t length = strlen(text);
	int decoded = -1;

	if (length > 0 && length % 4 == 0 && length / 4 * 3 <= sizeof(buffer))
		decoded = EVP_DecodeBlock(buffer, (const unsigned char *)text, (int)length);
	for (size_t i = 1; i <= 2 && decoded > 0 && text[length - i] == '='; i++)
		decoded--;
	if (decoded <= 0)
		return kt_fail(error, KT_ERROR_CORRUPT, "a text in base 64 is malformed");
	return take(bytes, buffer, (size_t)decoded, error);
}
