/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/account/pick.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/terminal.h"
#include "helper/report.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"
#include "keyring/translate.h"

#define TRIES 3

static bool may_ask(const struct kt_keeper *keeper)
{
	return !keeper->never_prompts && !keeper->wants_json && kt_terminal_is_interactive() &&
	       !kt_text_is_equal(kt_environment_get("KEYTURN_PROMPT"), "0");
}

static bool write_prompt(const struct kt_credentials *list, bool may_remember,
                         struct kt_secret *prompt, struct kt_error *error)
{
	if (!kt_secret_append_text(prompt, kt_translate("Several accounts fit:\n"), error))
		return false;
	for (size_t i = 0; i < list->count; i++) {
		const struct kt_credential *credential = &list->items[i];
		KT_CLEANUP(kt_text_free) char *name = NULL;
		KT_CLEANUP(kt_text_free) char *line = NULL;

		if (!kt_service_full_name(&credential->identity, &name, error) ||
		    !kt_text_format(&line, error, " %2zu  %s  %s", i + 1, name,
		                    kt_kind_name(credential->kind)))
			return false;
		kt_characters_make_printable(line);
		if (!kt_secret_append_text(prompt, line, error) ||
		    !kt_secret_append_text(prompt, "\n", error))
			return false;
	}
	return kt_secret_append_text(prompt, may_remember
	                                     ? kt_translate("Number or name, with a + behind it to "
	                                                    "have it remembered for this directory: ")
	                                     : kt_translate("Number or name: "), error);
}

/* A number of the list, a whole name, or a name that only one of them has. */
static bool is_meant(const struct kt_credentials *list, const char *answer, size_t *index)
{
	size_t hits = 0;
	int64_t number;

	if (kt_text_to_number(answer, strlen(answer), 1, (int64_t)list->count, &number)) {
		*index = (size_t)number - 1;
		return true;
	}
	for (size_t i = 0; i < list->count; i++) {
		KT_CLEANUP(kt_text_free) char *name = NULL;
		struct kt_error ignored = { 0 };

		if (kt_service_full_name(&list->items[i].identity, &name, &ignored) &&
		    strcmp(name, answer) == 0) {
			*index = i;
			return true;
		}
		if (kt_text_is_equal(list->items[i].identity.username, answer)) {
			*index = i;
			hits++;
		}
	}
	return hits == 1;
}

/* Takes a + off the end of the answer; a name that ends so is meant where there is one. */
static bool is_to_be_remembered(const struct kt_credentials *list, struct kt_secret *line)
{
	size_t length = kt_secret_length(line);
	size_t index;

	if (length < 2 || kt_secret_reveal(line)[length - 1] != '+' ||
	    is_meant(list, kt_secret_reveal(line), &index))
		return false;
	kt_secret_truncate(line, length - 1);
	kt_secret_trim(line);
	return true;
}

/* remember: NULL where that is not offered. */
static bool choose(const struct kt_credentials *list, size_t *index, bool *remember,
                   struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret prompt = { 0 };

	if (!write_prompt(list, remember != NULL, &prompt, error))
		return false;
	for (int left = TRIES - 1;; left--) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret line = { 0 };

		if (!kt_terminal_ask(kt_secret_reveal(&prompt), &line, error))
			return false;
		if (remember)
			*remember = is_to_be_remembered(list, &line);
		if (is_meant(list, kt_secret_reveal(&line), index))
			return true;
		if (left == 0) {
			kt_fail(error, KT_ERROR_ACCOUNT_NEEDED, "none of the accounts was named");
			return kt_advise(error, "run: keyturn list");
		}
		kt_report_note("type a number from 1 to %zu, try again (%d left)", list->count, left);
	}
}

/* Of two items of one account nobody can choose by its name. */
static bool has_twins(const struct kt_credentials *list)
{
	for (size_t i = 0; i < list->count; i++)
		for (size_t other = 0; other < i; other++)
			if (kt_identity_is_equal(&list->items[i].identity,
			                         &list->items[other].identity))
				return true;
	return false;
}

static void tell(const struct kt_identity *identity)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;
	struct kt_error ignored = { 0 };
	struct kt_shell_word word;

	if (kt_service_full_name(identity, &name, &ignored))
		kt_report_note("to be asked no more: keyturn default %s",
		               kt_shell_word(&word, name, "ACCOUNT"));
}

bool kt_account_ask(struct kt_keeper *keeper, const char *account, enum kt_account_use use,
                    struct kt_credential *credential, bool *remember, struct kt_error *error)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials list = { 0 };
	bool is_named = account || kt_environment_get("KEYTURN_ACCOUNT");
	struct kt_error failure = { 0 };
	size_t index = 0;

	if (error->code != KT_ERROR_ACCOUNT_NEEDED || !may_ask(keeper) ||
	    !kt_account_search(keeper, account, use, &list, &failure) || has_twins(&list) ||
	    list.count == 0)
		return false;
	kt_error_clear(error);
	if (is_named)
		remember = NULL;
	if (!choose(&list, &index, remember, error))
		return false;
	kt_credential_clear(credential);
	*credential = list.items[index];
	list.items[index] = (struct kt_credential){ 0 };
	if (!is_named && !(remember && *remember))
		tell(&credential->identity);
	return true;
}

bool kt_account_find_or_ask(struct kt_keeper *keeper, const char *account, enum kt_account_use use,
                            struct kt_credential *credential, struct kt_error *error)
{
	return kt_account_find(keeper, account, use, credential, error) ||
	       kt_account_ask(keeper, account, use, credential, NULL, error);
}
