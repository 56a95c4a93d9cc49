/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <getopt.h>

#include "helper/keeper/command/command.h"

#define OPTIONS_MAXIMUM 80

static bool advise_help(const char *command, struct kt_error *error)
{
	return kt_advise(error, "run: keyturn help %s", command);
}

static bool apply(const struct kt_option *option, const char *command, struct kt_error *error)
{
	const char **value = option->target;

	if (!option->values) {
		*(bool *)option->target = true;
		return true;
	}
	for (size_t i = 1; *value && i < option->values; i++)
		value++;
	if (*value)
		return kt_fail(error, KT_ERROR_USAGE, "%s: an option is given twice, or too often",
		               command) ||
		       advise_help(command, error);
	*value = optarg;
	return true;
}

bool kt_command_read_options(const struct kt_option *options, size_t option_count, int argc,
                             char **argv, int *count, struct kt_error *error)
{
	struct option table[OPTIONS_MAXIMUM + 1] = { 0 };
	const char *command = argv[0];
	int found;

	if (option_count > OPTIONS_MAXIMUM)
		return kt_fail(error, KT_ERROR_INTERNAL, "%s has too many options", command);
	for (size_t i = 0; i < option_count; i++)
		table[i] = (struct option){ options[i].name,
			options[i].values ? required_argument : no_argument, NULL, (int)i };
	optind = 0;
	opterr = 0;
	while ((found = getopt_long(argc, argv, ":", table, NULL)) != -1) {
		if (found == ':')
			return kt_fail(error, KT_ERROR_USAGE, "%s: an option lacks its value", command) ||
			       advise_help(command, error);
		if (found == '?' || (size_t)found >= option_count)
			return kt_fail(error, KT_ERROR_USAGE, "%s: it has no such option", command) ||
			       advise_help(command, error);
		if (!apply(&options[found], command, error))
			return false;
	}
	*count = 0;
	for (int i = optind; i < argc; i++)
		argv[++*count] = argv[i];
	return true;
}

bool kt_command_read_account(const struct kt_option *options, size_t option_count, int argc,
                             char **argv, const char **account, struct kt_error *error)
{
	int count;

	if (!kt_command_read_options(options, option_count, argc, argv, &count, error))
		return false;
	if (count > 1)
		return kt_fail(error, KT_ERROR_USAGE, "%s: it takes one account", argv[0]) ||
		       advise_help(argv[0], error);
	*account = count == 1 ? argv[1] : NULL;
	return true;
}
