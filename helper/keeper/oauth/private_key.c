/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <openssl/decoder.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>
#include <unistd.h>

#include "helper/keeper/oauth/private_key.h"
#include "helper/keeper/terminal.h"
#include "helper/report.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/secret_file.h"

#define FILE_MAXIMUM ((size_t)64 * 1024)
#define LEAST_BITS 2048
#define SIGNATURE_MAXIMUM 2048

static void free_key(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void free_bio(BIO **bio)
{
	BIO_free(*bio);
}

static void free_decoder(OSSL_DECODER_CTX **context)
{
	OSSL_DECODER_CTX_free(*context);
}

static void free_context(EVP_PKEY_CTX **context)
{
	EVP_PKEY_CTX_free(*context);
}

static void free_digest(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}

static bool advise_key(struct kt_error *error)
{
	return kt_advise(error, "give the private_key.pem that the console made for the app");
}

/* Literal "\n", "\r" and "\t", as JSON and .env files carry them, are blanks too. */
static size_t blank_length(const char *text)
{
	if (text[0] == '\\' && text[1] != '\0' && strchr("nrt", text[1]))
		return 2;
	return strchr(" \t\r\n\"", text[0]) ? 1 : 0;
}

static bool is_base64(char byte)
{
	return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
	       (byte >= '0' && byte <= '9') || byte == '+' || byte == '/' || byte == '=';
}

/* The base64 between the PEM's lines, or all of a text that has none, without blanks. */
static bool find_base64(const struct kt_secret *text, struct kt_secret *base64,
                        struct kt_error *error)
{
	const char *byte = kt_secret_reveal(text);
	const char *begin = strstr(byte, "-----BEGIN ");

	if (strlen(byte) != kt_secret_length(text))
		return kt_fail(error, KT_ERROR_REFUSED, "the private key holds a NUL byte") ||
		       advise_key(error);
	if (begin) {
		byte = strstr(begin + 11, "-----");
		if (!byte)
			return kt_fail(error, KT_ERROR_REFUSED,
			               "the first line of the private key is broken off") ||
		       advise_key(error);
		byte += 5;
	}
	while (*byte && *byte != '-') {
		size_t blank = blank_length(byte);

		if (blank == 0 && !is_base64(*byte))
			return kt_fail(error, KT_ERROR_REFUSED, "the private key is no PEM or base64 text") ||
		       advise_key(error);
		if (blank == 0 && !kt_secret_append(base64, byte, 1, error))
			return false;
		byte += blank ? blank : 1;
	}
	return (kt_secret_length(base64) % 4 == 0 && !kt_secret_is_empty(base64)) ||
	       kt_fail(error, KT_ERROR_REFUSED, "the base64 of the private key is not whole") ||
	       advise_key(error);
}

static bool decode_base64(const struct kt_secret *base64, struct kt_secret *der,
                          struct kt_error *error)
{
	const char *text = kt_secret_reveal(base64);
	size_t length = kt_secret_length(base64);
	size_t size = length / 4 * 3;
	unsigned char *bytes = OPENSSL_zalloc(size + 1);
	bool done;
	int decoded;

	if (!bytes)
		return kt_fail_memory(error);
	decoded = EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)length);
	for (size_t i = 1; i <= 2 && decoded > 0 && text[length - i] == '='; i++)
		decoded--;
	done = decoded > 0 && kt_secret_append(der, bytes, (size_t)decoded, error);
	OPENSSL_clear_free(bytes, size + 1);
	return done ||
	       kt_fail(error, KT_ERROR_REFUSED, "the base64 of the private key is damaged") ||
	       advise_key(error);
}

/* Asks for a passphrase only if the key says that it is encrypted. */
static bool ask_passphrase(const struct kt_secret *text, OSSL_DECODER_CTX *context,
                           struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret passphrase = { 0 };

	if (!strstr(kt_secret_reveal(text), "ENCRYPTED"))
		return true;
	if (strstr(kt_secret_reveal(text), "Proc-Type"))
		return kt_fail(error, KT_ERROR_REFUSED, "the private key is encrypted in the old PEM "
		               "form; openssl pkey converts it") ||
		       advise_key(error);
	if (!kt_terminal_is_there())
		return kt_fail(error, KT_ERROR_REFUSED, "the private key is encrypted, and there is no "
		               "terminal to ask for its passphrase") ||
		       advise_key(error);
	return kt_terminal_ask_secret("Passphrase of the private key: ", &passphrase, error) &&
	       OSSL_DECODER_CTX_set_passphrase(context,
	                                       (const unsigned char *)kt_secret_reveal(&passphrase),
	                                       kt_secret_length(&passphrase)) == 1;
}

static bool is_public(const struct kt_secret *der)
{
	const unsigned char *bytes = (const unsigned char *)kt_secret_reveal(der);
	const unsigned char *again = bytes;
	long length = (long)kt_secret_length(der);
	KT_CLEANUP(free_key) EVP_PKEY *key = d2i_PUBKEY(NULL, &bytes, length);
	KT_CLEANUP(free_key) EVP_PKEY *bare = d2i_PublicKey(EVP_PKEY_RSA, NULL, &again, length);

	return key || bare;
}

