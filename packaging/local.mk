# SPDX-License-Identifier: MIT
# User units: renewal by the clock, and forgetting when the last session ends.
if HAVE_SYSTEMD_USER
dist_systemduserunit_DATA = packaging/systemd/keyturn-refresh.timer
nodist_systemduserunit_DATA = \
	packaging/systemd/keyturn-lock.service \
	packaging/systemd/keyturn-refresh.service
endif
packaging/systemd/keyturn-lock.service: packaging/systemd/keyturn-lock.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) packaging/systemd && \
		sed 's,@bindir[@],$(bindir),' $(srcdir)/$@.in >$@
packaging/systemd/keyturn-refresh.service: packaging/systemd/keyturn-refresh.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) packaging/systemd && \
		sed 's,@bindir[@],$(bindir),' $(srcdir)/$@.in >$@

EXTRA_DIST += \
	packaging/check \
	packaging/compile_commands \
	packaging/completions/_keyturn \
	packaging/completions/keyturn.bash \
	packaging/packages.sh \
	packaging/pam-configs/keyturn \
	packaging/quickstart \
	packaging/systemd/keyturn-lock.service.in \
	packaging/systemd/keyturn-refresh.service.in \
	packaging/systemd/keyturn-refresh.timer
