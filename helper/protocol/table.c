/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/protocol/protocol.h"
#include "keyring/cleanup.h"

static const struct kt_protocol protocols[] = {
	{ "get", true, kt_protocol_git_answer },
	{ "token", false, kt_protocol_token_answer },
	{ "header", false, kt_protocol_header_answer },
};

const struct kt_protocol *kt_protocol_of_verb(const char *verb)
{
	for (size_t i = 0; i < KT_COUNT(protocols); i++)
		if (strcmp(protocols[i].verb, verb) == 0)
			return &protocols[i];
	return NULL;
}
