/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/setup/block.h"
#include "helper/keeper/setup/setup.h"
#include "keyring/text.h"

/*
 * podman, buildah and skopeo read no credsStore of Docker's: containers-registries.conf(5) names
 * their helpers, in a file of any name in a directory of the user's. The first helper keeps what a
 * login brings; containers-auth.json stands for the file that they else keep it in.
 */
#define BLOCK "credential-helpers = [\"keyturn\", \"containers-auth.json\"]\n"

static bool locate(char **path, struct kt_error *error)
{
	return kt_setup_locate(path, NULL, NULL, ".config/containers/registries.conf.d/keyturn.conf",
	                       error);
}

static bool make(struct kt_setup_plan *plan, struct kt_error *error)
{
	return kt_setup_plan_add(plan, error, BLOCK);
}

/* Behind the heading of a table the line would be of that table. */
static bool wire(struct kt_setup_plan *plan, struct kt_keeper *keeper, struct kt_error *error)
{
	const char *text = kt_secret_reveal(&plan->target.content);

	if (!plan->is_look && (text[0] == '[' || strstr(text, "\n[") ||
	                       (strstr(text, "credential-helpers") && !strstr(text, BLOCK))))
		return kt_setup_block_refuse(plan, error);
	return kt_setup_block_wire(plan, keeper, error);
}

const struct kt_setup_tool kt_setup_podman = {
	.name = "podman",
	.summary = "podman, buildah, skopeo ask for registries: ~/.config/containers",
	.program = "docker-credential-keyturn",
	.mark = "credential-helpers = [\"keyturn\"",
	.mode = 0666,
	.locate = locate,
	.make = make,
	.wire = wire,
	.unwire = kt_setup_block_unwire,
};
