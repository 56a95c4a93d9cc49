/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "helper/answer.h"
#include "helper/keeper/account/default.h"
#include "helper/keeper/account/find.h"
#include "helper/keeper/account/pick.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/cache/answers.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/login/parked.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/json.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"

static bool add_json(struct kt_json *json, const struct kt_identity *identity,
                     struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *service = NULL;

	return kt_service_format(identity, &service, error) &&
	       kt_json_add_text(json, "account", identity->username, error) &&
	       kt_json_add_text(json, "service", service, error);
}

static bool send_json(struct kt_json *json, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };

	return kt_json_print(json, &output, error) && kt_secret_append_text(&output, "\n", error) &&
	       kt_answer_send(STDOUT_FILENO, &output, error);
}

static bool print_json(const struct kt_identity *identity, struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;

	return kt_json_create(&json, error) && kt_json_add_number(json, "version", 1, error) &&
	       add_json(json, identity, error) && send_json(json, error);
}

static bool print_name(const struct kt_identity *identity, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };

	return kt_service_full_name(identity, &name, error) &&
	       kt_secret_append_text(&output, name, error) &&
	       kt_secret_append_text(&output, "\n", error) &&
	       kt_answer_send(STDOUT_FILENO, &output, error);
}

/* A service's own default, unless it is the general one (context; a NULL username: none). */
static bool tell_service(void *context, bool is_general, const struct kt_identity *identity,
                         struct kt_error *error)
{
	const struct kt_identity *general = context;
	KT_CLEANUP(kt_text_free) char *name = NULL;

	if (is_general || (general->username && kt_identity_is_equal(general, identity)))
		return true;
	if (!kt_service_full_name(identity, &name, error))
		return false;
	kt_report_note("at %s it is %s", identity->host, name);
	return true;
}

/* The general default is the answer; those of services are told beside it. */
static bool print_all(struct kt_error *error)
{
	KT_CLEANUP(kt_identity_clear) struct kt_identity general = { 0 };
	bool found;

	if (!kt_default_get(NULL, &general, &found, error) ||
	    (found && !print_name(&general, error)) ||
	    !kt_default_each(tell_service, &general, error))
		return false;
	if (found)
		return true;
	kt_fail(error, KT_ERROR_NOT_FOUND, "no default account is set");
	return kt_advise(error, "run: keyturn default ACCOUNT");
}

/* A service's own default, in the list of the object that context is. */
static bool add_service(void *context, bool is_general, const struct kt_identity *identity,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *object = NULL;

	return is_general || (kt_json_create(&object, error) && add_json(object, identity, error) &&
	                      kt_json_append_object(context, "services", &object, error));
}

/* The general default as account and service, null where there is none, and those of services. */
static bool print_all_json(struct kt_error *error)
{
	KT_CLEANUP(kt_identity_clear) struct kt_identity general = { 0 };
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	bool found;

	if (!kt_default_get(NULL, &general, &found, error) || !kt_json_create(&json, error) ||
	    !kt_json_add_number(json, "version", 1, error))
		return false;
	return (found ? add_json(json, &general, error)
	              : kt_json_add_null(json, "account", error) &&
	                kt_json_add_null(json, "service", error)) &&
	       kt_json_add_list(json, "services", error) &&
	       kt_default_each(add_service, json, error) && send_json(json, error);
}

static bool print_of(const struct kt_identity *service, bool wants_json, struct kt_error *error)
{
	KT_CLEANUP(kt_identity_clear) struct kt_identity preferred = { 0 };
	bool found;

	if (!kt_default_get(service, &preferred, &found, error))
		return false;
	if (found)
		return wants_json ? print_json(&preferred, error) : print_name(&preferred, error);
	kt_fail(error, KT_ERROR_NOT_FOUND, "%s has no default account", service->host);
	return kt_advise(error, "run: keyturn default ACCOUNT --host %s", service->host);
}

static bool unset(const struct kt_identity *service, struct kt_error *error)
{
	bool found;

	if (!kt_default_unset(service, &found, error))
		return false;
	if (!found && !service)
		kt_report_note("no default account was set");
	else if (!found)
		kt_report_note("%s had no default account", service->host);
	else if (isatty(STDERR_FILENO) && !service)
		kt_report_note("no account is the default any more; those of services stay");
	else if (isatty(STDERR_FILENO))
		kt_report_note("%s has no default account any more", service->host);
	return true;
}

static bool set(struct kt_keeper *keeper, const char *account, const struct kt_identity *service,
                struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	KT_CLEANUP(kt_text_free) char *name = NULL;
	struct kt_shell_word word;

	kt_parked_save(keeper);
	if (!kt_account_find_or_ask(keeper, account, KT_ACCOUNT_ANY, &credential, error) ||
	    !kt_service_full_name(&credential.identity, &name, error))
		return false;
	if (service && !kt_text_is_equal(service->host, credential.identity.host)) {
		kt_fail(error, KT_ERROR_USAGE, "default: %s is no account of %s", name, service->host);
		return kt_advise(error, "run: keyturn default %s",
		                 kt_shell_word(&word, name, "ACCOUNT"));
	}
	if (!kt_default_set(&credential.identity, service ? KT_DEFAULT_SERVICE : KT_DEFAULT_GENERAL,
	                    error))
		return false;
	if (isatty(STDERR_FILENO) && service)
		kt_report_note("%s is the default at %s now", name, service->host);
	else if (isatty(STDERR_FILENO))
		kt_report_note("%s is the default account now", name);
	return true;
}

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	KT_CLEANUP(kt_identity_clear) struct kt_identity service = { 0 };
	const struct kt_identity everything = { 0 };
	const char *account;
	const char *host = NULL;
	bool unsets = false;
	bool done;
	const struct kt_option options[] = {
		{ "host", true, &host },
		{ "unset", false, &unsets },
		KT_OPTION_JSON(keeper),
	};

	if (!kt_command_read_account(options, KT_COUNT(options), argc, argv, &account, error) ||
	    (host && !kt_service_read_host(&service, host, "default: --host", error)))
		return false;
	if (account && unsets)
		return kt_fail(error, KT_ERROR_USAGE, "default: an account and --unset exclude each "
		               "other");
	if (!account && !unsets && host)
		return print_of(&service, keeper->wants_json, error);
	if (!account && !unsets)
		return keeper->wants_json ? print_all_json(error) : print_all(error);
	kt_answers_forget(&everything);
	done = unsets ? unset(host ? &service : NULL, error)
	              : set(keeper, account, host ? &service : NULL, error);
	kt_answers_forget(&everything);
	return done;
}

const struct kt_command kt_command_default = {
	.name = "default",
	.synopsis = "[ACCOUNT | --unset] [--host HOST] [--json]",
	.summary = "print or set the account that answers when none is named",
	.details = "The first login becomes the default; later ones never move it. ACCOUNT becomes\n"
	           "the default of its service, too.\n"
	           "--host HOST  of this site or host alone\n"
	           "--unset      have none any more\n",
	.run = run,
};
