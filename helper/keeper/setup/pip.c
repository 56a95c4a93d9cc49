/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/setup/setting.h"

/*
 * pip reads ~/.config/pip/pip.conf, and there whether it may start a program by the name of
 * keyring, which is keyturn's where its directory is the first of PATH to have one.
 */

static const struct kt_setup_setting setting = { "[global]", "keyring-provider", "subprocess" };

static bool locate(char **path, struct kt_error *error)
{
	return kt_setup_locate_config(path, "PIP_CONFIG_FILE", "pip/pip.conf", error);
}

static bool wire(struct kt_setup_plan *plan, struct kt_keeper *keeper, struct kt_error *error)
{
	(void)keeper;
	return kt_setup_setting_wire(plan, &setting, error);
}

static bool unwire(struct kt_setup_plan *plan, struct kt_keeper *keeper, struct kt_error *error)
{
	(void)keeper;
	return kt_setup_setting_unwire(plan, &setting, error);
}

const struct kt_setup_tool kt_setup_pip = {
	.name = "pip",
	.summary = "pip asks for private indexes: ~/.config/pip/pip.conf",
	.program = "keyring",
	.libexec = KT_LIBEXEC_KEYRING,
	.block = "[global]\nkeyring-provider = subprocess\n",
	.mode = 0666,
	.locate = locate,
	.wire = wire,
	.unwire = unwire,
};
