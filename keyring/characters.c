/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "keyring/characters.h"

bool kt_characters_are_clean(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)bytes[i] < 0x20 || bytes[i] == 0x7f)
			return false;
	return true;
}

/* Reads one character; returns its length in bytes, 0 where it is not well-formed. */
static size_t decode_utf8(const char *bytes, size_t length, uint32_t *character)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char lead = (unsigned char)bytes[0];
	size_t needed = lead < 0x80 ? 1 : lead < 0xc0 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3
	                : lead < 0xf8 ? 4 : 0;
	uint32_t value;

	if (needed == 0 || needed > length)
		return 0;
	value = needed == 1 ? lead : lead & (0x7fu >> needed);
	for (size_t i = 1; i < needed; i++) {
		if (((unsigned char)bytes[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | ((unsigned char)bytes[i] & 0x3f);
	}
	if (value < smallest[needed] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
		return 0;
	*character = value;
	return needed;
}

bool kt_characters_are_utf8(const char *bytes, size_t length)
{
	uint32_t character;

	while (length > 0) {
		size_t used = decode_utf8(bytes, length, &character);

		if (used == 0)
			return false;
		bytes += used;
		length -= used;
	}
	return true;
}

bool kt_characters_are_visible_ascii(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (bytes[i] < 0x21 || bytes[i] > 0x7e)
			return false;
	return length > 0;
}

int kt_characters_fit(const char *text, size_t limit)
{
	size_t length = strnlen(text, limit + 4);
	size_t fit = 0;

	while (fit < length) {
		uint32_t character;
		size_t used = decode_utf8(text + fit, length - fit, &character);

		used = used ? used : 1;
		if (fit + used > limit)
			break;
		fit += used;
	}
	return (int)fit;
}

static bool is_deceptive(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character < 0xa0) ||
	       character == 0x61c || (character >= 0x200b && character <= 0x200f) ||
	       (character >= 0x2028 && character <= 0x202e) ||
	       (character >= 0x2060 && character <= 0x206f) || character == 0xfeff ||
	       (character >= 0xfff9 && character <= 0xfffb) ||
	       (character >= 0xe0000 && character <= 0xe0fff);
}

void kt_characters_make_printable(char *text)
{
	size_t length = strlen(text);
	char *target = text;

	while (length > 0) {
		uint32_t character = 0;
		size_t used = decode_utf8(text, length, &character);

		if (used == 0 || is_deceptive(character)) {
			*target++ = '?';
			used = used ? used : 1;
		} else {
			memmove(target, text, used);
			target += used;
		}
		text += used;
		length -= used;
	}
	*target = '\0';
}
