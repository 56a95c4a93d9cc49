/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "helper/keeper/setup/target.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"

/* As many as git follows of its own configuration, and some more. */
#define LINKS_MAXIMUM 10
#define ATTRIBUTES_MAXIMUM 4096

/* The path's directory, with its slash. */
static int directory_length(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (int)(slash - path) + 1 : 0;
}

/* Replaces *file by the name behind its links; the last one need not exist. */
static bool follow_links(const char *path, char **file, struct kt_error *error)
{
	if (!kt_text_set(file, path, error))
		return false;
	for (int i = 0; i < LINKS_MAXIMUM; i++) {
		char link[PATH_MAX];
		ssize_t length = readlink(*file, link, sizeof(link) - 1);

		if (length < 0)
			return true;
		link[length] = '\0';
		if (!kt_text_format(file, error, "%.*s%s",
		                    link[0] == '/' ? 0 : directory_length(*file), *file, link))
			return false;
	}
	kt_fail(error, KT_ERROR_UNSAFE, "%s leads through more than %d links", path, LINKS_MAXIMUM);
	return kt_advise(error, "make it a link to the file itself");
}

static bool check_owner(const char *file, const struct stat *status, struct kt_error *error)
{
	struct kt_shell_word word;

	if (status->st_uid == geteuid())
		return true;
	kt_fail(error, KT_ERROR_UNSAFE, "%s is another user's: keyturn changes your own files alone",
	        file);
	return kt_advise(error, "look whose it is: ls -ld %s", kt_shell_word(&word, file, "FILE"));
}

static bool check_rules(const char *file, const struct stat *status, struct kt_error *error)
{
	struct kt_shell_word word;
	const char *name = kt_shell_word(&word, file, "FILE");

	if (!S_ISREG(status->st_mode)) {
		kt_fail(error, KT_ERROR_UNSAFE, "%s is no regular file, and keyturn changes no other",
		        file);
		return kt_advise(error, "look what it is: ls -ld %s", name);
	}
	if (!check_owner(file, status, error))
		return false;
	if (!(status->st_mode & S_IWUSR)) {
		kt_fail(error, KT_ERROR_UNSAFE, "%s is read-only, and keyturn leaves it so", file);
		return kt_advise(error, "to let it be changed: chmod u+w %s", name);
	}
	if (status->st_nlink > 1) {
		kt_fail(error, KT_ERROR_UNSAFE, "%s has %zu names (hard links), which a change would "
		        "part", file, (size_t)status->st_nlink);
		return kt_advise(error, "make the others symbolic links to it");
	}
	if (status->st_size > (off_t)KT_SETUP_FILE_MAXIMUM) {
		kt_fail(error, KT_ERROR_UNSAFE, "%s is longer than %zu bytes, and keyturn changes no "
		        "such file", file, KT_SETUP_FILE_MAXIMUM);
		return kt_advise(error, "change it by hand");
	}
	return true;
}

static bool fail_file(const char *file, const char *what, int reason, struct kt_error *error)
{
	struct kt_shell_word word;

	if (reason == ENOSPC || reason == EDQUOT) {
		kt_fail(error, KT_ERROR_UNAVAILABLE, "%s cannot be %s: %s", file, what,
		        strerror(reason));
		return kt_advise(error, "make room on the disk, then try again");
	}
	kt_fail(error, KT_ERROR_UNSAFE, "%s cannot be %s: %s", file, what, strerror(reason));
	return kt_advise(error, "look at it and its directory: ls -ld %s",
	                 kt_shell_word(&word, file, "FILE"));
}

/* How many of the directories above the file are not there. */
static bool count_missing(struct kt_setup_target *target, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *directory = NULL;
	struct stat status;

	if (!kt_text_set(&directory, target->file, error))
		return false;
	for (target->missing = 0;; target->missing++) {
		char *slash = strrchr(directory, '/');

		if (!slash || slash == directory)
			return true;
		*slash = '\0';
		if (stat(directory, &status) == 0)
			return check_owner(directory, &status, error);
	}
}

