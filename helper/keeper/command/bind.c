/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "helper/answer.h"
#include "helper/keeper/account/binding.h"
#include "helper/keeper/account/pick.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/command/bind_directory.h"
#include "helper/keeper/command/column.h"
#include "helper/keeper/command/command.h"
#include "helper/report.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/json.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"
#include "keyring/translate.h"

static bool is_url(const char *place)
{
	return strstr(place, "://") != NULL;
}

/* The same of one that may be gone: its path as it stands then, without a slash at its end. */
static bool find_bound(const char *given, char **place, struct kt_error *error)
{
	KT_CLEANUP(kt_identity_clear) struct kt_identity prefix = { 0 };
	struct kt_error absent = { 0 };
	size_t length;

	if (given && is_url(given))
		return kt_binding_read_prefix(&prefix, place, given, error);
	if (kt_bind_find_directory(given, place, &absent))
		return true;
	if (!given || given[0] != '/') {
		*error = absent;
		return false;
	}
	length = strlen(given);
	while (length > 1 && given[length - 1] == '/')
		length--;
	return kt_text_set_bytes(place, given, length, error);
}

static bool bind_prefix(const struct kt_identity *account, const char *name, const char *url,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_identity_clear) struct kt_identity prefix = { 0 };
	KT_CLEANUP(kt_text_free) char *place = NULL;

	if (!kt_binding_read_prefix(&prefix, &place, url, error))
		return false;
	if (!kt_text_is_equal(prefix.protocol, account->protocol) ||
	    !kt_text_is_equal(prefix.host, account->host)) {
		kt_fail(error, KT_ERROR_UNSAFE, "%s is an account of %s, and is never sent to %s", name,
		        account->host, prefix.host);
		return kt_advise(error, "name an account of %s: keyturn list", prefix.host);
	}
	if (!kt_binding_set(KT_BINDING_PREFIX, place, account, error))
		return false;
	kt_bind_forget_answers();
	kt_report_note("%s answers for %s and what begins so", name, place);
	if (*kt_text_or_empty(prefix.path))
		kt_report_note("git tells a remote's path where it was told to: git config --global "
		               "credential.useHttpPath true");
	return true;
}

/* The account of a binding, or what the file of its directory is for. */
static bool describe(const struct kt_binding *binding, char **what, struct kt_error *error)
{
	if (binding->kind != KT_BINDING_ALLOWED)
		return kt_service_full_name(&binding->identity, what, error);
	if (binding->route != KT_ROUTE_FILED)
		return kt_text_set(what, kt_translate("not obeyed: not as it was allowed"),
		                   error);
	if (!kt_text_set_bytes(what, binding->names, strlen(binding->names) - 1, error))
		return false;
	for (char *line = *what; *line; line++)
		if (*line == '\n')
			*line = ' ';
	return true;
}

static const char *const kind_names[] = {
	[KT_BINDING_DIRECTORY] = KT_TEXT("directory"),
	[KT_BINDING_PREFIX] = KT_TEXT("prefix"),
	[KT_BINDING_ALLOWED] = KT_TEXT("file"),
};

static bool add_line(const struct kt_binding *binding, struct kt_secret *output,
                     struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *what = NULL;
	KT_CLEANUP(kt_text_free) char *line = NULL;

	if (!describe(binding, &what, error) ||
	    !kt_text_format(&line, error, "%s%s  %s", binding->place,
	                    binding->kind == KT_BINDING_ALLOWED ? "/" KT_ROUTE_FILE : "", what))
		return false;
	kt_characters_make_printable(line);
	return kt_column_append(output, kt_translate(kind_names[binding->kind]), 11, error) &&
	       kt_secret_append_text(output, line, error) &&
	       kt_secret_append_text(output, "\n", error);
}

static bool add_object(const struct kt_binding *binding, struct kt_json *json,
                       struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *object = NULL;
	KT_CLEANUP(kt_text_free) char *what = NULL;
	bool is_file = binding->kind == KT_BINDING_ALLOWED;

	return describe(binding, &what, error) && kt_json_create(&object, error) &&
	       kt_json_add_text(object, "kind", kind_names[binding->kind], error) &&
	       kt_json_add_text(object, "place", binding->place, error) &&
	       (!is_file || binding->route == KT_ROUTE_FILED
	                ? kt_json_add_text(object, "account", what, error)
	                : kt_json_add_null(object, "account", error)) &&
	       kt_json_append_object(json, "bindings", &object, error);
}

