/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "keyring/cleanup.h"
#include "keyring/seal.h"
#include "keyring/ssh_agent.h"
#include "keyring/ssh_key.h"
#include "keyring/text.h"
#include "keyring/translate.h"

#define NAMESPACE "vault@keyturn"
#define LEAST_RSA_BYTES 256
#define MOST_RSA_BYTES 2048
#define ED25519_BYTES 32

static void free_key(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void free_number(BIGNUM **number)
{
	BN_free(*number);
}

static void free_builder(OSSL_PARAM_BLD **builder)
{
	OSSL_PARAM_BLD_free(*builder);
}

static void free_parameters(OSSL_PARAM **parameters)
{
	OSSL_PARAM_free(*parameters);
}

static void free_key_context(EVP_PKEY_CTX **context)
{
	EVP_PKEY_CTX_free(*context);
}

static void free_digest(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}

static bool fail_library(struct kt_error *error)
{
	return kt_fail(error, KT_ERROR_INTERNAL, "OpenSSL cannot look at an SSH key");
}

static struct kt_ssh_bytes bytes_of(const struct kt_secret *secret)
{
	return (struct kt_ssh_bytes){ (const unsigned char *)kt_secret_reveal(secret),
	                              kt_secret_length(secret) };
}

/* A number of SSH that is not negative, without the zero in front of its highest bit. */
static bool take_positive(struct kt_ssh_bytes *bytes, struct kt_ssh_bytes *number)
{
	if (!kt_ssh_take(bytes, number) || number->length == 0 || number->next[0] & 0x80)
		return false;
	while (number->length > 1 && number->next[0] == 0) {
		number->next++;
		number->length--;
	}
	return true;
}

static bool read_rsa(const struct kt_secret *blob, struct kt_ssh_bytes *exponent,
                     struct kt_ssh_bytes *modulus)
{
	struct kt_ssh_bytes bytes = bytes_of(blob);
	struct kt_ssh_bytes type;

	return kt_ssh_take(&bytes, &type) && take_positive(&bytes, exponent) &&
	       take_positive(&bytes, modulus) && bytes.length == 0 && exponent->length <= 8 &&
	       modulus->length <= MOST_RSA_BYTES;
}

static bool has_prefix(const struct kt_ssh_bytes *type, const char *prefix)
{
	return type->length >= strlen(prefix) && memcmp(type->next, prefix, strlen(prefix)) == 0;
}

static void fail_unfit(const char *why, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_UNSAFE, "this SSH key cannot open a vault: %s",
	        kt_translate(why));
	kt_advise(error, "take an ed25519 key: ssh-keygen -t ed25519, then ssh-add");
}

const char *kt_ssh_key_algorithm(const struct kt_secret *blob, struct kt_error *error)
{
	struct kt_ssh_bytes bytes = bytes_of(blob);
	struct kt_ssh_bytes exponent;
	struct kt_ssh_bytes modulus;
	struct kt_ssh_bytes type;
	struct kt_ssh_bytes point;

	if (!kt_ssh_take(&bytes, &type)) {
		fail_unfit(KT_TEXT("it is damaged"), error);
	} else if (kt_ssh_is(&type, "ssh-ed25519")) {
		if (kt_ssh_take(&bytes, &point) && point.length == ED25519_BYTES && bytes.length == 0)
			return "ssh-ed25519";
		fail_unfit(KT_TEXT("it is damaged"), error);
	} else if (kt_ssh_is(&type, "ssh-rsa")) {
		if (read_rsa(blob, &exponent, &modulus) && modulus.length >= LEAST_RSA_BYTES)
			return "rsa-sha2-512";
		fail_unfit(KT_TEXT("it is an RSA key of fewer than 2048 bits, or damaged"), error);
	} else if (has_prefix(&type, "sk-")) {
		fail_unfit(KT_TEXT("a security key counts in each signature, so no two are the "
		                   "same"), error);
	} else if (has_prefix(&type, "ecdsa-")) {
		fail_unfit(KT_TEXT("ECDSA signatures differ from agent to agent"), error);
	} else {
		fail_unfit(KT_TEXT("it is neither an ed25519 nor an RSA key"), error);
	}
	return NULL;
}

