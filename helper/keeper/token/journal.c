/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/keeper/account/lock.h"
#include "helper/keeper/token/journal.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/environment.h"
#include "keyring/seal.h"
#include "keyring/text.h"

/*
 * "keyturn 1 PHASE HASH WALL TRIES EARLY RENEWED PROMISED REFUSALS REFUSED", blank-padded to one
 * size, and a newline.
 */
#define MARK "keyturn 1"
#define RECORD 160
#define HASH_DIGITS 32
#define NO_HASH "00000000000000000000000000000000"

static const char *const phases[] = {
	[KT_JOURNAL_CLEAR] = "clear",
	[KT_JOURNAL_INTENT] = "intent",
	[KT_JOURNAL_SENT] = "sent",
	[KT_JOURNAL_GOT] = "got",
};

/* The next word of the record; its length is 0 at the end. */
static const char *next_word(const char **cursor, size_t *length)
{
	const char *word = *cursor + strspn(*cursor, " \n");

	*length = strcspn(word, " \n");
	*cursor = word + *length;
	return word;
}

static bool read_phase(const char **cursor, enum kt_journal_phase *phase)
{
	size_t length;
	const char *word = next_word(cursor, &length);

	for (int i = KT_JOURNAL_CLEAR; i <= KT_JOURNAL_GOT; i++) {
		if (strlen(phases[i]) == length && memcmp(phases[i], word, length) == 0) {
			*phase = (enum kt_journal_phase)i;
			return true;
		}
	}
	return false;
}

static bool read_number(const char **cursor, int64_t *number)
{
	size_t length;
	const char *word = next_word(cursor, &length);

	return kt_text_to_number(word, length, 0, INT64_MAX, number);
}

/* The last numbers are not in the records of older versions. */
static bool read_newer(const char **cursor, int64_t *number)
{
	*number = 0;
	return (*cursor)[strspn(*cursor, " \n")] == '\0' || read_number(cursor, number);
}

static bool parse(struct kt_journal *journal, const char *record)
{
	const char *cursor = record;
	const char *hash;
	size_t length;

	if (!kt_text_has_prefix(record, MARK " "))
		return false;
	cursor += strlen(MARK);
	if (!read_phase(&cursor, &journal->phase))
		return false;
	hash = next_word(&cursor, &length);
	if (length != HASH_DIGITS)
		return false;
	memcpy(journal->token_hash, hash, length);
	return read_number(&cursor, &journal->sent_wall) && read_number(&cursor, &journal->tries) &&
	       read_number(&cursor, &journal->early) && read_number(&cursor, &journal->renewed_wall) &&
	       read_newer(&cursor, &journal->promised_wall) &&
	       read_newer(&cursor, &journal->refusals) &&
	       read_newer(&cursor, &journal->refused_wall);
}

static void forget(struct kt_journal *journal)
{
	*journal = (struct kt_journal){ .is_open = journal->is_open,
	                                .descriptor = journal->descriptor };
	memcpy(journal->token_hash, NO_HASH, HASH_DIGITS);
}

bool kt_journal_open(struct kt_journal *journal, uint64_t account, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *directory = NULL;
	KT_CLEANUP(kt_text_free) char *name = NULL;
	KT_CLEANUP(kt_text_free) char *path = NULL;
	char record[RECORD + 1] = "";
	struct stat status;
	int descriptor;

	if (!kt_environment_state_directory(&directory, error) ||
	    !kt_account_lock_name(account, &name, error) ||
	    !kt_text_format(&path, error, "%s/%s.journal", directory, name))
		return false;
	descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (descriptor < 0)
		return kt_fail(error, KT_ERROR_UNAVAILABLE, "the journal %s cannot be opened: %s",
		               path, strerror(errno));
	journal->is_open = true;
	journal->descriptor = descriptor;
	if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode) ||
	    status.st_uid != geteuid())
		return kt_fail(error, KT_ERROR_UNSAFE, "the journal %s is not a file of yours", path);
	forget(journal);
	if (pread(descriptor, record, RECORD, 0) < 0)
		return kt_fail(error, KT_ERROR_UNAVAILABLE, "the journal %s cannot be read: %s", path,
		               strerror(errno));
	if (!parse(journal, record))
		forget(journal);
	return true;
}

