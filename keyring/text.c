/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keyring/characters.h"
#include "keyring/text.h"

void kt_text_free(char **text)
{
	free(*text);
	*text = NULL;
}

bool kt_text_set_bytes(char **target, const char *bytes, size_t length, struct kt_error *error)
{
	char *copy = malloc(length + 1);

	if (!copy)
		return kt_fail_memory(error);
	memcpy(copy, bytes, length);
	copy[length] = '\0';
	free(*target);
	*target = copy;
	return true;
}

bool kt_text_set(char **target, const char *text, struct kt_error *error)
{
	if (text)
		return kt_text_set_bytes(target, text, strlen(text), error);
	kt_text_free(target);
	return true;
}

bool kt_text_format(char **target, struct kt_error *error, const char *format, ...)
{
	va_list arguments;
	char *text = NULL;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		return kt_fail_memory(error);
	free(*target);
	*target = text;
	return true;
}

const char *kt_text_or_empty(const char *text)
{
	return text ? text : "";
}

bool kt_text_is_equal(const char *text, const char *other)
{
	return strcmp(kt_text_or_empty(text), kt_text_or_empty(other)) == 0;
}

bool kt_text_has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool kt_text_to_number(const char *bytes, size_t length, int64_t minimum, int64_t maximum,
                       int64_t *number)
{
	int64_t value = 0;

	if (length == 0)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] < '0' || bytes[i] > '9')
			return false;
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, bytes[i] - '0', &value))
			return false;
	}
	if (value < minimum || value > maximum)
		return false;
	*number = value;
	return true;
}

static bool append_base64(struct kt_secret *target, const unsigned char *input, size_t length,
                          const char *last_two, bool pad, struct kt_error *error)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

	for (size_t i = 0; i < length; i += 3) {
		size_t left = length - i < 3 ? length - i : 3;
		uint32_t group = (uint32_t)input[i] << 16;
		char digits[4];

		if (left > 1)
			group |= (uint32_t)input[i + 1] << 8;
		if (left > 2)
			group |= input[i + 2];
		for (size_t k = 0; k < 4; k++) {
			uint32_t value = group >> (18 - 6 * k) & 0x3f;

			digits[k] = value < 62 ? alphabet[value] : last_two[value - 62];
			if (k > left)
				digits[k] = '=';
		}
		if (!kt_secret_append(target, digits, pad ? 4 : left + 1, error))
			return false;
	}
	return true;
}

bool kt_text_append_base64url(struct kt_secret *target, const void *bytes, size_t length,
                              struct kt_error *error)
{
	return append_base64(target, bytes, length, "-_", false, error);
}

bool kt_text_append_base64(struct kt_secret *target, const void *bytes, size_t length,
                           struct kt_error *error)
{
	return append_base64(target, bytes, length, "+/", true, error);
}

static int value_of_base64(char byte)
{
	if (byte >= 'A' && byte <= 'Z')
		return byte - 'A';
	if (byte >= 'a' && byte <= 'z')
		return byte - 'a' + 26;
	if (byte >= '0' && byte <= '9')
		return byte - '0' + 52;
	return byte == '+' ? 62 : byte == '/' ? 63 : -1;
}

bool kt_text_append_base64_decoded(struct kt_secret *target, const char *text, size_t length,
                                   struct kt_error *error)
{
	unsigned int bits = 0;
	int count = 0;

	while (length > 0 && text[length - 1] == '=')
		length--;
	if (length % 4 == 1)
		return kt_fail(error, KT_ERROR_USAGE, "the base64 is not whole");
	for (size_t i = 0; i < length; i++) {
		int value = value_of_base64(text[i]);
		char byte;

		if (value < 0)
			return kt_fail(error, KT_ERROR_USAGE, "the base64 holds another character");
		bits = (bits << 6) | (unsigned int)value;
		count += 6;
		if (count < 8)
			continue;
		count -= 8;
		byte = (char)(bits >> count & 0xff);
		if (!kt_secret_append(target, &byte, 1, error))
			return false;
	}
	return true;
}

static bool is_unreserved(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' ||
	       byte == '~';
}

bool kt_text_append_percent(struct kt_secret *target, const char *bytes, size_t length,
                            struct kt_error *error)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)bytes[i];
		const char escape[3] = { '%', digits[byte >> 4], digits[byte & 0xf] };
		bool done = is_unreserved(bytes[i]) ? kt_secret_append(target, &bytes[i], 1, error)
		                                    : kt_secret_append(target, escape, 3, error);

		if (!done)
			return false;
	}
	return true;
}

bool kt_text_append_unescaped(struct kt_secret *target, const char *bytes, size_t length,
                              struct kt_error *error)
{
	for (size_t i = 0; i < length; i++) {
		char byte = bytes[i];

		if (byte == '%') {
			int value = kt_characters_percent_value(bytes + i, length - i);

			if (value < 0)
				return kt_fail(error, KT_ERROR_USAGE,
				               "a %% in a URL is not followed by two hex digits");
			byte = (char)value;
			i += 2;
		}
		if (!kt_characters_are_clean(&byte, 1))
			return kt_fail(error, KT_ERROR_USAGE,
			               "a URL holds an encoded control character");
		if (!kt_secret_append(target, &byte, 1, error))
			return false;
	}
	return true;
}
