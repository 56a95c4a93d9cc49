/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/allow_rule.h"
#include "keyring/characters.h"

bool kt_allow_rule_check(const char *rule, struct kt_error *error)
{
	size_t method = strcspn(rule, " ");
	const char *path = rule + method + (rule[method] == ' ');
	const char *star = strchr(path, '*');

	if (method > 0 && method <= 32 &&
	    (strspn(rule, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") == method ||
	     (method == 1 && rule[0] == '*')) &&
	    path[0] == '/' && kt_characters_are_visible_ascii(path, strlen(path)) &&
	    !strpbrk(path, "?#") && (!star || (star[1] == '\0' && star[-1] == '/')))
		return true;
	kt_fail(error, KT_ERROR_USAGE, "--allow takes a method in capital letters, a blank and a path");
	return kt_advise(error, "for example: --allow 'POST /v3/chat' or --allow 'GET /v1/*'");
}

static const char *path_of(const char *rule)
{
	return strchr(rule, ' ') + 1;
}

bool kt_allow_rule_names(const char *rule, const char *path, size_t path_length)
{
	return strlen(path_of(rule)) == path_length &&
	       memcmp(path_of(rule), path, path_length) == 0;
}

bool kt_allow_rule_is_match(const char *rule, const char *method, size_t method_length,
                            const char *path, size_t path_length)
{
	const char *allowed = path_of(rule);
	size_t length = strlen(allowed);
	size_t word = strcspn(rule, " ");

	if (rule[0] != '*' && (word != method_length || memcmp(rule, method, word) != 0))
		return false;
	if (allowed[length - 1] == '*')
		return path_length >= length - 1 && memcmp(allowed, path, length - 1) == 0;
	return kt_allow_rule_names(rule, path, path_length);
}