bool kt_ssh_key_fingerprint(const struct kt_secret *blob, char **text, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret digits = { 0 };
	unsigned char digest[EVP_MAX_MD_SIZE];
	size_t length = 0;

	if (EVP_Q_digest(NULL, "SHA256", NULL, kt_secret_reveal(blob), kt_secret_length(blob), digest,
	                 &length) != 1)
		return fail_library(error);
	if (!kt_text_append_base64(&digits, digest, length, error))
		return false;
	/* ssh-keygen leaves the padding out. */
	while (kt_secret_reveal(&digits)[kt_secret_length(&digits) - 1] == '=')
		kt_secret_truncate(&digits, kt_secret_length(&digits) - 1);
	return kt_text_format(text, error, "SHA256:%s", kt_secret_reveal(&digits));
}

bool kt_ssh_key_write(const struct kt_secret *blob, char **text, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret digits = { 0 };

	return kt_text_append_base64(&digits, kt_secret_reveal(blob), kt_secret_length(blob),
	                             error) &&
	       kt_text_set(text, kt_secret_reveal(&digits), error);
}

bool kt_ssh_key_read(const char *text, struct kt_secret *blob, struct kt_error *error)
{
	return kt_seal_read_base64(blob, text, error);
}

bool kt_ssh_key_challenge(const struct kt_secret *message, struct kt_secret *challenge,
                          struct kt_error *error)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	size_t length = 0;

	kt_secret_clear(challenge);
	if (EVP_Q_digest(NULL, "SHA512", NULL, kt_secret_reveal(message), kt_secret_length(message),
	                 digest, &length) != 1)
		return fail_library(error);
	return kt_secret_append_text(challenge, "SSHSIG", error) &&
	       kt_ssh_append(challenge, NAMESPACE, strlen(NAMESPACE), error) &&
	       kt_ssh_append(challenge, "", 0, error) &&
	       kt_ssh_append(challenge, "sha512", strlen("sha512"), error) &&
	       kt_ssh_append(challenge, digest, length, error);
}

static EVP_PKEY *make_rsa(const struct kt_secret *blob)
{
	KT_CLEANUP(free_builder) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	KT_CLEANUP(free_key_context) EVP_PKEY_CTX *context =
		EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	KT_CLEANUP(free_parameters) OSSL_PARAM *parameters = NULL;
	KT_CLEANUP(free_number) BIGNUM *e = NULL;
	KT_CLEANUP(free_number) BIGNUM *n = NULL;
	struct kt_ssh_bytes exponent;
	struct kt_ssh_bytes modulus;
	EVP_PKEY *key = NULL;

	if (!builder || !context || !read_rsa(blob, &exponent, &modulus))
		return NULL;
	e = BN_bin2bn(exponent.next, (int)exponent.length, NULL);
	n = BN_bin2bn(modulus.next, (int)modulus.length, NULL);
	if (!e || !n || !OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) ||
	    !OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e))
		return NULL;
	parameters = OSSL_PARAM_BLD_to_param(builder);
	if (!parameters || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
		return NULL;
	return key;
}

static EVP_PKEY *make_ed25519(const struct kt_secret *blob)
{
	struct kt_ssh_bytes bytes = bytes_of(blob);
	struct kt_ssh_bytes type;
	struct kt_ssh_bytes point;

	return kt_ssh_take(&bytes, &type) && kt_ssh_take(&bytes, &point)
	               ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, point.next,
	                                             point.length)
	               : NULL;
}

bool kt_ssh_key_verify(const struct kt_secret *blob, const char *algorithm,
                       const struct kt_secret *challenge, const struct kt_secret *signature,
                       bool *holds, struct kt_error *error)
{
	bool is_rsa = strcmp(algorithm, "rsa-sha2-512") == 0;
	KT_CLEANUP(free_key) EVP_PKEY *key = is_rsa ? make_rsa(blob) : make_ed25519(blob);
	KT_CLEANUP(free_digest) EVP_MD_CTX *context = EVP_MD_CTX_new();

	*holds = false;
	if (!key || !context ||
	    EVP_DigestVerifyInit_ex(context, NULL, is_rsa ? "SHA512" : NULL, NULL, NULL, key,
	                            NULL) != 1)
		return fail_library(error);
	*holds = EVP_DigestVerify(context, (const unsigned char *)kt_secret_reveal(signature),
	                          kt_secret_length(signature),
	                          (const unsigned char *)kt_secret_reveal(challenge),
	                          kt_secret_length(challenge)) == 1;
	return true;
}
