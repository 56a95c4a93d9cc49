# SPDX-License-Identifier: MIT
libcourier_a_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS) $(CRYPTO_CFLAGS)
libcourier_a_SOURCES = \
	helper/courier/amend.c helper/courier/amend.h \
	helper/courier/body.c helper/courier/body.h \
	helper/courier/challenge.c helper/courier/challenge.h \
	helper/courier/http.c helper/courier/http.h \
	helper/courier/loopback.c helper/courier/loopback.h \
	helper/courier/main.c \
	helper/courier/pages.c helper/courier/pages.h \
	helper/courier/redirect.c helper/courier/redirect.h \
	helper/transfer.c helper/transfer.h

keyturn_courier_SOURCES =
keyturn_courier_LDADD = $(COURIER_LIBS)
