/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <unistd.h>

#include "helper/answer.h"
#include "helper/keeper/account/default.h"
#include "helper/keeper/account/find.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/cache/answers.h"
#include "helper/keeper/command/command.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

static bool print(struct kt_error *error)
{
	KT_CLEANUP(kt_identity_clear) struct kt_identity preferred = { 0 };
	KT_CLEANUP(kt_text_free) char *name = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };
	bool found;

	if (!kt_default_get(NULL, &preferred, &found, error))
		return false;
	if (!found) {
		kt_fail(error, KT_ERROR_NOT_FOUND, "no default account is set");
		return kt_advise(error, "run: keyturn default ACCOUNT");
	}
	return kt_service_full_name(&preferred, &name, error) &&
	       kt_secret_append_text(&output, name, error) &&
	       kt_secret_append_text(&output, "\n", error) &&
	       kt_answer_send(STDOUT_FILENO, &output, error);
}

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	const struct kt_identity everything = { 0 };
	const char *account;

	if (!kt_command_read_account(NULL, 0, argc, argv, &account, error))
		return false;
	if (!account)
		return print(error);
	if (!kt_account_find(keeper, account, KT_ACCOUNT_ANY, &credential, error))
		return false;
	kt_answers_forget(&everything);
	if (!kt_default_set(&credential.identity, true, error))
		return false;
	kt_answers_forget(&everything);
	return true;
}

const struct kt_command kt_command_default = {
	.name = "default",
	.synopsis = "[ACCOUNT]",
	.summary = "print or set the account that answers when none is named",
	.details = "The first login becomes the default; later ones never move it. ACCOUNT becomes\n"
	           "the default of its service, too.\n",
	.run = run,
};
