# SPDX-License-Identifier: MIT
libkeeper_a_SOURCES += \
	helper/keeper/account/answer.c helper/keeper/account/answer.h \
	helper/keeper/account/binding.c helper/keeper/account/binding.h \
	helper/keeper/account/default.c helper/keeper/account/default.h \
	helper/keeper/account/directory_file.c helper/keeper/account/directory_file.h \
	helper/keeper/account/expiry.c helper/keeper/account/expiry.h \
	helper/keeper/account/facts.c helper/keeper/account/facts.h \
	helper/keeper/account/find.c helper/keeper/account/find.h \
	helper/keeper/account/idn.c helper/keeper/account/idn.h \
	helper/keeper/account/lifetime.c helper/keeper/account/lifetime.h \
	helper/keeper/account/line_file.c helper/keeper/account/line_file.h \
	helper/keeper/account/lock.c helper/keeper/account/lock.h \
	helper/keeper/account/moment.c helper/keeper/account/moment.h \
	helper/keeper/account/pick.c helper/keeper/account/pick.h \
	helper/keeper/account/returned.c helper/keeper/account/returned.h \
	helper/keeper/account/secret_word.c helper/keeper/account/secret_word.h \
	helper/keeper/account/service.c helper/keeper/account/service.h
