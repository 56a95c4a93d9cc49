/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "helper/answer.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/command/import_tell.h"
#include "helper/keeper/import/copies.h"
#include "helper/keeper/import/import.h"
#include "helper/keeper/import/item.h"
#include "helper/keeper/login/login.h"
#include "helper/keeper/setup/difference.h"
#include "helper/keeper/setup/setup.h"
#include "helper/keeper/terminal.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/text.h"
#include "keyring/translate.h"

struct wishes {
	bool is_dry;
	bool removes;
	bool is_agreed; /* --yes */
	const char *site;
	const char *host;
};

static bool has_state(const struct kt_import *import, enum kt_import_state state)
{
	for (size_t i = 0; i < import->count; i++)
		for (size_t j = 0; j < import->files[i].count; j++)
			if (import->files[i].items[j].state == state)
				return true;
	return false;
}

static bool needs_site(const struct kt_import *import)
{
	for (size_t i = 0; i < import->count; i++)
		for (size_t j = 0; j < import->files[i].count; j++)
			if (import->files[i].items[j].needs_site)
				return true;
	return false;
}

/* Reads the sources; a person is asked once for the site of what names none. */
static bool read_sources(struct kt_import *import, const struct wishes *wishes,
                         struct kt_secret *site, int count, char **words,
                         struct kt_error *error)
{
	static const char prompt[] = KT_TEXT("Some are of Coze, and nothing near them tells of which "
	                                     "site. Is it coze.cn or coze.com?\n"
	                                     "(Enter: leave them where they are) ");

	import->host = wishes->host;
	import->site = wishes->site ? wishes->site : kt_environment_get("COZE_API_BASE");
	if (!kt_import_read(import, count, words, error))
		return false;
	if (!needs_site(import) || wishes->is_dry || wishes->is_agreed ||
	    !kt_terminal_is_interactive())
		return true;
	if (!kt_terminal_ask(prompt, site, error))
		return false;
	if (kt_secret_is_empty(site))
		return true;
	kt_import_clear(import);
	import->site = kt_secret_reveal(site);
	return kt_import_read(import, count, words, error);
}

/* A person is asked for the host of each token whose service nothing names. */
static bool ask_hosts(struct kt_import *import, const struct wishes *wishes,
                      struct kt_error *error)
{
	if (wishes->is_dry || wishes->is_agreed || !kt_terminal_is_interactive())
		return true;
	for (size_t i = 0; i < import->count; i++)
		for (size_t j = 0; j < import->files[i].count; j++) {
			struct kt_import_item *item = &import->files[i].items[j];
			KT_CLEANUP(kt_text_free) char *question = NULL;
			KT_CLEANUP(kt_secret_clear) struct kt_secret host = { 0 };

			if (!item->needs_host)
				continue;
			if (!kt_import_host_question(&import->files[i], item, &question, error) ||
			    !kt_terminal_ask(question, &host, error) ||
			    (!kt_secret_is_empty(&host) &&
			     !kt_import_set_host(item, kt_secret_reveal(&host), error)))
				return false;
		}
	return true;
}

/* A dry run asks nobody: it leaves out a keyring that is locked. */
static struct kt_keyring *open_quietly(struct kt_keeper *keeper)
{
	struct kt_error ignored = { 0 };
	struct kt_keyring *keyring;
	bool open = false;

	keeper->never_prompts = true;
	keyring = kt_keeper_keyring(keeper, &ignored);
	return keyring && kt_keyring_is_open(keyring, &open, &ignored) && open ? keyring : NULL;
}

static bool agree(struct kt_import *import, const struct wishes *wishes, struct kt_error *error)
{
	for (size_t i = 0; i < import->count; i++)
		for (size_t j = 0; j < import->files[i].count; j++) {
			struct kt_import_item *item = &import->files[i].items[j];
			KT_CLEANUP(kt_text_free) char *question = NULL;

			item->is_agreed = kt_import_is_movable(item);
			if (item->state != KT_IMPORT_NEW || wishes->is_agreed)
				continue;
			if (!kt_import_question(&import->files[i], item, &question, error) ||
			    !kt_terminal_confirm(question, &item->is_agreed, error))
				return false;
		}
	return true;
}

