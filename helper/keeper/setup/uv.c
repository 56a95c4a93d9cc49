/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/setup/setting.h"

/* uv reads ~/.config/uv/uv.toml, and starts keyring as pip does. */

static const struct kt_setup_setting setting = { NULL, "keyring-provider", "\"subprocess\"" };

static bool locate(char **path, struct kt_error *error)
{
	return kt_setup_locate_config(path, "UV_CONFIG_FILE", "uv/uv.toml", error);
}

const struct kt_setup_tool kt_setup_uv = {
	.name = "uv",
	.summary = "uv asks for private indexes: ~/.config/uv/uv.toml",
	.program = "keyring",
	.libexec = KT_LIBEXEC_KEYRING,
	.block = "keyring-provider = \"subprocess\"\n",
	.setting = &setting,
	.mode = 0666,
	.locate = locate,
	.wire = kt_setup_setting_wire,
	.unwire = kt_setup_setting_unwire,
};