static bool decode(const struct kt_secret *text, EVP_PKEY **key, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret base64 = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret der = { 0 };
	KT_CLEANUP(free_decoder) OSSL_DECODER_CTX *context =
		OSSL_DECODER_CTX_new_for_pkey(key, "DER", NULL, NULL, EVP_PKEY_KEYPAIR, NULL, NULL);
	const unsigned char *bytes;
	size_t length;

	if (!context)
		return kt_fail_memory(error);
	if (!ask_passphrase(text, context, error) || !find_base64(text, &base64, error) ||
	    !decode_base64(&base64, &der, error))
		return false;
	if (is_public(&der))
		return kt_fail(error, KT_ERROR_REFUSED, "the private key is a public key") ||
		       advise_key(error);
	bytes = (const unsigned char *)kt_secret_reveal(&der);
	length = kt_secret_length(&der);
	if (OSSL_DECODER_from_data(context, &bytes, &length) == 1 && *key)
		return true;
	return kt_fail(error, KT_ERROR_REFUSED, "this is no private key in PKCS#8 or PKCS#1 form, or "
	               "its passphrase is wrong") ||
	       advise_key(error);
}

static bool check(EVP_PKEY *key, struct kt_error *error)
{
	KT_CLEANUP(free_context) EVP_PKEY_CTX *context = NULL;

	if (!EVP_PKEY_is_a(key, "RSA"))
		return kt_fail(error, KT_ERROR_REFUSED, "the private key is not an RSA key") ||
		       advise_key(error);
	if (EVP_PKEY_get_bits(key) < LEAST_BITS)
		return kt_fail(error, KT_ERROR_REFUSED, "the private key has fewer than 2,048 bits") ||
		       advise_key(error);
	context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	if (!context)
		return kt_fail_memory(error);
	return EVP_PKEY_check(context) == 1 ||
	       kt_fail(error, KT_ERROR_REFUSED,
	               "the numbers of the private key do not fit together") ||
	       advise_key(error);
}

bool kt_private_key_import(struct kt_secret *key, const struct kt_secret *text,
                           struct kt_error *error)
{
	KT_CLEANUP(free_key) EVP_PKEY *decoded = NULL;
	KT_CLEANUP(free_bio) BIO *bio = BIO_new(BIO_s_secmem());
	char *pem;
	long length;

	if (!bio)
		return kt_fail_memory(error);
	if (!decode(text, &decoded, error) || !check(decoded, error))
		return false;
	if (PEM_write_bio_PKCS8PrivateKey(bio, decoded, NULL, NULL, 0, NULL, NULL) != 1)
		return kt_fail_memory(error);
	length = BIO_get_mem_data(bio, &pem);
	return kt_secret_set(key, pem, (size_t)length, error);
}

static bool fail_file(enum kt_secret_file verdict, struct kt_error *error)
{
	if (verdict == KT_SECRET_FILE_ANOTHERS) {
		kt_fail(error, KT_ERROR_UNSAFE, "the private key's file belongs to another user");
		return kt_advise(error, "use a key of your own: who owns the file has the key");
	}
	if (verdict == KT_SECRET_FILE_UNREADABLE)
		kt_fail(error, KT_ERROR_USAGE, "the private key's file cannot be read: %s",
		        strerror(errno));
	else if (verdict == KT_SECRET_FILE_SIZE)
		kt_fail(error, KT_ERROR_USAGE, "the private key's file has more than %zu bytes",
		        FILE_MAXIMUM);
	else
		kt_fail(error, KT_ERROR_USAGE, "the private key's file is not a regular file");
	return kt_advise(error, "give the path of private_key.pem, or - for stdin");
}

/* Browsers save the console's download so that the whole machine may read it. */
static bool read_text(struct kt_secret *text, const char *path, struct kt_error *error)
{
	static const struct kt_secret_file_rule rule = { .may_be_roots = true,
	                                                 .most = FILE_MAXIMUM };
	KT_CLEANUP(kt_descriptor_close) int descriptor = -1;
	enum kt_secret_file verdict;
	mode_t others;

	if (strcmp(path, "-") == 0)
		return kt_secret_read(text, STDIN_FILENO, FILE_MAXIMUM, error);
	verdict = kt_secret_file_open(path, &rule, &descriptor, &others);
	if (verdict != KT_SECRET_FILE_OPENED)
		return fail_file(verdict, error);
	if (others)
		kt_report_note("others could read %.*s: consider the key exposed, and make a new one",
		               kt_characters_fit(path, 200), path);
	return kt_secret_read(text, descriptor, FILE_MAXIMUM, error);
}

bool kt_private_key_read(struct kt_secret *key, const char *path, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };

	return read_text(&text, path, error) && kt_private_key_import(key, &text, error);
}

bool kt_private_key_sign(const struct kt_secret *key, const struct kt_secret *bytes,
                         struct kt_secret *signature, struct kt_error *error)
{
	KT_CLEANUP(free_bio) BIO *bio =
		BIO_new_mem_buf(kt_secret_reveal(key), (int)kt_secret_length(key));
	KT_CLEANUP(free_digest) EVP_MD_CTX *context = EVP_MD_CTX_new();
	KT_CLEANUP(free_key) EVP_PKEY *decoded = NULL;
	unsigned char signed_bytes[SIGNATURE_MAXIMUM];
	size_t length = sizeof(signed_bytes);

	if (!bio || !context)
		return kt_fail_memory(error);
	decoded = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	if (!decoded || EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, decoded) != 1 ||
	    EVP_DigestSign(context, signed_bytes, &length,
	                   (const unsigned char *)kt_secret_reveal(bytes),
	                   kt_secret_length(bytes)) != 1)
		return kt_fail(error, KT_ERROR_CORRUPT, "the stored private key cannot sign");
	return kt_secret_append(signature, signed_bytes, length, error);
}
