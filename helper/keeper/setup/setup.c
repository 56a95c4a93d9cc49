/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/keeper/setup/setup.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/environment.h"
#include "keyring/lock.h"
#include "keyring/suggestion.h"
#include "keyring/text.h"
#include "keyring/translate.h"

#define LOCK_PATIENCE 10000

static const struct kt_setup_tool *const tools[] = {
	&kt_setup_git,
	&kt_setup_docker,
	&kt_setup_podman,
	&kt_setup_go,
	&kt_setup_cargo,
	&kt_setup_terraform,
	&kt_setup_bazel,
	&kt_setup_pip,
	&kt_setup_uv,
	&kt_setup_pnpm,
	&kt_setup_aws,
	&kt_setup_kubernetes,
	&kt_setup_mutt,
	&kt_setup_claude,
	&kt_setup_claude_mcp,
	&kt_setup_codex,
};

const struct kt_setup_tool *const *kt_setup_tools(size_t *count)
{
	*count = KT_COUNT(tools);
	return tools;
}

/* Tools that start no helper, and the variable that a person sets for them instead. */
static const struct {
	const char *name;
	const char *variable;
} helpless[] = {
	{ "npm", "NPM_TOKEN" },
	{ "yarn", "NPM_TOKEN" },
};

static bool fail_helpless(const char *name, const char *variable, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_USAGE, "setup: %s takes no helper", name);
	return kt_advise(error, "start it by keyturn: keyturn run --env %s -- %s", variable, name);
}

bool kt_setup_find(const char *name, const struct kt_setup_tool **tool, struct kt_error *error)
{
	struct kt_suggestion suggestion = { 0 };

	for (size_t i = 0; i < KT_COUNT(tools); i++) {
		if (strcmp(tools[i]->name, name) == 0) {
			*tool = tools[i];
			return true;
		}
		kt_suggestion_consider(&suggestion, name, tools[i]->name);
	}
	for (size_t i = 0; i < KT_COUNT(helpless); i++)
		if (strcmp(helpless[i].name, name) == 0)
			return fail_helpless(name, helpless[i].variable, error);
	kt_fail(error, KT_ERROR_USAGE, "setup: one of the words is no tool that it knows");
	if (suggestion.word)
		return kt_advise(error, "did you mean %s? see the list: keyturn help setup",
		                 suggestion.word);
	return kt_advise(error, "see the list: keyturn help setup; other tools: man "
	                 "keyturn-protocols");
}

bool kt_setup_describe(struct kt_secret *output, struct kt_error *error)
{
	if (!kt_secret_append_text(output, kt_translate("Tools:\n"), error))
		return false;
	for (size_t i = 0; i < KT_COUNT(tools); i++) {
		KT_CLEANUP(kt_text_free) char *line = NULL;

		if (!kt_text_format(&line, error, "  %-10s %s\n", tools[i]->name,
		                    kt_translate(tools[i]->summary)) ||
		    !kt_secret_append_text(output, line, error))
			return false;
	}
	return true;
}

/* file: NULL where it is in no directory of PATH. */
static bool search_path(const char *program, char **file, struct kt_error *error)
{
	const char *path = kt_environment_get("PATH");
	struct stat status;

	while (path && *path) {
		size_t length = strcspn(path, ":");

		if (!kt_text_format(file, error, "%.*s/%s", (int)length, path, program))
			return false;
		if (access(*file, X_OK) == 0 && stat(*file, &status) == 0 &&
		    S_ISREG(status.st_mode))
			return true;
		kt_text_free(file);
		path += length + (path[length] == ':');
	}
	return true;
}

bool kt_setup_has_program(const char *program)
{
	KT_CLEANUP(kt_text_free) char *file = NULL;
	struct kt_error ignored = { 0 };

	return search_path(program, &file, &ignored) && file;
}

bool kt_setup_finds_program(const struct kt_setup_tool *tool)
{
	KT_CLEANUP(kt_text_free) char *file = NULL;
	KT_CLEANUP(kt_text_free) char *found = NULL;
	KT_CLEANUP(kt_text_free) char *own = NULL;
	struct kt_error ignored = { 0 };

	if (!search_path(tool->program, &file, &ignored) || !file)
		return false;
	if (!tool->libexec)
		return true;
	found = realpath(file, NULL);
	own = realpath(kt_libexec_path(tool->libexec), NULL);
	return found && own && strcmp(found, own) == 0;
}

