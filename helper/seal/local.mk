# SPDX-License-Identifier: MIT
# Without libseccomp there is no such program, and run --sealed says so.
if HAVE_SECCOMP
noinst_LIBRARIES += libseal.a
libseal_a_CFLAGS = $(AM_CFLAGS) $(SECCOMP_CFLAGS)
libseal_a_SOURCES = \
	helper/seal/filter.c helper/seal/filter.h \
	helper/seal/main.c \
	helper/seal/mounts.c helper/seal/mounts.h \
	helper/seal/namespaces.c helper/seal/namespaces.h \
	helper/seal/places.c helper/seal/places.h \
	helper/seal/sockets.c helper/seal/sockets.h \
	helper/seal/walk.c helper/seal/walk.h

pkglibexec_PROGRAMS += keyturn-seal
keyturn_seal_SOURCES = helper/libexec.c
keyturn_seal_CPPFLAGS = $(AM_CPPFLAGS) $(INSTALLED)
keyturn_seal_LDADD = $(SEAL_LIBS)
endif
