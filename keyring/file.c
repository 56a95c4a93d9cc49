/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keyring/cleanup.h"
#include "keyring/file.h"
#include "keyring/text.h"

bool kt_file_read(const char *path, size_t limit, struct kt_secret *content, bool *found,
                  struct kt_error *error)
{
	KT_CLEANUP(kt_descriptor_close) int descriptor =
		open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat status;

	*found = false;
	if (descriptor < 0 && (errno == ENOENT || errno == ENOTDIR))
		return true;
	if (descriptor < 0 || fstat(descriptor, &status) != 0)
		return kt_fail(error, KT_ERROR_UNAVAILABLE, "%s cannot be read: %s", path,
		               strerror(errno));
	if (!S_ISREG(status.st_mode) || status.st_size > (off_t)limit)
		return kt_fail(error, KT_ERROR_UNAVAILABLE,
		               "%s is not a regular file of at most %zu bytes", path, limit);
	*found = true;
	return kt_secret_read(content, descriptor, limit, error);
}

bool kt_file_read_given(const char *path, size_t limit, struct kt_secret *content, bool *found,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_descriptor_close) int descriptor = -1;

	*found = true;
	if (strcmp(path, "-") == 0)
		return kt_secret_read(content, STDIN_FILENO, limit, error);
	descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	*found = descriptor >= 0;
	if (descriptor >= 0)
		return kt_secret_read(content, descriptor, limit, error);
	if (errno == ENOENT || errno == ENOTDIR)
		return true;
	kt_fail(error, KT_ERROR_USAGE, "%s cannot be read: %s", path, strerror(errno));
	return kt_advise(error, "name a file that you can read");
}

bool kt_file_write(int descriptor, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = write(descriptor, bytes, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		bytes += written;
		length -= (size_t)written;
	}
	return true;
}

/* A rename is sure only once its directory is on disk. */
static bool sync_directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	KT_CLEANUP(kt_text_free) char *directory =
		slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	KT_CLEANUP(kt_descriptor_close) int descriptor = -1;

	if (!directory)
		return false;
	descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return descriptor >= 0 && fsync(descriptor) == 0;
}

static bool fail_write(const char *path, int reason, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_UNAVAILABLE, "%s cannot be written: %s", path, strerror(reason));
	if (reason == ENOSPC || reason == EDQUOT)
		kt_advise(error, "make room on the disk, then try again");
	return false;
}

bool kt_file_replace(const char *path, const void *bytes, size_t length,
                     struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *temporary = NULL;
	int descriptor;
	int reason;
	bool written;

	if (!kt_text_format(&temporary, error, "%s.XXXXXX", path))
		return false;
	descriptor = mkostemp(temporary, O_CLOEXEC);
	if (descriptor < 0)
		return fail_write(path, errno, error);
	written = kt_file_write(descriptor, bytes, length) && fsync(descriptor) == 0;
	reason = errno;
	if (close(descriptor) != 0 && written) {
		written = false;
		reason = errno;
	}
	if (written && rename(temporary, path) == 0 && sync_directory_of(path))
		return true;
	if (written)
		reason = errno;
	unlink(temporary);
	return fail_write(path, reason, error);
}
