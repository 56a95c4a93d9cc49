/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keyring/cleanup.h"
#include "pam/unlock/outcome.h"

#define DIRECTORY "keyturn"
#define FILE_NAME "unlock-outcome"

static void descriptor_close(int *descriptor)
{
	if (*descriptor >= 0)
		close(*descriptor);
}

/* The directory's descriptor, made if need be; -1 if it is not ours alone to write. */
static int open_directory(const char *runtime_dir)
{
	KT_CLEANUP(descriptor_close) int parent =
		open(runtime_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;
	int directory;

	if (parent < 0 || (mkdirat(parent, DIRECTORY, 0700) != 0 && errno != EEXIST))
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

const char *kt_outcome_word(enum kt_status status)
{
	switch (status) {
	case KT_STATUS_OPENED:
		return "opened";
	case KT_STATUS_NOTED:
		return "no-password";
	case KT_STATUS_DENIED:
		return "passwords-differ";
	case KT_STATUS_FAILED:
	case KT_STATUS_ABSENT:
	case KT_STATUS_SILENT:
	case KT_STATUS_UNSAFE:
		return "no-daemon";
	case KT_STATUS_NO_COLLECTION:
		return "no-login-keyring";
	default:
		return NULL;
	}
}

static bool write_word(int directory, const char *name, const char *word)
{
	KT_CLEANUP(descriptor_close) int file =
		openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	return file >= 0 && dprintf(file, "%s\n", word) == (int)strlen(word) + 1;
}

bool kt_outcome_write(const char *runtime_dir, enum kt_status status, bool only_first)
{
	KT_CLEANUP(descriptor_close) int directory = open_directory(runtime_dir);
	const char *word = kt_outcome_word(status);
	char temporary[64];
	bool done;

	if (directory < 0 || !word)
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
