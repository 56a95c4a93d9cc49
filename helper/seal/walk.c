/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/landlock.h"
#include "helper/seal/walk.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

#define READING (KT_LANDLOCK_READ_FILE | KT_LANDLOCK_READ_DIRECTORY | KT_LANDLOCK_EXECUTE)
#define OF_A_FILE \
	(KT_LANDLOCK_EXECUTE | KT_LANDLOCK_WRITE_FILE | KT_LANDLOCK_READ_FILE | \
	 KT_LANDLOCK_TRUNCATE | KT_LANDLOCK_IOCTL_DEVICE)

static bool fail(struct kt_error *error)
{
	return kt_fail(error, KT_ERROR_UNAVAILABLE, "Landlock's rules cannot be made: %s",
	               strerror(errno));
}

/* An entry that is gone, or that this user cannot reach, needs no rule. */
static bool allow(int ruleset, const char *path, uint64_t rights, struct kt_error *error)
{
	KT_CLEANUP(kt_descriptor_close) int file = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;

	if (file < 0 || fstat(file, &status) != 0 || S_ISLNK(status.st_mode))
		return true;
	if (!S_ISDIR(status.st_mode))
		rights &= OF_A_FILE;
	return kt_landlock_allow(ruleset, file, rights) || fail(error);
}

static bool walk(int ruleset, const struct kt_places *places, const char *top,
                 struct kt_error *error);

static bool enter(int ruleset, const struct kt_places *places, const char *path,
                  struct kt_error *error)
{
	if (kt_place_is_within(&places->hidden, path))
		return true;
	if (kt_place_is_within(&places->frozen, path) &&
	    !kt_place_is_below(places->directory, path))
		return allow(ruleset, path, READING, error);
	if (kt_place_is_above(&places->hidden, path) || kt_place_is_above(&places->frozen, path))
		return walk(ruleset, places, path, error);
	return allow(ruleset, path, KT_LANDLOCK_FILES, error);
}

static bool walk(int ruleset, const struct kt_places *places, const char *top,
                 struct kt_error *error)
{
	KT_CLEANUP(kt_directory_close) DIR *directory = opendir(top);
	const struct dirent *entry;

	while (directory && (entry = readdir(directory)) != NULL) {
		KT_CLEANUP(kt_text_free) char *path = NULL;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (!kt_text_format(&path, error, "%s/%s", strcmp(top, "/") == 0 ? "" : top,
		                    entry->d_name) ||
		    !enter(ruleset, places, path, error))
			return false;
	}
	return true;
}

bool kt_walk_enter(const struct kt_places *places, struct kt_error *error)
{
	const struct kt_landlock_rights rights = {
		.files = KT_LANDLOCK_FILES,
		.scoped = KT_LANDLOCK_ABSTRACT_SOCKETS | KT_LANDLOCK_SIGNALS,
	};
	KT_CLEANUP(kt_descriptor_close) int ruleset = kt_landlock_create(&rights);

	if (kt_landlock_version() < 1) {
		kt_fail(error, KT_ERROR_UNAVAILABLE,
		        "this kernel has no Landlock, which the basic seal is made of");
		return kt_advise(error, "start it with lsm=landlock,..., or take the whole seal: "
		                 "--sealed");
	}
	/* The names in any directory, so that programs can list those above what is hidden. */
	return (ruleset >= 0 || fail(error)) &&
	       allow(ruleset, "/", KT_LANDLOCK_READ_DIRECTORY, error) &&
	       walk(ruleset, places, "/", error) &&
	       (kt_landlock_enter(ruleset) || fail(error));
}

bool kt_walk_enter_scopes(struct kt_error *error)
{
	const struct kt_landlock_rights rights = {
		.scoped = KT_LANDLOCK_ABSTRACT_SOCKETS | KT_LANDLOCK_SIGNALS,
	};
	KT_CLEANUP(kt_descriptor_close) int ruleset = -1;

	if (kt_landlock_version() < KT_LANDLOCK_HAS_SCOPES)
		return true;
	ruleset = kt_landlock_create(&rights);
	return (ruleset >= 0 && kt_landlock_enter(ruleset)) || fail(error);
}
