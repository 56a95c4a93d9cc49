/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/dh.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/param_build.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "keyring/cleanup.h"
#include "pam/unlock/transfer.h"

static void number_free(BIGNUM **number)
{
	BN_free(*number);
}

static void builder_free(OSSL_PARAM_BLD **builder)
{
	OSSL_PARAM_BLD_free(*builder);
}

static void parameters_free(OSSL_PARAM **parameters)
{
	OSSL_PARAM_free(*parameters);
}

static void context_free(EVP_PKEY_CTX **context)
{
	EVP_PKEY_CTX_free(*context);
}

static void pkey_free(EVP_PKEY **pkey)
{
	EVP_PKEY_free(*pkey);
}

static void derivation_free(EVP_KDF_CTX **derivation)
{
	EVP_KDF_CTX_free(*derivation);
}

static void cipher_free(EVP_CIPHER_CTX **cipher)
{
	EVP_CIPHER_CTX_free(*cipher);
}

/* The group's parameters, or with a public half the other side's key. */
static EVP_PKEY *make_group(const unsigned char *public_half, size_t length)
{
	KT_CLEANUP(number_free) BIGNUM *prime = BN_get_rfc2409_prime_1024(NULL);
	KT_CLEANUP(number_free) BIGNUM *generator = BN_new();
	KT_CLEANUP(number_free) BIGNUM *value = NULL;
	KT_CLEANUP(builder_free) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	KT_CLEANUP(parameters_free) OSSL_PARAM *parameters = NULL;
	KT_CLEANUP(context_free) EVP_PKEY_CTX *context = NULL;
	EVP_PKEY *group = NULL;

	if (!prime || !generator || !builder || !BN_set_word(generator, DH_GENERATOR_2) ||
	    !OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_FFC_P, prime) ||
	    !OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_FFC_G, generator))
		return NULL;
	if (public_half) {
		value = BN_bin2bn(public_half, (int)length, NULL);
		if (!value || !OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PUB_KEY, value))
			return NULL;
	}
	parameters = OSSL_PARAM_BLD_to_param(builder);
	context = EVP_PKEY_CTX_new_from_name(NULL, "DH", NULL);
	if (!parameters || !context || EVP_PKEY_fromdata_init(context) <= 0)
		return NULL;
	if (EVP_PKEY_fromdata(context, &group,
	                      public_half ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEY_PARAMETERS,
	                      parameters) <= 0)
		return NULL;
	return group;
}

bool kt_transfer_offer(struct kt_transfer *transfer,
                       unsigned char public_half[KT_TRANSFER_PUBLIC_SIZE])
{
	KT_CLEANUP(pkey_free) EVP_PKEY *group = make_group(NULL, 0);
	KT_CLEANUP(context_free) EVP_PKEY_CTX *context = NULL;
	KT_CLEANUP(number_free) BIGNUM *value = NULL;

	context = group ? EVP_PKEY_CTX_new_from_pkey(NULL, group, NULL) : NULL;
	if (!context || EVP_PKEY_keygen_init(context) <= 0 ||
	    EVP_PKEY_generate(context, &transfer->own) <= 0)
		return false;
	return EVP_PKEY_get_bn_param(transfer->own, OSSL_PKEY_PARAM_PUB_KEY, &value) &&
	       BN_bn2binpad(value, public_half, KT_TRANSFER_PUBLIC_SIZE) ==
	               KT_TRANSFER_PUBLIC_SIZE;
}

/* HKDF-SHA256 without salt and info. */
static bool derive_key(struct kt_transfer *transfer, unsigned char *shared, size_t length)
{
	KT_CLEANUP(derivation_free) EVP_KDF_CTX *derivation = NULL;
	EVP_KDF *hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char[]){ "SHA256" }, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, shared, length),
		OSSL_PARAM_construct_end(),
	};

	derivation = EVP_KDF_CTX_new(hkdf);
	EVP_KDF_free(hkdf);
	return derivation && EVP_KDF_derive(derivation, transfer->aes_key,
	                                    sizeof(transfer->aes_key), parameters) > 0;
}

bool kt_transfer_agree(struct kt_transfer *transfer, const unsigned char *public_half,
                       size_t length)
{
	KT_CLEANUP(pkey_free) EVP_PKEY *other = NULL;
	KT_CLEANUP(context_free) EVP_PKEY_CTX *context = NULL;
	unsigned char shared[KT_TRANSFER_PUBLIC_SIZE];
	size_t shared_length = sizeof(shared);
	bool done;

	if (length == 0 || length > KT_TRANSFER_PUBLIC_SIZE)
		return false;
	other = make_group(public_half, length);
	context = EVP_PKEY_CTX_new_from_pkey(NULL, transfer->own, NULL);
	/* The peer's value is checked (not 0, 1, p-1); padded: the key is of all 128 bytes. */
	done = other && context && EVP_PKEY_derive_init(context) > 0 &&
	       EVP_PKEY_CTX_set_dh_pad(context, 1) > 0 &&
	       EVP_PKEY_derive_set_peer(context, other) > 0 &&
	       EVP_PKEY_derive(context, shared, &shared_length) > 0 &&
	       derive_key(transfer, shared, shared_length);
	OPENSSL_cleanse(shared, sizeof(shared));
	return done;
}

bool kt_transfer_seal(const struct kt_transfer *transfer, const struct kt_secret *secret,
                      unsigned char vector[KT_TRANSFER_BLOCK_SIZE], unsigned char *sealed,
                      size_t *sealed_length)
{
	KT_CLEANUP(cipher_free) EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	int body = 0, end = 0;

	if (!cipher || RAND_bytes(vector, KT_TRANSFER_BLOCK_SIZE) != 1)
		return false;
	if (!EVP_EncryptInit_ex2(cipher, EVP_aes_128_cbc(), transfer->aes_key, vector, NULL) ||
	    !EVP_EncryptUpdate(cipher, sealed, &body,
	                       (const unsigned char *)kt_secret_reveal(secret),
	                       (int)kt_secret_length(secret)) ||
	    !EVP_EncryptFinal_ex(cipher, sealed + body, &end))
		return false;
	*sealed_length = (size_t)(body + end);
	return true;
}

void kt_transfer_clear(struct kt_transfer *transfer)
{
	EVP_PKEY_free(transfer->own);
	OPENSSL_cleanse(transfer, sizeof(*transfer));
}
