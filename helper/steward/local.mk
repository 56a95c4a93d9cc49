# SPDX-License-Identifier: MIT
libsteward_a_SOURCES = helper/steward/main.c

keyturn_steward_SOURCES = helper/libexec.c
keyturn_steward_CPPFLAGS = $(AM_CPPFLAGS) $(INSTALLED)
keyturn_steward_LDADD = $(STEWARD_LIBS)
