/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/protocol/protocol.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

static const struct kt_protocol protocols[] = {
	{ "get", NULL, true, kt_protocol_git_answer },
	{ "token", NULL, false, kt_protocol_token_answer },
	{ "header", NULL, false, kt_protocol_header_answer },
	{ "header", "--json", false, kt_protocol_header_answer_json },
};

const struct kt_protocol *kt_protocol_of_verb(const char *verb, const char *option)
{
	for (size_t i = 0; i < KT_COUNT(protocols); i++)
		if (strcmp(protocols[i].verb, verb) == 0 &&
		    kt_text_is_equal(protocols[i].option, option))
			return &protocols[i];
	return NULL;
}
