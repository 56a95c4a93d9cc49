/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <unistd.h>

#include "helper/answer.h"
#include "helper/keeper/account/expiry.h"
#include "helper/keeper/account/find.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/command/describe.h"
#include "helper/keeper/courier.h"
#include "helper/keeper/oauth/whoami.h"
#include "helper/keeper/token/token.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

static bool print(const struct kt_credential *credential, const struct kt_whoami *whoami,
                  struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };
	KT_CLEANUP(kt_text_free) char *name = NULL;
	KT_CLEANUP(kt_text_free) char *line = NULL;
	const char *user = kt_text_or_empty(whoami->user_name);

	if (!kt_service_full_name(&credential->identity, &name, error) ||
	    !kt_text_format(&line, error, "%s works%s%s", name, *user ? ": it is " : "", user))
		return false;
	kt_characters_make_printable(line);
	return kt_secret_append_text(&output, line, error) &&
	       kt_secret_append_text(&output, "\n", error) &&
	       kt_answer_send(STDOUT_FILENO, &output, error);
}

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	KT_CLEANUP(kt_answer_clear) struct kt_answer answer = { 0 };
	KT_CLEANUP(kt_whoami_clear) struct kt_whoami whoami = { 0 };
	const struct kt_requirement requirement = { 0 };
	const char *account;
	bool found;

	if (!kt_command_read_account(NULL, 0, argc, argv, &account, error) ||
	    !kt_account_find(keeper, account, KT_ACCOUNT_TOKEN, &credential, error) ||
	    !kt_token_get(keeper, &credential, &requirement, &answer, &found, error))
		return false;
	kt_expiry_warn(&credential);
	if (!kt_whoami_ask(&whoami, &credential, &answer.secret, KT_COURIER_MILLISECONDS, error))
		return false;
	if (whoami.verdict == KT_WHOAMI_WORKS)
		return print(&credential, &whoami, error);
	*error = whoami.reason;
	return false;
}

const struct kt_command kt_command_status = {
	.name = "status",
	.synopsis = "[ACCOUNT]",
	.summary = "ask the service whether the token works",
	.details = "Exit status 0 yes, 3 no, 5 it cannot tell.\n",
	.run = run,
};
