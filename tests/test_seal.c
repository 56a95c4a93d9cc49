/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/crypto.h>

#include "keyring/cleanup.h"
#include "keyring/seal.h"
#include "keyring/text.h"

/* Sealed by another implementation (Node's crypto): "content" under "context". */
#define SEALED_ELSEWHERE \
	"5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5aa5a5a5a5a5a5a5a5" \
	"a5a5a5a5e4c246e9f48c611dcaa95835ef8cb3f818b2fc71b7b052"

/* Allocations of OpenSSL: fails the one that the countdown reaches. 0: none fails. */
static long countdown;

static bool is_failing(void)
{
	return countdown > 0 && --countdown == 0;
}

static void *allocate(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return is_failing() ? NULL : malloc(size);
}

static void *reallocate(void *memory, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return is_failing() ? NULL : realloc(memory, size);
}

static void release(void *memory, const char *file, int line)
{
	(void)file;
	(void)line;
	free(memory);
}

static void set_text(struct kt_secret *secret, const char *text)
{
	struct kt_error error = { 0 };

	assert_true(kt_secret_set(secret, text, strlen(text), &error));
}

static void set_key(struct kt_secret *key, unsigned char first)
{
	struct kt_error error = { 0 };
	unsigned char bytes[KT_SEAL_KEY_SIZE];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(first + i);
	assert_true(kt_secret_set(key, bytes, sizeof(bytes), &error));
}

static void assert_hex(const struct kt_secret *bytes, const char *digits)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	struct kt_error error = { 0 };

	assert_true(kt_seal_append_hex(&text, kt_secret_reveal(bytes), kt_secret_length(bytes),
	                               &error));
	assert_string_equal(kt_secret_reveal(&text), digits);
}

/* Opens with the first key; returns the error's code. */
static enum kt_error_code open_bytes(const char *context, const void *bytes, size_t length,
                                     struct kt_secret *content)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	struct kt_error error = { 0 };
	bool opened;

	set_key(&key, 0);
	opened = kt_seal_open(&key, context, bytes, length, content, &error);
	assert_int_equal(opened, error.code == KT_ERROR_NONE);
	return error.code;
}

static void seal(const char *text, struct kt_secret *sealed)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
	struct kt_error error = { 0 };

	set_key(&key, 0);
	set_text(&content, text);
	assert_true(kt_seal_close(&key, "context", &content, sealed, &error));
}

static void derived_keys_are_what_another_implementation_makes(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret derived = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	set_key(&key, 0);

	assert_true(kt_seal_derive(&key, "keyturn test", "abc", 3, &derived, &error));
	assert_hex(&derived, "743919aa866acb58d89f7b65e05832e541906f2dd3bd12c280b6a5de586791bf");

	assert_true(kt_seal_derive(&key, "keyturn testa", "bc", 2, &derived, &error));
	assert_int_not_equal((unsigned char)kt_secret_reveal(&derived)[0], 0x74);
}

static void scrypt_gives_the_vectors_of_rfc_7914(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret passphrase = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret salt = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	struct kt_seal_cost smallest = { .n = 16, .r = 1, .p = 1 };
	struct kt_seal_cost wide = { .n = 1024, .r = 8, .p = 16 };
	struct kt_error error = { 0 };

	(void)state;
	assert_true(kt_seal_stretch(&passphrase, &salt, &smallest, &key, &error));
	assert_hex(&key, "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442");

	set_text(&passphrase, "password");
	set_text(&salt, "NaCl");
	assert_true(kt_seal_stretch(&passphrase, &salt, &wide, &key, &error));
	assert_hex(&key, "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162");
}

static void cost_of_a_hostile_file_is_refused(void **state)
{
	static const struct kt_seal_cost hostile[] = {
		{ .n = (int64_t)1 << 40, .r = 8, .p = 1 },
		{ .n = (int64_t)1 << 62, .r = INT64_MAX, .p = INT64_MAX },
		{ .n = 1 << 17, .r = 1 << 20, .p = 1 },
		{ .n = 1 << 17, .r = 8, .p = 1000 },
		{ .n = 1 << 19, .r = 8, .p = 1 },
		{ .n = (1 << 17) + 1, .r = 8, .p = 1 },
		{ .n = 1, .r = 8, .p = 1 },
		{ .n = 0, .r = 8, .p = 1 },
		{ .n = -16, .r = 8, .p = 1 },
		{ .n = 16, .r = 0, .p = 1 },
		{ .n = 16, .r = -1, .p = -1 },
		{ .n = 16, .r = 8, .p = 0 },
	};
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	struct kt_seal_cost ours = KT_SEAL_COST;

	(void)state;
	set_text(&text, "text");
	assert_true(kt_seal_is_bounded(&ours));

	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		struct kt_error error = { 0 };

		assert_false(kt_seal_stretch(&text, &text, &hostile[i], &key, &error));
		assert_int_equal(error.code, KT_ERROR_CORRUPT);
	}
}

static void what_another_implementation_sealed_is_opened(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret sealed = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	assert_true(kt_seal_read_hex(&sealed, SEALED_ELSEWHERE, KT_SEAL_OVERHEAD + 7, &error));

	assert_int_equal(open_bytes("context", kt_secret_reveal(&sealed),
	                            kt_secret_length(&sealed), &content), KT_ERROR_NONE);
	assert_string_equal(kt_secret_reveal(&content), "content");
}

