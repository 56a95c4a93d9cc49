/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "keyring/characters.h"
#include "keyring/error.h"
#include "keyring/translate.h"

static const struct {
	const char *name;
	int exit_status;
} codes[] = {
	[KT_ERROR_NONE] = { "none", 0 },
	[KT_ERROR_USAGE] = { "usage", 2 },
	[KT_ERROR_ACCOUNT_NEEDED] = { "account_needed", 2 },
	[KT_ERROR_NOT_FOUND] = { "not_found", 1 },
	[KT_ERROR_DEAD] = { "dead", 3 },
	[KT_ERROR_REFUSED] = { "refused", 3 },
	[KT_ERROR_LOCKED] = { "locked", 4 },
	[KT_ERROR_UNAVAILABLE] = { "unavailable", 4 },
	[KT_ERROR_DISMISSED] = { "dismissed", 4 },
	[KT_ERROR_CORRUPT] = { "corrupt", 4 },
	[KT_ERROR_BUSY] = { "busy", 5 },
	[KT_ERROR_NETWORK] = { "network", 5 },
	[KT_ERROR_SERVER] = { "server", 5 },
	[KT_ERROR_UNSAFE] = { "unsafe", 6 },
	[KT_ERROR_INTERNAL] = { "internal", 70 },
};

void kt_error_write(char sentence[static KT_ERROR_SENTENCE], const char *format, va_list arguments)
{
	/* Room for the rest of the last character. */
	char text[KT_ERROR_SENTENCE + 4] = "";

	vsnprintf(text, sizeof(text), format, arguments);
	text[kt_characters_fit(text, KT_ERROR_SENTENCE - 1)] = '\0';
	kt_characters_make_printable(text);
	memcpy(sentence, text, KT_ERROR_SENTENCE);
}

bool kt_fail(struct kt_error *error, enum kt_error_code code, const char *format, ...)
{
	va_list arguments;

	if (error->code != KT_ERROR_NONE)
		return false;
	error->code = code;
	va_start(arguments, format);
	kt_error_write(error->message, kt_translate(format), arguments);
	va_end(arguments);
	return false;
}

bool kt_advise(struct kt_error *error, const char *format, ...)
{
	va_list arguments;

	if (error->remedy[0] != '\0')
		return false;
	va_start(arguments, format);
	kt_error_write(error->remedy, kt_translate(format), arguments);
	va_end(arguments);
	return false;
}

bool kt_fail_memory(struct kt_error *error)
{
	return kt_fail(error, KT_ERROR_INTERNAL, "out of memory");
}

void kt_error_clear(struct kt_error *error)
{
	*error = (struct kt_error){ 0 };
}

int kt_error_exit_status(enum kt_error_code code)
{
	return codes[code].exit_status;
}

const char *kt_error_name(enum kt_error_code code)
{
	return codes[code].name;
}
