/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "helper/answer.h"
#include "helper/keeper/account/expiry.h"
#include "helper/keeper/account/find.h"
#include "helper/keeper/account/pick.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/courier.h"
#include "helper/keeper/login/parked.h"
#include "helper/keeper/oauth/whoami.h"
#include "helper/keeper/token/token.h"
#include "helper/report.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/json.h"
#include "keyring/text.h"
#include "keyring/translate.h"

/* Of many accounts each has a shorter time, and a service that is silent is asked once. */
#define EACH_MILLISECONDS 5000

/* The answer of one account: the user, or the failure with its remedy. */
struct verdict {
	char *user;
	struct kt_error failure; /* none: the token works */
	bool is_silent;          /* the service did not answer */
};

static void clear_verdict(struct verdict *verdict)
{
	kt_text_free(&verdict->user);
	*verdict = (struct verdict){ 0 };
}

static void ask(struct kt_keeper *keeper, struct kt_credential *credential, int64_t timeout,
                struct verdict *verdict)
{
	KT_CLEANUP(kt_answer_clear) struct kt_answer answer = { 0 };
	KT_CLEANUP(kt_whoami_clear) struct kt_whoami whoami = { 0 };
	const struct kt_requirement requirement = { 0 };
	struct kt_error *failure = &verdict->failure;
	bool found;

	if (!kt_token_get(keeper, credential, &requirement, &answer, &found, failure))
		return;
	kt_expiry_warn(credential);
	if (!kt_whoami_ask(&whoami, credential, &answer.secret, timeout, failure))
		return;
	verdict->is_silent = whoami.verdict == KT_WHOAMI_UNANSWERED;
	if (whoami.verdict != KT_WHOAMI_WORKS)
		*failure = whoami.reason;
	else if (whoami.user_name)
		kt_text_set(&verdict->user, whoami.user_name, failure);
}

static bool add_line(struct kt_secret *output, char *line, struct kt_error *error)
{
	kt_characters_make_printable(line);
	return kt_secret_append_text(output, line, error) &&
	       kt_secret_append_text(output, "\n", error);
}

static bool add_verdict(const struct kt_credential *credential, const struct verdict *verdict,
                        struct kt_secret *output, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;
	KT_CLEANUP(kt_text_free) char *line = NULL;
	KT_CLEANUP(kt_text_free) char *remedy = NULL;
	const struct kt_error *failure = &verdict->failure;

	if (!kt_service_full_name(&credential->identity, &name, error))
		return false;
	if (failure->code)
		return kt_text_format(&line, error, "%s: %s", name, failure->message) &&
		       kt_text_format(&remedy, error, "    %s", failure->remedy) &&
		       add_line(output, line, error) && add_line(output, remedy, error);
	if (verdict->user)
		return kt_text_format(&line, error, kt_translate("%s: the token works, as user "
		                                                 "\"%s\""), name,
		                      verdict->user) && add_line(output, line, error);
	return kt_text_format(&line, error, kt_translate("%s: the token works"), name) &&
	       add_line(output, line, error);
}

static bool add_json(const struct kt_credential *credential, const struct verdict *verdict,
                     struct kt_json *json, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *service = NULL;
	const struct kt_error *failure = &verdict->failure;

	return kt_service_format(&credential->identity, &service, error) &&
	       kt_json_add_text(json, "account", credential->identity.username, error) &&
	       kt_json_add_text(json, "service", service, error) &&
	       kt_json_add_boolean(json, "works", !failure->code, error) &&
	       (!verdict->user || kt_json_add_text(json, "user", verdict->user, error)) &&
	       (!failure->code ||
	        (kt_json_add_text(json, "code", kt_error_name(failure->code), error) &&
	         kt_json_add_text(json, "message", failure->message, error) &&
	         kt_json_add_text(json, "remedy", failure->remedy, error)));
}

