/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "helper/keeper/account/find.h"
#include "helper/keeper/terminal.h"
#include "helper/keeper/token/rotation.h"
#include "helper/keeper/token/subject.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/file.h"
#include "keyring/shell_word.h"

/* An assertion of SAML is larger than other tokens. */
#define TOKEN_MAXIMUM ((size_t)64 * 1024)

bool kt_subject_read(struct kt_secret *subject, const char *path, struct kt_error *error)
{
	bool found = true;

	kt_secret_clear(subject);
	if (strcmp(path, "-") == 0 && isatty(STDIN_FILENO)) {
		if (!kt_terminal_ask_secret("Token to exchange (not shown while you type): ", subject,
		                            error))
			return false;
	} else if (!kt_file_read_given(path, TOKEN_MAXIMUM, subject, &found, error)) {
		return false;
	}
	kt_secret_trim(subject);
	if (!kt_secret_is_empty(subject))
		return true;
	if (found)
		kt_fail(error, KT_ERROR_USAGE, "the token to exchange is empty");
	else
		kt_fail(error, KT_ERROR_USAGE, "the file of the token to exchange does not exist: %.*s",
		        kt_characters_fit(path, 150), path);
	return kt_advise(error, "give the path of a file that holds the token alone, or - for stdin");
}

/*
 * Another account that acts for itself would have to be asked under its own lock and this one's,
 * and could have this one for its subject.
 */
static bool fail_app(const char *account, struct kt_error *error)
{
	struct kt_shell_word word;

	kt_fail(error, KT_ERROR_USAGE, "the tokens of %s are an app's own, and are not exchanged",
	        account);
	return kt_advise(error, "name an account of a person with --subject-account; to see this one: "
	                 "keyturn show %s", kt_shell_word(&word, account, "ACCOUNT"));
}

static bool get_account(struct kt_keeper *keeper, const char *account, struct kt_secret *subject,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	const struct kt_requirement usual = { 0 };
	struct kt_shell_word word;

	if (!kt_account_find(keeper, account, KT_ACCOUNT_TOKEN, &credential, error))
		return false;
	if (kt_kind_is_app(credential.kind))
		return fail_app(account, error);
	if (kt_kind_is_grant(credential.kind) &&
	    !kt_rotation_run(keeper, &credential, &usual, error))
		return false;
	if (!credential.refused && !kt_secret_is_empty(&credential.token))
		return kt_secret_copy(subject, &credential.token, error);
	kt_fail(error, KT_ERROR_REFUSED, "the account %s has no token to exchange", account);
	return kt_advise(error, "run: keyturn login %s", kt_shell_word(&word, account, "ACCOUNT"));
}

bool kt_subject_get(struct kt_keeper *keeper, const struct kt_credential *credential,
                    struct kt_secret *subject, struct kt_error *error)
{
	if (credential->subject_account)
		return get_account(keeper, credential->subject_account, subject, error);
	if (credential->subject_token_file)
		return kt_subject_read(subject, credential->subject_token_file, error);
	return kt_secret_copy(subject, &credential->subject_token, error);
}
