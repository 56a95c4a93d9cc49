# SPDX-License-Identifier: MIT
libkeeper_a_SOURCES += \
	helper/keeper/plain/plain.c helper/keeper/plain/plain.h \
	helper/keeper/plain/plain_source.c helper/keeper/plain/plain_source.h
