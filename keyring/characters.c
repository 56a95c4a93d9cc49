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

int kt_characters_hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

int kt_characters_percent_value(const char *bytes, size_t length)
{
	int high = length > 2 && bytes[0] == '%' ? kt_characters_hex_value(bytes[1]) : -1;
	int low = high >= 0 ? kt_characters_hex_value(bytes[2]) : -1;

	return low >= 0 ? high << 4 | low : -1;
}

size_t kt_characters_decode(const char *bytes, size_t length, uint32_t *character)
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

bool kt_characters_is_blank(uint32_t character)
{
	return (character >= 0x09 && character <= 0x0d) || character == 0x20 || character == 0x85 ||
	       character == 0xa0 || character == 0xad || character == 0x61c ||
	       character == 0x1680 || character == 0x180e ||
	       (character >= 0x2000 && character <= 0x200f) ||
	       (character >= 0x2028 && character <= 0x202f) ||
	       (character >= 0x205f && character <= 0x206f) || character == 0x3000 ||
	       character == 0x3164 || character == 0xfeff;
}

/* Unicode's East Asian Width: the ranges of wide and full-width characters, without gaps. */
static bool is_wide(uint32_t character)
{
	static const struct {
		uint32_t first;
		uint32_t last;
	} ranges[] = {
		{ 0x1100, 0x115f }, { 0x2e80, 0x303e }, { 0x3041, 0xa4cf }, { 0xa960, 0xa97f },
		{ 0xac00, 0xd7a3 }, { 0xf900, 0xfaff }, { 0xfe30, 0xfe6f }, { 0xff01, 0xff60 },
		{ 0xffe0, 0xffe6 }, { 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff },
		{ 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (character >= ranges[i].first && character <= ranges[i].last)
			return true;
	return false;
}

static bool is_combining(uint32_t character)
{
	return (character >= 0x300 && character <= 0x36f) ||
	       (character >= 0x200b && character <= 0x200f) ||
	       (character >= 0xfe00 && character <= 0xfe0f) ||
	       (character >= 0x20d0 && character <= 0x20ff) || character == 0xfeff;
}

size_t kt_characters_columns(const char *text)
{
	size_t length = strlen(text);
	size_t columns = 0;

	while (length > 0) {
		uint32_t character = 0;
		size_t used = kt_characters_decode(text, length, &character);

		if (used == 0 || !is_combining(character))
			columns += used && is_wide(character) ? 2 : 1;
		used = used ? used : 1;
		text += used;
		length -= used;
	}
	return columns;
}

void kt_characters_fold_width(char *text)
{
	size_t length = strlen(text);
	char *target = text;

	while (length > 0) {
		uint32_t character = 0;
		size_t used = kt_characters_decode(text, length, &character);

		used = used ? used : 1;
		if (character >= 0xff01 && character <= 0xff5e) {
			*target++ = (char)(character - 0xff01 + 0x21);
		} else if (character == 0x3002 || character == 0x3000) {
			*target++ = character == 0x3002 ? '.' : ' ';
		} else {
			memmove(target, text, used);
			target += used;
		}
		text += used;
		length -= used;
	}
	*target = '\0';
}

bool kt_characters_are_utf8(const char *bytes, size_t length)
{
	uint32_t character;

	while (length > 0) {
		size_t used = kt_characters_decode(bytes, length, &character);

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
		size_t used = kt_characters_decode(text + fit, length - fit, &character);

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
		size_t used = kt_characters_decode(text, length, &character);

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
