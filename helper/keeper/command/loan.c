/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/allow_rule.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/command/loan.h"
#include "helper/keeper/random.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/environment.h"
#include "keyring/text.h"

#define LONGEST_DAYS 365

static bool read_time(const char *text, int64_t *milliseconds, struct kt_error *error)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	size_t length = strlen(text);
	int64_t number;

	for (size_t i = 0; length > 1 && i < KT_COUNT(units); i++) {
		if (text[length - 1] != units[i].unit ||
		    !kt_text_to_number(text, length - 1, 1,
		                       LONGEST_DAYS * INT64_C(86400) / units[i].seconds, &number))
			continue;
		*milliseconds = number * units[i].seconds * 1000;
		return true;
	}
	kt_fail(error, KT_ERROR_USAGE, "--for is no time of at most 365 days");
	return kt_advise(error, "for example: --for 90s, --for 30m, --for 8h or --for 2d");
}

/* As a browser writes it: no path, no capital letters. */
static bool check_page(const char *page, struct kt_error *error)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-.:[]";
	const char *host = page ? strstr(page, "://") : NULL;

	if (!page || (host && (kt_text_has_prefix(page, "http://") ||
	                       kt_text_has_prefix(page, "https://")) &&
	              host[3] && strspn(host + 3, letters) == strlen(host + 3)))
		return true;
	kt_fail(error, KT_ERROR_USAGE, "--allow-origin is not the origin of a page");
	return kt_advise(error, "give its scheme, host and port alone, for example: --allow-origin "
	                 "http://localhost:5173");
}

/* The steward reads the settings again when the token is due, so they must last. */
static bool check_sources(const struct kt_token_lookup *lookup, struct kt_error *error)
{
	const char *const files[] = { lookup->scope_file, lookup->env_file, lookup->config };

	for (size_t i = 0; i < KT_COUNT(files); i++)
		if (kt_text_is_equal(files[i], "-"))
			return kt_fail(error, KT_ERROR_USAGE,
			               "settings from stdin cannot be read again when the next token "
			               "is due") ||
			       kt_advise(error, "put them into a file, and name that instead of -");
	return true;
}

static bool check_tool(const struct kt_run_tool *tool, struct kt_error *error)
{
	if (!tool || tool->bases)
		return true;
	kt_fail(error, KT_ERROR_USAGE, "run: %s takes no address from its environment, so --proxy "
	        "cannot be its server", tool->name);
	return kt_advise(error, "leave --proxy out, or name another tool: keyturn help run");
}

static bool has_rules(const struct kt_loan *loan)
{
	return loan->rules[0] || loan->most_text || loan->time_text || loan->page || loan->log;
}

bool kt_loan_check(struct kt_loan *loan, const struct kt_token_lookup *lookup,
                   const struct kt_run_tool *tool, struct kt_error *error)
{
	int64_t time = 0;

	if (!loan->is_wanted)
		return !has_rules(loan) ||
		       kt_fail(error, KT_ERROR_USAGE,
		               "run: --allow, --max-requests, --for, --allow-origin and --log go with "
		               "--proxy") ||
		       kt_advise(error, "add --proxy, or leave them out");
	for (size_t i = 0; loan->rules[i]; i++)
		if (!kt_allow_rule_check(loan->rules[i], error))
			return false;
	if (loan->most_text && !kt_text_to_number(loan->most_text, strlen(loan->most_text), 1,
	                                          INT32_MAX, &loan->most))
		return kt_fail(error, KT_ERROR_USAGE, "--max-requests is not a number from 1 on");
	if (loan->time_text) {
		if (!read_time(loan->time_text, &time, error))
			return false;
		loan->end = kt_clock_boot_milliseconds() + time;
	}
	return check_page(loan->page, error) && check_sources(lookup, error) &&
	       check_tool(tool, error);
}

static bool add_argument(struct kt_errand *message, int *count, const char *option,
                         const char *value, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *text = NULL;
	char name[24];

	if (!value)
		return true;
	snprintf(name, sizeof(name), "argument.%d", (*count)++);
	return kt_text_format(&text, error, "%s%s%s", option, *option ? "=" : "", value) &&
	       kt_errand_add(message, name, text, error);
}

/* The words with which kt_command_lend_token finds the same account again. */
static bool add_arguments(const struct kt_token_lookup *lookup, const char *account,
                          struct kt_errand *message, struct kt_error *error)
{
	int count = 0;

	return add_argument(message, &count, "--session-name", lookup->session_name, error) &&
	       add_argument(message, &count, "--duration", lookup->duration, error) &&
	       add_argument(message, &count, "--scope-file", lookup->scope_file, error) &&
	       add_argument(message, &count, "--env-file", lookup->env_file, error) &&
	       add_argument(message, &count, "--config", lookup->config, error) &&
	       add_argument(message, &count, "--kind", lookup->kind, error) &&
	       add_argument(message, &count, "", lookup->from_environment ? "--from-env" : NULL,
	                    error) &&
	       add_argument(message, &count, "",
	                    kt_token_lookup_has_source(lookup) ? NULL : account, error);
}

static bool add_rules(const struct kt_loan *loan, struct kt_errand *message,
                      struct kt_error *error)
{
	for (size_t i = 0; loan->rules[i]; i++) {
		char name[24];

		snprintf(name, sizeof(name), "allow.%zu", i);
		if (!kt_errand_add(message, name, loan->rules[i], error))
			return false;
	}
	return (!loan->most || kt_errand_add_number(message, "most", loan->most, error)) &&
	       (!loan->end || kt_errand_add_number(message, "end", loan->end, error));
}