bool kt_setup_find_program(const char *program, char **path, struct kt_error *error)
{
	if (!search_path(program, path, error))
		return false;
	if (*path && **path == '/' && !strpbrk(*path, " \t\"'\\"))
		return true;
	kt_text_free(path);
	kt_fail(error, KT_ERROR_USAGE, "the directory of %s is not in PATH by its whole name, or has "
	        "a blank or a quote in it", program);
	return kt_advise(error, "install keyturn in another directory, such as /usr/local");
}

bool kt_setup_locate(char **path, const char *file_variable, const char *directory_variable,
                     const char *name, struct kt_error *error)
{
	const char *file = file_variable ? kt_environment_get(file_variable) : NULL;
	const char *directory = directory_variable ? kt_environment_get(directory_variable) : NULL;
	const char *home = kt_environment_home();
	const char *last = strrchr(name, '/');

	if ((file && *file != '/') || (!file && directory && *directory != '/')) {
		kt_fail(error, KT_ERROR_USAGE, "%s is no absolute path",
		        file ? file_variable : directory_variable);
		return kt_advise(error, "unset it, or make it one");
	}
	if (file)
		return kt_text_set(path, file, error);
	if (directory)
		return kt_text_format(path, error, "%s/%s", directory, last ? last + 1 : name);
	if (home)
		return kt_text_format(path, error, "%s/%s", home, name);
	kt_fail(error, KT_ERROR_USAGE, "there is no home directory here: HOME is not set");
	return kt_advise(error, "set HOME");
}

bool kt_setup_locate_config(char **path, const char *file_variable, const char *name,
                            struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *within = NULL;
	const char *config = kt_environment_get("XDG_CONFIG_HOME");

	if (config && *config == '/' && !kt_environment_get(file_variable))
		return kt_text_format(path, error, "%s/%s", config, name);
	return kt_text_format(&within, error, ".config/%s", name) &&
	       kt_setup_locate(path, file_variable, NULL, within, error);
}

bool kt_setup_plan_add(struct kt_setup_plan *plan, struct kt_error *error, const char *format, ...)
{
	char text[2048];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= sizeof(text))
		return kt_fail(error, KT_ERROR_USAGE, "the account's name or the path of keyturn is too "
		               "long for a tool's file");
	return kt_secret_append(&plan->block, text, (size_t)length, error);
}

bool kt_setup_plan_note(struct kt_setup_plan *plan, struct kt_error *error, const char *format, ...)
{
	char sentence[KT_ERROR_SENTENCE];
	va_list arguments;

	if (plan->note_count == KT_SETUP_NOTES)
		return true;
	va_start(arguments, format);
	kt_error_write(sentence, kt_translate(format), arguments);
	va_end(arguments);
	return kt_text_set(&plan->notes[plan->note_count++], sentence, error);
}

void kt_setup_plan_tell(const struct kt_setup_plan *plan)
{
	for (size_t i = 0; i < plan->note_count; i++)
		kt_report_note("%s: %s", plan->tool->name, plan->notes[i]);
}

bool kt_setup_plan_set_made(struct kt_setup_plan *plan, const char *word, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *before = plan->record.made;

	plan->record.made = NULL;
	return kt_text_format(&plan->record.made, error, "%s%s ", kt_text_or_empty(before), word);
}

bool kt_setup_plan_has_made(const struct kt_setup_plan *plan, const char *word)
{
	return plan->has_record && strstr(kt_text_or_empty(plan->record.made), word);
}

bool kt_setup_fail_lost(const struct kt_setup_tool *tool, struct kt_error *error)
{
	const char *own = kt_libexec_path(tool->libexec);

	if (tool->libexec) {
		kt_fail(error, KT_ERROR_USAGE, "%s does not find the %s of keyturn in PATH, or another "
		        "one before", tool->name, tool->program);
		return kt_advise(error, "put its directory before the others, in ~/.profile: "
		                 "PATH=%.*s:$PATH", (int)(strrchr(own, '/') - own), own);
	}
	kt_fail(error, KT_ERROR_USAGE, "%s would not find %s: it is in no directory of PATH",
	        tool->name, tool->program);
	return kt_advise(error, "put the directory of keyturn into PATH, also for programs that the "
	                 "desktop starts");
}

static bool plan_wire(struct kt_setup_plan *plan, struct kt_keeper *keeper,
                      struct kt_error *error)
{
	if (!kt_setup_finds_program(plan->tool))
		return kt_setup_fail_lost(plan->tool, error);
	/* A record of before is replaced. */
	kt_text_free(&plan->record.made);
	return plan->tool->wire(plan, keeper, error);
}

