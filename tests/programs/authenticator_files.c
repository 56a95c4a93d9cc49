/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/programs/authenticator.h"

size_t key_read_file(const struct key *key, const char *name, void *bytes, size_t size)
{
	char path[512];
	size_t length = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", key->directory, name);
	file = fopen(path, "r");
	if (file) {
		length = fread(bytes, 1, size, file);
		fclose(file);
	}
	return length;
}

void key_write_file(const struct key *key, const char *name, const char *mode, const void *bytes,
                    size_t length)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", key->directory, name);
	file = fopen(path, mode);
	if (file) {
		fwrite(bytes, 1, length, file);
		fclose(file);
	}
}

int key_read_number(const struct key *key, const char *name, int otherwise)
{
	char text[16] = "";

	return key_read_file(key, name, text, sizeof(text) - 1) > 0 ? (int)strtol(text, NULL, 10)
	                                                            : otherwise;
}

void key_write_number(const struct key *key, const char *name, int number)
{
	char text[16];

	snprintf(text, sizeof(text), "%d\n", number);
	key_write_file(key, name, "w", text, strlen(text));
}

bool key_behaves(const struct key *key, const char *word)
{
	char words[200] = "";
	size_t length = strlen(word);

	key_read_file(key, "behaviour", words, sizeof(words) - 1);
	for (const char *next = strstr(words, word); next; next = strstr(next + 1, word))
		if ((next == words || strchr(" \n", next[-1])) && strchr(" \n", next[length]))
			return true;
	return false;
}

size_t key_read_pin(const struct key *key, char pin[static 64])
{
	size_t length = key_read_file(key, "pin", pin, 63);

	pin[length] = '\0';
	pin[strcspn(pin, "\n")] = '\0';
	return strlen(pin);
}
