# SPDX-License-Identifier: MIT
if HAVE_QRENCODE
QR_SOURCE = helper/keeper/login/qr.c
else
QR_SOURCE = helper/keeper/login/qr_none.c
endif
EXTRA_libkeeper_a_SOURCES = helper/keeper/login/qr.c helper/keeper/login/qr_none.c
libkeeper_a_SOURCES += \
	helper/keeper/login/app.c \
	helper/keeper/login/browser.c \
	helper/keeper/login/ca_file.c helper/keeper/login/ca_file.h \
	helper/keeper/login/coze_app.c helper/keeper/login/coze_app.h \
	helper/keeper/login/device.c \
	helper/keeper/login/discovery.c helper/keeper/login/discovery.h \
	helper/keeper/login/dotenv.c helper/keeper/login/dotenv.h \
	helper/keeper/login/login.c helper/keeper/login/login.h \
	helper/keeper/login/metadata.c helper/keeper/login/metadata.h \
	helper/keeper/login/parked.c helper/keeper/login/parked.h \
	helper/keeper/login/open_browser.c helper/keeper/login/open_browser.h \
	helper/keeper/login/options.c \
	helper/keeper/login/pasted.c helper/keeper/login/pasted.h \
	helper/keeper/login/provider_file.c helper/keeper/login/provider_file.h \
	helper/keeper/login/qr.h $(QR_SOURCE) \
	helper/keeper/login/redirect_uri.c helper/keeper/login/redirect_uri.h \
	helper/keeper/login/registration.c helper/keeper/login/registration.h \
	helper/keeper/login/replace.c helper/keeper/login/replace.h \
	helper/keeper/login/resource.c helper/keeper/login/resource.h \
	helper/keeper/login/settings.c helper/keeper/login/settings.h \
	helper/keeper/login/settings_json.c \
	helper/keeper/login/settings_rows.c \
	helper/keeper/login/settings_source.c helper/keeper/login/settings_source.h \
	helper/keeper/login/store_grant.c helper/keeper/login/store_grant.h \
	helper/keeper/login/summary.c \
	helper/keeper/login/token.c
