/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/seal/mounts.h"
#include "helper/seal/sockets.h"
#include "keyring/cleanup.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"

#define TMPFS_FLAGS (MS_NOSUID | MS_NODEV)
/* The text consoles that a keyboard reaches: /dev/tty1 to /dev/tty12. */
#define CONSOLES 12

bool kt_mounts_fail(const char *path, struct kt_error *error)
{
	int reason = errno;
	struct kt_shell_word word;

	kt_fail(error, KT_ERROR_UNAVAILABLE, "the seal cannot treat %s: %s",
	        kt_shell_word(&word, path, "a place"), strerror(reason));
	return kt_advise(error, "run the command outside of other sandboxes; or take the weaker "
	                 "seal: --sealed=basic");
}

static bool is_directory(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* statx(2) tells since Linux 5.8; one more mount does no harm where it does not. */
static bool is_mount_point(const char *path)
{
	struct statx status;

	return statx(AT_FDCWD, path, 0, STATX_TYPE, &status) == 0 &&
	       (status.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

/* A directory, or a file as a mount point, with its parents. */
static bool make(const char *path, bool wants_directory, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *copy = NULL;
	KT_CLEANUP(kt_descriptor_close) int file = -1;

	if (!kt_text_set(&copy, path, error))
		return false;
	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0755) != 0 && errno != EEXIST)
			return kt_mounts_fail(copy, error);
		*slash = '/';
	}
	if (wants_directory)
		return mkdir(copy, 0700) == 0 || errno == EEXIST || kt_mounts_fail(path, error);
	file = open(copy, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	return file >= 0 || kt_mounts_fail(path, error);
}

/* A place that is taken away from under a cover, and put back on top of it. */
struct saved {
	const char *path;
	int tree;
	bool is_directory;
};

struct saved_list {
	struct saved items[KT_PLACES_MAXIMUM * 2];
	size_t count;
};

static void saved_clear(struct saved_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		kt_descriptor_close(&list->items[i].tree);
	list->count = 0;
}

static bool is_saved(const struct saved_list *list, const char *path)
{
	for (size_t i = 0; i < list->count; i++)
		if (kt_place_is_below(path, list->items[i].path))
			return true;
	return false;
}

/* Saves the places of the list that lie below top. */
static bool save(const struct kt_place_list *list, const char *top, struct saved_list *saved,
                 struct kt_error *error)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *path = list->paths[i];
		struct saved *next = &saved->items[saved->count];

		if (!kt_place_is_below(path, top) || strcmp(path, top) == 0 || is_saved(saved, path))
			continue;
		next->tree = open_tree(AT_FDCWD, path,
		                       OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
		/* It went with an earlier cover. */
		if (next->tree < 0 && errno == ENOENT)
			continue;
		if (next->tree < 0)
			return kt_mounts_fail(path, error);
		next->path = path;
		next->is_directory = is_directory(path);
		saved->count++;
	}
	return true;
}

static bool restore(const struct saved_list *saved, struct kt_error *error)
{
	for (size_t i = 0; i < saved->count; i++) {
		const struct saved *item = &saved->items[i];

		if (!make(item->path, item->is_directory, error))
			return false;
		if (move_mount(item->tree, "", AT_FDCWD, item->path, MOVE_MOUNT_F_EMPTY_PATH) != 0)
			return kt_mounts_fail(item->path, error);
	}
	return true;
}

/* Read-only, but for the working directory and the places that were asked for. */
static bool freeze(const struct kt_places *places, const char *path, struct kt_error *error)
{
	KT_CLEANUP(saved_clear) struct saved_list saved = { 0 };
	struct mount_attr attributes = { .attr_set = MOUNT_ATTR_RDONLY };

	if (!save(&places->written, path, &saved, error) ||
	    !save(&places->stays, path, &saved, error))
		return false;
	if (mount(path, path, NULL, MS_BIND | MS_REC, NULL) != 0 ||
	    mount_setattr(AT_FDCWD, path, AT_RECURSIVE, &attributes, sizeof(attributes)) != 0)
		return kt_mounts_fail(path, error);
	return restore(&saved, error);
}

static bool cover_with(const char *path, const char *options, unsigned long flags,
                       struct kt_error *error)
{
	return mount("tmpfs", path, "tmpfs", TMPFS_FLAGS | flags, options) == 0 ||
	       kt_mounts_fail(path, error);
}

/* An empty directory as that one: for all in /tmp and /dev/shm, and for this user alone. */
static bool cover(const struct kt_places *places, const char *top, struct kt_error *error)
{
	KT_CLEANUP(saved_clear) struct saved_list saved = { 0 };
	char options[32];
	struct stat status;

	if (kt_place_is_within(&places->kept, top))
		return true;
	if (!save(&places->kept, top, &saved, error) ||
	    !save(&places->stays, top, &saved, error))
		return false;
	if (stat(top, &status) != 0)
		return make(top, true, error);
	snprintf(options, sizeof(options), "mode=%o", (unsigned)status.st_mode & 07777);
	return cover_with(top, options, 0, error) && restore(&saved, error);
}

/*
 * *closed: a directory that nobody enters. The first one is made, the others are the same one: a
 * mount costs a third of a file system.
 */