/* To the byte, where nobody has changed the file since; else without keyturn's lines. */
static bool plan_unwire(struct kt_setup_plan *plan, struct kt_keeper *keeper,
                        struct kt_error *error)
{
	if (!plan->target.exists)
		return true;
	if (plan->has_record && !kt_setup_record_restore(&plan->record, &plan->target, &plan->content,
	                                                 &plan->is_exact, error))
		return false;
	if (plan->is_exact) {
		plan->is_change = true;
	} else if (!plan->tool->unwire(plan, keeper, error)) {
		return false;
	}
	plan->removes = plan->is_change && plan->has_record && !plan->record.existed &&
	                kt_secret_is_empty(&plan->content);
	return true;
}

static bool read_files(struct kt_setup_plan *plan, const struct kt_setup_tool *tool,
                       struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *path = NULL;

	plan->tool = tool;
	return tool->locate(&path, error) && kt_setup_target_read(&plan->target, path, error) &&
	       kt_setup_record_find(&plan->record, tool->name, &plan->target, &plan->has_record,
	                            error);
}

bool kt_setup_plan_look(struct kt_setup_plan *plan, const struct kt_setup_tool *tool,
                        struct kt_keeper *keeper, struct kt_error *error)
{
	plan->is_look = true;
	return read_files(plan, tool, error) && tool->wire(plan, keeper, error);
}

bool kt_setup_plan_make(struct kt_setup_plan *plan, const struct kt_setup_tool *tool,
                        const struct kt_setup_account *account, bool is_undo,
                        struct kt_keeper *keeper, struct kt_error *error)
{
	plan->tool = tool;
	plan->is_undo = is_undo;
	plan->account = tool->takes_account ? account : NULL;
	if (tool->make && (plan->account || !tool->takes_account) && !tool->make(plan, error))
		return false;
	return read_files(plan, tool, error) &&
	       (is_undo ? plan_unwire(plan, keeper, error) : plan_wire(plan, keeper, error));
}

/* As it was before: the tool does not see the new one as it was meant. */
static bool put_back(const struct kt_setup_plan *plan, struct kt_error *error)
{
	KT_CLEANUP(kt_setup_target_clear) struct kt_setup_target target = { 0 };
	struct kt_error failure = { 0 };
	bool done = kt_setup_target_read(&target, plan->target.path, &failure) &&
	            (plan->target.exists
	             ? kt_setup_target_write(&target, &plan->target.content, 0, &failure)
	             : kt_setup_target_remove(&target, plan->target.missing, &failure));

	if (done)
		kt_setup_record_remove(&plan->record);
	else
		*error = failure;
	return false;
}

static bool carry_out_undo(struct kt_setup_plan *plan, struct kt_error *error)
{
	bool done = plan->removes
		? kt_setup_target_remove(&plan->target, (size_t)plan->record.directories, error)
		: kt_setup_target_write(&plan->target, &plan->content, plan->tool->mode, error);

	if (done && plan->has_record)
		kt_setup_record_remove(&plan->record);
	return done && (!plan->tool->finish || plan->tool->finish(plan, error));
}

bool kt_setup_plan_carry_out(struct kt_setup_plan *plan, struct kt_keeper *keeper,
                             struct kt_error *error)
{
	KT_CLEANUP(kt_lock_release) struct kt_lock lock = { 0 };

	if (!kt_lock_take(&lock, "setup", KT_LOCK_EXCLUSIVE, kt_clock_monotonic() + LOCK_PATIENCE,
	                  KT_TEXT("the setup of a tool"), NULL, error))
		return false;
	if (plan->is_undo)
		return carry_out_undo(plan, error);
	if (!kt_setup_record_write(&plan->record, plan->tool->name, &plan->target, &plan->content,
	                           error) ||
	    !kt_setup_target_write(&plan->target, &plan->content, plan->tool->mode, error))
		return false;
	return ((!plan->tool->check || plan->tool->check(plan, keeper, error)) &&
	        (!plan->tool->finish || plan->tool->finish(plan, error))) ||
	       put_back(plan, error);
}

void kt_setup_plan_clear(struct kt_setup_plan *plan)
{
	kt_setup_target_clear(&plan->target);
	kt_setup_record_clear(&plan->record);
	kt_secret_clear(&plan->content);
	kt_secret_clear(&plan->block);
	for (size_t i = 0; i < plan->note_count; i++)
		kt_text_free(&plan->notes[i]);
	*plan = (struct kt_setup_plan){ 0 };
}