static bool run_one(struct kt_keeper *keeper, const char *account, struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	KT_CLEANUP(clear_verdict) struct verdict verdict = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;

	if (!kt_account_find_or_ask(keeper, account, KT_ACCOUNT_TOKEN, &credential, error))
		return false;
	ask(keeper, &credential, KT_COURIER_MILLISECONDS, &verdict);
	if (verdict.failure.code) {
		*error = verdict.failure;
		return false;
	}
	if (!keeper->wants_json)
		return add_verdict(&credential, &verdict, &output, error) &&
		       kt_report_lines(&output, error);
	return kt_json_create(&json, error) && kt_json_add_number(json, "version", 1, error) &&
	       add_json(&credential, &verdict, json, error) && kt_json_print(json, &output, error) &&
	       kt_secret_append_text(&output, "\n", error) &&
	       kt_answer_send(STDOUT_FILENO, &output, error);
}

/* The exit status of all: 3 if one does not work, else that of the first of the other failures. */
static void count_failure(const struct verdict *verdict, enum kt_error_code *code)
{
	bool is_no = kt_error_exit_status(verdict->failure.code) == 3;

	if (verdict->failure.code && (*code == KT_ERROR_NONE || is_no) &&
	    !(*code && kt_error_exit_status(*code) == 3))
		*code = verdict->failure.code;
}

/*
 * Every account in turn; each is told as soon as it is known, in JSON all together. *code is set
 * where one fails.
 */
static bool ask_all(struct kt_keeper *keeper, struct kt_credentials *list, struct kt_json *json,
                    enum kt_error_code *code, struct kt_error *error)
{
	KT_CLEANUP(clear_verdict) struct verdict verdict = { 0 };
	const char *silent = NULL;

	for (size_t i = 0; i < list->count; i++) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };
		KT_CLEANUP(kt_json_free) struct kt_json *object = NULL;
		struct kt_credential *credential = &list->items[i];

		if (!silent || strcmp(silent, credential->identity.host) != 0) {
			clear_verdict(&verdict);
			ask(keeper, credential, EACH_MILLISECONDS, &verdict);
			silent = verdict.is_silent ? credential->identity.host : NULL;
		}
		count_failure(&verdict, code);
		if (!keeper->wants_json) {
			if (!add_verdict(credential, &verdict, &output, error) ||
			    !kt_report_lines(&output, error))
				return false;
		} else if (!kt_json_create(&object, error) ||
		           !add_json(credential, &verdict, object, error) ||
		           !kt_json_append_object(json, "accounts", &object, error)) {
			return false;
		}
	}
	return true;
}

static bool run_all(struct kt_keeper *keeper, struct kt_error *error)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials list = { 0 };
	const struct kt_identity anything = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	enum kt_error_code code = KT_ERROR_NONE;

	if (!kt_account_list(keeper, &anything, KT_ACCOUNT_TOKEN, &list, error) ||
	    !kt_json_create(&json, error) || !kt_json_add_number(json, "version", 1, error) ||
	    !kt_json_add_list(json, "accounts", error) ||
	    !ask_all(keeper, &list, json, &code, error))
		return false;
	if (keeper->wants_json && !(kt_json_print(json, &output, error) &&
	                            kt_secret_append_text(&output, "\n", error) &&
	                            kt_answer_send(STDOUT_FILENO, &output, error)))
		return false;
	/* It has been told in its place: the code is for the exit status alone. */
	error->code = code;
	return code == KT_ERROR_NONE;
}

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	bool all = false;
	const struct kt_option options[] = { KT_OPTION_JSON(keeper), { "all", false, &all } };
	const char *account;

	if (!kt_command_read_account(options, KT_COUNT(options), argc, argv, &account, error))
		return false;
	if (all && account)
		return kt_fail(error, KT_ERROR_USAGE, "status: an account and --all exclude each other");
	kt_parked_save(keeper);
	return all ? run_all(keeper, error) : run_one(keeper, account, error);
}

const struct kt_command kt_command_status = {
	.name = "status",
	.synopsis = "[ACCOUNT | --all] [--json]",
	.summary = "ask the service whether the token works",
	.details = "Exit status 0 yes, 3 no, 5 it cannot tell.\n"
	           "--all   every account but git's passwords; 3 where one does not work\n",
	.run = run,
};
