# SPDX-License-Identifier: MIT
libkeeper_a_SOURCES += \
	helper/keeper/setup/account.c helper/keeper/setup/account.h \
	helper/keeper/setup/aws.c \
	helper/keeper/setup/bazel.c \
	helper/keeper/setup/block.c helper/keeper/setup/block.h \
	helper/keeper/setup/cargo.c \
	helper/keeper/setup/claude.c \
	helper/keeper/setup/claude_mcp.c \
	helper/keeper/setup/codex.c \
	helper/keeper/setup/difference.c helper/keeper/setup/difference.h \
	helper/keeper/setup/docker.c \
	helper/keeper/setup/edit.c helper/keeper/setup/edit.h \
	helper/keeper/setup/git.c \
	helper/keeper/setup/git_call.c helper/keeper/setup/git_call.h \
	helper/keeper/setup/git_file.c helper/keeper/setup/git_file.h \
	helper/keeper/setup/git_helper.c helper/keeper/setup/git_helper.h \
	helper/keeper/setup/git_path.c helper/keeper/setup/git_path.h \
	helper/keeper/setup/go.c \
	helper/keeper/setup/json_text.c helper/keeper/setup/json_text.h \
	helper/keeper/setup/kubernetes.c \
	helper/keeper/setup/member.c helper/keeper/setup/member.h \
	helper/keeper/setup/mutt.c \
	helper/keeper/setup/pip.c \
	helper/keeper/setup/pnpm.c \
	helper/keeper/setup/podman.c \
	helper/keeper/setup/record.c helper/keeper/setup/record.h \
	helper/keeper/setup/setting.c helper/keeper/setup/setting.h \
	helper/keeper/setup/setup.c helper/keeper/setup/setup.h \
	helper/keeper/setup/target.c helper/keeper/setup/target.h \
	helper/keeper/setup/terraform.c \
	helper/keeper/setup/uv.c
