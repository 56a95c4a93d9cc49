/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/kernel_cache.h"
#include "keyring/kernel_key.h"
#include "tests/lib/skip.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The clocks are ours (clock.c is not linked), so that time passes as a test says: in seconds. */
static int64_t wall = 1767000000;
static int64_t boot = 5000;

int64_t kt_clock_wall_milliseconds(void)
{
	return wall * 1000;
}

int64_t kt_clock_boot_milliseconds(void)
{
	return boot * 1000;
}

/* Those that the keys below the cache go by. */
int64_t kt_clock_wall(void)
{
	return 1767000000;
}

void kt_clock_sleep(int64_t milliseconds)
{
	poll(NULL, 0, (int)milliseconds);
}

/* The environment: a store of this test's own, and what a test sets. */
static char set[128];
static char home[64];

/* Of a variable that stands there twice the first counts. */
static struct kt_cache open_cache(const char *name, const char *value)
{
	char *const environment[] = { set, home, NULL };
	struct kt_cache cache = { 0 };

	snprintf(set, sizeof(set), "%s=%s", name, value ? value : "");
	kt_cache_open(&cache, environment);
	return cache;
}

static const struct kt_identity everything;

static const struct kt_cache_key unnamed = {
	.form = KT_CACHE_GET, .protocol = "https", .host = "api.coze.cn",
};

static int start(void **state)
{
	(void)state;
	wall = 1767000000;
	boot = 5000;
	if (!kt_kernel_key_is_usable())
		skip_because("the kernel keyring is not allowed here");
	return 0;
}

static int forget_all(void **state)
{
	(void)state;
	kt_cache_forget(&everything, NULL);
	return 0;
}

static bool put(const struct kt_cache *cache, const struct kt_cache_key *key,
                const char *answer, int64_t life)
{
	KT_CLEANUP(kt_cache_entry_clear) struct kt_cache_entry entry = {
		.until = (wall + life) * 1000, .renew = wall * 1000 + life * 500, .generation = 7,
	};
	struct kt_error error = { 0 };

	assert_true(kt_secret_append_text(&entry.answer, answer, &error));
	return kt_cache_put(cache, key, &entry);
}

static bool is_found(const struct kt_cache *cache, const struct kt_cache_key *key)
{
	KT_CLEANUP(kt_cache_entry_clear) struct kt_cache_entry entry = { 0 };

	return kt_cache_find(cache, key, &entry);
}

static void what_is_put_is_found(void **state)
{
	KT_CLEANUP(kt_cache_entry_clear) struct kt_cache_entry entry = { 0 };
	struct kt_cache cache = open_cache("", NULL);

	(void)state;

	assert_false(is_found(&cache, &unnamed));
	assert_true(put(&cache, &unnamed, "first", 100));
	assert_true(put(&cache, &unnamed, "second", 100));

	assert_true(kt_cache_find(&cache, &unnamed, &entry));
	assert_string_equal(kt_secret_reveal(&entry.answer), "second");
	assert_true(entry.until == (wall + 100) * 1000 && entry.renew == (wall + 50) * 1000);
	assert_int_equal(entry.generation, 7);
}

