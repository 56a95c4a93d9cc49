# SPDX-License-Identifier: MIT
libkeeper_a_SOURCES += \
	helper/keeper/doctor/doctor.h \
	helper/keeper/doctor/finding.c helper/keeper/doctor/finding.h