static bool read_content(struct kt_setup_target *target, int descriptor, struct kt_error *error)
{
	struct kt_error cause = { 0 };

	if (fstat(descriptor, &target->status) != 0)
		return fail_file(target->file, "read", errno, error);
	if (!check_rules(target->file, &target->status, error))
		return false;
	if (!kt_secret_read(&target->content, descriptor, KT_SETUP_FILE_MAXIMUM, &cause)) {
		kt_fail(error, KT_ERROR_UNSAFE, "%s cannot be read: %s", target->file, cause.message);
		return kt_advise(error, "run the command again");
	}
	if (memchr(kt_secret_reveal(&target->content), '\0', kt_secret_length(&target->content))) {
		kt_fail(error, KT_ERROR_UNSAFE, "%s is no text: it has a NUL byte", target->file);
		return kt_advise(error, "look what the file is");
	}
	target->exists = true;
	return true;
}

bool kt_setup_target_read(struct kt_setup_target *target, const char *path,
                          struct kt_error *error)
{
	KT_CLEANUP(kt_descriptor_close) int descriptor = -1;
	struct stat status;

	if (!kt_text_set(&target->path, path, error) ||
	    !follow_links(path, &target->file, error))
		return false;
	/* A device is not opened: that alone may have an effect. */
	if (lstat(target->file, &status) == 0) {
		if (!check_rules(target->file, &status, error))
			return false;
		descriptor = open(target->file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		return descriptor >= 0 ? read_content(target, descriptor, error)
		                       : fail_file(target->file, "read", errno, error);
	}
	return errno == ENOENT ? count_missing(target, error)
	                       : fail_file(target->file, "read", errno, error);
}

/* Access lists and labels, where the file has some; one that cannot be copied is a failure. */
static bool copy_attributes(int source, int target)
{
	char names[ATTRIBUTES_MAXIMUM];
	ssize_t length = flistxattr(source, names, sizeof(names));

	if (length < 0)
		return errno == ENOTSUP;
	for (const char *name = names; name < names + length; name += strlen(name) + 1) {
		char value[ATTRIBUTES_MAXIMUM];
		char there[ATTRIBUTES_MAXIMUM];
		ssize_t size = fgetxattr(source, name, value, sizeof(value));

		if (size < 0)
			return false;
		if (fsetxattr(target, name, value, (size_t)size, 0) == 0)
			continue;
		/* A label that the kernel gives by itself may be the right one. */
		if (fgetxattr(target, name, there, sizeof(there)) != size ||
		    memcmp(there, value, (size_t)size) != 0)
			return false;
	}
	return true;
}

/* Gives the new file what the old one has; the mode last, which a change of group can alter. */
static bool dress(const struct kt_setup_target *target, int descriptor, mode_t mode)
{
	KT_CLEANUP(kt_descriptor_close) int old = -1;
	struct stat status;

	if (!target->exists) {
		mode_t mask = umask(0);

		umask(mask);
		return fchmod(descriptor, mode & ~mask) == 0;
	}
	old = open(target->file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (old < 0 || fstat(descriptor, &status) != 0)
		return false;
	if (status.st_gid != target->status.st_gid &&
	    fchown(descriptor, (uid_t)-1, target->status.st_gid) != 0)
		return false;
	return copy_attributes(old, descriptor) &&
	       fchmod(descriptor, target->status.st_mode & 07777) == 0;
}

static bool write_all(int descriptor, const struct kt_secret *content)
{
	const char *bytes = kt_secret_reveal(content);
	size_t left = kt_secret_length(content);

	while (left > 0) {
		ssize_t written = write(descriptor, bytes, left);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		bytes += written;
		left -= (size_t)written;
	}
	return true;
}

/* Nobody else has changed the file since it was read. */
static bool is_as_read(const struct kt_setup_target *target)
{
	const struct stat *old = &target->status;
	struct stat now;

	if (lstat(target->file, &now) != 0)
		return errno == ENOENT && !target->exists;
	return target->exists && now.st_dev == old->st_dev && now.st_ino == old->st_ino &&
	       now.st_size == old->st_size && now.st_mtim.tv_sec == old->st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == old->st_mtim.tv_nsec &&
	       now.st_ctim.tv_sec == old->st_ctim.tv_sec &&
	       now.st_ctim.tv_nsec == old->st_ctim.tv_nsec;
}

static bool fail_changed(const struct kt_setup_target *target, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_BUSY, "%s is being changed by another program", target->file);
	return kt_advise(error, "run the command again");
}

static bool sync_directory(const char *file)
{
	KT_CLEANUP(kt_text_free) char *directory = NULL;
	KT_CLEANUP(kt_descriptor_close) int descriptor = -1;
	struct kt_error ignored = { 0 };

	if (!kt_text_format(&directory, &ignored, "%.*s.", directory_length(file), file))
		return false;
	descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return descriptor >= 0 && fsync(descriptor) == 0;
}

/* The old name, the new file: written, and the same in all but its content. */
static bool fill(const struct kt_setup_target *target, const char *beside,
                 const struct kt_secret *content, mode_t mode, struct kt_error *error)
{
	KT_CLEANUP(kt_descriptor_close) int descriptor = -1;

	/* One that a killed call left is of no use; the caller's lock keeps others away. */
	if (unlink(beside) != 0 && errno != ENOENT)
		return fail_file(target->file, "written", errno, error);
	descriptor = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (descriptor < 0 || !write_all(descriptor, content) || !dress(target, descriptor, mode) ||
	    fsync(descriptor) != 0)
		return fail_file(target->file, "written", errno, error);
	return true;
}

bool kt_setup_target_write(struct kt_setup_target *target, const struct kt_secret *content,
                           mode_t mode, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *beside = NULL;
	KT_CLEANUP(kt_text_free) char *directory = NULL;
	bool done;

	if (!kt_text_format(&beside, error, "%s.keyturn", target->file) ||
	    !kt_text_format(&directory, error, "%.*s.", directory_length(target->file),
	                    target->file))
		return false;
	if (target->missing > 0) {
		directory[strlen(directory) - 2] = '\0';
		if (!kt_environment_make_directory(directory, error))
			return false;
	}
	done = fill(target, beside, content, mode, error) &&
	       (is_as_read(target) || fail_changed(target, error)) &&
	       (rename(beside, target->file) == 0 ||
	        fail_file(target->file, "written", errno, error));
	if (!done) {
		unlink(beside);
		return false;
	}
	return sync_directory(target->file) || fail_file(target->file, "synced", errno, error);
}

bool kt_setup_target_remove(const struct kt_setup_target *target, size_t directories,
                            struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *path = NULL;

	if (!is_as_read(target))
		return fail_changed(target, error);
	if (!kt_text_set(&path, target->file, error))
		return false;
	if (unlink(path) != 0)
		return fail_file(target->file, "removed", errno, error);
	if (!sync_directory(path))
		return fail_file(target->file, "synced", errno, error);
	for (size_t i = 0; i < directories; i++) {
		char *slash = strrchr(path, '/');

		if (!slash || slash == path)
			break;
		*slash = '\0';
		if (rmdir(path) != 0)
			break;
	}
	return true;
}

bool kt_setup_target_is(const struct kt_setup_target *target, const char *path)
{
	struct stat status;

	return kt_text_is_equal(path, target->path) ||
	       (target->exists && stat(path, &status) == 0 &&
	        status.st_dev == target->status.st_dev && status.st_ino == target->status.st_ino);
}

void kt_setup_target_clear(struct kt_setup_target *target)
{
	kt_text_free(&target->path);
	kt_text_free(&target->file);
	kt_secret_clear(&target->content);
	*target = (struct kt_setup_target){ 0 };
}
