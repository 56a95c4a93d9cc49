/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "helper/keeper/account/find_failure.h"
#include "helper/keeper/account/secret_word.h"
#include "helper/keeper/account/service.h"
#include "keyring/cleanup.h"
#include "keyring/shell_word.h"
#include "keyring/suggestion.h"
#include "keyring/text.h"

bool kt_account_fail_ambiguous(const struct kt_credentials *list, struct kt_error *error)
{
	char names[200] = "";
	size_t length = 0;

	for (size_t i = 0; i < list->count; i++) {
		KT_CLEANUP(kt_text_free) char *name = NULL;
		size_t needed;

		if (!kt_service_full_name(&list->items[i].identity, &name, error))
			return false;
		needed = strlen(name) + 2;
		if (length + needed + 4 > sizeof(names)) {
			length += (size_t)snprintf(names + length, sizeof(names) - length, " ...");
			break;
		}
		length += (size_t)snprintf(names + length, sizeof(names) - length, "%s%s",
		                           i ? ", " : "", name);
	}
	kt_fail(error, KT_ERROR_ACCOUNT_NEEDED, "several accounts fit: %s", names);
	return kt_advise(error, "name one of them, or choose once: keyturn default ACCOUNT");
}

/* A password that git stored is no token; else a stored name may be near the one that was typed. */
static bool advise_near(const struct kt_credentials *list, const char *account,
                        struct kt_error *error)
{
	struct kt_suggestion suggestion = { 0 };
	struct kt_shell_word word;

	for (size_t i = 0; i < list->count; i++) {
		KT_CLEANUP(kt_text_free) char *name = NULL;

		if (!kt_service_full_name(&list->items[i].identity, &name, error))
			return false;
		if (list->items[i].kind == KT_KIND_PASSWORD &&
		    (strcmp(account, name) == 0 ||
		     strcmp(account, list->items[i].identity.username) == 0)) {
			kt_fail(error, KT_ERROR_NOT_FOUND,
			        "%s is a git password: it is handed out to "
			        "git alone",
			        account);
			return kt_advise(error, "to see it: keyturn show %s",
			                 kt_shell_word(&word, account, "ACCOUNT"));
		}
		kt_suggestion_consider(&suggestion, account, list->items[i].identity.username);
	}
	if (kt_secret_word_is_likely(account)) {
		kt_fail(error, KT_ERROR_NOT_FOUND,
		        "no account of that name is stored, and the name looks "
		        "like a token");
		return kt_advise(error, "name the account that has the token: keyturn list");
	}
	kt_fail(error, KT_ERROR_NOT_FOUND, "no account %s is stored", account);
	if (suggestion.word)
		return kt_advise(error, "did you mean %s? run: keyturn list", suggestion.word);
	return kt_advise(error, "run: keyturn list");
}

bool kt_account_fail_absent(const struct kt_credentials *list, const char *account,
                            struct kt_error *error)
{
	if (account)
		return advise_near(list, account, error);
	if (list->count > 0)
		kt_fail(error, KT_ERROR_NOT_FOUND,
		        "no token is stored yet, only passwords, which git "
		        "alone gets");
	else
		kt_fail(error, KT_ERROR_NOT_FOUND, "no account is stored yet");
	return kt_advise(error, "run: keyturn login --site coze.cn --with-token");
}

bool kt_account_fail_unstored(const char *place, const char *name, struct kt_error *error)
{
	struct kt_shell_word word;

	kt_fail(error, KT_ERROR_NOT_FOUND, "%s is bound to %s, which is not stored", place, name);
	return kt_advise(error, "log in to it, or have others answer there: keyturn unbind %s",
	                 kt_shell_word(&word, place, "PLACE"));
}
