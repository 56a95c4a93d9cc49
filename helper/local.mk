# SPDX-License-Identifier: MIT
libhelper_a_SOURCES = \
	helper/answer.c helper/answer.h \
	helper/errand.c helper/errand.h \
	helper/libexec.h \
	helper/protocol.h \
	helper/protocol_git.c \
	helper/protocol_token.c \
	helper/question.c helper/question.h \
	helper/renewal.c helper/renewal.h \
	helper/report.c helper/report.h \
	helper/request.c helper/request.h \
	helper/request_url.c helper/request_url.h \
	helper/spawn.c helper/spawn.h
