/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/login/redirect_uri.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

bool kt_redirect_uri_put_port(char **redirect_uri, int64_t port, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *before = NULL;
	char *colon = strstr(*redirect_uri, ":0");

	if (!colon || (colon[2] != '\0' && colon[2] != '/'))
		return true;
	return kt_text_set_bytes(&before, *redirect_uri, (size_t)(colon - *redirect_uri), error) &&
	       kt_text_format(redirect_uri, error, "%s:%lld%s", before, (long long)port, colon + 2);
}
