# SPDX-License-Identifier: MIT
# Without libseccomp there is no such program, and run --sealed says so.
if HAVE_SECCOMP
noinst_LIBRARIES += libseal.a
libseal_a_SOURCES = \
	helper/seal/filter.c helper/seal/filter.h \
	helper/seal/main.c \
	helper/seal/mounts.c helper/seal/mounts.h \
	helper/seal/namespaces.c helper/seal/namespaces.h \
	helper/seal/places.c helper/seal/places.h \
	helper/seal/sockets.c helper/seal/sockets.h \
	helper/seal/walk.c helper/seal/walk.h

# The filter is made here and now, so this program has to run where it is built.
EXTRA_DIST += helper/seal/make_filter.c
if CROSS_COMPILING
MAKE_FILTER = helper/seal/make_filter $(host_cpu)
helper/seal/make_filter: $(srcdir)/helper/seal/make_filter.c config.h
	$(AM_V_GEN)$(MKDIR_P) helper/seal && $(CC_FOR_BUILD) -I. -I$(srcdir) -o $@ \
		$(srcdir)/helper/seal/make_filter.c -lseccomp
CLEANFILES += helper/seal/make_filter
else
MAKE_FILTER = helper/seal/make_filter$(EXEEXT)
noinst_PROGRAMS += helper/seal/make_filter
helper_seal_make_filter_SOURCES = helper/seal/make_filter.c
helper_seal_make_filter_CFLAGS = $(AM_CFLAGS) $(SECCOMP_CFLAGS)
helper_seal_make_filter_LDADD = $(SECCOMP_LIBS)
endif
helper/seal/filter.$(OBJEXT): helper/seal/filter_program.h
helper/seal/filter_program.h: helper/seal/make_filter$(EXEEXT)
	$(AM_V_GEN)$(MAKE_FILTER) >$@.new && mv $@.new $@
CLEANFILES += helper/seal/filter_program.h helper/seal/filter_program.h.new

pkglibexec_PROGRAMS += keyturn-seal
keyturn_seal_SOURCES = helper/libexec.c
keyturn_seal_CPPFLAGS = $(AM_CPPFLAGS) $(INSTALLED)
keyturn_seal_LDFLAGS = $(SEAL_LDFLAGS)
keyturn_seal_LDADD = $(SEAL_LIBS)
endif
