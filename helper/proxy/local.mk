# SPDX-License-Identifier: MIT
libproxy_a_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS) $(ZLIB_CFLAGS) $(CRYPTO_CFLAGS) $(SSL_CFLAGS)
libproxy_a_SOURCES = \
	helper/proxy/buffer.c helper/proxy/buffer.h \
	helper/proxy/exchange.c helper/proxy/exchange.h \
	helper/proxy/frame.c helper/proxy/frame.h \
	helper/proxy/head.c helper/proxy/head.h \
	helper/proxy/held_token.c helper/proxy/held_token.h \
	helper/proxy/inflate.c helper/proxy/inflate.h \
	helper/proxy/interest.c helper/proxy/interest.h \
	helper/proxy/judge.c helper/proxy/judge.h \
	helper/proxy/log.c helper/proxy/log.h \
	helper/proxy/main.c \
	helper/proxy/page.c helper/proxy/page.h \
	helper/proxy/passage.c helper/proxy/passage.h \
	helper/proxy/refused_token.c helper/proxy/refused_token.h \
	helper/proxy/rewrite.c helper/proxy/rewrite.h \
	helper/proxy/room.h \
	helper/proxy/serve.c helper/proxy/serve.h \
	helper/proxy/state.h \
	helper/proxy/settings.c helper/proxy/settings.h \
	helper/proxy/tls.c helper/proxy/tls.h \
	helper/proxy/upstream.c helper/proxy/upstream.h \
	helper/proxy/watch.c helper/proxy/watch.h \
	helper/transfer.c helper/transfer.h

keyturn_proxy_SOURCES =
keyturn_proxy_LDADD = $(PROXY_LIBS)