/* The item that is stored for all of its twins. */
static const struct kt_import_item *find_first(const struct kt_import *import,
                                               const struct kt_import_item *twin)
{
	for (size_t i = 0; i < import->count; i++)
		for (size_t j = 0; j < import->files[i].count; j++) {
			const struct kt_import_item *item = &import->files[i].items[j];

			if ((item->state == KT_IMPORT_NEW || item->state == KT_IMPORT_STORED) &&
			    kt_identity_is_equal(&item->credential.identity,
			                         &twin->credential.identity))
				return item;
		}
	return NULL;
}

static bool keep(struct kt_import *import, struct kt_keyring *keyring, struct kt_error *error)
{
	for (size_t i = 0; i < import->count; i++)
		for (size_t j = 0; j < import->files[i].count; j++) {
			struct kt_import_item *item = &import->files[i].items[j];

			if (item->state == KT_IMPORT_STORED)
				item->is_kept = true;
			if (item->state == KT_IMPORT_NEW && item->is_agreed &&
			    !kt_import_keep(item, keyring, error))
				return false;
		}
	for (size_t i = 0; i < import->count; i++)
		for (size_t j = 0; j < import->files[i].count; j++) {
			struct kt_import_item *item = &import->files[i].items[j];
			const struct kt_import_item *first =
				item->state == KT_IMPORT_TWIN ? find_first(import, item) : NULL;

			item->is_kept = item->is_kept || (first && first->is_kept);
		}
	return true;
}

/* The notes of a file are about what is on its way; the keyring may have more. */
static void tell_wired(const struct kt_import_source *source, const struct kt_setup_plan *plan)
{
	const char *name = plan->tool->name;

	if (!source->read)
		kt_setup_plan_tell(plan);
	kt_report_note("%s asks keyturn now (%s); to take it back: keyturn setup %s --undo", name,
	               plan->target.file, name);
}

/* The tool asks keyturn before its own copy goes. A tool that is not there needs none. */
static bool wire(const struct kt_import_source *source, struct kt_keeper *keeper)
{
	KT_CLEANUP(kt_setup_plan_clear) struct kt_setup_plan plan = { 0 };
	const struct kt_setup_tool *tool = NULL;
	struct kt_error failure = { 0 };

	if (!source->tool)
		return true;
	if (kt_setup_find(source->tool, &tool, &failure) &&
	    kt_setup_plan_make(&plan, tool, NULL, false, keeper, &failure) &&
	    (!plan.is_change || kt_setup_plan_carry_out(&plan, keeper, &failure))) {
		if (plan.is_change)
			tell_wired(source, &plan);
		return true;
	}
	kt_report_note("%s does not ask keyturn yet: %s", source->tool, failure.message);
	if (failure.remedy[0])
		kt_report_note("%s", failure.remedy);
	return false;
}

static bool show(const struct kt_import_file *file, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret old = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret new = { 0 };

	return kt_import_append_shown(file, false, &old, error) &&
	       kt_import_append_shown(file, true, &new, error) &&
	       kt_difference_append(&output, file->target.file, &old, &new, error) &&
	       kt_answer_send(STDERR_FILENO, &output, error);
}

static bool is_wanted(const struct kt_import_file *file, const struct wishes *wishes, bool *yes,
                      struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *question = NULL;
	bool is_seen = kt_terminal_is_interactive();

	*yes = wishes->removes;
	if (is_seen && !file->source->is_whole && !show(file, error))
		return false;
	if (*yes || !is_seen)
		return true;
	return kt_text_format(&question, error, kt_translate(file->source->is_whole
	                      ? KT_TEXT("Remove %s, which holds nothing else? [y/N] ")
	                      : KT_TEXT("Change %s so? [y/N] ")), file->target.file) &&
	       kt_terminal_confirm(question, yes, error);
}

static size_t count_kept(const struct kt_import_file *file)
{
	size_t count = 0;

	for (size_t i = 0; i < file->count; i++)
		count += file->items[i].is_kept;
	return count;
}