/* Each gets its own answer and no other's. */
static void no_two_questions_share_an_answer(void **state)
{
	static const struct kt_cache_key keys[] = {
		{ KT_CACHE_GET, "https", "a", NULL, NULL, NULL, NULL, NULL },
		{ KT_CACHE_GET, "https", "a", "", NULL, NULL, NULL, NULL },
		{ KT_CACHE_GET, "https", "a", NULL, "", NULL, NULL, NULL },
		{ KT_CACHE_GET, "https", "a", NULL, NULL, "", NULL, NULL },
		{ KT_CACHE_GET, "https", "a", "*", NULL, NULL, NULL, NULL },
		{ KT_CACHE_GET, "https", "a", "%2A", NULL, NULL, NULL, NULL },
		{ KT_CACHE_GET, "https", "a", NULL, "b", NULL, NULL, NULL },
		{ KT_CACHE_GET, "https", "a", NULL, NULL, "b", NULL, NULL },
		{ KT_CACHE_GET, "https", "a", "b", NULL, NULL, NULL, NULL },
		{ KT_CACHE_GET, "https", "a", NULL, "b:c", NULL, NULL, NULL },
		{ KT_CACHE_GET, "https", "a", NULL, "b", "c", NULL, NULL },
		{ KT_CACHE_GET, "https", "a", "b:c", NULL, NULL, NULL, NULL },
		{ KT_CACHE_GET, "https", "a", "b", "c", NULL, NULL, NULL },
		{ KT_CACHE_GET, "https", "a", "b:c", "d", NULL, NULL, NULL },
		{ KT_CACHE_GET, "https", "a", "b", "c:d", NULL, NULL, NULL },
		{ KT_CACHE_GET, "https", "a", NULL, "B", NULL, NULL, NULL },
		{ KT_CACHE_GET, "https", "a", NULL, "b ", NULL, NULL, NULL },
		{ KT_CACHE_GET, "https", "a", NULL, "\xc3\xa4", NULL, NULL, NULL },
		{ KT_CACHE_GET, "https", "a", NULL, "%C3%A4", NULL, NULL, NULL },
		{ KT_CACHE_GET, "https", "a:8443", NULL, NULL, NULL, NULL, NULL },
		{ KT_CACHE_GET, "http", "a", NULL, NULL, NULL, NULL, NULL },
		{ KT_CACHE_GET, "https", "a.b", NULL, NULL, NULL, NULL, NULL },
		{ KT_CACHE_TOKEN, NULL, NULL, NULL, NULL, NULL, NULL, NULL },
		{ KT_CACHE_TOKEN, NULL, NULL, NULL, NULL, NULL, NULL, "" },
		{ KT_CACHE_TOKEN, NULL, NULL, NULL, NULL, NULL, NULL, "/a" },
		{ KT_CACHE_TOKEN, NULL, NULL, NULL, NULL, NULL, NULL, "/a:b" },
		{ KT_CACHE_GET, "https", "a", NULL, NULL, NULL, NULL, "/a" },
		{ KT_CACHE_TOKEN, NULL, NULL, NULL, NULL, "b", NULL, NULL },
		{ KT_CACHE_TOKEN, NULL, NULL, NULL, NULL, "b@coze.cn", NULL, NULL },
		{ KT_CACHE_TOKEN, NULL, NULL, NULL, NULL, "*", NULL, NULL },
		{ KT_CACHE_ACCOUNT, "https", "a", "", "b", NULL, "", NULL },
		{ KT_CACHE_ACCOUNT, "https", "a", "", "b", NULL, "s1", NULL },
		{ KT_CACHE_ACCOUNT, "https", "a", "", "b", NULL, "s1:scope", NULL },
	};
	struct kt_cache cache = open_cache("", NULL);

	(void)state;

	for (size_t i = 0; i < COUNT(keys); i++) {
		char answer[16];

		assert_false(is_found(&cache, &keys[i]));
		snprintf(answer, sizeof(answer), "answer %zu", i);
		assert_true(put(&cache, &keys[i], answer, 100));
	}
	for (size_t i = 0; i < COUNT(keys); i++) {
		KT_CLEANUP(kt_cache_entry_clear) struct kt_cache_entry entry = { 0 };
		char answer[16];

		snprintf(answer, sizeof(answer), "answer %zu", i);
		assert_true(kt_cache_find(&cache, &keys[i], &entry));
		assert_string_equal(kt_secret_reveal(&entry.answer), answer);
	}
}

static void another_store_has_other_answers(void **state)
{
	static const char *const selecting[] = {
		"HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "KEYTURN_KEYRING",
		"KEYTURN_VAULT", "KEYTURN_VAULT_KEY_FILE", "CREDENTIALS_DIRECTORY",
		"DBUS_SESSION_BUS_ADDRESS",
	};
	struct kt_cache cache = open_cache("", NULL);

	(void)state;
	assert_true(put(&cache, &unnamed, "here", 100));

	for (size_t i = 0; i < COUNT(selecting); i++) {
		struct kt_cache other = open_cache(selecting[i], "/elsewhere");

		assert_false(is_found(&other, &unnamed));
	}
	/* The same words in other variables are another store too. */
	assert_string_not_equal(open_cache("XDG_DATA_HOME", "/x").tag,
	                        open_cache("XDG_CONFIG_HOME", "/x").tag);
	cache = open_cache("KEYTURN_ACCOUNT", "work");
	assert_true(is_found(&cache, &unnamed));
}

