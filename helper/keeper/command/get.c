/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <unistd.h>

#include "helper/answer.h"
#include "helper/keeper/account/idn.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/command/service_lookup.h"
#include "helper/protocol/protocol.h"
#include "helper/report.h"
#include "helper/request.h"
#include "keyring/cleanup.h"

static bool answer_request(struct kt_keeper *keeper, const struct kt_request *request,
                           struct kt_secret *bytes, struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	KT_CLEANUP(kt_answer_clear) struct kt_answer answer = { 0 };
	enum kt_service_found result;

	if (!kt_service_lookup(keeper, request, false, &credential, &answer, &result, error))
		return false;
	switch (result) {
	case KT_SERVICE_ANSWER:
		return kt_protocol_git_answer(request, &answer, bytes, error);
	case KT_SERVICE_EXPIRED:
		return kt_protocol_git_expired(credential.identity.username,
		                               &credential.refresh_token, bytes, error);
	case KT_SERVICE_NONE:
		break;
	}
	kt_report_trace("get: no credential for this service");
	return true;
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