static bool hide(const char *path, const char **closed, struct kt_error *error)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return errno == ENOENT || errno == EACCES || kt_mounts_fail(path, error);
	if (!S_ISDIR(status.st_mode))
		return mount("/dev/null", path, NULL, MS_BIND, NULL) == 0 ||
		       kt_mounts_fail(path, error);
	if (*closed)
		return mount(*closed, path, NULL, MS_BIND, NULL) == 0 ||
		       kt_mounts_fail(path, error);
	*closed = path;
	return cover_with(path, "mode=0,size=4k", MS_RDONLY, error);
}

static bool hide_socket(const char *path, void *context, struct kt_error *error)
{
	const struct kt_places *places = context;
	const char *closed = NULL;

	return kt_place_is_within(&places->kept, path) || hide(path, &closed, error);
}

/* The path of the terminal that one of the first three descriptors is, and its status. */
static bool find_terminal(char path[64], struct stat *status)
{
	for (int descriptor = 0; descriptor <= STDERR_FILENO; descriptor++) {
		char link[32];
		struct stat there;
		ssize_t length;

		snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
		length = isatty(descriptor) ? readlink(link, path, 63) : -1;
		if (length <= 0)
			continue;
		path[length] = '\0';
		if (fstat(descriptor, status) == 0 && stat(path, &there) == 0 &&
		    there.st_rdev == status->st_rdev)
			return true;
	}
	*status = (struct stat){ 0 };
	return false;
}

static bool hide_consoles(dev_t own, struct kt_error *error)
{
	KT_CLEANUP(kt_descriptor_close) int directory = open("/dev", O_PATH | O_CLOEXEC);
	uid_t user = geteuid();

	for (int i = 1; i <= CONSOLES; i++) {
		const char *closed = NULL;
		char path[16];
		struct stat status;

		snprintf(path, sizeof(path), "/dev/tty%d", i);
		if (fstatat(directory, path + strlen("/dev/"), &status, 0) == 0 &&
		    status.st_uid == user && status.st_rdev != own && !hide(path, &closed, error))
			return false;
	}
	return true;
}

/* Terminals of others: pseudo terminals, and text consoles that this user is logged in at. */
static bool hide_terminals(struct kt_error *error)
{
	KT_CLEANUP(kt_descriptor_close) int tree = -1;
	char path[64];
	struct stat own;

	if (find_terminal(path, &own))
		tree = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (is_directory("/dev/pts") &&
	    mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
	          "newinstance,ptmxmode=0666,mode=620") != 0)
		return kt_mounts_fail("/dev/pts", error);
	/* tty(1) finds it there. /dev/tty is the terminal itself, and needs no name. */
	if (tree >= 0)
		(void)move_mount(tree, "", AT_FDCWD, "/dev/console", MOVE_MOUNT_F_EMPTY_PATH);
	return hide_consoles(own.st_rdev, error);
}

/* A group of processes is ended by a word that is written there. */
static bool freeze_groups(struct kt_error *error)
{
	struct mount_attr attributes = { .attr_set = MOUNT_ATTR_RDONLY };
	const char *path = "/sys/fs/cgroup";

	if (mount_setattr(AT_FDCWD, path, AT_RECURSIVE, &attributes, sizeof(attributes)) == 0 ||
	    errno == ENOENT || errno == EINVAL)
		return true;
	return kt_mounts_fail(path, error);
}

static bool freeze_each(const struct kt_places *places, struct kt_error *error)
{
	for (size_t i = 0; i < places->frozen.count; i++)
		if (access(places->frozen.paths[i], F_OK) == 0 &&
		    strcmp(places->frozen.paths[i], places->directory) != 0 &&
		    !kt_place_is_within(&places->kept, places->frozen.paths[i]) &&
		    !freeze(places, places->frozen.paths[i], error))
			return false;
	return true;
}

/*
 * Directories above what is hidden or frozen, as mount points of their own: else the command could
 * rename one, and make another in its place.
 */
static bool pin_above(const struct kt_places *places, const struct kt_place_list *list,
                      struct kt_error *error)
{
	for (size_t i = 0; i < list->count; i++) {
		KT_CLEANUP(kt_text_free) char *path = NULL;
		struct stat status;

		if (!kt_place_is_below(list->paths[i], places->home))
			continue;
		if (!kt_text_set(&path, list->paths[i], error))
			return false;
		for (char *slash = path + strlen(places->home); *slash; slash += strcspn(slash, "/")) {
			*slash = '\0';
			if (strlen(path) > strlen(places->home) && stat(path, &status) == 0 &&
			    !is_mount_point(path) &&
			    mount(path, path, NULL, MS_BIND | MS_REC, NULL) != 0)
				return kt_mounts_fail(path, error);
			*slash++ = '/';
		}
	}
	return true;
}

bool kt_mounts_make(const struct kt_places *places, struct kt_error *error)
{
	const char *closed = NULL;

	if (chdir("/") != 0)
		return kt_mounts_fail("/", error);
	for (size_t i = 0; i < places->covered.count; i++)
		if (!cover(places, places->covered.paths[i], error))
			return false;
	if (!hide("/dev/mqueue", &closed, error))
		return false;
	if (places->home && (!pin_above(places, &places->hidden, error) ||
	                     !pin_above(places, &places->frozen, error)))
		return false;
	if (!hide_terminals(error) || !freeze_groups(error) ||
	    !(places->freezes_home ? freeze(places, places->home, error) : freeze_each(places, error)))
		return false;
	for (size_t i = 0; i < places->hidden.count; i++)
		if (!hide(places->hidden.paths[i], &closed, error))
			return false;
	return kt_sockets_each(hide_socket, (void *)places, error);
}
