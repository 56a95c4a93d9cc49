/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "helper/answer.h"
#include "helper/background_renewal.h"
#include "helper/cache_key.h"
#include "helper/door/hot.h"
#include "helper/libexec.h"
#include "helper/protocol/tool.h"
#include "helper/route.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/kernel_cache.h"
#include "keyring/kernel_key.h"
#include "keyring/text.h"
#include "tests/lib/skip.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define COZE "protocol=https\nhost=api.coze.cn\n"
#define ARGUMENTS 6

/* The keeper that a renewal starts (libexec.c is not linked). */
const char *kt_libexec_path(enum kt_libexec_program program)
{
	(void)program;
	return "/bin/true";
}

/* The environment: a store of this test's own, and one variable that a test sets. */
static char set[320];
static char home[64];
static char *const environment[] = { set, home, NULL };

static void set_variable(const char *name, const char *value)
{
	int length = snprintf(set, sizeof(set), "%s=%s", name, value);

	assert_in_range(length, 1, sizeof(set) - 1);
}

static void put_due(const struct kt_cache_key *key, const char *token, bool is_token,
                    int64_t expires, int64_t renew)
{
	KT_CLEANUP(kt_answer_clear) struct kt_answer answer = { .is_token = is_token };
	KT_CLEANUP(kt_cache_entry_clear) struct kt_cache_entry entry = {
		.until = kt_clock_wall_milliseconds() + 600000, .renew = renew,
	};
	struct kt_cache cache = { 0 };
	struct kt_error error = { 0 };

	kt_cache_open(&cache, environment);
	answer.expires = expires;
	assert_true(kt_text_set(&answer.account, "work", &error));
	assert_true(kt_text_set(&answer.username, "coze", &error));
	assert_true(kt_text_set(&answer.kind, is_token ? "pat" : "password", &error));
	assert_true(kt_text_set(&answer.service, "https://api.coze.cn", &error));
	assert_true(kt_secret_append_text(&answer.secret, token, &error));
	if (*token)
		assert_true(kt_answer_pack(&answer, &entry.answer, &error));
	assert_true(kt_cache_put(&cache, key, &entry));
}

static void put(const struct kt_cache_key *key, const char *token, bool is_token,
                int64_t expires)
{
	put_due(key, token, is_token, expires, 0);
}

static int start(void **state)
{
	static const struct kt_cache_key get = { .form = KT_CACHE_GET, .protocol = "https",
	                                              .host = "api.coze.cn" };
	static const struct kt_cache_key none = { .form = KT_CACHE_GET, .protocol = "https",
	                                               .host = "none.example" };
	static const struct kt_cache_key old = { .form = KT_CACHE_GET, .protocol = "https",
	                                              .host = "old.example" };
	static const struct kt_cache_key host = { .form = KT_CACHE_HOST, .protocol = "https",
	                                               .host = "api.coze.cn" };
	static const struct kt_cache_key any = { .form = KT_CACHE_TOKEN };
	static const struct kt_cache_key home_account = { .form = KT_CACHE_TOKEN,
	                                                       .account = "home" };
	static const struct kt_cache_key bob = { .form = KT_CACHE_TOKEN, .account = "bob" };
	static const char *const tools[] = { "docker", "terraform", "keyring", "goauth", "netrc" };

	(void)state;
	set[0] = '\0';
	if (!kt_kernel_key_is_usable())
		skip_because("the kernel keyring is not allowed here");
	put(&get, "pat_get", true, 0);
	put(&none, "", true, 0);
	for (size_t i = 0; i < COUNT(tools); i++) {
		struct kt_cache_key of_tool = get;

		of_tool.tool = tools[i];
		put(&of_tool, "pat_get", true, 0);
		of_tool.host = "none.example";
		put(&of_tool, "", true, 0);
		of_tool = host;
		of_tool.tool = tools[i];
		put(&of_tool, "pat_get", true, 0);
	}
	put(&old, "pat_old", true, kt_clock_wall() - 1);
	put(&host, "pat_get", true, 0);
	put(&any, "pat_any", true, kt_clock_wall() + 300);
	put(&home_account, "pat_home", true, 0);
	put(&bob, "bobs", false, 0);
	return 0;
}

