# SPDX-License-Identifier: MIT
libhelper_a_SOURCES = \
	helper/allow_rule.c helper/allow_rule.h \
	helper/answer.c helper/answer.h \
	helper/become.c helper/become.h \
	helper/background_renewal.c helper/background_renewal.h \
	helper/cache_key.c helper/cache_key.h \
	helper/courier_start.c helper/courier_start.h \
	helper/errand.c helper/errand.h \
	helper/landlock.c helper/landlock.h \
	helper/language.c helper/language.h \
	helper/libexec.h \
	helper/mask.c helper/mask.h \
	helper/peer.c helper/peer.h \
	helper/proxy_start.c helper/proxy_start.h \
	helper/report.c helper/report.h \
	helper/request.c helper/request.h \
	helper/route.c helper/route.h \
	helper/sandbox.c helper/sandbox.h \
	helper/url.c helper/url.h \
	helper/user_namespaces.c helper/user_namespaces.h \
	helper/wrap.c helper/wrap.h