static bool take_out(struct kt_import_file *file, const struct wishes *wishes,
                     struct kt_keeper *keeper, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
	bool yes = false;

	if (count_kept(file) == 0)
		return true;
	if (!kt_import_append_rest(file, &content, error) ||
	    !is_wanted(file, wishes, &yes, error))
		return false;
	if (!yes)
		return true;
	wire(file->source, keeper);
	if (file->foreign.place)
		return kt_import_take_out(file, &content, &keeper->keyring, error);
	if (file->source->tool) {
		kt_secret_clear(&content);
		if (!kt_import_read_again(file, error) ||
		    !kt_import_append_rest(file, &content, error))
			return false;
	}
	return kt_import_tell_copies(file, keeper->environment, error) &&
	       kt_import_take_out(file, &content, &keeper->keyring, error);
}

static bool check_somebody(const struct kt_import *import, const struct wishes *wishes,
                           struct kt_error *error)
{
	if (wishes->is_agreed || kt_terminal_is_interactive() || !has_state(import, KT_IMPORT_NEW))
		return true;
	kt_fail(error, KT_ERROR_USAGE, "import: it asks for each secret, and there is no terminal to "
	        "ask at");
	return kt_advise(error, "add --yes to take all, or --dry-run to see them");
}

static bool move(struct kt_import *import, const struct wishes *wishes, struct kt_keeper *keeper,
                 struct kt_error *error)
{
	struct kt_keyring *keyring = NULL;

	if (import->count > 0 && !kt_login_open_keyring(keeper, NULL, &keyring, error))
		return false;
	/* Nobody is asked to open a keyring for which there may be no use. */
	if (import->count == 0)
		keyring = open_quietly(keeper);
	if (keyring && !kt_import_read_keyring(import, keyring, error))
		return false;
	if (!kt_import_settle(import, keyring, error) || !check_somebody(import, wishes, error))
		return false;
	if (!keeper->wants_json && !kt_import_print(import, error))
		return false;
	if (!agree(import, wishes, error) || !keep(import, keyring, error))
		return false;
	for (size_t i = 0; i < import->count; i++)
		if (!take_out(&import->files[i], wishes, keeper, error))
			return false;
	return true;
}

static bool look(struct kt_import *import, struct kt_keeper *keeper, struct kt_error *error)
{
	struct kt_keyring *keyring = open_quietly(keeper);

	return (!keyring || kt_import_read_keyring(import, keyring, error)) &&
	       kt_import_settle(import, keyring, error) &&
	       (keeper->wants_json || kt_import_print(import, error));
}

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret site = { 0 };
	KT_CLEANUP(kt_import_clear) struct kt_import import = { 0 };
	struct wishes wishes = { 0 };
	const struct kt_option options[] = {
		KT_OPTION_JSON(keeper),
		{ "dry-run", false, &wishes.is_dry },
		{ "remove", false, &wishes.removes },
		{ "yes", false, &wishes.is_agreed },
		{ "site", true, &wishes.site },
		{ "host", true, &wishes.host },
	};
	int count;

	if (!kt_command_read_options(options, KT_COUNT(options), argc, argv, &count, error))
		return false;
	if (wishes.is_dry && wishes.removes)
		return kt_fail(error, KT_ERROR_USAGE, "import: --dry-run and --remove exclude each "
		               "other");
	if (!read_sources(&import, &wishes, &site, count, argv + 1, error) ||
	    !ask_hosts(&import, &wishes, error) ||
	    !(wishes.is_dry ? look(&import, keeper, error) : move(&import, &wishes, keeper, error)))
		return false;
	return kt_import_tell(&import, wishes.is_dry, keeper->wants_json, error);
}

const struct kt_command kt_command_import = {
	.name = "import",
	.synopsis = "[SOURCE...] [--dry-run] [--remove] [--yes] [--site SITE] [--host HOST] [--json]",
	.summary = "move tokens that lie in plain text into the keyring",
	.details = "SOURCE is one of the list, a file or a directory; without one all that lies in\n"
	           "your home is moved. Shows account, service and place, never a secret, and asks\n"
	           "for each. A secret is stored and read back before it is taken out of its file.\n"
	           "--dry-run    show what would be moved, and change nothing\n"
	           "--remove     take them out of their files unasked\n"
	           "--yes        take all, as in a script\n"
	           "--site SITE  for tokens of Coze that lie where no site is named\n"
	           "--host HOST  for tokens of others that lie where no service is named\n"
	           "--json       one object\n",
	.describe = kt_import_describe,
	.run = run,
};
