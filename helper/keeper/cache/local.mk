# SPDX-License-Identifier: MIT
libkeeper_a_SOURCES += \
	helper/keeper/cache/answers.c helper/keeper/cache/answers.h \
	helper/keeper/cache/change.c helper/keeper/cache/change.h \
	helper/keeper/cache/stamp.c helper/keeper/cache/stamp.h
