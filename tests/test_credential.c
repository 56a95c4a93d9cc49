/* SPDX-License-Identifier: MIT */
#include "config.h"

/* The stored form: whatever is written can be read again and is the same, or is refused whole. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "keyring/cleanup.h"
#include "keyring/credential.h"
#include "keyring/text.h"

/* Every field of a credential, by its type; each_member_is_swept holds them to be all. */
static char **text_fields(struct kt_credential *credential, size_t index)
{
	char **const fields[] = {
		&credential->authtype, &credential->git_username, &credential->tool, &credential->api_base,
		&credential->www_base, &credential->ca, &credential->grant, &credential->state,
		&credential->dialect, &credential->issuer, &credential->token_endpoint,
		&credential->authorization_endpoint, &credential->device_authorization_endpoint,
		&credential->revocation_endpoint, &credential->client_id,
		&credential->client_authentication, &credential->redirect_uri, &credential->scope,
		&credential->resource, &credential->workspace_id, &credential->account_id,
		&credential->enterprise_id, &credential->session_name, &credential->device_id,
		&credential->custom_consumer, &credential->public_key_id, &credential->boot_id,
		&credential->identity.protocol, &credential->identity.host,
		&credential->identity.path, &credential->identity.username,
		&credential->userinfo_endpoint, &credential->old_token, &credential->rotation,
		&credential->granted_scope, &credential->subject, &credential->provider,
		&credential->parameters, &credential->token_parameters, &credential->answer_member,
		&credential->body_format, &credential->errors, &credential->usual_lifetime,
		&credential->subject_token_file, &credential->subject_account,
		&credential->subject_token_type,
	};

	return index < KT_COUNT(fields) ? fields[index] : NULL;
}

static struct kt_secret *secret_fields(struct kt_credential *credential, size_t index)
{
	struct kt_secret *const fields[] = {
		&credential->refresh_token, &credential->previous_refresh_token,
		&credential->client_secret, &credential->private_key, &credential->journal_key,
		&credential->token, &credential->subject_token,
	};

	return index < KT_COUNT(fields) ? fields[index] : NULL;
}

static int64_t *number_fields(struct kt_credential *credential, size_t index)
{
	int64_t *const fields[] = {
		&credential->created, &credential->expires, &credential->refused,
		&credential->generation, &credential->state_since, &credential->refreshed,
		&credential->duration, &credential->issued, &credential->issued_boot_milliseconds,
		&credential->lifetime,
	};

	return index < KT_COUNT(fields) ? fields[index] : NULL;
}

static bool *flag_fields(struct kt_credential *credential, size_t index)
{
	bool *const fields[] = {
		&credential->never_expires, &credential->needs_issuer, &credential->no_pkce,
		&credential->reuse_revokes, &credential->end_unknown,
		&credential->client_registered,
	};

	return index < KT_COUNT(fields) ? fields[index] : NULL;
}

static void make(struct kt_credential *credential)
{
	struct kt_error error = { 0 };

	credential->kind = KT_KIND_OAUTH;
	assert_true(kt_text_set(&credential->identity.protocol, "https", &error));
	assert_true(kt_text_set(&credential->identity.host, "example.com", &error));
	assert_true(kt_text_set(&credential->identity.path, "", &error));
	assert_true(kt_text_set(&credential->identity.username, "main", &error));
}

/* It comes back equal, or nothing was written and the error says which field it was. */
static bool comes_back(const struct kt_credential *credential, const char *name)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret form = { 0 };
	KT_CLEANUP(kt_credential_clear) struct kt_credential again = { 0 };
	struct kt_error error = { 0 };

	if (kt_credential_write(credential, &form, &error)) {
		assert_true(kt_credential_read(&again, kt_secret_reveal(&form),
		                               kt_secret_length(&form), &error));
		assert_true(kt_credential_is_equal(credential, &again));
		return true;
	}
	assert_int_equal(error.code, KT_ERROR_USAGE);
	assert_string_not_equal(error.remedy, "");
	assert_true(kt_secret_is_empty(&form));
	if (name)
		assert_non_null(strstr(error.message, name));
	return false;
}

/* Texts of n bytes whose characters take one to four bytes each. */
static void fill(char *text, size_t length, const char *character)
{
	size_t size = strlen(character);
	size_t done = 0;

	for (; done + size <= length; done += size)
		memcpy(text + done, character, size);
	memset(text + done, 'x', length - done);
	text[length] = '\0';
}

static const char *const characters[] = { "a", "\"", "\\", "/", "{", "\xc3\xa4", "\xe2\x82\xac",
	                                  "\xf0\x9f\x94\x91", "\xef\xbf\xbf", "\xf4\x8f\xbf\xbf" };
