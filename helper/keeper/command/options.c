/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "helper/keeper/account/secret_word.h"
#include "helper/keeper/command/command.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/suggestion.h"
#include "keyring/translate.h"

#define OPTIONS_MAXIMUM 80

static bool advise_help(const char *command, struct kt_error *error)
{
	return kt_advise(error, "run: keyturn help %s", command);
}

bool kt_command_may_show(const char *word, size_t length)
{
	size_t hyphens = strspn(word, "-");

	if (hyphens > 2 || length <= hyphens || length > 32 || (hyphens == 0 && length > 16))
		return false;
	for (size_t i = hyphens; i < length; i++)
		if (!(word[i] >= 'a' && word[i] <= 'z') && !(hyphens == 2 && word[i] == '-'))
			return false;
	return true;
}

static bool fail_token(const char *command, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_UNSAFE, "%s: a token was given as an argument: it is in your shell's "
	        "history, and other programs could see it", command);
	return kt_advise(error, "revoke it where it was made; a new one is typed, not shown: keyturn "
	                 "login --with-token");
}

static bool check_words(int argc, char **argv, struct kt_error *error)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		const char *value = argv[i][0] == '-' ? strchr(argv[i], '=') : NULL;

		if (kt_secret_word_is_token(value ? value + 1 : argv[i]))
			return fail_token(argv[0], error);
	}
	return true;
}

/* --token and what is near it, of login: the token itself is typed. */
static bool fail_option(const struct kt_option *options, size_t count, const char *command,
                        const char *word, struct kt_error *error)
{
	struct kt_suggestion suggestion = { 0 };
	size_t length = strcspn(word, "=");
	char name[40] = "";

	if (!kt_command_may_show(word, length)) {
		kt_fail(error, KT_ERROR_USAGE, "%s has no such option as one of those given", command);
		return advise_help(command, error);
	}
	snprintf(name, sizeof(name), "%.*s", (int)length, word);
	kt_fail(error, KT_ERROR_USAGE, "%s has no option %s", command, name);
	if (strcmp(command, "login") == 0 &&
	    (strcmp(name, "--token") == 0 || strcmp(name, "--pat") == 0 ||
	     strcmp(name, "--password") == 0))
		return kt_advise(error, "to type a token: keyturn login --with-token");
	for (size_t i = 0; i < count; i++)
		kt_suggestion_consider(&suggestion, name + strspn(name, "-"), options[i].name);
	if (suggestion.word)
		return kt_advise(error, "did you mean --%s?", suggestion.word);
	return advise_help(command, error);
}

/* getopt's '?': a word that is none, an abbreviation of several, or a flag with a value. */
static bool refuse_option(const struct kt_option *options, size_t count, const char *command,
                          const char *word, struct kt_error *error)
{
	size_t length = strcspn(word, "=");

	for (size_t i = 0; word[length] == '=' && i < count; i++)
		if (!options[i].values && length == strlen(options[i].name) + 2 &&
		    strncmp(word + 2, options[i].name, length - 2) == 0)
			return kt_fail(error, KT_ERROR_USAGE, "%s: --%s takes no value", command,
			               options[i].name) ||
			       advise_help(command, error);
	return fail_option(options, count, command, word, error);
}

static bool apply(const struct kt_option *option, const char *command, struct kt_error *error)
{
	const char **value = option->target;
	size_t often = option->values == KT_OPTION_MAY_HAVE_VALUE ? 1 : option->values;

	if (!option->values) {
		*(bool *)option->target = true;
		return true;
	}
	for (size_t i = 1; *value && i < often; i++)
		value++;
	if (*value)
		return kt_fail(error, KT_ERROR_USAGE,
		               often > 1 ? "%s: --%s is given too often"
		                         : KT_TEXT("%s: --%s is given twice"),
		               command, option->name) ||
		       advise_help(command, error);
	*value = optarg ? optarg : "";
	return true;
}

static int argument_of(const struct kt_option *option)
{
	if (option->values == KT_OPTION_MAY_HAVE_VALUE)
		return optional_argument;
	return option->values ? required_argument : no_argument;
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
			argument_of(&options[i]), NULL, (int)i };
	if (!check_words(argc, argv, error))
		return false;
	optind = 0;
	opterr = 0;
	while ((found = getopt_long(argc, argv, ":", table, NULL)) != -1) {
		if (found == ':')
			return kt_fail(error, KT_ERROR_USAGE, "%s: --%s lacks its value", command,
			               options[(size_t)optopt < option_count ? optopt : 0].name) ||
			       advise_help(command, error);
		if (found == '?' || (size_t)found >= option_count)
			return refuse_option(options, option_count, command,
			                     argv[optind > 1 ? optind - 1 : 1], error);
		if (!apply(&options[found], command, error))
			return false;
	}
	*count = 0;
	for (int i = optind; i < argc; i++)
		argv[++*count] = argv[i];
	return true;
}

/* Web pages and chats make one dash of "--". */
static bool begins_with_dash(const char *word)
{
	uint32_t character = 0;

	kt_characters_decode(word, strlen(word), &character);
	return (character >= 0x2010 && character <= 0x2015) || character == 0x2212 ||
	       character == 0xff0d;
}

bool kt_command_read_account(const struct kt_option *options, size_t option_count, int argc,
                             char **argv, const char **account, struct kt_error *error)
{
	int count;

	if (!kt_command_read_options(options, option_count, argc, argv, &count, error))
		return false;
	for (int i = 1; i <= count; i++) {
		if (!begins_with_dash(argv[i]))
			continue;
		kt_fail(error, KT_ERROR_USAGE, "%s: an option begins with a dash that is not '-', as "
		        "web pages make it of two", argv[0]);
		return kt_advise(error, "type it again, with -- before its name");
	}
	if (count > 1)
		return kt_fail(error, KT_ERROR_USAGE, "%s takes one account, and %d words were given",
		               argv[0], count) ||
		       kt_advise(error, "a name of several words stands in quotes; see: keyturn help %s",
		                 argv[0]);
	*account = count == 1 ? argv[1] : NULL;
	return true;
}
