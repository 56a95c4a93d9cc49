/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stddef.h>

#include "keyring/translate.h"

static const char *(*translate)(const char *message);

void kt_translate_by(const char *(*translator)(const char *message))
{
	translate = translator;
}

const char *kt_translate(const char *message)
{
	return translate && *message ? translate(message) : message;
}
