/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/command/help.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"
#include "keyring/translate.h"

bool kt_help_overview(const struct kt_command *const *commands, size_t count,
                      struct kt_secret *output, struct kt_error *error)
{
	if (!kt_secret_append_text(output, kt_translate("Keeps tokens in the keyring and "
	                                                "hands them to any tool.\n\nusage: keyturn "
	                                                "COMMAND [ARGUMENT...]\n\n"), error))
		return false;
	for (size_t i = 0; i < count; i++) {
		KT_CLEANUP(kt_text_free) char *line = NULL;

		if (!kt_text_format(&line, error, "  %-11s %s\n", commands[i]->name,
		                    kt_translate(commands[i]->summary)) ||
		    !kt_secret_append_text(output, line, error))
			return false;
	}
	return kt_secret_append_text(output, kt_translate("\nkeyturn help COMMAND tells more; "
	                                                  "keyturn(1) is "
	                             "the manual.\nTo use it with git: keyturn setup git\n"), error);
}

bool kt_help_command(const struct kt_command *command, struct kt_secret *output,
                     struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *text = NULL;

	return kt_text_format(&text, error, kt_translate("usage: keyturn "
	                                                 "%s%s%s\n\n%s.\n%s%s"), command->name,
	                      *command->synopsis ? " " : "", command->synopsis,
	                      kt_translate(command->summary),
	                      *command->details ? "\n" : "", kt_translate(command->details)) &&
	       kt_secret_append_text(output, text, error) &&
	       (!command->describe || command->describe(output, error));
}
