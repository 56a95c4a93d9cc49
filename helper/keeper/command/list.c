/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/answer.h"
#include "helper/keeper/account/default.h"
#include "helper/keeper/account/expiry.h"
#include "helper/keeper/account/find.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/command/column.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/command/describe.h"
#include "helper/keeper/login/parked.h"
#include "helper/keeper/terminal.h"
#include "helper/keeper/token/state.h"
#include "helper/report.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/json.h"
#include "keyring/text.h"
#include "keyring/translate.h"

/* The accounts that are listed, and the general default among them (a NULL username: none). */
struct listing {
	struct kt_credentials accounts;
	struct kt_identity preferred;
	bool is_empty; /* no account is stored at all */
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

#define COLUMNS 5
#define SERVICE 1
/* From so many accounts on a terminal shows them by service, and where a row is too wide for it. */
#define GROUPED_FROM 20

/* The texts of one row; they are measured before any is printed. */
struct row {
	char *cells[COLUMNS];
	bool is_preferred;
};

struct table {
	struct row *rows; /* the first one is the heading */
	size_t count;
	size_t widths[COLUMNS];
};

static void clear_table(struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		for (size_t j = 0; j < COLUMNS; j++)
			kt_text_free(&table->rows[i].cells[j]);
	free(table->rows);
	*table = (struct table){ 0 };
}

static bool fill_row(struct table *table, struct row *row, const char *const cells[COLUMNS],
                     struct kt_error *error)
{
	for (size_t i = 0; i < COLUMNS; i++) {
		size_t width;

		if (!kt_text_set(&row->cells[i], cells[i], error))
			return false;
		kt_characters_make_printable(row->cells[i]);
		width = kt_characters_columns(row->cells[i]);
		if (width > table->widths[i])
			table->widths[i] = width;
	}
	return true;
}

static bool fill_account(struct table *table, struct row *row,
                         const struct kt_credential *credential, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *service = NULL;
	KT_CLEANUP(kt_text_free) char *end = NULL;
	const char *site = kt_service_site(&credential->identity);
	const char *cells[COLUMNS];

	if (!kt_service_format(&credential->identity, &service, error) ||
	    !kt_describe_end_briefly(credential, &end, error))
		return false;
	cells[0] = credential->identity.username;
	cells[1] = site && !*kt_text_or_empty(credential->identity.path) ? site : service;
	cells[2] = kt_kind_name(credential->kind);
	cells[3] = kt_translate(kt_token_state(credential));
	cells[4] = end;
	return fill_row(table, row, cells, error);
}

static bool is_grouped(const struct table *table)
{
	size_t columns = kt_terminal_columns();
	size_t width = 0;

	for (size_t i = 0; i < COLUMNS; i++)
		width += table->widths[i] + 2;
	return columns > 0 && (columns < width || table->count > GROUPED_FROM);
}

static bool print_row(const struct table *table, const struct row *row, struct kt_secret *output,
                      struct kt_error *error)
{
	if (!kt_secret_append_text(output, row->is_preferred ? "* " : "  ", error))
		return false;
	for (size_t i = 0; i < COLUMNS; i++)
		if (!kt_column_append(output, row->cells[i],
		                      i + 1 == COLUMNS ? 0 : table->widths[i] + 2, error))
			return false;
	return kt_secret_append_text(output, "\n", error);
}

/* The columns that names get: the widest of those beside which the rest of a row has room. */
static size_t names_width(const struct table *table)
{
	size_t columns = kt_terminal_columns();
	size_t others = 2;
	size_t widest = 0;

	for (size_t i = SERVICE + 1; i < COLUMNS; i++)
		others += table->widths[i] + 2;
	for (size_t i = 0; i < table->count; i++) {
		size_t width = kt_characters_columns(table->rows[i].cells[0]);

		if (width + others <= columns && width > widest)
			widest = width;
	}
	return widest;
}

/* A row below its service's heading. A name without room stands in a line of its own. */
static bool print_in_group(const struct table *table, const struct row *row, size_t names,
                           struct kt_secret *output, struct kt_error *error)
{
	bool is_long = kt_characters_columns(row->cells[0]) > names;

	if (!kt_secret_append_text(output, row->is_preferred ? "* " : "  ", error) ||
	    !kt_column_append(output, row->cells[0], is_long ? 0 : names + 2, error) ||
	    (is_long && (!kt_secret_append_text(output, "\n", error) ||
	                 !kt_column_append(output, "", names + 4, error))))
		return false;
	for (size_t i = SERVICE + 1; i < COLUMNS; i++)
		if (!kt_column_append(output, row->cells[i],
		                      i + 1 == COLUMNS ? 0 : table->widths[i] + 2, error))
			return false;
	return kt_secret_append_text(output, "\n", error);
}

static bool print_groups(const struct table *table, struct kt_secret *output,
                         struct kt_error *error)
{
	size_t names = names_width(table);

	for (size_t i = 0; i < table->count; i++) {
		const struct row *row = &table->rows[i];
		bool is_new = i > 0 && (i == 1 || strcmp(row->cells[SERVICE],
		                                         row[-1].cells[SERVICE]) != 0);

		if (is_new && (!kt_secret_append_text(output, row->cells[SERVICE], error) ||
		               !kt_secret_append_text(output, "\n", error)))
			return false;
		if (!print_in_group(table, row, names, output, error))
			return false;
	}
	return true;
}

static bool print_table(const struct listing *listing, struct kt_secret *output,
                        struct kt_error *error)
{
	static const char *const heading[COLUMNS] = {
		KT_TEXT("ACCOUNT"), KT_TEXT("SERVICE"), KT_TEXT("KIND"), KT_TEXT("STATE"), KT_TEXT("ENDS"),
	};
	const char *titles[COLUMNS];
	KT_CLEANUP(clear_table) struct table table = { 0 };
	const struct kt_credentials *list = &listing->accounts;