static int forget(void **state)
{
	(void)state;
	set[0] = '\0';
	kt_cache_forget(&(struct kt_identity){ 0 }, NULL);
	return 0;
}

/* Lets text be stdin and gives what came out on stdout. */
static bool ask_for(char **arguments, const char *text, struct kt_secret *output,
                    struct kt_secret *input, struct kt_error *error)
{
	int saved_input = dup(STDIN_FILENO);
	int saved_output = dup(STDOUT_FILENO);
	struct kt_error unread = { 0 };
	int in[2];
	int out[2];
	int count = 0;
	bool is_answered;

	while (arguments[count])
		count++;
	assert_int_equal(pipe(in) | pipe(out), 0);
	assert_true(fcntl(in[1], F_SETPIPE_SZ, 1 << 17) > 0);
	assert_int_equal(write(in[1], text, strlen(text)), strlen(text));
	close(in[1]);
	dup2(in[0], STDIN_FILENO);
	dup2(out[1], STDOUT_FILENO);

	is_answered = kt_hot_answer(count, arguments, environment, input, error);

	dup2(saved_input, STDIN_FILENO);
	dup2(saved_output, STDOUT_FILENO);
	close(saved_input);
	close(saved_output);
	close(in[0]);
	close(out[1]);
	assert_true(kt_secret_read(output, out[0], 65536, &unread));
	close(out[0]);
	return is_answered;
}

/* False: it is the keeper's. */
static bool ask(char **arguments, const char *text, struct kt_secret *output,
                struct kt_secret *input)
{
	struct kt_error error = { 0 };
	bool is_answered = ask_for(arguments, text, output, input, &error);

	assert_int_equal(error.code, KT_ERROR_NONE);
	return is_answered;
}

/* answer NULL: left to the keeper, with nothing said. */
static void expect(char **arguments, const char *text, const char *answer)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret input = { 0 };
	bool is_answered = ask(arguments, text, &output, &input);

	if (is_answered != (answer != NULL))
		fail_msg("%s %s %s: %s", arguments[0], kt_text_or_empty(arguments[1]), text,
		         is_answered ? "answered" : "left to the keeper");
	assert_string_equal(kt_secret_reveal(&output), kt_text_or_empty(answer));
}

static void git_is_answered(void **state)
{
	static const struct {
		const char *verb;
		const char *request;
		const char *answer;
	} rows[] = {
		{ "get", COZE "\n", "username=coze\npassword=pat_get\n" },
		{ "get", "url=https://api.coze.cn:443/\n", "username=coze\npassword=pat_get\n" },
		{ "get", "capability[]=authtype\nwwwauth[]=Bearer\n" COZE "\n",
		  "capability[]=authtype\nauthtype=Bearer\ncredential=pat_get\n" },
		{ "get", "protocol=https\nhost=none.example\n\n", "" },
		{ "get", "protocol=https\nhost=old.example\n\n", NULL },
		{ "get", "protocol=https\nhost=other.example\n\n", NULL },
		{ "get", "protocol=http\nhost=api.coze.cn\n\n", NULL },
		{ "get", COZE "username=coze\n\n", NULL },
		{ "get", COZE "path=a\n\n", NULL },
		{ "get", COZE "host=api.coze.cn\n\n", NULL },
		{ "get", "", NULL },
		{ "store", COZE "username=coze\npassword=pat_get\n\n", "" },
		{ "store", COZE "authtype=Bearer\ncredential=pat_get\n\n", "" },
		{ "store", COZE "username=x\npassword=y\nephemeral=1\n\n", "" },
		{ "store", COZE "username=coze\npassword=pat_new\n\n", NULL },
		{ "store", COZE "username=work\npassword=pat_get\n\n", NULL },
		{ "store", COZE "password=pat_get\n\n", NULL },
		{ "store", COZE "username=coze\n\n", NULL },
		{ "store", COZE "username=coze\npassword=\n\n", NULL },
		{ "store", COZE "username=coze\npassword=pat_get\npassword_expiry_utc=9999999999\n\n",
		  NULL },
		{ "store", COZE "username=coze\npassword=pat_get\noauth_refresh_token=x\n\n", NULL },
		{ "store", COZE "username=coze\npassword=pat_get\nkind=oauth\n\n", NULL },
		{ "store", COZE "username=coze\npassword=pat_get\nclient_id=x\n\n", NULL },
		{ "store", COZE "username=coze\npassword=pat_get\nclient_secret=x\n\n", NULL },
		{ "store", COZE "username=coze\npassword=pat_get\ntoken_endpoint=x\n\n", NULL },
		{ "store", COZE "username=coze\npassword=pat_get\nsession_name=x\n\n", NULL },
		{ "store", "protocol=https\nhost=none.example\nusername=coze\npassword=\n\n", NULL },
		{ "store", "protocol=https\nhost=other.example\nusername=coze\npassword=pat_get\n\n",
		  NULL },
		{ "erase", COZE "username=coze\npassword=pat_get\n\n", NULL },
		{ "capability", "", NULL },
	};

	(void)state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		char *arguments[] = { "keyturn", (char *)rows[i].verb, NULL };

		expect(arguments, rows[i].request, rows[i].answer);
	}
}

