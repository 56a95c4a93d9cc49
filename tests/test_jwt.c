/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>

#include "helper/keeper/oauth/jwt.h"
#include "helper/keeper/oauth/private_key.h"
#include "keyring/cleanup.h"

#define HEADER "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6InRlc3Qta2lkIn0"
#define CLAIMS                                                                              \
	"eyJpc3MiOiIzMTAwMDAwMDAwMDIiLCJhdWQiOiJhcGkuY296ZS5jbiIsImlhdCI6MTcwMDAwMDAwMCwiZXhw" \
	"IjoxNzAwMDAzNjAwLCJqdGkiOiIwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZiJ9"

/* docs/coze.md, section 13, vectors 12 and 13. */
static const struct kt_jwt vector = {
	.key_id = "test-kid",
	.issuer = "310000000002",
	.audience = "api.coze.cn",
	.issued = 1700000000,
	.id = "0123456789abcdef0123456789abcdef",
};

static EVP_PKEY *key;

static int make_key(void **state)
{
	(void)state;
	key = EVP_RSA_gen(2048);
	return key ? 0 : -1;
}

static int free_key(void **state)
{
	(void)state;
	EVP_PKEY_free(key);
	return 0;
}

static void take(BIO *bio, struct kt_secret *text)
{
	struct kt_error error = { 0 };
	char *bytes;
	long length = BIO_get_mem_data(bio, &bytes);

	assert_true(kt_secret_set(text, bytes, (size_t)length, &error));
	BIO_free(bio);
}

static void write_key(const EVP_PKEY *of, bool traditional, struct kt_secret *text)
{
	BIO *bio = BIO_new(BIO_s_mem());

	assert_int_equal(traditional
		? PEM_write_bio_PrivateKey_traditional(bio, of, NULL, NULL, 0, NULL, NULL)
		: PEM_write_bio_PKCS8PrivateKey(bio, of, NULL, NULL, 0, NULL, NULL), 1);
	take(bio, text);
}

static void replace(struct kt_secret *text, char from, const char *to)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret changed = { 0 };
	struct kt_error error = { 0 };

	for (const char *byte = kt_secret_reveal(text); *byte; byte++)
		assert_true(*byte == from ? kt_secret_append_text(&changed, to, &error)
		                          : kt_secret_append(&changed, byte, 1, &error));
	kt_secret_move(text, &changed);
}

static void expect_taken(const struct kt_secret *text)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret imported = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret expected = { 0 };
	struct kt_error error = { 0 };

	write_key(key, false, &expected);
	assert_true(kt_private_key_import(&imported, text, &error));
	assert_true(kt_secret_is_equal(&imported, &expected));
}

static void expect_refused(const struct kt_secret *text, const char *reason)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret imported = { 0 };
	struct kt_error error = { 0 };

	assert_false(kt_private_key_import(&imported, text, &error));
	assert_int_equal(error.code, KT_ERROR_REFUSED);
	assert_non_null(strstr(error.message, reason));
	assert_true(kt_secret_is_empty(&imported));
}

static void header_and_claims_equal_the_golden_vectors(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	assert_true(kt_jwt_write(&vector, &text, &error));
	assert_string_equal(kt_secret_reveal(&text), HEADER "." CLAIMS);
}

static void session_claims_stand_where_coze_wants_them(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	struct kt_error error = { 0 };
	struct kt_jwt jwt = vector;
	unsigned char claims[1024] = { 0 };
	char *part;

	(void)state;
	jwt.session_name = "alice";
	jwt.device_id = "d1";
	assert_true(kt_jwt_write(&jwt, &text, &error));
	part = strchr(kt_secret_reveal(&text), '.') + 1;
	assert_true(strlen(part) < sizeof(claims));
	/* base64url without padding, decoded as far as whole groups go. */
	assert_true(EVP_DecodeBlock(claims, (unsigned char *)part, (int)(strlen(part) / 4 * 4)) > 0);
	assert_non_null(strstr((char *)claims, ",\"session_name\":\"alice\",\"session_context\":"
	                       "{\"device_info\":{\"device_id\":\"d1\"}"));
}

static void the_signature_is_rs256_by_the_key(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret pem = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret signature = { 0 };
	struct kt_error error = { 0 };
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	(void)state;
	write_key(key, false, &pem);
	assert_true(kt_secret_set(&text, HEADER "." CLAIMS, strlen(HEADER "." CLAIMS), &error));
	assert_true(kt_private_key_sign(&pem, &text, &signature, &error));
	assert_int_equal(EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key), 1);
	assert_int_equal(EVP_DigestVerify(context,
		(const unsigned char *)kt_secret_reveal(&signature), kt_secret_length(&signature),
		(const unsigned char *)kt_secret_reveal(&text), kt_secret_length(&text)), 1);
	EVP_MD_CTX_free(context);
}

static void every_form_of_a_private_key_is_taken(void **state)
{
	(void)state;
	for (int traditional = 0; traditional < 2; traditional++) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };

		write_key(key, traditional, &text);
		expect_taken(&text);
		replace(&text, '\n', "\r\n");
		expect_taken(&text);
		write_key(key, traditional, &text);
		replace(&text, '\n', "\\n");
		expect_taken(&text);
		write_key(key, traditional, &text);
		replace(&text, '\n', " ");
		expect_taken(&text);
	}
}

static void a_key_without_header_is_taken(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret bare = { 0 };
	struct kt_error error = { 0 };
	const char *begin;
	const char *end;

	(void)state;
	write_key(key, false, &text);
	begin = strchr(kt_secret_reveal(&text), '\n');
	end = strstr(begin, "-----END");
	assert_true(kt_secret_append(&bare, begin, (size_t)(end - begin), &error));
	expect_taken(&bare);
}

static void what_is_no_fit_private_key_is_refused_with_the_reason(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	struct kt_error error = { 0 };
	BIO *bio = BIO_new(BIO_s_mem());
	EVP_PKEY *small = EVP_RSA_gen(1024);
	EVP_PKEY *curve = EVP_EC_gen("P-256");

	(void)state;
	assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
	take(bio, &text);
	expect_refused(&text, "public key");
	write_key(small, false, &text);
	expect_refused(&text, "2,048 bits");
	write_key(curve, false, &text);
	expect_refused(&text, "not an RSA key");
	assert_true(kt_secret_set(&text, "AAAA", 4, &error));
	expect_refused(&text, "no private key");
	assert_true(kt_secret_set(&text, "not a key!", 10, &error));
	expect_refused(&text, "base64");
	assert_true(kt_secret_set(&text, "", 0, &error));
	expect_refused(&text, "base64");
	EVP_PKEY_free(small);
	EVP_PKEY_free(curve);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_and_claims_equal_the_golden_vectors),
		cmocka_unit_test(session_claims_stand_where_coze_wants_them),
		cmocka_unit_test(the_signature_is_rs256_by_the_key),
		cmocka_unit_test(every_form_of_a_private_key_is_taken),
		cmocka_unit_test(a_key_without_header_is_taken),
		cmocka_unit_test(what_is_no_fit_private_key_is_refused_with_the_reason),
	};

	return cmocka_run_group_tests(tests, make_key, free_key);
}
