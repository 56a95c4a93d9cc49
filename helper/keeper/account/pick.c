/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "helper/keeper/account/pick.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/menu.h"
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

/* The rows that a person chooses from, which are its own. */
static void menu_clear(struct kt_menu *menu)
{
	for (size_t i = 0; menu->rows && i < menu->count; i++)
		kt_text_free(&menu->rows[i]);
	free(menu->rows);
}

static bool write_menu(const struct kt_credentials *list, bool is_drawn, struct kt_menu *menu,
                       struct kt_error *error)
{
	menu->title = is_drawn ? kt_translate("Several accounts fit (arrow keys and Enter):")
	                       : kt_translate("Several accounts fit:");
	menu->rows = calloc(list->count, sizeof(*menu->rows));
	menu->count = list->count;
	if (!menu->rows)
		return kt_fail_memory(error);
	for (size_t i = 0; i < list->count; i++) {
		const struct kt_credential *credential = &list->items[i];
		KT_CLEANUP(kt_text_free) char *name = NULL;

		if (!kt_service_full_name(&credential->identity, &name, error) ||
		    !kt_text_format(&menu->rows[i], error, "%s  %s", name,
		                    kt_kind_name(credential->kind)))
			return false;
		kt_characters_make_printable(menu->rows[i]);
	}
	return true;
}

/* The same for a terminal that cannot draw it: the list, and a line to be typed. */
static bool ask_in_line(const struct kt_menu *menu, struct kt_secret *line,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret prompt = { 0 };

	if (!kt_secret_append_text(&prompt, menu->title, error))
		return false;
	for (size_t i = 0; i < menu->count; i++) {
		KT_CLEANUP(kt_text_free) char *row = NULL;

		if (!kt_text_format(&row, error, "\n %2zu  %s", i + 1, menu->rows[i]) ||
		    !kt_secret_append_text(&prompt, row, error))
			return false;
	}
	return kt_secret_append_text(&prompt, "\n", error) &&
	       kt_secret_append_text(&prompt, menu->prompt, error) &&
	       kt_terminal_ask(kt_secret_reveal(&prompt), line, error);
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

	if (length < 1 || kt_secret_reveal(line)[length - 1] != '+' ||
	    is_meant(list, kt_secret_reveal(line), &index))
		return false;
	kt_secret_truncate(line, length - 1);
	kt_secret_trim(line);
	return true;
}

/* Lets the person choose once. *is_chosen is false where the answer names no account. */
static bool choose_once(const struct kt_credentials *list, const struct kt_menu *menu,
                        bool is_drawn, size_t *index, bool *remember, bool *is_chosen,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret line = { 0 };

	if (!(is_drawn ? kt_menu_choose(menu, index, &line, error)
	               : ask_in_line(menu, &line, error)))
		return false;
	if (remember)
		*remember = is_to_be_remembered(list, &line);
	*is_chosen = (is_drawn && kt_secret_is_empty(&line)) ||
	             is_meant(list, kt_secret_reveal(&line), index);
	return true;
}

static const char *prompt_for(bool is_drawn, bool may_remember)
{
	if (!may_remember)
		return kt_translate("Number or name: ");
	return is_drawn ? kt_translate("Number or name; with a + it is remembered here: ")
	                : kt_translate("Number or name, with a + behind it to have it remembered for "
	                               "this directory: ");
}

/* remember: NULL where that is not offered. */
static bool choose(const struct kt_credentials *list, size_t *index, bool *remember,
                   struct kt_error *error)
{
	KT_CLEANUP(menu_clear) struct kt_menu menu = { 0 };
	bool is_drawn = kt_menu_is_possible();

	if (!write_menu(list, is_drawn, &menu, error))
		return false;
	menu.prompt = prompt_for(is_drawn, remember != NULL);
	for (int left = TRIES - 1;; left--) {
		bool is_chosen = false;

		if (!choose_once(list, &menu, is_drawn, index, remember, &is_chosen, error))
			return false;
		if (is_chosen)
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
