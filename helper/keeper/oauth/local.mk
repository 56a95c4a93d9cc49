# SPDX-License-Identifier: MIT
libkeeper_a_SOURCES += \
	helper/keeper/oauth/dialect.h \
	helper/keeper/oauth/dialect_coze.c \
	helper/keeper/oauth/dialect_standard.c \
	helper/keeper/oauth/grant.c helper/keeper/oauth/grant.h \
	helper/keeper/oauth/grant_authorization_code.c \
	helper/keeper/oauth/grant_client_credentials.c \
	helper/keeper/oauth/grant_device_code.c \
	helper/keeper/oauth/grant_jwt_bearer.c \
	helper/keeper/oauth/grant_refresh_token.c \
	helper/keeper/oauth/grant_token_exchange.c \
	helper/keeper/oauth/jwt.c helper/keeper/oauth/jwt.h \
	helper/keeper/oauth/pkce.c helper/keeper/oauth/pkce.h \
	helper/keeper/oauth/private_key.c helper/keeper/oauth/private_key.h \
	helper/keeper/oauth/revocation.c helper/keeper/oauth/revocation.h \
	helper/keeper/oauth/token_error.c helper/keeper/oauth/token_error.h \
	helper/keeper/oauth/token_response.c helper/keeper/oauth/token_response.h \
	helper/keeper/oauth/whoami.c helper/keeper/oauth/whoami.h
