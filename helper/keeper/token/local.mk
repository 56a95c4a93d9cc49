# SPDX-License-Identifier: MIT
libkeeper_a_SOURCES += \
	helper/keeper/token/drop.c helper/keeper/token/drop.h \
	helper/keeper/token/escrow.c helper/keeper/token/escrow.h \
	helper/keeper/token/fault_point.h \
	helper/keeper/token/journal.c helper/keeper/token/journal.h \
	helper/keeper/token/old_token.c helper/keeper/token/old_token.h \
	helper/keeper/token/pace.c helper/keeper/token/pace.h \
	helper/keeper/token/promise.c helper/keeper/token/promise.h \
	helper/keeper/token/refused.c helper/keeper/token/refused.h \
	helper/keeper/token/requirement.c helper/keeper/token/requirement.h \
	helper/keeper/token/rotation.c helper/keeper/token/rotation.h \
	helper/keeper/token/rotation_failure.c helper/keeper/token/rotation_failure.h \
	helper/keeper/token/rotation_record.c \
	helper/keeper/token/service_app.c helper/keeper/token/service_app.h \
	helper/keeper/token/signals.c helper/keeper/token/signals.h \
	helper/keeper/token/state.c helper/keeper/token/state.h \
	helper/keeper/token/subject.c helper/keeper/token/subject.h \
	helper/keeper/token/token.c helper/keeper/token/token.h