static void an_answer_is_handed_out_until_its_time_by_either_clock(void **state)
{
	static const struct {
		int64_t wall, boot;
		bool is_found;
	} rows[] = {
		{ 0, 0, true },         { 99, 99, true },   { 100, 100, false }, { 1000, 1000, false },
		{ 99, 100, false },     { 100, 99, false }, { 50, 55, true },    { 55, 50, true },
		{ 50, 56, false },      { 56, 50, false },  { -3600, 10, false }, { 10, -10, false },
		{ -10, -10, false },    { 50, -1, false },  { 3600, 10, false },
	};
	struct kt_cache cache = open_cache("", NULL);
	int64_t stored_wall = wall;
	int64_t stored_boot = boot;

	(void)state;
	assert_true(put(&cache, &unnamed, "x", 100));

	for (size_t i = 0; i < COUNT(rows); i++) {
		wall = stored_wall + rows[i].wall;
		boot = stored_boot + rows[i].boot;
		if (is_found(&cache, &unnamed) != rows[i].is_found)
			fail_msg("row %zu", i);
	}
}

static void what_is_too_old_already_is_not_put(void **state)
{
	struct kt_cache cache = open_cache("", NULL);

	(void)state;

	assert_false(put(&cache, &unnamed, "x", 0));
	assert_false(put(&cache, &unnamed, "x", -5));
	assert_false(is_found(&cache, &unnamed));
}

static void that_there_is_none_is_kept_for_a_minute(void **state)
{
	KT_CLEANUP(kt_cache_entry_clear) struct kt_cache_entry entry = { 0 };
	struct kt_cache cache = open_cache("", NULL);

	(void)state;
	assert_true(put(&cache, &unnamed, "", 3600));

	assert_true(kt_cache_find(&cache, &unnamed, &entry));
	assert_true(kt_secret_is_empty(&entry.answer));
	wall += KT_CACHE_NONE_SECONDS;
	boot += KT_CACHE_NONE_SECONDS;
	assert_false(is_found(&cache, &unnamed));
}

static void the_user_says_how_long(void **state)
{
	static const struct {
		const char *setting;
		int64_t seconds;
	} rows[] = {
		{ "off", 0 }, { "0", 0 }, { "-1", 0 }, { "on", 0 }, { "10s", 0 }, { "9999999999", 0 },
		{ "10", 10 }, { "86400", 86400 }, { NULL, KT_CACHE_SECONDS },
	};
	struct kt_cache cache = open_cache("", NULL);

	(void)state;
	assert_true(put(&cache, &unnamed, "x", 100000));

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct kt_cache other = open_cache("KEYTURN_CACHE", rows[i].setting);

		assert_true(other.seconds == rows[i].seconds);
		assert_int_equal(is_found(&other, &unnamed), rows[i].seconds > 0);
		assert_int_equal(put(&other, &unnamed, "x", 100000), rows[i].seconds > 0);
	}
}

static void a_short_setting_holds_for_what_others_put(void **state)
{
	struct kt_cache cache = open_cache("", NULL);
	struct kt_cache impatient = open_cache("KEYTURN_CACHE", "10");

	(void)state;
	assert_true(put(&cache, &unnamed, "x", 100));

	assert_true(is_found(&impatient, &unnamed));
	wall += 10;
	boot += 10;
	assert_false(is_found(&impatient, &unnamed));
	assert_true(is_found(&cache, &unnamed));
}

static void large_answers_and_questions_are_not_kept(void **state)
{
	static char text[KT_CACHE_ANSWER_MAXIMUM + 2];
	struct kt_cache_key key = unnamed;
	struct kt_cache cache = open_cache("", NULL);

	(void)state;
	memset(text, 'x', sizeof(text) - 1);

	text[KT_CACHE_ANSWER_MAXIMUM + 1] = '\0';
	assert_false(put(&cache, &unnamed, text, 100));
	/* Within the bound, but not within the share of this user's quota: no other goes for it. */
	key.path = "other";
	assert_true(put(&cache, &key, "x", 100));
	text[KT_CACHE_ANSWER_MAXIMUM] = '\0';
	assert_false(put(&cache, &unnamed, text, 100));
	assert_true(is_found(&cache, &key));
	text[9000] = '\0';
	assert_true(put(&cache, &unnamed, text, 100));
	assert_true(is_found(&cache, &unnamed));
	text[9000] = 'x';

	memset(text, 'x', sizeof(text) - 1);
	key.path = text;
	assert_false(put(&cache, &key, "x", 100));
	assert_false(is_found(&cache, &key));
	text[3000] = '\0';
	assert_true(put(&cache, &key, "x", 100));
	assert_true(is_found(&cache, &key));
}

