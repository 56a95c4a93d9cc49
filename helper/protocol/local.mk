# SPDX-License-Identifier: MIT
# The door and the keeper have objects of their own of these.
PROTOCOL_SOURCES = \
	helper/protocol/git.c \
	helper/protocol/header.c \
	helper/protocol/protocol.h \
	helper/protocol/table.c \
	helper/protocol/token.c

libhelper_a_SOURCES += $(PROTOCOL_SOURCES)
