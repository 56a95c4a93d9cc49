/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "keyring/cleanup.h"
#include "pam/unlock/transfer.h"

static void both_ends_find_the_same_key_and_the_secret_opens(void **state)
{
	KT_CLEANUP(kt_transfer_clear) struct kt_transfer ours = { 0 };
	KT_CLEANUP(kt_transfer_clear) struct kt_transfer theirs = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret secret = { 0 };
	unsigned char our_half[KT_TRANSFER_PUBLIC_SIZE], their_half[KT_TRANSFER_PUBLIC_SIZE];
	unsigned char vector[KT_TRANSFER_BLOCK_SIZE], sealed[64], opened[64];
	struct kt_error error = { 0 };
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	size_t length;
	int body, end;

	(void)state;
	assert_true(kt_secret_append_text(&secret, "sixteen-bytes-ok", &error));

	assert_true(kt_transfer_offer(&ours, our_half));
	assert_true(kt_transfer_offer(&theirs, their_half));
	assert_true(kt_transfer_agree(&ours, their_half, sizeof(their_half)));
	assert_true(kt_transfer_agree(&theirs, our_half, sizeof(our_half)));
	assert_true(kt_transfer_seal(&ours, &secret, vector, sealed, &length));

	assert_memory_equal(ours.aes_key, theirs.aes_key, sizeof(ours.aes_key));
	assert_int_equal(length, 32);
	assert_true(EVP_DecryptInit_ex2(cipher, EVP_aes_128_cbc(), theirs.aes_key, vector, NULL));
	assert_true(EVP_DecryptUpdate(cipher, opened, &body, sealed, (int)length));
	assert_true(EVP_DecryptFinal_ex(cipher, opened + body, &end));
	assert_int_equal(body + end, 16);
	assert_memory_equal(opened, "sixteen-bytes-ok", 16);
	EVP_CIPHER_CTX_free(cipher);
}

static void a_half_that_gives_the_key_away_is_refused(void **state)
{
	unsigned char half[KT_TRANSFER_PUBLIC_SIZE] = { 0 };

	(void)state;
	for (unsigned char value = 0; value <= 1; value++) {
		KT_CLEANUP(kt_transfer_clear) struct kt_transfer ours = { 0 };
		unsigned char own[KT_TRANSFER_PUBLIC_SIZE];

		half[sizeof(half) - 1] = value;
		assert_true(kt_transfer_offer(&ours, own));
		assert_false(kt_transfer_agree(&ours, half, sizeof(half)));
	}
}

static void a_half_of_no_or_too_many_bytes_is_refused(void **state)
{
	KT_CLEANUP(kt_transfer_clear) struct kt_transfer ours = { 0 };
	unsigned char half[KT_TRANSFER_PUBLIC_SIZE + 1];

	(void)state;
	memset(half, 5, sizeof(half));
	assert_true(kt_transfer_offer(&ours, half));

	assert_false(kt_transfer_agree(&ours, half, 0));
	assert_false(kt_transfer_agree(&ours, half, sizeof(half)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ends_find_the_same_key_and_the_secret_opens),
		cmocka_unit_test(a_half_that_gives_the_key_away_is_refused),
		cmocka_unit_test(a_half_of_no_or_too_many_bytes_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