static bool print_bindings(bool wants_json, struct kt_error *error)
{
	KT_CLEANUP(kt_bindings_clear) struct kt_bindings bindings = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;

	if (!kt_bindings_read(&bindings, error) || !kt_bindings_look(&bindings, error) ||
	    !kt_json_create(&json, error) ||
	    !kt_json_add_number(json, "version", 1, error) ||
	    !kt_json_add_list(json, "bindings", error))
		return false;
	for (size_t i = 0; i < bindings.count; i++)
		if (wants_json ? !add_object(&bindings.items[i], json, error)
		               : !add_line(&bindings.items[i], &output, error))
			return false;
	if (!wants_json && bindings.count == 0)
		kt_report_note("nothing is bound; to bind this directory: keyturn bind ACCOUNT");
	if (!wants_json)
		return kt_report_lines(&output, error);
	return kt_json_print(json, &output, error) && kt_secret_append_text(&output, "\n", error) &&
	       kt_answer_send(STDOUT_FILENO, &output, error);
}

static bool run_bind(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	KT_CLEANUP(kt_text_free) char *name = NULL;
	const struct kt_option options[] = { KT_OPTION_JSON(keeper) };
	int count;

	if (!kt_command_read_options(options, KT_COUNT(options), argc, argv, &count, error))
		return false;
	if (count > 2)
		return kt_fail(error, KT_ERROR_USAGE, "bind: an account and one place are named at most");
	if (count == 0)
		return print_bindings(keeper->wants_json, error);
	if (!kt_account_find_or_ask(keeper, argv[1], KT_ACCOUNT_ANY, &credential, error) ||
	    !kt_service_full_name(&credential.identity, &name, error))
		return false;
	return count == 2 && is_url(argv[2])
	               ? bind_prefix(&credential.identity, name, argv[2], error)
	               : kt_bind_directory(&credential.identity, count == 2 ? argv[2] : NULL, error);
}

static bool run_unbind(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *place = NULL;
	const char *given;
	size_t count;

	(void)keeper;
	if (!kt_command_read_account(NULL, 0, argc, argv, &given, error) ||
	    !find_bound(given, &place, error) || !kt_binding_unset(place, &count, error))
		return false;
	if (count == 0) {
		kt_fail(error, KT_ERROR_NOT_FOUND, "%s is not bound", place);
		return kt_advise(error, "see what is: keyturn bind");
	}
	kt_bind_forget_answers();
	kt_report_note("%s is bound no more", place);
	return true;
}

static bool run_allow(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *directory = NULL;
	KT_CLEANUP(kt_text_free) char *names = NULL;
	struct kt_shell_word word;
	const char *given;

	(void)keeper;
	if (!kt_command_read_account(NULL, 0, argc, argv, &given, error) ||
	    !kt_bind_find_directory(given, &directory, error) ||
	    !kt_binding_allow(directory, &names, error))
		return false;
	kt_bind_forget_answers();
	names[strlen(names) - 1] = '\0';
	for (char *name = names; *name; name++)
		if (*name == '\n')
			*name = ' ';
	kt_report_note("%s/%s is obeyed as it is now: %s", directory, KT_ROUTE_FILE, names);
	kt_report_note("to take it back: keyturn unbind %s",
	               kt_shell_word(&word, directory, "DIR"));
	return true;
}

const struct kt_command kt_command_bind = {
	.name = "bind",
	.synopsis = "[ACCOUNT [DIR|URL-PREFIX]] [--json]",
	.summary = "have an account answer in a directory or for remotes",
	.details = "Without DIR the working directory is bound, with all below it; the deepest one\n"
	           "decides. URL-PREFIX (https://github.com/acme) goes before directories. A\n"
	           "request's host is never left. Without ACCOUNT: what is bound.\n"
	           "--json  one object\n",
	.run = run_bind,
};

const struct kt_command kt_command_unbind = {
	.name = "unbind",
	.synopsis = "[DIR|URL-PREFIX]",
	.summary = "take a binding back, and what was allowed there",
	.details = "",
	.run = run_unbind,
};

const struct kt_command kt_command_allow = {
	.name = "allow",
	.synopsis = "[DIR]",
	.summary = "obey the file .keyturn of a directory, as it is now",
	.details = "The file names accounts (NAME, NAME@SITE, NAME@HOST), one a line. It is obeyed\n"
	           "until its content changes: a repository must not choose whose token goes out.\n",
	.run = run_allow,
};