static void note_serial(void *context, int32_t serial, const char *description)
{
	(void)description;
	*(int32_t *)context = serial;
}

static int32_t only_serial(void)
{
	int32_t serial = 0;
	char prefix[64];

	snprintf(prefix, sizeof(prefix), "keyturn:v1:%s:", open_cache("", NULL).tag);
	kt_kernel_key_each(prefix, note_serial, &serial);
	assert_true(serial > 0);
	return serial;
}

static void a_damaged_entry_is_a_miss(void **state)
{
	struct kt_cache cache = open_cache("", NULL);
	char payload[512];
	size_t length;
	int32_t serial;

	(void)state;
	assert_true(put(&cache, &unnamed, "secret", 100));
	serial = only_serial();
	assert_true(kt_kernel_key_read(serial, payload, sizeof(payload) - 1, &length));

	for (size_t i = 0; i < length; i++) {
		payload[i] ^= 1;
		assert_true(kt_kernel_key_update(serial, payload, length, 100));
		assert_false(is_found(&cache, &unnamed));
		payload[i] ^= 1;
	}
	for (size_t cut = 1; cut <= length + 1; cut++) {
		assert_true(kt_kernel_key_update(serial, payload, cut, 100));
		assert_int_equal(is_found(&cache, &unnamed), cut == length);
	}
}

static void another_question_s_payload_is_a_miss(void **state)
{
	struct kt_cache_key other = unnamed;
	struct kt_cache cache = open_cache("", NULL);
	char payload[512];
	size_t length;
	int32_t serial;

	(void)state;
	assert_true(put(&cache, &unnamed, "secret", 100));
	assert_true(kt_kernel_key_read(only_serial(), payload, sizeof(payload), &length));
	forget_all(NULL);
	other.host = "evil.example";
	assert_true(put(&cache, &other, "other", 100));
	serial = only_serial();
	assert_true(is_found(&cache, &other));

	assert_true(kt_kernel_key_update(serial, payload, length, 100));
	assert_false(is_found(&cache, &other));
}

static void forgetting_reaches_all_that_can_be_concerned(void **state)
{
	static const struct kt_cache_key get_any = { KT_CACHE_GET, "https", "h", NULL, NULL,
	                                                  NULL, NULL, NULL };
	static const struct kt_cache_key get_alias = { KT_CACHE_GET, "https", "h", "p",
	                                                    "alias", NULL, NULL, NULL };
	static const struct kt_cache_key get_other = { KT_CACHE_GET, "https", "i", NULL,
	                                                    "work", NULL, NULL, NULL };
	static const struct kt_cache_key get_http = { KT_CACHE_GET, "http", "h", NULL,
	                                                   NULL, NULL, NULL, NULL };
	static const struct kt_cache_key any = { .form = KT_CACHE_TOKEN };
	static const struct kt_cache_key work = { .form = KT_CACHE_TOKEN,
	                                               .account = "work" };
	static const struct kt_cache_key work_at = { .form = KT_CACHE_TOKEN,
	                                                  .account = "work@coze.cn" };
	static const struct kt_cache_key worker = { .form = KT_CACHE_TOKEN,
	                                                 .account = "worker" };
	static const struct kt_cache_key star = { .form = KT_CACHE_TOKEN, .account = "*" };
	static const struct kt_cache_key own = { KT_CACHE_ACCOUNT, "https", "h", "", "work",
	                                              NULL, "", NULL };
	static const struct kt_cache_key session = { KT_CACHE_ACCOUNT, "https", "h", "",
	                                                  "work", NULL, "s1", NULL };
	static const struct kt_cache_key home_own = { KT_CACHE_ACCOUNT, "https", "h", "",
	                                                   "home", NULL, "", NULL };
	static const struct {
		struct kt_identity pattern;
		const char *variant;
		const struct kt_cache_key *key;
		bool is_kept;
	} rows[] = {
		{ { "https", "h", "", "work" }, NULL, &get_any, false },
		{ { "https", "h", "", "work" }, NULL, &get_alias, false },
		{ { "https", "h", "", "work" }, NULL, &get_other, true },
		{ { "https", "h", "", "work" }, NULL, &get_http, true },
		{ { "https", "h", "", "work" }, NULL, &any, false },
		{ { "https", "h", "", "work" }, NULL, &work, false },
		{ { "https", "h", "", "work" }, NULL, &work_at, false },
		{ { "https", "h", "", "work" }, NULL, &worker, true },
		{ { "https", "h", "", "work" }, NULL, &star, true },
		{ { "https", "h", "", "*" }, NULL, &star, false },
		{ { "https", "h", "", "work@coze.cn" }, NULL, &work_at, false },
		{ { "https", "h", "", "work@coze.cn" }, NULL, &work, true },
		{ { "https", "h", "", "work" }, NULL, &own, false },
		{ { "https", "h", "", "work" }, NULL, &session, false },
		{ { "https", "h", "", "work" }, NULL, &home_own, true },
		{ { "https", "h", "", "work" }, "", &own, false },
		{ { "https", "h", "", "work" }, "", &session, true },
		{ { "https", "h", "", "work" }, "", &get_any, false },
		{ { "https", "h", "", "work" }, "", &work, false },
		{ { "https", "h", "", "work" }, "s1", &session, false },
		{ { "https", "h", "", "work" }, "s1", &own, true },
		{ { "https", "h", "", "work" }, "s1", &work, true },
		{ { "https", "h", "", "work" }, "s1", &get_any, true },
		{ { "https", "h", "", "work" }, "s2", &session, true },
		{ { "https", "h", NULL, NULL }, NULL, &get_alias, false },
		{ { "https", "h", NULL, NULL }, NULL, &home_own, false },
		{ { "https", "h", NULL, NULL }, NULL, &get_other, true },
		{ { "https", "h", NULL, NULL }, NULL, &worker, false },
		{ { NULL, NULL, NULL, "work" }, NULL, &get_other, false },
		{ { NULL, NULL, NULL, "work" }, NULL, &home_own, true },
		{ { NULL, NULL, NULL, NULL }, NULL, &session, false },
		{ { NULL, NULL, NULL, NULL }, NULL, &star, false },
	};
	struct kt_cache cache = open_cache("", NULL);

	(void)state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_true(put(&cache, rows[i].key, "x", 100));
		kt_cache_forget(&rows[i].pattern, rows[i].variant);
		if (is_found(&cache, rows[i].key) != rows[i].is_kept)
			fail_msg("row %zu", i);
	}
}

