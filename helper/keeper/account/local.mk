# SPDX-License-Identifier: MIT
libkeeper_a_SOURCES += \
	helper/keeper/account/lock.c helper/keeper/account/lock.h \
	helper/keeper/account/returned.c helper/keeper/account/returned.h \
	helper/keeper/account/service.c helper/keeper/account/service.h
