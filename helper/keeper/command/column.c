/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/command/column.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"
#include "keyring/translate.h"

bool kt_column_append(struct kt_secret *output, const char *text, size_t columns,
                      struct kt_error *error)
{
	if (!kt_secret_append_text(output, text, error))
		return false;
	for (size_t filled = kt_characters_columns(text); filled < columns; filled++)
		if (!kt_secret_append_text(output, " ", error))
			return false;
	return true;
}

bool kt_column_append_line(struct kt_secret *output, const char *label, size_t columns,
                           const char *value, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *text = NULL;

	if (!value || !*value)
		return true;
	if (!kt_text_set(&text, value, error))
		return false;
	kt_characters_make_printable(text);
	return kt_column_append(output, kt_translate(label), columns, error) &&
	       kt_secret_append_text(output, " ", error) &&
	       kt_secret_append_text(output, text, error) &&
	       kt_secret_append_text(output, "\n", error);
}