	if (list->count == 0) {
		kt_report_note(listing->is_empty ? "no account is stored yet; run: keyturn login"
		                                 : KT_TEXT("no account is like that; for all: keyturn "
		                                           "list"));
		return true;
	}
	table.rows = calloc(list->count + 1, sizeof(*table.rows));
	if (!table.rows)
		return kt_fail_memory(error);
	table.count = list->count + 1;
	for (size_t i = 0; i < COLUMNS; i++)
		titles[i] = kt_translate(heading[i]);
	if (!fill_row(&table, &table.rows[0], titles, error))
		return false;
	for (size_t i = 0; i < list->count; i++) {
		table.rows[i + 1].is_preferred = is_default(listing, &list->items[i]);
		if (!fill_account(&table, &table.rows[i + 1], &list->items[i], error))
			return false;
	}
	if (is_grouped(&table))
		return print_groups(&table, output, error);
	for (size_t i = 0; i < table.count; i++)
		if (!print_row(&table, &table.rows[i], output, error))
			return false;
	return true;
}

/* The accounts that are asked for: of a service, of a kind, with a token that ends soon. */
struct filter {
	const char *site;
	const char *kind;
	const char *ends;
	enum kt_kind wanted; /* NONE: any */
	int64_t end;         /* the latest; 0: any */
	struct kt_identity service;
};

static void clear_filter(struct filter *filter)
{
	kt_identity_clear(&filter->service);
}

static bool read_filter(struct filter *filter, struct kt_error *error)
{
	struct kt_credential end = { 0 };

	if (filter->site &&
	    !kt_service_read_host(&filter->service, filter->site, "list: --site", error))
		return false;
	/* Also a service of this machine, without https. */
	kt_text_free(&filter->service.protocol);
	filter->wanted = filter->kind ? kt_kind_from_name(filter->kind) : KT_KIND_NONE;
	if (filter->kind && filter->wanted == KT_KIND_NONE)
		return kt_fail(error, KT_ERROR_USAGE, "list: --kind is pat, sat, web, pkce, device, jwt, "
		               "oauth or password");
	if (!filter->ends)
		return true;
	if (!kt_expiry_set(&end, filter->ends, &(struct kt_error){ 0 }) || !end.expires) {
		kt_fail(error, KT_ERROR_USAGE, "list: --ends takes a number of days (30 or 30d) or a "
		        "date to come (YYYY-MM-DD)");
		return kt_advise(error, "run: keyturn list --ends 7");
	}
	filter->end = end.expires;
	return true;
}

static bool is_asked_for(const struct filter *filter, const struct kt_credential *credential)
{
	int64_t end = kt_describe_own_end(credential);

	return (filter->wanted == KT_KIND_NONE || credential->kind == filter->wanted) &&
	       (!filter->end || (end && end <= filter->end));
}

static int compare_ends(const void *left, const void *right)
{
	int64_t one = kt_describe_own_end(left);
	int64_t other = kt_describe_own_end(right);

	return (one > other) - (one < other);
}

/* Removes the other accounts from the list. Where ends are asked for, the next one stands first. */
static void apply_filter(const struct filter *filter, struct kt_credentials *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		struct kt_credential item = list->items[i];

		if (is_asked_for(filter, &item))
			list->items[kept++] = item;
		else
			kt_credential_clear(&item);
	}
	list->count = kept;
	if (filter->end && kept > 1)
		qsort(list->items, kept, sizeof(list->items[0]), compare_ends);
}

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	KT_CLEANUP(clear_listing) struct listing listing = { 0 };
	KT_CLEANUP(clear_filter) struct filter filter = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };
	const struct kt_option options[] = {
		KT_OPTION_JSON(keeper),
		{ "site", true, &filter.site },
		{ "kind", true, &filter.kind },
		{ "ends", true, &filter.ends },
	};
	bool has_default;
	int count;

	if (!kt_command_read_options(options, KT_COUNT(options), argc, argv, &count, error))
		return false;
	if (count > 0)
		return kt_fail(error, KT_ERROR_USAGE, "list takes no account") ||
		       kt_advise(error, "to see one: keyturn show ACCOUNT");
	kt_parked_save(keeper);
	if (!read_filter(&filter, error) ||
	    !kt_account_list(keeper, &filter.service, KT_ACCOUNT_ANY, &listing.accounts, error) ||
	    !kt_default_get(NULL, &listing.preferred, &has_default, error))
		return false;
	listing.is_empty = listing.accounts.count == 0 && !filter.site;
	apply_filter(&filter, &listing.accounts);
	return (keeper->wants_json ? print_json(&listing, &output, error)
	                           : print_table(&listing, &output, error)) &&
	       kt_answer_send(STDOUT_FILENO, &output, error);
}

const struct kt_command kt_command_list = {
	.name = "list",
	.synopsis = "[--site SITE] [--kind KIND] [--ends DAYS|DATE] [--json]",
	.summary = "list the accounts, never a secret",
	.details = "A * marks the default account. ENDS is the end of a token; a grant's access "
	           "token\n"
	           "is renewed by itself when it is asked for.\n"
	           "--site SITE       coze.cn, coze.com or a host\n"
	           "--kind KIND       pat, sat, web, pkce, device, jwt, oauth or password\n"
	           "--ends DAYS|DATE  what has ended or ends until then, the next one first\n",
	.run = run,
};
