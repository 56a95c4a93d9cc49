/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "helper/keeper/setup/block.h"
#include "helper/keeper/setup/setup.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/text.h"

/*
 * pnpm reads ~/.npmrc: tokenHelper of a registry is the path of a program without words, which a
 * shell starts and whose output is the header's value. So a script of our own names the account.
 */

#define KEY ":tokenHelper="
#define SCRIPTS "/helpers/pnpm-"

static bool locate(char **path, struct kt_error *error)
{
	return kt_setup_locate(path, "NPM_CONFIG_USERCONFIG", NULL, ".npmrc", error);
}

/* Where the scripts are, and how their names begin. */
static bool find_scripts(char **start, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *directory = NULL;

	if (!kt_environment_config_directory(&directory, error) ||
	    !kt_text_format(start, error, "%s" SCRIPTS, directory))
		return false;
	if (!strpbrk(*start, " \t\"'\\$`;&|<>()*?[#~"))
		return true;
	kt_fail(error, KT_ERROR_USAGE, "pnpm starts a helper by the shell, and the path of keyturn's "
	        "configuration has a blank or another sign of the shell in it");
	return kt_advise(error, "set XDG_CONFIG_HOME to another directory");
}

static bool make(struct kt_setup_plan *plan, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *start = NULL;
	const char *server = plan->account->server;
	const char *slash = server[strlen(server) - 1] == '/' ? "" : "/";

	if (strpbrk(server, " \t=;#\"'"))
		return kt_fail(error, KT_ERROR_USAGE, "setup: the account's service has a sign in its path "
		               "that cannot stand in ~/.npmrc");
	return find_scripts(&start, error) &&
	       kt_setup_plan_add(plan, error, "//%s%s" KEY "%s%s\n", server, slash, start,
	                         plan->account->label);
}

/* Another helper of the same registry: the last one would count. */
static bool has_other(const struct kt_setup_plan *plan)
{
	const char *block = kt_secret_reveal(&plan->block);
	size_t length = (size_t)(strstr(block, KEY) - block) + strlen(KEY) - 1;
	const char *line = kt_secret_reveal(&plan->target.content);

	while (*line) {
		line += strspn(line, " \t");
		if (strncmp(line, block, length) == 0)
			return true;
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return false;
}

static bool wire(struct kt_setup_plan *plan, struct kt_keeper *keeper, struct kt_error *error)
{
	size_t place;

	if (plan->is_look)
		return kt_setup_block_wire(plan, keeper, error);
	if (has_other(plan) && !kt_setup_block_find(&plan->target.content,
	                                            kt_secret_reveal(&plan->block), &place))
		return kt_setup_block_refuse(plan, error);
	return kt_setup_block_wire(plan, keeper, error) &&
	       (plan->is_asked ||
	        kt_setup_plan_note(plan, error, "npm and yarn take no helper, and npm warns of the "
	                           "line: for them there is keyturn run --env NPM_TOKEN"));
}

/* Whatever is there gives way at once: pnpm finds the old script or the new one. */
static bool write_script(const struct kt_setup_plan *plan, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *start = NULL;
	KT_CLEANUP(kt_text_free) char *program = NULL;
	KT_CLEANUP(kt_text_free) char *directory = NULL;
	KT_CLEANUP(kt_text_free) char *path = NULL;
	KT_CLEANUP(kt_text_free) char *draft = NULL;
	KT_CLEANUP(kt_descriptor_close) int script = -1;

	if (!find_scripts(&start, error) || !kt_setup_find_program("keyturn", &program, error) ||
	    !kt_text_format(&directory, error, "%.*s", (int)(strrchr(start, '/') - start), start) ||
	    !kt_environment_make_directory(directory, error) ||
	    !kt_text_format(&path, error, "%s%s", start, plan->account->label) ||
	    !kt_text_format(&draft, error, "%s.new", path))
		return false;
	unlink(draft);
	script = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	if (script >= 0 && dprintf(script, "#!/bin/sh\nexec %s npm '%s'\n", program,
	                           plan->account->name) > 0 && rename(draft, path) == 0)
		return true;
	kt_fail(error, KT_ERROR_UNSAFE, "%s cannot be made: %s", path, strerror(errno));
	return kt_advise(error, "make room for it, or make its directory writable");
}

/* Scripts whose lines are gone from the file. */
static bool remove_scripts(const struct kt_setup_plan *plan, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *start = NULL;
	const char *text = kt_secret_reveal(&plan->target.content);

	if (!find_scripts(&start, error))
		return false;
	while ((text = strstr(text, start))) {
		KT_CLEANUP(kt_text_free) char *path = NULL;
		size_t length = strcspn(text, " \t\r\n");

		if (!kt_text_format(&path, error, "%.*s", (int)length, text))
			return false;
		text += length;
		if (!strchr(path + strlen(start), '/') &&
		    !strstr(kt_secret_reveal(&plan->content), path))
			unlink(path);
	}
	*strrchr(start, '/') = '\0';
	rmdir(start);
	return true;
}

static bool finish(struct kt_setup_plan *plan, struct kt_error *error)
{
	return plan->is_undo ? remove_scripts(plan, error) : write_script(plan, error);
}

const struct kt_setup_tool kt_setup_pnpm = {
	.name = "pnpm",
	.summary = "pnpm asks for the account's registry: ~/.npmrc",
	.program = "keyturn",
	.mark = SCRIPTS,
	.takes_account = true,
	.mode = 0600,
	.locate = locate,
	.make = make,
	.wire = wire,
	.unwire = kt_setup_block_unwire,
	.finish = finish,
};