static void forgetting_goes_over_every_store_and_a_cache_that_is_off(void **state)
{
	struct kt_cache cache = open_cache("", NULL);
	struct kt_cache other = open_cache("KEYTURN_VAULT", "/elsewhere");

	(void)state;
	assert_true(put(&cache, &unnamed, "x", 100));
	assert_true(put(&other, &unnamed, "", 50));

	kt_cache_forget(&(struct kt_identity){ .protocol = "https", .host = "api.coze.cn" }, NULL);
	assert_false(is_found(&cache, &unnamed));
	assert_false(is_found(&other, &unnamed));
}

static bool begins_with_ours(void *context, const char *answer, size_t length)
{
	const char *ours = context;

	return length >= strlen(ours) && memcmp(answer, ours, strlen(ours)) == 0;
}

static void a_renewal_replaces_what_the_account_answered(void **state)
{
	static const struct kt_identity work = { "https", "api.coze.cn", "", "work" };
	const struct kt_cache_key named = { .form = KT_CACHE_TOKEN, .account = "work" };
	const struct kt_cache_key session = { .form = KT_CACHE_GET, .protocol = "https",
	                                           .host = "api.coze.cn", .variant = "alice" };
	const struct kt_cache_key other = { .form = KT_CACHE_TOKEN, .account = "work@other" };
	KT_CLEANUP(kt_cache_entry_clear) struct kt_cache_entry fresh = {
		.until = (wall + 900) * 1000, .renew = (wall + 800) * 1000, .generation = 8,
	};
	KT_CLEANUP(kt_cache_entry_clear) struct kt_cache_entry found = { 0 };
	struct kt_cache cache = open_cache("", NULL);
	struct kt_cache elsewhere = open_cache("KEYTURN_VAULT", "/another");
	struct kt_error error = { 0 };

	(void)state;
	assert_true(put(&cache, &unnamed, "ours: old", 10));
	assert_true(put(&cache, &named, "ours: old", 10));
	assert_true(put(&cache, &session, "ours: of a session", 10));
	assert_true(put(&cache, &other, "theirs", 10));
	assert_true(put(&elsewhere, &named, "ours: old", 10));
	assert_true(kt_secret_append_text(&fresh.answer, "ours: new and longer", &error));

	kt_cache_renew(&cache, &work, &fresh, begins_with_ours, "ours");
	wall += 20;
	boot += 20;

	assert_true(is_found(&cache, &unnamed));
	assert_true(kt_cache_find(&cache, &named, &found));
	assert_string_equal(kt_secret_reveal(&found.answer), "ours: new and longer");
	assert_true(found.until == (wall + 880) * 1000 && found.renew == (wall + 780) * 1000);
	assert_int_equal(found.generation, 8);
	wall -= 20;
	boot -= 20;
	kt_cache_entry_clear(&found);
	assert_true(kt_cache_find(&cache, &session, &found));
	assert_string_equal(kt_secret_reveal(&found.answer), "ours: of a session");
	assert_true(is_found(&cache, &other));
	assert_false(is_found(&elsewhere, &named));
}

