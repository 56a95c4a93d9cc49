# SPDX-License-Identifier: MIT
if HAVE_QRENCODE
QR_SOURCE = helper/keeper/qr.c
else
QR_SOURCE = helper/keeper/qr_none.c
endif
EXTRA_libkeeper_a_SOURCES = helper/keeper/qr.c helper/keeper/qr_none.c
libkeeper_a_SOURCES = \
	helper/keeper/app.c helper/keeper/app.h \
	helper/keeper/browser.c helper/keeper/browser.h \
	helper/keeper/certificates.c helper/keeper/certificates.h \
	helper/keeper/checkup.c \
	helper/keeper/checkup_network.c \
	helper/keeper/checkup_pam.c \
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
	helper/keeper/discovery.c helper/keeper/discovery.h \
	helper/keeper/handover.c helper/keeper/handover.h \
	helper/keeper/help.c helper/keeper/help.h \
	helper/keeper/keeper.c helper/keeper/keeper.h \
	helper/keeper/login.c helper/keeper/login.h \
	helper/keeper/login_app.c \
	helper/keeper/login_browser.c \
	helper/keeper/login_device.c \
	helper/keeper/login_source.c \
	helper/keeper/login_tell.c \
	helper/keeper/login_token.c \
	helper/keeper/main.c \
	helper/keeper/options.c \
	helper/keeper/pam_stack.c helper/keeper/pam_stack.h \
	helper/keeper/qr.h $(QR_SOURCE) \
	helper/keeper/query.c helper/keeper/query.h \
	helper/keeper/random.c helper/keeper/random.h \
	helper/keeper/settings.c helper/keeper/settings.h \
	helper/keeper/settings_config.c \
	helper/keeper/terminal.c helper/keeper/terminal.h

keyturn_keeper_SOURCES = helper/libexec.c
keyturn_keeper_CPPFLAGS = $(AM_CPPFLAGS) $(INSTALLED)
keyturn_keeper_LDADD = $(KEEPER_LIBS)