static void every_size_comes_back_as_it_was(void **state)
{
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 4095, 4096, 4097, 8192, 1 << 20 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	char *bytes = calloc(1, 1 << 20);
	struct kt_error error = { 0 };

	(void)state;
	assert_non_null(bytes);
	set_key(&key, 0);

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
		KT_CLEANUP(kt_secret_clear) struct kt_secret sealed = { 0 };
		KT_CLEANUP(kt_secret_clear) struct kt_secret opened = { 0 };

		memset(bytes, (int)i + 1, sizes[i]);
		assert_true(kt_secret_set(&content, bytes, sizes[i], &error));
		assert_true(kt_seal_close(&key, "context", &content, &sealed, &error));
		assert_int_equal(kt_secret_length(&sealed), sizes[i] + KT_SEAL_OVERHEAD);
		assert_int_equal(open_bytes("context", kt_secret_reveal(&sealed),
		                            kt_secret_length(&sealed), &opened), KT_ERROR_NONE);
		assert_true(kt_secret_is_equal(&opened, &content));
	}
	free(bytes);
}

static void every_flipped_bit_is_noticed(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret sealed = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };

	(void)state;
	seal("some content", &sealed);
	set_text(&content, "before");

	for (size_t bit = 0; bit < 8 * kt_secret_length(&sealed); bit++) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret changed = { 0 };
		struct kt_error error = { 0 };

		assert_true(kt_secret_copy(&changed, &sealed, &error));
		changed.bytes[bit / 8] = (char)(changed.bytes[bit / 8] ^ (1 << bit % 8));
		assert_int_equal(open_bytes("context", kt_secret_reveal(&changed),
		                            kt_secret_length(&changed), &content),
		                 KT_ERROR_CORRUPT);
	}
	assert_string_equal(kt_secret_reveal(&content), "before");
}

static void every_truncation_is_noticed(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret sealed = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	seal("some content", &sealed);

	for (size_t length = 0; length < kt_secret_length(&sealed); length++)
		assert_int_equal(open_bytes("context", kt_secret_reveal(&sealed), length, &content),
		                 KT_ERROR_CORRUPT);

	assert_true(kt_secret_append(&sealed, "x", 1, &error));
	assert_int_equal(open_bytes("context", kt_secret_reveal(&sealed), kt_secret_length(&sealed),
	                            &content), KT_ERROR_CORRUPT);
}

static void another_context_or_key_does_not_open(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret other = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret sealed = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	set_key(&other, 1);
	seal("some content", &sealed);

	assert_int_equal(open_bytes("context2", kt_secret_reveal(&sealed),
	                            kt_secret_length(&sealed), &content), KT_ERROR_CORRUPT);
	assert_false(kt_seal_open(&other, "context", kt_secret_reveal(&sealed),
	                          kt_secret_length(&sealed), &content, &error));
	assert_int_equal(error.code, KT_ERROR_CORRUPT);
}

static void one_content_is_never_sealed_twice_alike(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret first = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret second = { 0 };

	(void)state;
	seal("some content", &first);
	seal("some content", &second);

	for (size_t i = 0; i + 8 < kt_secret_length(&first); i += 8)
		assert_memory_not_equal(kt_secret_reveal(&first) + i, kt_secret_reveal(&second) + i,
		                        8);
}

static void malformed_hexadecimal_is_refused(void **state)
{
	static const char *const malformed[] = { "", "0", "00", "0000000", "00:000", "gg0000",
	                                         "00 000", "-10000" };
	KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		kt_error_clear(&error);
		assert_false(kt_seal_read_hex(&bytes, malformed[i], 3, &error));
		assert_int_equal(error.code, KT_ERROR_CORRUPT);
	}
	kt_error_clear(&error);
	assert_true(kt_seal_read_hex(&bytes, "00fFa1", 3, &error));
	assert_memory_equal(kt_secret_reveal(&bytes), "\x00\xff\xa1", 3);
}

/* Seals and opens with each allocation of OpenSSL failing in turn; false: none was left. */
static bool survives_failure_of(long allocation)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret sealed = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret opened = { 0 };
	struct kt_error error = { 0 };
	bool done;
	bool failed;

	set_key(&key, 0);
	set_text(&content, "some content");
	countdown = allocation;
	done = kt_seal_close(&key, "context", &content, &sealed, &error) &&
	       kt_seal_open(&key, "context", kt_secret_reveal(&sealed), kt_secret_length(&sealed),
	                    &opened, &error);
	failed = countdown == 0;
	countdown = 0;

	if (done)
		assert_true(kt_secret_is_equal(&opened, &content));
	else
		assert_int_equal(error.code, KT_ERROR_INTERNAL);
	return failed;
}

static void no_failed_allocation_goes_unnoticed(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret sealed = { 0 };
	long allocation = 1;

	(void)state;
	seal("the library is started", &sealed);

	while (survives_failure_of(allocation))
		allocation++;
	assert_true(allocation > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(derived_keys_are_what_another_implementation_makes),
		cmocka_unit_test(scrypt_gives_the_vectors_of_rfc_7914),
		cmocka_unit_test(cost_of_a_hostile_file_is_refused),
		cmocka_unit_test(what_another_implementation_sealed_is_opened),
		cmocka_unit_test(every_size_comes_back_as_it_was),
		cmocka_unit_test(every_flipped_bit_is_noticed),
		cmocka_unit_test(every_truncation_is_noticed),
		cmocka_unit_test(another_context_or_key_does_not_open),
		cmocka_unit_test(one_content_is_never_sealed_twice_alike),
		cmocka_unit_test(malformed_hexadecimal_is_refused),
		cmocka_unit_test(no_failed_allocation_goes_unnoticed),
	};

	if (CRYPTO_set_mem_functions(allocate, reallocate, release) != 1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
