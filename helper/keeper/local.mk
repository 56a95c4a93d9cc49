# SPDX-License-Identifier: MIT
libkeeper_a_SOURCES = \
	helper/keeper/courier.c helper/keeper/courier.h \
	helper/keeper/keeper.c helper/keeper/keeper.h \
	helper/keeper/library.c helper/keeper/library.h \
	helper/keeper/main.c \
	helper/keeper/menu.c helper/keeper/menu.h \
	helper/keeper/proxy.c helper/keeper/proxy.h \
	helper/keeper/random.c helper/keeper/random.h \
	helper/keeper/terminal.c helper/keeper/terminal.h \
	helper/keeper/terminal_keys.c helper/keeper/terminal_keys.h \
	helper/keeper/waiting.c helper/keeper/waiting.h

keyturn_keeper_SOURCES = helper/libexec.c
keyturn_keeper_CPPFLAGS = $(AM_CPPFLAGS) $(INSTALLED)
keyturn_keeper_LDADD = $(KEEPER_LIBS)
