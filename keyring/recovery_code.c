/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stddef.h>
#include <string.h>

#include "keyring/cleanup.h"
#include "keyring/recovery_code.h"
#include "keyring/seal.h"

#define LETTERS 32
#define CHECKS 2
#define GROUP 4
#define CODE_BYTES 20
/* A prime: a single wrong letter, or two letters that changed places, change the rest. */
#define PRIME 1021

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* The letter's value, or -1. */
static int value_of(char letter)
{
	const char *found;

	if (letter >= 'a' && letter <= 'z')
		letter = (char)(letter - 'a' + 'A');
	if (letter == 'O')
		letter = '0';
	if (letter == 'I' || letter == 'L')
		letter = '1';
	found = letter ? strchr(alphabet, letter) : NULL;
	return found ? (int)(found - alphabet) : -1;
}

static void make_check(const char *letters, char check[static CHECKS])
{
	int rest = 0;

	for (size_t i = 0; i < LETTERS; i++)
		rest = (rest * LETTERS + value_of(letters[i])) % PRIME;
	check[0] = alphabet[rest / LETTERS];
	check[1] = alphabet[rest % LETTERS];
}

static bool append_letters(const struct kt_secret *bytes, struct kt_secret *letters,
                           struct kt_error *error)
{
	const char *byte = kt_secret_reveal(bytes);
	unsigned int held = 0;
	int bits = 0;

	for (size_t i = 0; i < CODE_BYTES; i++) {
		held = (held << 8 | (unsigned char)byte[i]) & 0xfff;
		for (bits += 8; bits >= 5; bits -= 5)
			if (!kt_secret_append(letters, &alphabet[held >> (bits - 5) & 31], 1, error))
				return false;
	}
	return true;
}

bool kt_recovery_code_make(struct kt_secret *code, struct kt_secret *material,
                           struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
	char check[CHECKS];

	kt_secret_clear(code);
	kt_secret_clear(material);
	if (!kt_seal_randomize(&bytes, CODE_BYTES, error) ||
	    !append_letters(&bytes, material, error))
		return false;
	for (size_t i = 0; i < LETTERS; i += GROUP)
		if (!kt_secret_append(code, kt_secret_reveal(material) + i, GROUP, error) ||
		    !kt_secret_append(code, "-", 1, error))
			return false;
	make_check(kt_secret_reveal(material), check);
	return kt_secret_append(code, check, CHECKS, error);
}

bool kt_recovery_code_read(const struct kt_secret *typed, struct kt_secret *material,
                           enum kt_recovery_code *verdict, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret letters = { 0 };
	const char *text = kt_secret_reveal(typed);
	char check[CHECKS];

	*verdict = KT_RECOVERY_CODE_NONE;
	kt_secret_clear(material);
	for (size_t i = 0; i < kt_secret_length(typed); i++) {
		int value = value_of(text[i]);

		if (text[i] == '-' || text[i] == ' ' || text[i] == '\t')
			continue;
		if (value < 0)
			return true;
		if (!kt_secret_append(&letters, &alphabet[value], 1, error))
			return false;
	}
	if (kt_secret_length(&letters) != LETTERS + CHECKS)
		return true;
	make_check(kt_secret_reveal(&letters), check);
	*verdict = memcmp(kt_secret_reveal(&letters) + LETTERS, check, CHECKS) == 0
	                   ? KT_RECOVERY_CODE_WHOLE : KT_RECOVERY_CODE_MISTYPED;
	kt_secret_truncate(&letters, LETTERS);
	if (*verdict == KT_RECOVERY_CODE_WHOLE)
		kt_secret_move(material, &letters);
	return true;
}
