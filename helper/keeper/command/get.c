/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <unistd.h>

#include "helper/answer.h"
#include "helper/cache_key.h"
#include "helper/keeper/account/find.h"
#include "helper/keeper/account/idn.h"
#include "helper/keeper/cache/answers.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/login/parked.h"
#include "helper/keeper/token/token.h"
#include "helper/protocol/protocol.h"
#include "helper/report.h"
#include "helper/request.h"
#include "helper/url.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"

/*
 * A token is handed out only for a service to which it may travel, a password only for the one
 * it was stored for.
 */
static bool check_safe(const struct kt_request *request, const struct kt_credential *credential,
                       struct kt_error *error)
{
	if (credential->kind == KT_KIND_PASSWORD ||
	    kt_url_is_safe_for_tokens(&request->pattern))
		return true;
	kt_fail(error, KT_ERROR_UNSAFE, "a token is never given to a service without TLS");
	return kt_advise(error, "use the https:// address of the service");
}

/*
 * Finds the account that answers, in one turn with the keyring. After a wait for the turn the
 * cache is asked again: *answered tells whether another caller has put the answer there.
 */
static bool find_account(struct kt_keeper *keeper, const struct kt_request *request,
                         const struct kt_lookup *memory,
                         struct kt_credential *credential, struct kt_answer *answer,
                         bool *answered, bool *found, struct kt_error *error)
{
	KT_CLEANUP(kt_keeper_leave) struct kt_keyring *keyring = NULL;
	bool waited;
	bool none = false;

	*answered = false;
	*found = false;
	keyring = kt_keeper_enter(keeper, &waited, error);
	if (!keyring)
		return false;
	if (waited)
		kt_answers_find(memory, answer, answered, &none);
	return *answered || none ||
	       kt_account_find_for_request(keeper, request, credential, found, error);
}

static bool answer_request(struct kt_keeper *keeper, const struct kt_request *request,
                           struct kt_secret *bytes, struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	KT_CLEANUP(kt_answer_clear) struct kt_answer answer = { 0 };
	const struct kt_cache_key key =
		kt_cache_key_of_get(request, kt_environment_get("KEYTURN_ACCOUNT"));
	const struct kt_requirement requirement = { .session_name = request->session_name };
	struct kt_lookup memory = { 0 };
	bool answered;
	bool found;

	kt_answers_begin(&memory, &key);
	kt_keeper_expect(keeper, memory.stamp, memory.is_due);
	kt_parked_save(keeper);
	if (!find_account(keeper, request, &memory, &credential, &answer, &answered, &found, error))
		return false;
	if (answered)
		return kt_protocol_git_answer(request, &answer, bytes, error);
	if (!found) {
		kt_report_trace("get: no credential for this service");
		kt_answers_put_none(&memory);
		return true;
	}
	if (!check_safe(request, &credential, error) ||
	    !kt_token_get(keeper, &credential, &requirement, &answer, &found, error))
		return false;
	if (!found)
		return kt_protocol_git_expired(credential.identity.username,
		                               &credential.refresh_token, bytes, error);
	kt_answers_put(&memory, &credential, &answer);
	return kt_protocol_git_answer(request, &answer, bytes, error);
}

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };
	KT_CLEANUP(kt_request_clear) struct kt_request request = { 0 };

	(void)argc;
	(void)argv;
	if (!kt_idn_take_git(&request, STDIN_FILENO, error))
		return false;
	if (request.is_foreign)
		return true;
	if (!answer_request(keeper, &request, &output, error)) {
		struct kt_error unsaid = { 0 };

		/* git would ask for a password that cannot exist. */
		if ((error->code == KT_ERROR_DEAD || error->code == KT_ERROR_REFUSED) &&
		    kt_secret_append_text(&output, "quit=1\n", &unsaid))
			kt_answer_send(STDOUT_FILENO, &output, &unsaid);
		return false;
	}
	return kt_answer_send(STDOUT_FILENO, &output, error);
}

const struct kt_command kt_command_get = {
	.name = "get",
	.synopsis = "",
	.summary = "answer git's credential request on stdin",
	.details = "Reads git-credential(1) lines up to a blank line and prints the answer, or\n"
	           "nothing where no login is stored.\n",
	.run = run,
};
