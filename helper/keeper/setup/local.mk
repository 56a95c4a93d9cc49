# SPDX-License-Identifier: MIT
libkeeper_a_SOURCES += \
	helper/keeper/setup/git_call.c helper/keeper/setup/git_call.h \
	helper/keeper/setup/git_helper.c helper/keeper/setup/git_helper.h
