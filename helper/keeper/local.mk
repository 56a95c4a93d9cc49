# SPDX-License-Identifier: MIT
libkeeper_a_SOURCES = \
	helper/keeper/command.h \
	helper/keeper/command_capability.c \
	helper/keeper/command_default.c \
	helper/keeper/command_doctor.c \
	helper/keeper/command_erase.c \
	helper/keeper/command_get.c \
	helper/keeper/command_header.c \
	helper/keeper/command_list.c \
	helper/keeper/command_lock.c \
	helper/keeper/command_login.c \
	helper/keeper/command_logout.c \
	helper/keeper/command_refresh.c \
	helper/keeper/command_reject.c \
	helper/keeper/command_renew_ahead.c \
	helper/keeper/command_run.c \
	helper/keeper/command_set.c \
	helper/keeper/command_show.c \
	helper/keeper/command_status.c \
	helper/keeper/command_store.c \
	helper/keeper/command_token.c \
	helper/keeper/command_unlock.c \
	helper/keeper/command_vault.c \
	helper/keeper/courier.c helper/keeper/courier.h \
	helper/keeper/describe.c helper/keeper/describe.h \
	helper/keeper/help.c helper/keeper/help.h \
	helper/keeper/keeper.c helper/keeper/keeper.h \
	helper/keeper/main.c \
	helper/keeper/options.c \
	helper/keeper/query.c helper/keeper/query.h \
	helper/keeper/random.c helper/keeper/random.h \
	helper/keeper/terminal.c helper/keeper/terminal.h

keyturn_keeper_SOURCES = helper/libexec.c
keyturn_keeper_CPPFLAGS = $(AM_CPPFLAGS) $(INSTALLED)
keyturn_keeper_LDADD = $(KEEPER_LIBS)
