# SPDX-License-Identifier: MIT
# The door has objects of its own: its libc may be another one (configure.ac).
keyturn_SOURCES = $(PROTOCOL_SOURCES) \
	helper/answer.c \
	helper/background_renewal.c \
	helper/cache_key.c \
	helper/courier_start.c \
	helper/door/call.c helper/door/call.h \
	helper/door/hot.c helper/door/hot.h \
	helper/door/main.c \
	helper/door/tool.c helper/door/tool.h \
	helper/libexec.c \
	helper/request.c \
	helper/route.c \
	helper/url.c \
	keyring/characters.c \
	keyring/clock.c \
	keyring/error.c \
	keyring/identity.c \
	keyring/kernel_cache.c \
	keyring/kernel_key.c \
	keyring/secret.c \
	keyring/text.c \
	keyring/translate.c keyring/translate.h
keyturn_CPPFLAGS = $(AM_CPPFLAGS) $(INSTALLED)
keyturn_CFLAGS = $(AM_CFLAGS) $(DOOR_CFLAGS)
keyturn_LDFLAGS = $(DOOR_LDFLAGS)
keyturn_LDADD = $(DOOR_LIBS)

# The names by which tools start the door.
DOOR_LINKS = git-credential-keyturn docker-credential-keyturn bazel-credential-keyturn \
	terraform-credentials-keyturn

# Another program's name: in a directory of its own it hides that one for nobody who does not ask.
keyringdir = $(pkglibexecdir)/keyring

# Nobody else puts anything there; those that are in others come first.
OWN_DIRECTORIES = $(keyringdir) $(pkglibexecdir) $(pkgdatadir)/pam/arch $(pkgdatadir)/pam/fedora \
	$(pkgdatadir)/pam/opensuse $(pkgdatadir)/pam $(pkgdatadir)/pam-configs $(pkgdatadir)/providers \
	$(pkgdatadir)

install-exec-hook: $(PAM_INSTALL_HOOK)
	for name in $(DOOR_LINKS); do \
		(cd $(DESTDIR)$(bindir) && $(LN_S) -f keyturn $$name) || exit 1; \
	done
	$(MKDIR_P) $(DESTDIR)$(keyringdir)
	ln -sfr $(DESTDIR)$(bindir)/keyturn $(DESTDIR)$(keyringdir)/keyring

uninstall-hook:
	for name in $(DOOR_LINKS); do rm -f $(DESTDIR)$(bindir)/$$name || exit 1; done
	rm -f $(DESTDIR)$(keyringdir)/keyring
	for directory in $(OWN_DIRECTORIES); do rmdir $(DESTDIR)$$directory 2>/dev/null || :; done
