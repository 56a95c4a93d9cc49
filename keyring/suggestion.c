/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "keyring/suggestion.h"

#define LONGEST 40

static size_t least(size_t one, size_t other)
{
	return one < other ? one : other;
}

/* Damerau and Levenshtein's distance, without a second change in a swapped pair. */
static size_t distance_of(const char *word, size_t length, const char *other, size_t other_length)
{
	size_t rows[3][LONGEST + 1] = { { 0 } };

	for (size_t j = 0; j <= other_length; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= length; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i + 2) % 3];
		const size_t *before = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= other_length; j++) {
			row[j] = least(least(above[j] + 1, row[j - 1] + 1),
			               above[j - 1] + (word[i - 1] != other[j - 1]));
			if (i > 1 && j > 1 && word[i - 1] == other[j - 2] &&
			    word[i - 2] == other[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
	}
	return rows[length % 3][other_length];
}

void kt_suggestion_consider(struct kt_suggestion *suggestion, const char *word,
                            const char *candidate)
{
	size_t length = strlen(word);
	size_t other_length = strlen(candidate);
	/* Half a slip more if the length is another one: it decides between two that are as near. */
	size_t allowed = length < 3 ? 0 : length < 6 ? 3 : 5;
	size_t distance;

	if (length == 0 || length > LONGEST || other_length > LONGEST)
		return;
	distance = 2 * distance_of(word, length, candidate, other_length) + (length != other_length);
	if (strcasecmp(word, candidate) == 0)
		distance = 0;
	else if (distance > allowed && length >= 3 && strncmp(word, candidate, length) == 0)
		distance = allowed;
	if (distance > allowed || (suggestion->word && distance >= suggestion->distance))
		return;
	suggestion->word = candidate;
	suggestion->distance = distance;
}
