/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/keeper/setup/block.h"
#include "helper/keeper/setup/setup.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/text.h"

/*
 * Terraform and OpenTofu read ~/.terraformrc, which may name one helper, and look for its program
 * in a directory of plugins alone: a link there leads to keyturn's.
 */

#define PROGRAM "terraform-credentials-keyturn"
#define BLOCK "credentials_helper \"keyturn\" {}\n"

static bool locate(char **path, struct kt_error *error)
{
	return kt_setup_locate(path, "TF_CLI_CONFIG_FILE", NULL, ".terraformrc", error);
}

static bool wire(struct kt_setup_plan *plan, struct kt_keeper *keeper, struct kt_error *error)
{
	const char *text = kt_secret_reveal(&plan->target.content);

	kt_setup_block_look(plan);
	if (plan->is_asked)
		return true;
	if (!plan->is_look && (kt_text_has_prefix(text, "credentials_helper ") ||
	                       strstr(text, "\ncredentials_helper ")))
		return kt_setup_block_refuse(plan, error);
	return kt_setup_block_wire(plan, keeper, error);
}

/* The link's path, in two steps whose directories may have to be made. */
static bool find_link(char **directory, char **plugins, char **link, struct kt_error *error)
{
	const char *home = kt_environment_home();

	if (!home)
		return kt_fail(error, KT_ERROR_USAGE, "terraform has no home directory here: HOME is not "
		               "set") || kt_advise(error, "set HOME");
	return kt_text_format(directory, error, "%s/.terraform.d", home) &&
	       kt_text_format(plugins, error, "%s/plugins", *directory) &&
	       kt_text_format(link, error, "%s/" PROGRAM, *plugins);
}

/* Whatever stands there already is terraform's, and stays. */
static bool make_link(struct kt_setup_plan *plan, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *directory = NULL;
	KT_CLEANUP(kt_text_free) char *plugins = NULL;
	KT_CLEANUP(kt_text_free) char *link = NULL;
	KT_CLEANUP(kt_text_free) char *program = NULL;

	(void)plan;
	if (!find_link(&directory, &plugins, &link, error) ||
	    !kt_setup_find_program(PROGRAM, &program, error))
		return false;
	mkdir(directory, 0777);
	mkdir(plugins, 0777);
	if (symlink(program, link) == 0 || errno == EEXIST)
		return true;
	kt_fail(error, KT_ERROR_UNSAFE, "%s cannot be made: %s", link, strerror(errno));
	return kt_advise(error, "make it by hand: a link to %s", program);
}

/* Only a link to our program, and the directories that are empty then. */
static bool remove_link(struct kt_setup_plan *plan, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *directory = NULL;
	KT_CLEANUP(kt_text_free) char *plugins = NULL;
	KT_CLEANUP(kt_text_free) char *link = NULL;
	char target[4096] = "";
	ssize_t length;
	const char *name;

	(void)plan;
	if (!find_link(&directory, &plugins, &link, error))
		return false;
	length = readlink(link, target, sizeof(target) - 1);
	name = strrchr(target, '/');
	if (length > 0 && name && strcmp(name + 1, PROGRAM) == 0 && unlink(link) == 0 &&
	    rmdir(plugins) == 0)
		rmdir(directory);
	return true;
}

static bool finish(struct kt_setup_plan *plan, struct kt_error *error)
{
	return plan->is_undo ? remove_link(plan, error) : make_link(plan, error);
}

static bool make(struct kt_setup_plan *plan, struct kt_error *error)
{
	return kt_setup_plan_add(plan, error, BLOCK);
}

const struct kt_setup_tool kt_setup_terraform = {
	.name = "terraform",
	.summary = "Terraform and OpenTofu ask for registries: ~/.terraformrc",
	.program = PROGRAM,
	.mark = "credentials_helper \"keyturn\"",
	.mode = 0666,
	.locate = locate,
	.make = make,
	.wire = wire,
	.unwire = kt_setup_block_unwire,
	.finish = finish,
};
