/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * Mutants of what tools were recorded to ask (tests/fuzz/seeds/protocol), each looked at by the
 * fuzz target, which ends the program where one is taken that must not be. They are the same ones
 * at each run. KEYTURN_MUTANTS: how many of each recording.
 */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SIZE 1024
#define SEEDS 64
#define MUTANTS 4000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct text {
	char bytes[SIZE];
	size_t length;
	size_t head; /* the tool's name and its line end, which stay */
};

static struct text seeds[SEEDS];
static size_t count;
static uint64_t state_of_random = 88172645463325252u;

/* Marsaglia's xorshift: any 64 bits will do, but the same ones each time. */
static size_t below(size_t limit)
{
	state_of_random ^= state_of_random << 13;
	state_of_random ^= state_of_random >> 7;
	state_of_random ^= state_of_random << 17;
	return limit ? (size_t)(state_of_random % limit) : 0;
}

static int start(void **state)
{
	const char *source = getenv("srcdir");
	char path[4096];
	struct dirent *entry;
	DIR *directory;

	(void)state;
	snprintf(path, sizeof(path), "%s/tests/fuzz/seeds/protocol", source ? source : "..");
	directory = opendir(path);
	if (!directory)
		return 1;
	while ((entry = readdir(directory)) && count < SEEDS) {
		struct text *seed = &seeds[count];
		char name[8192];
		FILE *file;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		file = fopen(name, "rbe");
		if (!file)
			return 1;
		seed->length = fread(seed->bytes, 1, SIZE / 2, file);
		fclose(file);
		seed->head = strcspn(seed->bytes, "\n") + 1;
		count++;
	}
	closedir(directory);
	return count == 0;
}

/* Puts bytes in place of some that are there. */
static void replace(struct text *text, size_t at, size_t gone, const char *bytes, size_t length)
{
	if (gone > text->length - at)
		gone = text->length - at;
	if (text->length - gone + length > SIZE)
		return;
	memmove(text->bytes + at + length, text->bytes + at + gone, text->length - at - gone);
	memcpy(text->bytes + at, bytes, length);
	text->length += length - gone;
}

static void mutate(struct text *text)
{
	static const char *const pieces[] = {
		"@", ":", "/", "\\", "?", "#", "%", "%00", "%0a", "%2e", "..", ".", "://", "https://",
		"http://", "sparse+", "\r", "\n", "\n\n", "\t", " ", "\"", "{", "}", "[", "]", "\\u0000",
		"\\n", "\\ud800", "[::1]", ":443", ":80", ":0", ":65536", ".evil.example", "@evil.example",
		"evil.example", "evil.example/", "\xc3\xbc", "\xff", "\xe2\x80\xae", "null", "1e999", "get",
		"erase", "forget", "store", "del", "set", "--mode", "--output=json", "--", "-", "login",
		"logout", "\"kind\":\"logout\",", "*", "docker.io", "index.docker.io", "ws.coze.cn",
	};
	size_t room = text->length - text->head;
	size_t at = text->head + below(room + 1);
	const char *piece = pieces[below(COUNT(pieces))];
	const struct text *other = &seeds[below(count)];
	const struct text before = *text;
	char byte = (char)below(256);
	size_t from;

	switch (below(6)) {
	case 0:
		replace(text, at, 1, &byte, 1);
		break;
	case 1:
		replace(text, at, 0, &byte, 1);
		break;
	case 2:
		replace(text, at, 1 + below(8), "", 0);
		break;
	case 3:
		replace(text, at, below(3), piece, strlen(piece));
		break;
	case 4:
		from = other->head + below(other->length - other->head + 1);
		replace(text, at, below(16), other->bytes + from, below(other->length - from + 1));
		break;
	default:
		from = text->head + below(room + 1);
		replace(text, at, 0, before.bytes + from, below(before.length - from + 1));
		break;
	}
}

static void no_mutant_of_a_recorded_request_gets_another_s_answer(void **state)
{
	const char *wanted = getenv("KEYTURN_MUTANTS");
	unsigned long mutants = wanted ? strtoul(wanted, NULL, 10) : MUTANTS;

	(void)state;
	for (size_t i = 0; i < count; i++)
		for (unsigned long k = 0; k < mutants; k++) {
			struct text text = seeds[i];

			for (size_t changes = below(4) + 1; changes > 0; changes--)
				mutate(&text);
			LLVMFuzzerTestOneInput((const uint8_t *)text.bytes, text.length);
		}
	print_message("%lu mutants of each of %zu requests\n", mutants, count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(no_mutant_of_a_recorded_request_gets_another_s_answer, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