static bool add_token(const struct kt_answer *answer, struct kt_errand *message,
                      struct kt_error *error)
{
	return kt_errand_add_secret(message, "token", &answer->secret, error) &&
	       kt_errand_add_number(message, "expires", answer->expires, error) &&
	       kt_errand_add_number(message, "obtained", answer->obtained, error);
}

/* The service's websockets; "https" instead of "wss", for they begin as any request does. */
static bool add_servers(const struct kt_answer *answer, const struct kt_credential *credential,
                        struct kt_errand *message, struct kt_error *error)
{
	KT_CLEANUP(kt_identity_clear) struct kt_identity service = { 0 };
	KT_CLEANUP(kt_text_free) char *websocket = NULL;
	KT_CLEANUP(kt_text_free) char *address = NULL;

	if (!answer->service) {
		kt_fail(error, KT_ERROR_USAGE, "nobody named the service that the token is for");
		return kt_advise(error, "set COZE_API_BASE, for example to https://%s",
		                 kt_service_host_of_site("coze.cn"));
	}
	return kt_service_set_base(&service, answer->service, error) &&
	       kt_service_websocket(&service, &websocket, error) &&
	       kt_text_format(&address, error, "http%s", websocket + 2) &&
	       kt_errand_add(message, "api", answer->service, error) &&
	       kt_errand_add(message, "websocket", address, error) &&
	       (!credential->ca || kt_errand_add(message, "ca", credential->ca, error));
}

bool kt_loan_compose(const struct kt_loan *loan, const struct kt_token_lookup *lookup,
                     const struct kt_credential *credential, const struct kt_answer *answer,
                     struct kt_errand *message, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *account = NULL;
	bool is_named = *kt_text_or_empty(credential->identity.username) != '\0';

	return (!is_named || kt_service_full_name(&credential->identity, &account, error)) &&
	       add_servers(answer, credential, message, error) &&
	       add_token(answer, message, error) &&
	       (kt_secret_is_empty(&loan->placeholder) ||
	        kt_errand_add_secret(message, "placeholder", &loan->placeholder, error)) &&
	       (!loan->proxy.port ||
	        kt_errand_add_number(message, "port", loan->proxy.port, error)) &&
	       (!loan->path || kt_errand_add(message, "path", loan->path, error)) &&
	       (!loan->guest || kt_errand_add_number(message, "guest", loan->guest, error)) &&
	       (!loan->page || kt_errand_add(message, "page", loan->page, error)) &&
	       (!account || kt_errand_add(message, "account", account, error)) &&
	       (!kt_kind_is_standard(credential->kind) ||
	        kt_errand_add(message, "standard", "1", error)) &&
	       add_rules(loan, message, error) && add_arguments(lookup, account, message, error);
}

bool kt_loan_make_placeholder(struct kt_loan *loan, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret random = { 0 };

	return kt_random_secret(&random, error) &&
	       kt_secret_append_text(&loan->placeholder, "ktp_", error) &&
	       kt_secret_append(&loan->placeholder, kt_secret_reveal(&random),
	                        kt_secret_length(&random), error);
}

bool kt_loan_begin(struct kt_loan *loan, struct kt_error *error)
{
	return !loan->is_wanted ||
	       (kt_loan_make_placeholder(loan, error) &&
	        kt_proxy_open(&loan->proxy, NULL, 0, loan->log, error) &&
	        kt_proxy_start(&loan->proxy, error));
}

/* Clients would else send what is for the loopback, the placeholder with it, to a proxy. */
static bool keep_from_proxies(const char *name, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *value = NULL;
	const char *old = kt_environment_get(name);

	return kt_text_format(&value, error, "%s%s127.0.0.1,localhost", kt_text_or_empty(old),
	                      old ? "," : "") &&
	       (setenv(name, value, 1) == 0 || kt_fail_memory(error));
}

/* Where the secrets are is nothing that the command needs. */
static void remove_own_names(void)
{
	static const char *const names[] = { "KEYTURN_ACCOUNT", "KEYTURN_KEYRING", "KEYTURN_VAULT",
		                             "KEYTURN_VAULT_KEY_FILE" };

	for (size_t i = 0; i < KT_COUNT(names); i++)
		unsetenv(names[i]);
}

/* The path of the service's address stays: requests come with it. */
static bool set_address(struct kt_answer *answer, int64_t port, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *address = NULL;
	const char *host = strstr(answer->service, "://");
	const char *path = host ? strchr(host + 3, '/') : NULL;

	return kt_text_format(&address, error, "http://127.0.0.1:%d%s", (int)port,
	                      kt_text_or_empty(path)) &&
	       kt_text_set(&answer->service, address, error);
}

bool kt_loan_serve(struct kt_loan *loan, const struct kt_token_lookup *lookup,
                   const struct kt_credential *credential, struct kt_answer *answer,
                   struct kt_error *error)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };

	if (!loan->is_wanted)
		return true;
	remove_own_names();
	return kt_loan_compose(loan, lookup, credential, answer, &message, error) &&
	       kt_proxy_serve(&loan->proxy, &message, error) &&
	       kt_secret_copy(&answer->secret, &loan->placeholder, error) &&
	       set_address(answer, loan->proxy.port, error) &&
	       keep_from_proxies("no_proxy", error) && keep_from_proxies("NO_PROXY", error);
}

void kt_loan_clear(struct kt_loan *loan)
{
	kt_secret_clear(&loan->placeholder);
	kt_proxy_close(&loan->proxy);
}
