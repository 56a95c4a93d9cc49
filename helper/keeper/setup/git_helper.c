/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/keeper/setup/git_helper.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

#define HELPERS_MAXIMUM 1000

static void environment_free(char ***environment)
{
	free(*environment);
	*environment = NULL;
}

/* The program is keyturn, as a line of the configuration names it. */
static bool is_keyturn(const char *program, size_t length, bool is_path)
{
	static const char *const names[] = { "keyturn", "git-credential-keyturn" };
	const char *slash = memrchr(program, '/', length);

	if (slash) {
		length -= (size_t)(slash + 1 - program);
		program = slash + 1;
	}
	/* git turns a bare name into git-credential-NAME. */
	for (size_t i = 0; i < (is_path ? KT_COUNT(names) : 1); i++)
		if (strlen(names[i]) == length && memcmp(names[i], program, length) == 0)
			return true;
	return false;
}

/* The first word, which a shell reads: in quotes it may have blanks. */
static size_t word_length(const char *text)
{
	const char *end = *text == '\'' || *text == '"' ? strchr(text + 1, *text) : NULL;

	return end ? (size_t)(end + 1 - text) : strcspn(text, " \t");
}

const char *kt_git_helper_words(const char *value)
{
	bool is_snippet = value[0] == '!';
	size_t length;
	bool is_quoted;

	value += is_snippet;
	value += strspn(value, " \t");
	/* "git credential-keyturn" is the same program. */
	if (is_snippet && kt_text_has_prefix(value, "git credential-keyturn"))
		value += strlen("git credential-");
	length = word_length(value);
	is_quoted = length > 1 && (value[0] == '\'' || value[0] == '"');
	if (!is_keyturn(value + is_quoted, length - 2 * is_quoted,
	                is_snippet || value[is_quoted] == '/'))
		return NULL;
	value += length;
	return value + strspn(value, " \t");
}

bool kt_git_helper_is_keyturn(const char *value)
{
	const char *words = kt_git_helper_words(value);

	return words && !*words;
}

static bool add(struct kt_git_helpers *helpers, struct kt_git_helper *helper,
                struct kt_error *error)
{
	struct kt_git_helper *grown;

	if (helpers->count >= HELPERS_MAXIMUM)
		return kt_fail(error, KT_ERROR_UNSAFE, "git has more than %d helpers",
		               HELPERS_MAXIMUM);
	grown = reallocarray(helpers->helpers, helpers->count + 1, sizeof(*grown));
	if (!grown)
		return kt_fail_memory(error);
	helpers->helpers = grown;
	grown[helpers->count++] = *helper;
	*helper = (struct kt_git_helper){ 0 };
	return true;
}

static void helper_clear(struct kt_git_helper *helper)
{
	kt_text_free(&helper->file);
	kt_text_free(&helper->scope);
	kt_text_free(&helper->url);
	kt_text_free(&helper->value);
}

/* SCOPE NUL ORIGIN NUL KEY LF VALUE NUL; a key without a value has no LF. */
static const char *parse_one(struct kt_git_helpers *helpers, const char *text, const char *end,
                             struct kt_error *error)
{
	KT_CLEANUP(helper_clear) struct kt_git_helper helper = { 0 };
	const char *scope = text;
	const char *origin = scope + strlen(scope) + 1;
	const char *key = origin < end ? origin + strlen(origin) + 1 : end;
	const char *line = key < end ? strchr(key, '\n') : NULL;
	size_t length;

	if (key >= end) {
		kt_fail(error, KT_ERROR_UNAVAILABLE, "git's list of its settings cannot be read");
		return NULL;
	}
	length = line ? (size_t)(line - key) : strlen(key);
	if (!kt_text_set(&helper.scope, scope, error) ||
	    (kt_text_has_prefix(origin, "file:") &&
	     !kt_text_set(&helper.file, origin + strlen("file:"), error)) ||
	    (length > strlen("credential..helper") &&
	     !kt_text_set_bytes(&helper.url, key + strlen("credential."),
	                        length - strlen("credential..helper"), error)) ||
	    !kt_text_set(&helper.value, line ? line + 1 : "true", error) ||
	    !add(helpers, &helper, error))
		return NULL;
	return key + strlen(key) + 1;
}

bool kt_git_environment(char *const *environment, char ***clean, char **global,
                        struct kt_error *error)
{
	static const char *const dropped[] = { "GIT_DIR=", "GIT_WORK_TREE=", "GIT_COMMON_DIR=",
		                               "GIT_CONFIG=", "GIT_CONFIG_COUNT=",
		                               "GIT_CONFIG_PARAMETERS=", "GIT_CONFIG_GLOBAL=" };
	size_t count = 0;

	while (environment[count])
		count++;
	*clean = calloc(count + 2, sizeof(**clean));
	if (!*clean)
		return kt_fail_memory(error);
	count = 0;
	for (; *environment; environment++) {
		const char *value = strchr(*environment, '=');
		bool is_dropped = false;

		for (size_t i = 0; i < KT_COUNT(dropped); i++)
			is_dropped = is_dropped || kt_text_has_prefix(*environment, dropped[i]);
		if (!is_dropped)
			(*clean)[count++] = *environment;
		if (value && kt_text_has_prefix(*environment, "GIT_CONFIG_GLOBAL=")) {
			char here[PATH_MAX] = "";

			if (value[1] != '/' && !getcwd(here, sizeof(here)))
				return kt_fail(error, KT_ERROR_UNAVAILABLE,
				               "this directory has no path any more");
			if (!kt_text_format(global, error, "GIT_CONFIG_GLOBAL=%s%s%s", here,
			                    *here ? "/" : "", value + 1))
				return false;
		}
	}
	if (*global)
		(*clean)[count] = *global;
	return true;
}

bool kt_git_helpers_read(struct kt_git_helpers *helpers, char *const *environment,
                         struct kt_error *error)
{
	char *arguments[] = { "git", "config",
		"--null", "--show-scope", "--show-origin",
		"--get-regexp", "^credential\\.(.*\\.)?helper$", NULL };
	KT_CLEANUP(environment_free) char **clean = NULL;
	KT_CLEANUP(kt_text_free) char *global = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };
	enum kt_git_result result;
	const char *text;
	const char *end;

	if (!kt_git_environment(environment, &clean, &global, error))
		return false;
	result = kt_git_call(arguments, clean, "/", NULL, &output);
	if (result == KT_GIT_MISSING) {
		kt_fail(error, KT_ERROR_USAGE, "there is no git in a directory of PATH");
		return kt_advise(error, "install git");
	}
	if (result == KT_GIT_FAILED) {
		kt_fail(error, KT_ERROR_USAGE, "git cannot read its own configuration, or takes too long");
		return kt_advise(error, "see what it says: git config --list");
	}
	text = kt_secret_reveal(&output);
	end = text + kt_secret_length(&output);
	while (text && text < end)
		text = parse_one(helpers, text, end, error);
	return text != NULL;
}

void kt_git_helpers_clear(struct kt_git_helpers *helpers)
{
	for (size_t i = 0; i < helpers->count; i++)
		helper_clear(&helpers->helpers[i]);
	free(helpers->helpers);
	*helpers = (struct kt_git_helpers){ 0 };
}
