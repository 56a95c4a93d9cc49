/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/answer.h"
#include "helper/errand.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/command/token_lookup.h"
#include "helper/keeper/token/drop.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"

#define SAY_TIME 5000

/* A token that can be renewed is dropped; any other may be good elsewhere. */
static bool drop_refused(struct kt_keeper *keeper, const struct kt_errand *question,
                         const struct kt_credential *credential,
                         const struct kt_token_lookup *lookup, struct kt_error *error)
{
	const struct kt_requirement requirement = { .session_name = lookup->session_name };
	bool ignored;

	return !kt_kind_is_grant(credential->kind) ||
	       kt_drop_token(keeper, credential, &requirement,
	                     kt_errand_secret(question, "token"), &ignored, error);
}

static bool look_up(struct kt_keeper *keeper, const struct kt_errand *question, int argc,
                    char **argv, struct kt_answer *answer, struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	struct kt_token_lookup lookup = { 0 };
	const struct kt_option options[] = { KT_TOKEN_LOOKUP_OPTIONS(&lookup) };
	const struct kt_secret *refused = kt_errand_secret(question, "token");

	if (!kt_command_read_account(options, KT_COUNT(options), argc, argv, &lookup.account, error) ||
	    !kt_token_lookup_answer(keeper, &lookup, &credential, answer, error))
		return false;
	/* Somebody else may have renewed it meanwhile. */
	if (!refused || !kt_errand_is(question, "reject", "1") ||
	    kt_token_lookup_has_source(&lookup) || !kt_secret_is_equal(refused, &answer->secret))
		return true;
	kt_answer_clear(answer);
	if (!drop_refused(keeper, question, &credential, &lookup, error))
		return false;
	kt_credential_clear(&credential);
	return kt_token_lookup_answer(keeper, &lookup, &credential, answer, error);
}

static bool tell_answer(const struct kt_answer *answer, struct kt_errand *message,
                        struct kt_error *error)
{
	return kt_errand_add(message, "say", "token", error) &&
	       kt_errand_add_secret(message, "token", &answer->secret, error) &&
	       kt_errand_add_number(message, "expires", answer->expires, error) &&
	       kt_errand_add_number(message, "obtained", answer->obtained, error);
}

static bool tell_failure(const struct kt_error *failure, struct kt_errand *message,
                         struct kt_error *error)
{
	return kt_errand_add(message, "say", "failed", error) &&
	       kt_errand_add(message, "error", kt_error_name(failure->code), error) &&
	       kt_errand_add(message, "message", failure->message, error) &&
	       kt_errand_add(message, "remedy", failure->remedy, error);
}

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand question = { 0 };
	KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };
	KT_CLEANUP(kt_answer_clear) struct kt_answer answer = { 0 };
	struct kt_error failure = { 0 };

	keeper->never_prompts = true;
	if (!kt_errand_receive(&question, KT_ERRAND_DESCRIPTOR, kt_clock_monotonic() + SAY_TIME,
	                       error) ||
	    !(look_up(keeper, &question, argc, argv, &answer, &failure)
	              ? tell_answer(&answer, &message, error)
	              : tell_failure(&failure, &message, error)))
		return false;
	return kt_errand_send(&message, KT_ERRAND_DESCRIPTOR, kt_clock_monotonic() + SAY_TIME, error);
}

const struct kt_command kt_command_lend_token = {
	.name = "lend-token",
	.synopsis = "[ACCOUNT]",
	.summary = "answer the steward of a loan (proxy_start.h)",
	.details = "",
	.run = run,
};
