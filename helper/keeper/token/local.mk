# SPDX-License-Identifier: MIT
libkeeper_a_SOURCES += \
	helper/keeper/token/requirement.c helper/keeper/token/requirement.h \
	helper/keeper/token/state.c helper/keeper/token/state.h
