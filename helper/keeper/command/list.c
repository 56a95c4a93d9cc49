/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/answer.h"
#include "helper/keeper/account/default.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/command/describe.h"
#include "helper/keeper/token/state.h"
#include "helper/report.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/json.h"
#include "keyring/text.h"

/* The accounts that are listed, and the general default among them (a NULL username: none). */
struct listing {
	struct kt_credentials accounts;
	struct kt_identity preferred;
};

static void clear_listing(struct listing *listing)
{
	kt_credentials_clear(&listing->accounts);
	kt_identity_clear(&listing->preferred);
}

static bool is_default(const struct listing *listing, const struct kt_credential *credential)
{
	return listing->preferred.username &&
	       kt_identity_is_equal(&listing->preferred, &credential->identity);
}

static int compare(const void *left, const void *right)
{
	const struct kt_identity *one = &((const struct kt_credential *)left)->identity;
	const struct kt_identity *other = &((const struct kt_credential *)right)->identity;
	int order = strcmp(one->host, other->host);

	return order ? order : strcmp(one->username, other->username);
}

static bool print_json(const struct listing *listing, struct kt_secret *output,
                       struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	const struct kt_credentials *list = &listing->accounts;

	if (!kt_json_create(&json, error) || !kt_json_add_number(json, "version", 1, error) ||
	    !kt_json_add_list(json, "accounts", error))
		return false;
	for (size_t i = 0; i < list->count; i++) {
		KT_CLEANUP(kt_json_free) struct kt_json *account = NULL;

		if (!kt_json_create(&account, error) ||
		    !kt_describe_json(&list->items[i], is_default(listing, &list->items[i]), account,
		                      error) ||
		    !kt_json_append_object(json, "accounts", &account, error))
			return false;
	}
	return kt_json_print(json, output, error) && kt_secret_append_text(output, "\n", error);
}

static bool print_row(const struct kt_credential *credential, bool is_preferred,
                      struct kt_secret *output, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *service = NULL;
	KT_CLEANUP(kt_text_free) char *end = NULL;
	KT_CLEANUP(kt_text_free) char *renewal = NULL;
	KT_CLEANUP(kt_text_free) char *row = NULL;

	if (!kt_service_format(&credential->identity, &service, error) ||
	    !kt_describe_end(credential, &end, error) ||
	    !kt_describe_renewal(credential, &renewal, error) ||
	    !kt_text_format(&row, error, "%c %-20s %-28s %-9s %-10s %-16s %s",
	                    is_preferred ? '*' : ' ', credential->identity.username, service,
	                    kt_kind_name(credential->kind), kt_token_state(credential), end,
	                    renewal))
		return false;
	kt_characters_make_printable(row);
	return kt_secret_append_text(output, row, error) &&
	       kt_secret_append_text(output, "\n", error);
}

static bool print_table(const struct listing *listing, struct kt_secret *output,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *heading = NULL;
	const struct kt_credentials *list = &listing->accounts;

	if (list->count == 0) {
		kt_report_note("no account is stored yet; run: keyturn login");
		return true;
	}
	if (!kt_text_format(&heading, error, "  %-20s %-28s %-9s %-10s %-16s %s\n", "ACCOUNT",
	                    "SERVICE", "KIND", "STATE", "ENDS", "RENEWED") ||
	    !kt_secret_append_text(output, heading, error))
		return false;
	for (size_t i = 0; i < list->count; i++)
		if (!print_row(&list->items[i], is_default(listing, &list->items[i]), output, error))
			return false;
	return true;
}

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	KT_CLEANUP(clear_listing) struct listing listing = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };
	struct kt_credentials *list = &listing.accounts;
	const struct kt_identity anything = { 0 };
	const struct kt_option options[] = { KT_OPTION_JSON(keeper) };
	struct kt_keyring *keyring;
	bool has_default;
	int count;

	if (!kt_command_read_options(options, KT_COUNT(options), argc, argv, &count, error))
		return false;
	if (count > 0)
		return kt_fail(error, KT_ERROR_USAGE, "list: it takes no account; see: keyturn show");
	keyring = kt_keeper_keyring(keeper, error);
	if (!keyring || !kt_keyring_search(keyring, &anything, list, error) ||
	    !kt_default_get(NULL, &listing.preferred, &has_default, error))
		return false;
	if (list->count)
		qsort(list->items, list->count, sizeof(list->items[0]), compare);
	if (list->corrupt)
		kt_report_note("%zu stored logins cannot be read; run: keyturn doctor", list->corrupt);
	if (list->hidden)
		kt_report_note("a locked part of the keyring may hold more; run: keyturn unlock");
	return (keeper->wants_json ? print_json(&listing, &output, error)
	                           : print_table(&listing, &output, error)) &&
	       kt_answer_send(STDOUT_FILENO, &output, error);
}

const struct kt_command kt_command_list = {
	.name = "list",
	.synopsis = "[--json]",
	.summary = "list the accounts, never a secret",
	.details = "A * marks the default account.\n",
	.run = run,
};