static const size_t lengths[] = { 0, 1, 2, 3, 63, 64, 65, 255, 256, 4095, 4096, 65535, 65536 };

static void every_text_comes_back_at_every_length(void **state)
{
	char *text = malloc(65537);
	char **field;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0;; i++) {
		KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
		struct kt_error error = { 0 };

		make(&credential);
		field = text_fields(&credential, i);
		if (!field)
			break;
		for (size_t c = 0; c < KT_COUNT(characters); c++) {
			for (size_t n = 0; n < KT_COUNT(lengths); n++) {
				fill(text, lengths[n], characters[c]);
				assert_true(kt_text_set(field, text, &error));
				assert_true(comes_back(&credential, NULL));
			}
		}
	}
	free(text);
}

static void every_secret_comes_back_at_every_length(void **state)
{
	char *text = malloc(65537);
	struct kt_secret *field;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0;; i++) {
		KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
		struct kt_error error = { 0 };

		make(&credential);
		field = secret_fields(&credential, i);
		if (!field)
			break;
		for (size_t c = 0; c < KT_COUNT(characters); c++) {
			for (size_t n = 0; n < KT_COUNT(lengths); n++) {
				fill(text, lengths[n], characters[c]);
				assert_true(kt_secret_set(field, text, lengths[n], &error));
				assert_true(comes_back(&credential, NULL));
			}
		}
	}
	free(text);
}

/* A password may be any bytes: it comes back as it was. */
static void bytes_that_are_not_utf8_are_refused_in_every_field_but_the_password(void **state)
{
	static const char *const broken[] = { "\xff", "ok\xff", "\xc3", "\xed\xa0\x80", "\xc0\x80",
		                              "\xf4\x90\x80\x80", "\x80" };

	(void)state;
	for (size_t i = 0; i < 64; i++) {
		KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
		struct kt_error error = { 0 };
		char **text;
		struct kt_secret *secret;

		make(&credential);
		text = text_fields(&credential, i);
		for (size_t b = 0; text && b < KT_COUNT(broken); b++) {
			assert_true(kt_text_set(text, broken[b], &error));
			assert_false(comes_back(&credential, "UTF-8"));
			assert_true(kt_text_set(text, "fine", &error));
		}
		secret = secret_fields(&credential, i);
		for (size_t b = 0; secret && b < KT_COUNT(broken); b++) {
			assert_true(kt_secret_set(secret, broken[b], strlen(broken[b]), &error));
			assert_int_equal(comes_back(&credential, "UTF-8"), secret == &credential.token);
			kt_secret_clear(secret);
		}
	}
}

static void nul_in_a_secret_is_refused_and_never_cut_off(void **state)
{
	(void)state;
	for (size_t i = 0; i < 64; i++) {
		KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
		struct kt_error error = { 0 };
		struct kt_secret *secret;

		make(&credential);
		secret = secret_fields(&credential, i);
		if (!secret)
			break;
		assert_true(kt_secret_set(secret, "half\0whole", 10, &error));
		assert_false(comes_back(&credential, "NUL"));
	}
}

static void every_number_comes_back_up_to_its_bound(void **state)
{
	static const int64_t bound = 9007199254740991;
	static const int64_t fine[] = { 0, 1, -1, INT32_MAX, INT32_MIN, 4294967296, bound - 1, bound,
		                        -bound };
	static const int64_t beyond[] = { bound + 1, bound + 2, INT64_MAX, INT64_MIN, -bound - 1 };

	(void)state;
	for (size_t i = 0;; i++) {
		KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
		int64_t *field;

		make(&credential);
		field = number_fields(&credential, i);
		if (!field)
			break;
		for (size_t n = 0; n < KT_COUNT(fine); n++) {
			*field = fine[n];
			assert_true(comes_back(&credential, NULL));
		}
		for (size_t n = 0; n < KT_COUNT(beyond); n++) {
			*field = beyond[n];
			assert_false(comes_back(&credential, "number"));
		}
	}
}

static void every_flag_comes_back(void **state)
{
	(void)state;
	for (size_t i = 0;; i++) {
		KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
		KT_CLEANUP(kt_credential_clear) struct kt_credential unset = { 0 };
		bool *field;

		make(&credential);
		make(&unset);
		field = flag_fields(&credential, i);
		if (!field)
			break;
		*field = true;
		assert_true(comes_back(&credential, NULL));
		assert_false(kt_credential_is_equal(&credential, &unset));
	}
}