static void token_and_header_are_answered(void **state)
{
	static const struct {
		const char *arguments[ARGUMENTS];
		const char *answer;
	} rows[] = {
		{ { "token" }, "pat_any\n" },
		{ { "header" }, "Authorization: Bearer pat_any\n" },
		{ { "token", "home" }, "pat_home\n" },
		{ { "token", "--min-valid", "200" }, "pat_any\n" },
		{ { "token", "--min-valid=200" }, "pat_any\n" },
		{ { "token", "--min-valid", "200", "home" }, "pat_home\n" },
		{ { "header", "home", "--min-valid=99999" }, "Authorization: Bearer pat_home\n" },
		{ { "header", "--json", "home" }, "{\"Authorization\":\"Bearer pat_home\"}\n" },
		{ { "token", "--min-valid", "301" }, NULL },
		{ { "token", "--min-valid=301" }, NULL },
		{ { "token", "--min-valid" }, NULL },
		{ { "token", "--min-valid=" }, NULL },
		{ { "token", "--min-valid=-1" }, NULL },
		{ { "token", "--min-valid=1x" }, NULL },
		{ { "token", "--min-valids=1" }, NULL },
		{ { "token", "nobody" }, NULL },
		{ { "token", "bob" }, NULL },
		{ { "token", "" }, NULL },
		{ { "token", "home", "home" }, NULL },
		{ { "token", "--json" }, NULL },
		{ { "token", "home", "--session-name", "s" }, NULL },
		{ { "token", "--from-env" }, NULL },
		{ { "token", "--" }, NULL },
		{ { "list" }, NULL },
		{ { NULL }, NULL },
	};

	(void)state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		char *arguments[ARGUMENTS + 1] = { "keyturn" };

		for (size_t k = 0; k + 1 < ARGUMENTS; k++)
			arguments[k + 1] = (char *)rows[i].arguments[k];
		expect(arguments, "", rows[i].answer);
	}
}

