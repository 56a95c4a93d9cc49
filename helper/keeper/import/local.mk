# SPDX-License-Identifier: MIT
libkeeper_a_SOURCES += \
	helper/keeper/import/address.c helper/keeper/import/address.h \
	helper/keeper/import/app.c helper/keeper/import/app.h \
	helper/keeper/import/assignment.c helper/keeper/import/assignment.h \
	helper/keeper/import/cargo.c \
	helper/keeper/import/codex_table.c helper/keeper/import/codex_table.h \
	helper/keeper/import/copies.c helper/keeper/import/copies.h \
	helper/keeper/import/coze_app.c \
	helper/keeper/import/coze_cli.c \
	helper/keeper/import/cozepy.c \
	helper/keeper/import/desktop.c helper/keeper/import/desktop.h \
	helper/keeper/import/docker.c \
	helper/keeper/import/dotenv.c \
	helper/keeper/import/gh.c helper/keeper/import/gh.h \
	helper/keeper/import/git.c \
	helper/keeper/import/import.c helper/keeper/import/import.h \
	helper/keeper/import/item.c helper/keeper/import/item.h \
	helper/keeper/import/json_value.c helper/keeper/import/json_value.h \
	helper/keeper/import/keep.c \
	helper/keeper/import/mcp.c \
	helper/keeper/import/mcp_codex.c helper/keeper/import/mcp_codex.h \
	helper/keeper/import/mcp_codex_header.c helper/keeper/import/mcp_codex_header.h \
	helper/keeper/import/mcp_request.c helper/keeper/import/mcp_request.h \
	helper/keeper/import/netrc.c \
	helper/keeper/import/npm.c \
	helper/keeper/import/oidc_agent.c \
	helper/keeper/import/pip.c \
	helper/keeper/import/pizauth.c \
	helper/keeper/import/setting.c helper/keeper/import/setting.h \
	helper/keeper/import/settle.c \
	helper/keeper/import/shell.c \
	helper/keeper/import/source.h \
	helper/keeper/import/uv.c
