# SPDX-License-Identifier: MIT
# pam
PAM_MODULE_SOURCES = \
	keyring/characters.c keyring/characters.h \
	keyring/cleanup.h \
	keyring/error.c keyring/error.h \
	keyring/secret.c keyring/secret.h \
	keyring/text.c keyring/text.h \
	keyring/translate.c keyring/translate.h \
	pam/module_options.c pam/module_options.h \
	pam/pam_keyturn.c \
	pam/unlock_request.h \
	pam/run.c pam/run.h \
	pam/stash.c pam/stash.h

if HAVE_PAM
pamdir = @PAM_DIR@
pam_PROGRAMS = pam_keyturn.so
pam_configsdir = @PAM_CONFIGS_DIR@
pam_configs_DATA = packaging/pam-configs/keyturn
# Lines for the files of other distributions, by pam_keyturn(8).
pam_fedoradir = $(pkgdatadir)/pam/fedora
dist_pam_fedora_DATA = packaging/pam/fedora/postlogin
pam_archdir = $(pkgdatadir)/pam/arch
dist_pam_arch_DATA = \
	packaging/pam/arch/system-auth \
	packaging/pam/arch/system-login
pam_opensusedir = $(pkgdatadir)/pam/opensuse
dist_pam_opensuse_DATA = \
	packaging/pam/opensuse/common-auth \
	packaging/pam/opensuse/common-password \
	packaging/pam/opensuse/common-session
dist_man8_MANS = docs/man/pam_keyturn.8
zh_CN_man8dir = $(mandir)/zh_CN/man8
dist_zh_CN_man8_DATA = docs/man/zh_CN/pam_keyturn.8
pkglibexec_PROGRAMS += keyturn-unlock keyturn-unlock-bus.so

pam_keyturn_so_SOURCES = $(PAM_MODULE_SOURCES)
pam_keyturn_so_CPPFLAGS = $(AM_CPPFLAGS) \
	-DKEYTURN_UNLOCK_PATH='"$(pkglibexecdir)/keyturn-unlock"'
pam_keyturn_so_CFLAGS = $(AM_CFLAGS) -fPIC
pam_keyturn_so_LDFLAGS = $(MODULE_FLAGS)
pam_keyturn_so_LDADD = $(PAM_LIBS)

keyturn_unlock_SOURCES = \
	pam/unlock_request.h \
	pam/unlock/backend.h \
	pam/unlock/backend_control.c \
	pam/unlock/backend_dbus.c pam/unlock/backend_dbus.h \
	pam/unlock/backend_vault.c \
	pam/unlock/bus_module.h \
	pam/unlock/confine.c pam/unlock/confine.h \
	pam/unlock/login_slot.h \
	pam/unlock/main.c \
	pam/unlock/login_session.c pam/unlock/login_session.h
keyturn_unlock_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
keyturn_unlock_LDADD = libkeyring.a $(CRYPTO_LIBS) $(CJSON_LIBS) -lm

# keyturn-unlock opens it where the way over the message bus is gone (pam/unlock/bus_module.h).
keyturn_unlock_bus_so_SOURCES = \
	keyring/characters.c \
	keyring/clock.c \
	keyring/error.c \
	keyring/local_socket.c \
	keyring/secret.c \
	keyring/text.c \
	keyring/translate.c \
	pam/unlock/bus.c pam/unlock/bus.h \
	pam/unlock/bus_module.h \
	pam/unlock/internal_interface.c \
	pam/unlock/login_session.c \
	pam/unlock/transfer.c pam/unlock/transfer.h
keyturn_unlock_bus_so_CFLAGS = $(AM_CFLAGS) -fPIC $(GIO_CFLAGS) $(CRYPTO_CFLAGS)
keyturn_unlock_bus_so_LDFLAGS = $(MODULE_FLAGS)
keyturn_unlock_bus_so_LDADD = $(GIO_LIBS) $(CRYPTO_LIBS)
# Without read permission nobody but root can look into it (ptrace(2)), from its first instruction on.
PAM_INSTALL_HOOK = hide-unlock
hide-unlock:
	chmod 711 $(DESTDIR)$(pkglibexecdir)/keyturn-unlock
endif
