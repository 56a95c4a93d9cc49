/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "helper/keeper/account/secret_word.h"
#include "keyring/cleanup.h"

/* Shorter words are names. */
#define TOKEN_MINIMUM 20
#define CHANCE_MINIMUM 16

#define SMALL "abcdefghijklmnopqrstuvwxyz"
#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static const char characters[] = SMALL CAPITALS DIGITS "_-.~+/=";

/* The first place at or behind start where a token begins; NULL: none does. */
static const char *find_token(const char *word, const char *start)
{
	static const char *const prefixes[] = {
		"pat_", "sat_", "cztei_", "czu_", "czs_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_",
		"github_pat_", "glpat-", "eyJ",
	};

	for (const char *place = start; *place; place++) {
		if (place > word && (isalnum((unsigned char)place[-1]) || place[-1] == '_'))
			continue;
		for (size_t i = 0; i < KT_COUNT(prefixes); i++)
			if (strncmp(place, prefixes[i], strlen(prefixes[i])) == 0)
				return place;
	}
	return NULL;
}

const char *kt_secret_word_find(const char *text, size_t *length)
{
	const char *place = find_token(text, text);

	while (place) {
		*length = strspn(place, characters);
		if (*length >= TOKEN_MINIMUM && strspn(place, SMALL "_-") < *length)
			return place;
		place = find_token(text, place + 1);
	}
	return NULL;
}

bool kt_secret_word_is_whole(const char *text, size_t length)
{
	size_t found = 0;

	return kt_secret_word_find(text, &found) == text && found == length;
}

bool kt_secret_word_is_token(const char *word)
{
	size_t length;

	return kt_secret_word_find(word, &length) != NULL;
}

/* Letters and digits in a row, as no name has them. */
static bool is_of_chance(const char *run, size_t length)
{
	size_t digits = 0;

	for (size_t i = 0; i < length; i++)
		digits += isdigit((unsigned char)run[i]) != 0;
	return length >= CHANCE_MINIMUM && digits > 0 && digits < length;
}

bool kt_secret_word_is_likely(const char *word)
{
	if (find_token(word, word))
		return true;
	for (const char *run = word; *run;) {
		size_t length = strspn(run, SMALL CAPITALS DIGITS);

		if (is_of_chance(run, length))
			return true;
		run += length + (run[length] != '\0');
	}
	return false;
}
