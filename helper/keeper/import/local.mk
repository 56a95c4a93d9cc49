# SPDX-License-Identifier: MIT
libkeeper_a_SOURCES += \
	helper/keeper/import/plain.c helper/keeper/import/plain.h \
	helper/keeper/import/plain_source.c helper/keeper/import/plain_source.h