static void forgetting_leaves_keys_that_are_no_answers(void **state)
{
	static const char vault[] = "keyturn:test_kernel_cache";
	struct kt_cache cache = open_cache("", NULL);
	int32_t serial = kt_kernel_key_put(vault, "x", 1, 100);

	(void)state;
	assert_true(serial > 0 && put(&cache, &unnamed, "x", 100));

	kt_cache_forget(&everything, NULL);
	assert_int_equal(kt_kernel_key_find(vault), serial);
	kt_kernel_key_drop(serial);
}

/* In a process of its own: filters and users are for life. True when act says so. */
static bool in_child(bool (*act)(int number), int number)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0)
		_exit(act(number) ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool is_silent_miss(int number)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_add_key, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_request_key, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_keyctl, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned int)number),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { COUNT(filter), filter };
	struct kt_cache cache = open_cache("", NULL);

	if (!put(&cache, &unnamed, "x", 100) || !is_found(&cache, &unnamed))
		return false;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		return false;
	kt_cache_forget(&everything, NULL);
	return !is_found(&cache, &unnamed) && !put(&cache, &unnamed, "x", 100);
}

static void forbidden_key_calls_are_misses(void **state)
{
	(void)state;

	assert_true(in_child(is_silent_miss, EPERM));
	assert_true(in_child(is_silent_miss, ENOSYS));
	assert_true(in_child(is_silent_miss, EACCES));
}

/* 20,000 bytes are an ordinary user's quota. */
static bool is_newest_kept(int number)
{
	struct kt_cache cache = open_cache("", NULL);
	char answer[1501] = "";
	bool holds = true;

	memset(answer, 'x', sizeof(answer) - 1);
	for (int i = 0; i < number && holds; i++) {
		struct kt_cache_key key = { .form = KT_CACHE_TOKEN };
		char account[32];

		snprintf(account, sizeof(account), "account%d", i);
		key.account = account;
		boot++;
		wall++;
		holds = put(&cache, &key, answer, 10000) && is_found(&cache, &key);
		key.account = "account0";
		if (i == number - 1)
			holds = holds && !is_found(&cache, &key);
	}
	kt_cache_forget(&everything, NULL);
	return holds;
}

static void a_full_quota_loses_the_oldest(void **state)
{
	(void)state;

	assert_true(in_child(is_newest_kept, 40));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, forget_all)
		TEST(what_is_put_is_found),
		TEST(no_two_questions_share_an_answer),
		TEST(another_store_has_other_answers),
		TEST(an_answer_is_handed_out_until_its_time_by_either_clock),
		TEST(what_is_too_old_already_is_not_put),
		TEST(that_there_is_none_is_kept_for_a_minute),
		TEST(the_user_says_how_long),
		TEST(a_short_setting_holds_for_what_others_put),
		TEST(large_answers_and_questions_are_not_kept),
		TEST(a_damaged_entry_is_a_miss),
		TEST(another_question_s_payload_is_a_miss),
		TEST(forgetting_reaches_all_that_can_be_concerned),
		TEST(forgetting_goes_over_every_store_and_a_cache_that_is_off),
		TEST(a_renewal_replaces_what_the_account_answered),
		TEST(forgetting_leaves_keys_that_are_no_answers),
		TEST(forbidden_key_calls_are_misses),
		TEST(a_full_quota_loses_the_oldest),
	};

	/* An ordinary user's quota, and a keyring that no other test uses meanwhile. */
	if (geteuid() == 0 && (setuid(54321) != 0 || prctl(PR_SET_DUMPABLE, 1) != 0))
		return 1;
	snprintf(home, sizeof(home), "HOME=/test_kernel_cache-%ld", (long)getpid());
	return cmocka_run_group_tests(tests, NULL, NULL);
}
