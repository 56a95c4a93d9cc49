/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/setup/setting.h"

/* uv reads ~/.config/uv/uv.toml, and starts keyring as pip does. */

static const struct kt_setup_setting setting = { NULL, "keyring-provider", "\"subprocess\"" };

static bool locate(char **path, struct kt_error *error)
{
	return kt_setup_locate_config(path, "UV_CONFIG_FILE", "uv/uv.toml", error);
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

const struct kt_setup_tool kt_setup_uv = {
	.name = "uv",
	.summary = "uv asks for private indexes: ~/.config/uv/uv.toml",
	.program = "keyring",
	.libexec = KT_LIBEXEC_KEYRING,
	.block = "keyring-provider = \"subprocess\"\n",
	.mode = 0666,
	.locate = locate,
	.wire = wire,
	.unwire = unwire,
};