bool kt_journal_write(struct kt_journal *journal, enum kt_journal_phase phase,
                      struct kt_error *error)
{
	char record[RECORD + 1];
	char text[RECORD];

	journal->phase = phase;
	snprintf(text, sizeof(text),
	         "%s %s %s %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64
	         " %" PRId64 " %" PRId64,
	         MARK, phases[phase], journal->token_hash, journal->sent_wall, journal->tries,
	         journal->early, journal->renewed_wall, journal->promised_wall, journal->refusals,
	         journal->refused_wall);
	snprintf(record, sizeof(record), "%-*s\n", RECORD - 1, text);
	if (pwrite(journal->descriptor, record, RECORD, 0) == RECORD &&
	    (phase != KT_JOURNAL_SENT || fdatasync(journal->descriptor) == 0))
		return true;
	kt_fail(error, KT_ERROR_UNAVAILABLE, "the journal of the account cannot be written: %s",
	        strerror(errno));
	return kt_advise(error, "make room on the disk, then try again");
}

static bool hash_token(const struct kt_credential *credential,
                       const struct kt_secret *refresh_token, struct kt_secret *digits,
                       struct kt_error *error)
{
	return kt_seal_hash(&credential->journal_key, "journal", kt_secret_reveal(refresh_token),
	                    kt_secret_length(refresh_token), HASH_DIGITS / 2, digits, error);
}

bool kt_journal_name_token(struct kt_journal *journal, const struct kt_credential *credential,
                           const struct kt_secret *refresh_token, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret digits = { 0 };

	if (!hash_token(credential, refresh_token, &digits, error))
		return false;
	snprintf(journal->token_hash, sizeof(journal->token_hash), "%s", kt_secret_reveal(&digits));
	return true;
}

static bool is_named(const struct kt_journal *journal, const struct kt_credential *credential,
                     const struct kt_secret *refresh_token, bool *named)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret digits = { 0 };
	struct kt_error ignored = { 0 };

	if (!hash_token(credential, refresh_token, &digits, &ignored))
		return false;
	*named = memcmp(journal->token_hash, kt_secret_reveal(&digits), HASH_DIGITS) == 0;
	return true;
}

bool kt_journal_is_sent(const struct kt_journal *journal,
                        const struct kt_credential *credential,
                        const struct kt_secret *refresh_token)
{
	bool named;

	return (journal->phase == KT_JOURNAL_SENT || journal->phase == KT_JOURNAL_GOT) &&
	       is_named(journal, credential, refresh_token, &named) && named;
}

bool kt_journal_is_past(const struct kt_journal *journal,
                        const struct kt_credential *credential)
{
	bool named;

	return journal->phase == KT_JOURNAL_CLEAR && strcmp(journal->token_hash, NO_HASH) != 0 &&
	       is_named(journal, credential, &credential->refresh_token, &named) && !named;
}

bool kt_journal_forget(struct kt_journal *journal, struct kt_error *error)
{
	if (journal->phase == KT_JOURNAL_CLEAR && strcmp(journal->token_hash, NO_HASH) == 0)
		return true;
	memcpy(journal->token_hash, NO_HASH, HASH_DIGITS);
	journal->tries = 0;
	journal->promised_wall = 0;
	journal->refusals = 0;
	return kt_journal_write(journal, KT_JOURNAL_CLEAR, error);
}

void kt_journal_close(struct kt_journal *journal)
{
	if (journal->is_open)
		close(journal->descriptor);
	*journal = (struct kt_journal){ 0 };
}