/* All that the sweeps have, each with a value; returns how many that are. */
static size_t fill_every_field(struct kt_credential *credential)
{
	struct kt_error error = { 0 };
	size_t texts = 0;
	size_t secrets = 0;
	size_t numbers = 0;
	size_t flags = 0;

	for (char **field; (field = text_fields(credential, texts)); texts++)
		assert_true(kt_text_set(field, "text", &error));
	for (struct kt_secret *field; (field = secret_fields(credential, secrets)); secrets++)
		assert_true(kt_secret_set(field, "secret", 6, &error));
	for (int64_t *field; (field = number_fields(credential, numbers)); numbers++)
		*field = 1;
	for (bool *field; (field = flag_fields(credential, flags)); flags++)
		*field = true;
	return texts + secrets + numbers + flags;
}

static void cover(bool *covered, const struct kt_credential *credential, const void *member,
                  size_t size)
{
	size_t offset = (size_t)((const char *)member - (const char *)credential);

	for (size_t i = offset; i < offset + size; i++)
		covered[i] = true;
}

/* A field that is added and not swept leaves a hole as large as itself, or a member more. */
static void each_member_is_swept(void **state)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { .kind = KT_KIND_OAUTH };
	KT_CLEANUP(kt_secret_clear) struct kt_secret form = { 0 };
	struct kt_error error = { 0 };
	bool covered[sizeof(credential)] = { 0 };
	size_t swept = fill_every_field(&credential);
	size_t members = 0;
	void *field;

	(void)state;
	cover(covered, &credential, &credential.place, sizeof(credential.place));
	cover(covered, &credential, &credential.kind, sizeof(credential.kind));
	for (size_t i = 0; (field = text_fields(&credential, i)); i++)
		cover(covered, &credential, field, sizeof(char *));
	for (size_t i = 0; (field = secret_fields(&credential, i)); i++)
		cover(covered, &credential, field, sizeof(struct kt_secret));
	for (size_t i = 0; (field = number_fields(&credential, i)); i++)
		cover(covered, &credential, field, sizeof(int64_t));
	for (size_t i = 0; (field = flag_fields(&credential, i)); i++)
		cover(covered, &credential, field, sizeof(bool));
	for (size_t i = 0; i < sizeof(covered); i += sizeof(void *))
		if (!covered[i])
			fail_msg("no sweep has the field at offset %zu", i);

	assert_true(kt_credential_write(&credential, &form, &error));
	for (const char *at = kt_secret_reveal(&form); (at = strstr(at, "\":")); at++)
		members++;
	/* "version" and "kind" stand beside the fields. */
	assert_int_equal(members, swept + 2);
	assert_true(comes_back(&credential, NULL));
}

static void control_characters_in_a_name_or_a_token_are_refused(void **state)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	make(&credential);
	for (char byte = 1; byte < 0x20; byte++) {
		const char token[] = { 'a', byte, '\0' };

		assert_true(kt_secret_set(&credential.token, token, 2, &error));
		assert_false(comes_back(&credential, NULL));
		kt_secret_clear(&credential.token);
		assert_true(kt_text_set(&credential.identity.username, token, &error));
		assert_false(comes_back(&credential, NULL));
		assert_true(kt_text_set(&credential.identity.username, "main", &error));
	}
	assert_true(comes_back(&credential, NULL));
}

static void a_form_of_a_newer_version_is_told_from_a_damaged_one(void **state)
{
	static const char newer[] = "{\"version\":2,\"kind\":\"quantum\"}";
	static const char damaged[] = "{\"version\":1,\"kind\":\"pat\"";
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials found = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret form = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	assert_true(kt_secret_append_text(&form, newer, &error));
	assert_true(kt_credentials_add_damaged(&found, "here", &form, &error));
	kt_secret_clear(&form);
	assert_true(kt_secret_append_text(&form, damaged, &error));
	assert_true(kt_credentials_add_damaged(&found, "there", &form, &error));
	assert_true(kt_credentials_add_damaged(&found, "nowhere", NULL, &error));

	assert_int_equal(found.corrupt, 3);
	assert_true(found.damaged[0].is_newer);
	assert_false(found.damaged[1].is_newer);
	assert_false(found.damaged[2].is_newer);
	assert_string_equal(found.damaged[1].place, "there");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_text_comes_back_at_every_length),
		cmocka_unit_test(every_secret_comes_back_at_every_length),
		cmocka_unit_test(bytes_that_are_not_utf8_are_refused_in_every_field_but_the_password),
		cmocka_unit_test(nul_in_a_secret_is_refused_and_never_cut_off),
		cmocka_unit_test(every_number_comes_back_up_to_its_bound),
		cmocka_unit_test(every_flag_comes_back),
		cmocka_unit_test(each_member_is_swept),
		cmocka_unit_test(control_characters_in_a_name_or_a_token_are_refused),
		cmocka_unit_test(a_form_of_a_newer_version_is_told_from_a_damaged_one),
	};

	return cmocka_run_group_tests_name("credential", tests, NULL, NULL);
}
