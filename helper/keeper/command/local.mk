# SPDX-License-Identifier: MIT
libkeeper_a_SOURCES += \
	helper/keeper/command/bind.c \
	helper/keeper/command/bind_directory.c helper/keeper/command/bind_directory.h \
	helper/keeper/command/capability.c \
	helper/keeper/command/column.c helper/keeper/command/column.h \
	helper/keeper/command/command.h \
	helper/keeper/command/complete.c \
	helper/keeper/command/default.c \
	helper/keeper/command/describe.c helper/keeper/command/describe.h \
	helper/keeper/command/doctor.c \
	helper/keeper/command/erase.c \
	helper/keeper/command/get.c \
	helper/keeper/command/header.c \
	helper/keeper/command/help.c helper/keeper/command/help.h \
	helper/keeper/command/lend.c \
	helper/keeper/command/lend_token.c \
	helper/keeper/command/import.c \
	helper/keeper/command/import_tell.c helper/keeper/command/import_tell.h \
	helper/keeper/command/list.c \
	helper/keeper/command/loan.c helper/keeper/command/loan.h \
	helper/keeper/command/lock.c \
	helper/keeper/command/login.c \
	helper/keeper/command/logout.c \
	helper/keeper/command/options.c \
	helper/keeper/command/prefetch.c helper/keeper/command/prefetch.h \
	helper/keeper/command/protocol.c \
	helper/keeper/command/providers.c \
	helper/keeper/command/refresh.c \
	helper/keeper/command/reject.c \
	helper/keeper/command/renew_ahead.c \
	helper/keeper/command/scan.c \
	helper/keeper/command/run.c \
	helper/keeper/command/run_seal.c helper/keeper/command/run_seal.h \
	helper/keeper/command/run_tool.c helper/keeper/command/run_tool.h \
	helper/keeper/command/run_watch.c helper/keeper/command/run_watch.h \
	helper/keeper/command/service_change.c helper/keeper/command/service_change.h \
	helper/keeper/command/service_lookup.c helper/keeper/command/service_lookup.h \
	helper/keeper/command/set.c \
	helper/keeper/command/setup.c \
	helper/keeper/command/show.c \
	helper/keeper/command/status.c \
	helper/keeper/command/store.c \
	helper/keeper/command/token.c \
	helper/keeper/command/token_lookup.c helper/keeper/command/token_lookup.h \
	helper/keeper/command/unlock.c \
	helper/keeper/command/vault.c \
	helper/keeper/command/vault_print.c helper/keeper/command/vault_print.h \
	helper/keeper/command/vault_wishes.c helper/keeper/command/vault_wishes.h \
	helper/keeper/command/which.c
