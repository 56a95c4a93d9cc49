# SPDX-License-Identifier: MIT
libkeeper_a_SOURCES += \
	helper/keeper/doctor/doctor.h \
	helper/keeper/doctor/finding.c helper/keeper/doctor/finding.h \
	helper/keeper/doctor/git.c \
	helper/keeper/doctor/keyring.c \
	helper/keeper/doctor/network.c \
	helper/keeper/doctor/pam.c \
	helper/keeper/doctor/pam_stack.c helper/keeper/doctor/pam_stack.h \
	helper/keeper/doctor/pam_walk.c helper/keeper/doctor/pam_walk.h \
	helper/keeper/doctor/proxy.c \
	helper/keeper/doctor/seal.c \
	helper/keeper/doctor/setup.c \
	helper/keeper/doctor/shell.c \
	helper/keeper/doctor/system.c
