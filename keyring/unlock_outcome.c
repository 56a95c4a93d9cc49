/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keyring/cleanup.h"
#include "keyring/translate.h"
#include "keyring/unlock_outcome.h"

#define DIRECTORY "keyturn"
#define FILE_NAME "unlock-outcome"
#define WORD_MAXIMUM 32

static const struct {
	const char *word;
	const char *reason;
	const char *remedy;
} outcomes[] = {
	[KT_UNLOCK_OUTCOME_NONE] = { NULL, NULL, KT_TEXT("run: keyturn unlock") },
	[KT_UNLOCK_OUTCOME_OPENED] = { "opened",
	                        KT_TEXT("login opened it, and it was locked since"),
	                        KT_TEXT("run: keyturn unlock") },
	[KT_UNLOCK_OUTCOME_NO_PASSWORD] = { "no-password",
	                             KT_TEXT("this login was without a password to open it with"),
	                             KT_TEXT("run: keyturn unlock") },
	[KT_UNLOCK_OUTCOME_SSH_KEY] = { "ssh-key",
	                         KT_TEXT("this login was by an SSH key, without a password to open "
	                                 "it with"),
	                         KT_TEXT("run: keyturn unlock") },
	[KT_UNLOCK_OUTCOME_PASSWORDS_DIFFER] = { "passwords-differ",
	                                  KT_TEXT("its password is not the login password"),
	                                  KT_TEXT("run: keyturn unlock --resync") },
	[KT_UNLOCK_OUTCOME_NO_DAEMON] = { "no-daemon",
	                           KT_TEXT("its daemon did not answer at login"),
	                           KT_TEXT("run: keyturn unlock") },
	[KT_UNLOCK_OUTCOME_NO_LOGIN_KEYRING] = { "no-login-keyring",
	                                  KT_TEXT("there was no login keyring that login could open"),
	                                  KT_TEXT("run: keyturn unlock") },
};

#define OUTCOMES KT_COUNT(outcomes)

/* The directory's descriptor; -1 if it is not there, or not ours alone to write. */
static int open_directory(const char *runtime_dir, bool make)
{
	KT_CLEANUP(kt_descriptor_close) int parent =
		open(runtime_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;
	int directory;

	if (parent < 0 || (make && mkdirat(parent, DIRECTORY, 0700) != 0 && errno != EEXIST))
		return -1;
	directory = openat(parent, DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory < 0)
		return -1;
	if (fstat(directory, &status) == 0 && status.st_uid == getuid() &&
	    (status.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return directory;
	close(directory);
	return -1;
}

static bool write_word(int directory, const char *name, const char *word)
{
	KT_CLEANUP(kt_descriptor_close) int file =
		openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	return file >= 0 && dprintf(file, "%s\n", word) == (int)strlen(word) + 1;
}

bool kt_unlock_outcome_write(const char *runtime_dir, enum kt_unlock_outcome outcome,
                             bool only_first)
{
	KT_CLEANUP(kt_descriptor_close) int directory = -1;
	const char *word = outcomes[outcome].word;
	char temporary[64];
	bool done;

	if (!word)
		return false;
	directory = open_directory(runtime_dir, true);
	if (directory < 0)
		return false;
	snprintf(temporary, sizeof(temporary), FILE_NAME ".%ld", (long)getpid());
	/* Left by a process of the same number that died here. */
	unlinkat(directory, temporary, 0);
	done = write_word(directory, temporary, word);
	/* linkat() refuses a name that is taken, renameat() replaces it. */
	if (done && only_first)
		done = linkat(directory, temporary, directory, FILE_NAME, 0) == 0 ||
		       errno == EEXIST;
	else if (done)
		done = renameat(directory, temporary, directory, FILE_NAME) == 0;
	unlinkat(directory, temporary, 0);
	return done;
}

static enum kt_unlock_outcome find_word(const char *word, size_t length)
{
	for (size_t i = 1; i < OUTCOMES; i++)
		if (strlen(outcomes[i].word) == length &&
		    memcmp(outcomes[i].word, word, length) == 0)
			return (enum kt_unlock_outcome)i;
	return KT_UNLOCK_OUTCOME_NONE;
}

enum kt_unlock_outcome kt_unlock_outcome_read(const char *runtime_dir)
{
	KT_CLEANUP(kt_descriptor_close) int directory = -1;
	KT_CLEANUP(kt_descriptor_close) int file = -1;
	char word[WORD_MAXIMUM];
	ssize_t length;

	if (runtime_dir)
		directory = open_directory(runtime_dir, false);
	if (directory < 0)
		return KT_UNLOCK_OUTCOME_NONE;
	file = openat(directory, FILE_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	length = file >= 0 ? read(file, word, sizeof(word)) : -1;
	if (length < 1 || word[length - 1] != '\n')
		return KT_UNLOCK_OUTCOME_NONE;
	return find_word(word, (size_t)length - 1);
}

const char *kt_unlock_outcome_reason(enum kt_unlock_outcome outcome)
{
	return outcomes[outcome].reason;
}

const char *kt_unlock_outcome_remedy(enum kt_unlock_outcome outcome)
{
	return outcomes[outcome].remedy;
}