static void tools_are_answered_each_in_its_form(void **state)
{
	static const struct {
		const char *arguments[ARGUMENTS];
		const char *input;
		const char *answer;
	} rows[] = {
		{ { "/usr/bin/docker-credential-keyturn", "get" }, " api.coze.cn\n",
		  "{\"ServerURL\":\"api.coze.cn\",\"Username\":\"coze\",\"Secret\":\"pat_get\"}\n" },
		{ { "docker-credential-keyturn", "get" }, "https://other.example", NULL },
		{ { "docker-credential-keyturn", "get" }, "https://old.example", NULL },
		{ { "docker-credential-keyturn", "get" }, "", NULL },
		{ { "docker-credential-keyturn", "get", "get" }, "api.coze.cn", NULL },
		{ { "docker-credential-keyturn", "erase" }, "api.coze.cn", NULL },
		{ { "docker-credential-keyturn", "store" }, "{}", NULL },
		{ { "docker-credential-keyturn", "list" }, "", NULL },
		{ { "bazel-credential-keyturn", "get" }, "{\"uri\":\"https://api.coze.cn/a?b\"}",
		  "{\"headers\":{\"Authorization\":[\"Bearer pat_get\"]}}\n" },
		{ { "bazel-credential-keyturn", "get" }, "{\"uri\":\"https://none.example\"}", NULL },
		{ { "bazel-credential-keyturn", "get" }, "{\"uri\": \"https://api.coze.cn/\"}", NULL },
		{ { "bazel-credential-keyturn", "get" }, "{\"uri\":\"https://api.coze.cn\\u002f\"}",
		  NULL },
		{ { "terraform-credentials-keyturn", "get", "api.coze.cn" }, "",
		  "{\"token\":\"pat_get\"}\n" },
		{ { "terraform-credentials-keyturn", "get", "none.example" }, "", "{}\n" },
		{ { "terraform-credentials-keyturn", "forget", "api.coze.cn" }, "", NULL },
		{ { "keyturn", "aws", "home" }, "",
		  "{\"Version\":1,\"AccessKeyId\":\"coze\",\"SecretAccessKey\":\"pat_home\"}\n" },
		{ { "keyturn", "npm", "home" }, "", "Bearer pat_home\n" },
		{ { "keyturn", "npm", "bob" }, "", NULL },
		{ { "keyturn", "npm", "--help" }, "", NULL },
		{ { "keyturn", "goauth" }, "", "" },
		{ { "keyturn", "goauth", "https://api.coze.cn/x" }, "",
		  "https://api.coze.cn\n\nAuthorization: Bearer pat_get\n\n" },
		{ { "keyturn", "goauth", "home", "https://none.example" }, "", "" },
		{ { "keyturn", "goauth", "https://none.example" }, "", "" },
		{ { "keyturn", "netrc", "api.coze.cn" }, "",
		  "machine api.coze.cn\nlogin coze\npassword pat_get\n" },
		{ { "keyturn", "netrc", "none.example" }, "", NULL },
		{ { "keyturn", "sasl", "oauthbearer", "home" }, "",
		  "bixhPWNvemUsAWF1dGg9QmVhcmVyIHBhdF9ob21lAQE=\n" },
		{ { "keyring", "get", "https://api.coze.cn/", "coze" }, "", NULL },
		{ { "keyring", "get", "api.coze.cn", "--mode=creds" }, "", "coze\npat_get\n" },
		{ { "keyring", "--output=json", "--mode=creds", "get", "api.coze.cn" }, "",
		  "{\"username\":\"coze\",\"password\":\"pat_get\"}\n" },
		{ { "keyring", "set", "api.coze.cn", "coze" }, "new\n", NULL },
		{ { "keyturn", "kubernetes", "home" }, "", NULL },
		{ { "keyturn", "docker", "get" }, "api.coze.cn", NULL },
		{ { "keyturn", "cargo" }, "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		expect((char **)rows[i].arguments, rows[i].input, rows[i].answer);
}

static void kubernetes_is_answered_where_client_go_names_no_cluster(void **state)
{
	static const char answer[] = "{\"apiVersion\":\"client.authentication.k8s.io/v1\","
	                             "\"kind\":\"ExecCredential\","
	                             "\"status\":{\"token\":\"pat_home\"}}\n";
	static const char head[] = "{\"kind\":\"ExecCredential\","
	                           "\"apiVersion\":\"client.authentication.k8s.io/v1";
	char *arguments[] = { "keyturn", "kubernetes", "home", NULL };
	char text[256];

	(void)state;
	snprintf(text, sizeof(text), "%s\",\"spec\":{\"interactive\":false}}\n", head);
	set_variable("KUBERNETES_EXEC_INFO", text);
	expect(arguments, "", answer);
	snprintf(text, sizeof(text), "%sbeta2\",\"spec\":{\"interactive\":false}}\n", head);
	set_variable("KUBERNETES_EXEC_INFO", text);
	expect(arguments, "", NULL);
	snprintf(text, sizeof(text), "%s\",\"spec\":{\"cluster\":{},\"interactive\":false}}\n", head);
	set_variable("KUBERNETES_EXEC_INFO", text);
	expect(arguments, "", NULL);
}

/* "I have none" of Docker's is a text on stdout and exit status 1, with nothing on stderr. */
static void docker_is_told_that_there_is_none(void **state)
{
	char *arguments[] = { "docker-credential-keyturn", "get", NULL };
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret input = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	assert_false(ask_for(arguments, "none.example", &output, &input, &error));
	assert_int_equal(error.code, KT_ERROR_NOT_FOUND);
	assert_string_equal(error.message, "");
	assert_string_equal(kt_secret_reveal(&output),
	                    "credentials not found in native keychain\n");
}

static void a_tool_s_request_without_an_end_is_refused_in_its_form(void **state)
{
	static char request[KT_TOOL_INPUT_MAXIMUM + 2];
	char *docker[] = { "docker-credential-keyturn", "get", NULL };
	char *bazel[] = { "bazel-credential-keyturn", "get", NULL };
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret input = { 0 };
	struct kt_error error = { 0 };

	(void)state;
	memset(request, 'a', sizeof(request) - 1);
	assert_false(ask_for(docker, request, &output, &input, &error));
	assert_int_equal(error.code, KT_ERROR_NOT_FOUND);
	assert_string_equal(error.message, "");
	assert_false(kt_secret_is_empty(&output));
	error = (struct kt_error){ 0 };
	kt_secret_clear(&output);
	assert_false(ask_for(bazel, request, &output, &input, &error));
	assert_int_equal(error.code, KT_ERROR_USAGE);
	assert_true(error.message[0] != '\0' && error.remedy[0] != '\0');
	assert_true(kt_secret_is_empty(&output));
}

static void the_environment_decides_too(void **state)
{
	char *token[] = { "keyturn", "token", NULL };
	char *named[] = { "keyturn", "token", "home", NULL };
	char *get[] = { "keyturn", "get", NULL };

	(void)state;

	set_variable("KEYTURN_ACCOUNT", "home");
	expect(token, "", "pat_home\n");
	expect(get, COZE "\n", NULL);
	set_variable("KEYTURN_ACCOUNT", "nobody");
	expect(token, "", NULL);
	expect(named, "", "pat_home\n");
	set_variable("KEYTURN_CACHE", "off");
	expect(token, "", NULL);
	set_variable("KEYTURN_TRACE", "1");
	expect(token, "", NULL);
	set_variable("KEYTURN_VAULT", "/elsewhere");
	expect(token, "", NULL);
	expect(get, COZE "\n", NULL);
}

static void what_was_read_is_handed_on_whole(void **state)
{
	static const char request[] = "protocol=https\nhost=other.example\nodd line\n\nrest";
	char *get[] = { "keyturn", "get", NULL };
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret input = { 0 };

	(void)state;

	assert_false(ask(get, request, &output, &input));
	assert_string_equal(kt_secret_reveal(&input), request);
}

static void stdin_stays_unread_where_nothing_can_be_answered(void **state)
{
	char *extra[] = { "keyturn", "get", "extra", NULL };
	char *token[] = { "keyturn", "token", "nobody", NULL };
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret input = { 0 };

	(void)state;

	assert_false(ask(extra, COZE "\n", &output, &input));
	assert_false(ask(token, COZE "\n", &output, &input));
	assert_true(kt_secret_is_empty(&input));
}

static void an_answer_that_nobody_takes_is_a_failure(void **state)
{
	char *token[] = { "keyturn", "token", NULL };
	KT_CLEANUP(kt_secret_clear) struct kt_secret input = { 0 };
	int saved = dup(STDOUT_FILENO);
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct kt_error error = { 0 };
	bool is_answered;

	(void)state;
	assert_true(saved >= 0 && full >= 0);
	dup2(full, STDOUT_FILENO);
	is_answered = kt_hot_answer(2, token, environment, &input, &error);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(full);

	assert_false(is_answered);
	assert_int_equal(error.code, KT_ERROR_INTERNAL);
}

static void put_routes(const struct kt_cache_key *key, const struct kt_secret *routes)
{
	KT_CLEANUP(kt_cache_entry_clear) struct kt_cache_entry entry = {
		.until = kt_clock_wall_milliseconds() + 600000,
	};
	struct kt_cache cache = { 0 };
	struct kt_error error = { 0 };

	kt_cache_open(&cache, environment);
	assert_true(kt_secret_set(&entry.answer, kt_secret_reveal(routes), kt_secret_length(routes),
	                          &error));
	assert_true(kt_cache_put(&cache, key, &entry));
}

static void where_directories_are_bound_the_caller_s_decides(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret routes = { 0 };
	struct kt_cache_key key = { .form = KT_CACHE_TOKEN };
	char *arguments[] = { "keyturn", "token", NULL };
	struct kt_error error = { 0 };

	(void)state;
	assert_int_equal(chdir("/"), 0);
	assert_true(kt_route_append(&routes, KT_ROUTE_BOUND, "/usr", 0, &error));
	assert_true(kt_route_append(&routes, KT_ROUTE_BOUND, "/usr/share", 0, &error));
	put_routes(&key, &routes);
	expect(arguments, "", NULL);

	key.binding = "/usr";
	put(&key, "pat_usr", true, 0);
	expect(arguments, "", NULL);
	assert_int_equal(chdir("/usr/bin"), 0);
	expect(arguments, "", "pat_usr\n");
	assert_int_equal(chdir("/usr/share"), 0);
	expect(arguments, "", NULL);
	assert_int_equal(chdir("/"), 0);
	key.binding = "";
	put(&key, "pat_elsewhere", true, 0);
	expect(arguments, "", "pat_elsewhere\n");
	kt_cache_forget(&(struct kt_identity){ .username = "work" }, NULL);
	expect(arguments, "", NULL);
}

static bool may_claim(void)
{
	struct kt_cache cache = { 0 };

	kt_cache_open(&cache, environment);
	return kt_background_renewal_claim(&cache, "https://api.coze.cn", "work");
}

static void a_token_that_is_due_is_handed_out_and_renewed_once(void **state)
{
	static const struct kt_cache_key soon = { .form = KT_CACHE_TOKEN, .account = "soon" };
	static const struct kt_cache_key due = { .form = KT_CACHE_TOKEN, .account = "due" };
	char *of_soon[] = { "keyturn", "token", "soon", NULL };
	char *of_due[] = { "keyturn", "token", "due", NULL };
	struct kt_cache cache = { 0 };

	(void)state;
	kt_cache_open(&cache, environment);
	put_due(&soon, "token_soon", true, 0, kt_clock_wall_milliseconds() + 60000);
	put_due(&due, "token_due", true, 0, kt_clock_wall_milliseconds());

	expect(of_soon, "", "token_soon\n");
	assert_true(may_claim());
	kt_background_renewal_end(&cache, "https://api.coze.cn", "work", true);
	kt_clock_sleep(1500);
	expect(of_due, "", "token_due\n");
	assert_false(may_claim());
	expect(of_due, "", "token_due\n");

	kt_background_renewal_end(&cache, "https://api.coze.cn", "work", false);
	/* The kernel counts timeouts in whole seconds: one of two ends after one to two. */
	assert_false(may_claim());
	while (!may_claim())
		kt_clock_sleep(50);
	assert_true(wait(NULL) > 0);
	assert_int_equal(wait(NULL), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, forget)
		TEST(git_is_answered),
		TEST(token_and_header_are_answered),
		TEST(tools_are_answered_each_in_its_form),
		TEST(kubernetes_is_answered_where_client_go_names_no_cluster),
		TEST(docker_is_told_that_there_is_none),
		TEST(a_tool_s_request_without_an_end_is_refused_in_its_form),
		TEST(the_environment_decides_too),
		TEST(what_was_read_is_handed_on_whole),
		TEST(stdin_stays_unread_where_nothing_can_be_answered),
		TEST(an_answer_that_nobody_takes_is_a_failure),
		TEST(where_directories_are_bound_the_caller_s_decides),
		TEST(a_token_that_is_due_is_handed_out_and_renewed_once),
	};

	/* A keyring that no other test uses meanwhile. */
	if (geteuid() == 0 && (setuid(54322) != 0 || prctl(PR_SET_DUMPABLE, 1) != 0))
		return 1;
	snprintf(home, sizeof(home), "HOME=/test_hot-%ld", (long)getpid());
	return cmocka_run_group_tests(tests, NULL, NULL);
}
