/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <unistd.h>

#include "helper/answer.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/plain/plain.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/json.h"
#include "keyring/text.h"
#include "keyring/translate.h"

static bool append_object(const struct kt_plain_place *place, struct kt_json *json,
                          struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *object = NULL;
	struct kt_shell_word word;

	return kt_json_create(&object, error) &&
	       kt_json_add_text(object, "source", place->source, error) &&
	       kt_json_add_text(object, "file", kt_plain_show_path(place->path, &word), error) &&
	       kt_json_add_number(object, "line", (int64_t)place->line, error) &&
	       kt_json_append_object(json, "found", &object, error);
}

/* FILE:LINE: as compilers have it, for editors. */
static bool append_line(const struct kt_plain_place *place, struct kt_secret *output,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *line = NULL;
	struct kt_shell_word word;

	return kt_text_format(&line, error, kt_translate("%s:%zu: a secret in plain text (%s)\n"),
	                      kt_plain_show_path(place->path, &word), place->line, place->source) &&
	       kt_secret_append_text(output, line, error);
}

static bool print(const struct kt_plain_places *places, bool wants_json, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;

	if (!kt_json_create(&json, error) || !kt_json_add_number(json, "version", 1, error) ||
	    !kt_json_add_list(json, "found", error))
		return false;
	for (size_t i = 0; i < places->count; i++)
		if (wants_json ? !append_object(&places->items[i], json, error)
		               : !append_line(&places->items[i], &output, error))
			return false;
	if (!wants_json)
		return kt_report_lines(&output, error);
	return kt_json_print(json, &output, error) && kt_secret_append_text(&output, "\n", error) &&
	       kt_answer_send(STDOUT_FILENO, &output, error);
}

static bool look(const char *directory, struct kt_plain_places *places, struct kt_error *error)
{
	const struct kt_plain_visitor visitor = { kt_plain_look_at_file, places };
	const char *home;

	if (directory)
		return kt_plain_walk_below(directory, &visitor, error);
	home = kt_environment_home();
	if (home)
		return kt_plain_walk_home(home, &visitor, error);
	kt_fail(error, KT_ERROR_UNAVAILABLE, "there is no home directory");
	return kt_advise(error, "set HOME, or name a directory: keyturn scan DIR");
}

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	KT_CLEANUP(kt_plain_places_clear) struct kt_plain_places places = { 0 };
	const struct kt_option options[] = { KT_OPTION_JSON(keeper) };
	int count;

	if (!kt_command_read_options(options, KT_COUNT(options), argc, argv, &count, error))
		return false;
	if (count > 1) {
		kt_fail(error, KT_ERROR_USAGE, "scan: it takes one directory");
		return kt_advise(error, "run it once for each");
	}
	if (!look(count ? argv[1] : NULL, &places, error) ||
	    !print(&places, keeper->wants_json, error))
		return false;
	if (places.count == 0)
		return true;
	/* The object has told it already. */
	if (keeper->wants_json) {
		error->code = KT_ERROR_NOT_FOUND;
		return false;
	}
	kt_fail(error, KT_ERROR_NOT_FOUND, places.count == 1
	                ? "%zu secret lies in plain text, where every program of yours can read it"
	                : KT_TEXT("%zu secrets lie in plain text, where every program of yours can "
	                          "read them"),
	        places.count);
	return kt_advise(error, "move them into the keyring: keyturn import; one that was copied, as "
	                 "into a repository or a backup, is to be revoked at its service");
}

const struct kt_command kt_command_scan = {
	.name = "scan",
	.synopsis = "[DIR] [--json]",
	.summary = "find tokens that lie in plain text",
	.details = "Looks where shells, SDKs and tools keep them: in the files of your home that "
	           "are\n"
	           "known for it, or in all below DIR that are known by their names. Prints\n"
	           "FILE:LINE and never a secret, and changes nothing. Exit status 1 where there is\n"
	           "one, 0 where there is none: for a hook before a commit.\n"
	           "--json   one object\n",
	.run = run,
};
