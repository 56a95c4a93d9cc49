# SPDX-License-Identifier: MIT
libkeeper_a_SOURCES += \
	helper/keeper/import/app.c helper/keeper/import/app.h \
	helper/keeper/import/assignment.c helper/keeper/import/assignment.h \
	helper/keeper/import/copies.c helper/keeper/import/copies.h \
	helper/keeper/import/dotenv.c \
	helper/keeper/import/git.c \
	helper/keeper/import/import.c helper/keeper/import/import.h \
	helper/keeper/import/item.c helper/keeper/import/item.h \
	helper/keeper/import/keep.c \
	helper/keeper/import/settle.c \
	helper/keeper/import/shell.c \
	helper/keeper/import/source.h
