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

const struct kt_setup_tool kt_setup_pip = {
	.name = "pip",
	.summary = "pip asks for private indexes: ~/.config/pip/pip.conf",
	.program = "keyring",
	.libexec = KT_LIBEXEC_KEYRING,
	.block = "[global]\nkeyring-provider = subprocess\n",
	.setting = &setting,
	.mode = 0666,
	.locate = locate,
	.wire = kt_setup_setting_wire,
	.unwire = kt_setup_setting_unwire,
};
