/* SPDX-License-Identifier: MIT */
#include "config.h"

/* What a service's answer says of a token: four verdicts apart, each with a remedy that fits. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "helper/keeper/oauth/whoami.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/text.h"

static void make(struct kt_credential *credential, enum kt_kind kind, const char *host)
{
	struct kt_error error = { 0 };

	credential->kind = kind;
	assert_true(kt_text_set(&credential->identity.protocol, "https", &error));
	assert_true(kt_text_set(&credential->identity.host, host, &error));
	assert_true(kt_text_set(&credential->identity.path, "", &error));
	assert_true(kt_text_set(&credential->identity.username, "me", &error));
}

static void answer(struct kt_errand *message, int64_t status, int64_t code)
{
	struct kt_error error = { 0 };

	if (status)
		assert_true(kt_errand_add_number(message, "status", status, &error));
	if (code >= 0)
		assert_true(kt_errand_add_number(message, "n.code", code, &error));
}

static void each_answer_has_its_verdict(void **state)
{
	static const struct {
		enum kt_kind kind;
		const char *host;
		int64_t status;
		int64_t code;
		enum kt_whoami_verdict verdict;
		const char *message;
		const char *remedy;
	} rows[] = {
		{ KT_KIND_PAT, "api.coze.cn", 200, 0, KT_WHOAMI_WORKS, "", "" },
		{ KT_KIND_OAUTH, "id.example", 200, -1, KT_WHOAMI_WORKS, "", "" },
		/* wrong site, or revoked */
		{ KT_KIND_PAT, "api.coze.cn", 401, 4100, KT_WHOAMI_REFUSED, "made at coze.com",
		  "--site coze.com" },
		{ KT_KIND_SAT, "api.coze.com", 200, 4100, KT_WHOAMI_REFUSED, "made at coze.cn",
		  "--site coze.cn" },
		/* a grant was made here: never the other site */
		{ KT_KIND_PKCE, "api.coze.cn", 401, 4100, KT_WHOAMI_REFUSED, "revoked", "log in again" },
		{ KT_KIND_OAUTH, "id.example", 401, -1, KT_WHOAMI_REFUSED, "revoked", "log in again" },
		/* expired */
		{ KT_KIND_PAT, "api.coze.cn", 401, 700012006, KT_WHOAMI_REFUSED, "expired",
		  "make a new one" },
		{ KT_KIND_DEVICE, "api.coze.cn", 401, 700012006, KT_WHOAMI_REFUSED, "expired",
		  "keyturn refresh me" },
		/* no permission is no word on the token */
		{ KT_KIND_PAT, "api.coze.cn", 403, 4101, KT_WHOAMI_UNKNOWN, "no permission",
		  "https://www.coze.cn/open/oauth/pats" },
		{ KT_KIND_OAUTH, "id.example", 403, 4101, KT_WHOAMI_UNKNOWN, "no permission",
		  "ordinary call" },
		{ KT_KIND_OAUTH, "id.example", 403, -1, KT_WHOAMI_UNKNOWN, "no permission",
		  "ordinary call" },
		{ KT_KIND_OAUTH, "id.example", 404, -1, KT_WHOAMI_UNKNOWN, "404", "ordinary call" },
		{ KT_KIND_PAT, "api.coze.cn", 200, 5000, KT_WHOAMI_UNKNOWN, "answered 5000",
		  "ordinary call" },
		{ KT_KIND_PAT, "api.coze.cn", 0, -1, KT_WHOAMI_UNANSWERED, "did not answer",
		  "try again" },
	};

	(void)state;
	for (size_t i = 0; i < KT_COUNT(rows); i++) {
		KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
		KT_CLEANUP(kt_whoami_clear) struct kt_whoami whoami = { 0 };
		KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };
		struct kt_error error = { 0 };

		make(&credential, rows[i].kind, rows[i].host);
		answer(&message, rows[i].status, rows[i].code);
		assert_true(kt_whoami_read(&whoami, &credential, &message, &error));
		if (whoami.verdict != rows[i].verdict)
			print_error("row %zu: %s\n", i, whoami.reason.message);
		assert_int_equal(whoami.verdict, rows[i].verdict);
		if (!strstr(whoami.reason.message, rows[i].message) ||
		    !strstr(whoami.reason.remedy, rows[i].remedy))
			fail_msg("row %zu: %s; %s", i, whoami.reason.message, whoami.reason.remedy);
	}
}

static void a_token_whose_end_is_past_has_expired(void **state)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	KT_CLEANUP(kt_whoami_clear) struct kt_whoami whoami = { 0 };
	KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	make(&credential, KT_KIND_PAT, "api.coze.cn");
	credential.expires = kt_clock_wall() - 1;
	answer(&message, 401, 4100);
	assert_true(kt_whoami_read(&whoami, &credential, &message, &error));
	assert_non_null(strstr(whoami.reason.message, "expired"));
}

/* Slack answers 200 to a token that it does not take. */
static void ok_false_is_no_yes(void **state)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	KT_CLEANUP(kt_whoami_clear) struct kt_whoami whoami = { 0 };
	KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	make(&credential, KT_KIND_OAUTH, "slack.example");
	answer(&message, 200, -1);
	assert_true(kt_errand_add(&message, "b.ok", "false", &error));
	assert_true(kt_whoami_read(&whoami, &credential, &message, &error));
	assert_int_equal(whoami.verdict, KT_WHOAMI_UNKNOWN);
}

/* People search for the number; the service's own people ask for the log id. */
static void the_code_the_text_and_the_log_id_are_told(void **state)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };
	KT_CLEANUP(kt_whoami_clear) struct kt_whoami whoami = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	make(&credential, KT_KIND_PAT, "api.coze.cn");
	answer(&message, 200, 4100);
	assert_true(kt_errand_add(&message, "s.msg", "authentication is invalid", &error));
	assert_true(kt_errand_add(&message, "s.detail.logid", "2026A", &error));
	assert_true(kt_whoami_read(&whoami, &credential, &message, &error));
	assert_non_null(strstr(whoami.reason.message,
	                       "(it answered 4100: authentication is invalid, log id 2026A)"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_answer_has_its_verdict),
		cmocka_unit_test(a_token_whose_end_is_past_has_expired),
		cmocka_unit_test(ok_false_is_no_yes),
		cmocka_unit_test(the_code_the_text_and_the_log_id_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
