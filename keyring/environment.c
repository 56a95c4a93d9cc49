/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"

static const char *absolute(const char *path)
{
	return path && path[0] == '/' ? path : NULL;
}

const char *kt_environment_passwd_home(void)
{
	const struct passwd *entry = getpwuid(geteuid());

	return entry ? absolute(entry->pw_dir) : NULL;
}

const char *kt_environment_home(void)
{
	const char *home = absolute(kt_environment_get("HOME"));

	return home ? home : kt_environment_passwd_home();
}

/* The XDG base directory specification: a path in these variables that is relative is ignored. */
static bool base_directory(char **path, const char *variable, const char *fallback,
                           struct kt_error *error)
{
	const char *base = absolute(kt_environment_get(variable));
	const char *home;

	if (base)
		return kt_text_format(path, error, "%s/keyturn", base);
	home = kt_environment_home();
	if (!home) {
		kt_fail(error, KT_ERROR_UNAVAILABLE, "there is no home directory");
		return kt_advise(error, "set HOME to a directory of yours");
	}
	return kt_text_format(path, error, "%s/%s/keyturn", home, fallback);
}

bool kt_environment_config_directory(char **path, struct kt_error *error)
{
	return base_directory(path, "XDG_CONFIG_HOME", ".config", error);
}

bool kt_environment_data_directory(char **path, struct kt_error *error)
{
	return base_directory(path, "XDG_DATA_HOME", ".local/share", error);
}

static bool is_directory(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* Leaves errno of the first failure that counts. */
static bool make_with_parents(char *path)
{
	char *slash;
	bool made;

	if (mkdir(path, 0700) == 0 || (errno == EEXIST && is_directory(path)))
		return true;
	slash = strrchr(path, '/');
	if (errno != ENOENT || !slash || slash == path)
		return false;
	*slash = '\0';
	made = make_with_parents(path);
	*slash = '/';
	return made && (mkdir(path, 0700) == 0 || (errno == EEXIST && is_directory(path)));
}

bool kt_environment_make_directory(const char *path, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *copy = NULL;

	if (!kt_text_set(&copy, path, error))
		return false;
	if (make_with_parents(copy))
		return true;
	kt_fail(error, KT_ERROR_UNAVAILABLE, "the directory %s cannot be made: %s", path,
	        strerror(errno));
	return kt_advise(error, "make it, writable for you");
}

/* Refuses a directory that another user could write or swap: locks in it would bind nobody. */
static bool check_directory(const char *path, struct kt_error *error)
{
	KT_CLEANUP(kt_descriptor_close) int directory =
		open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct kt_shell_word word;
	struct stat status;

	if (directory < 0 || fstat(directory, &status) != 0) {
		kt_fail(error, KT_ERROR_UNSAFE, "%s is not a directory that can be opened: %s",
		        path, strerror(errno));
		return kt_advise(error, "remove it and run the command again");
	}
	if (status.st_uid != geteuid()) {
		kt_fail(error, KT_ERROR_UNSAFE, "the directory %s belongs to another user", path);
		return kt_advise(error, "as root run: chown -R %lu %s",
		                 (unsigned long)geteuid(),
		                 kt_shell_word(&word, path, "DIRECTORY"));
	}
	if (status.st_mode & (S_IWGRP | S_IWOTH)) {
		kt_fail(error, KT_ERROR_UNSAFE, "others may write to the directory %s", path);
		return kt_advise(error, "run: chmod 700 %s",
		                 kt_shell_word(&word, path, "DIRECTORY"));
	}
	return true;
}

static bool find_state_directory(char **path, struct kt_error *error)
{
	const char *home = kt_environment_passwd_home();

	if (home) {
		if (!kt_text_format(path, error, "%s/.local/state/keyturn", home))
			return false;
		if (make_with_parents(*path) &&
		    faccessat(AT_FDCWD, *path, W_OK | X_OK, AT_EACCESS) == 0)
			return check_directory(*path, error);
	}
	return kt_text_format(path, error, "/dev/shm/keyturn-%lu", (unsigned long)geteuid()) &&
	       kt_environment_make_directory(*path, error) && check_directory(*path, error);
}

bool kt_environment_state_directory(char **path, struct kt_error *error)
{
	/* Asked for at every lock: looked for once for a user, and then only checked. */
	static char *known;
	static uid_t owner;

	if (known && owner == geteuid())
		return check_directory(known, error) && kt_text_set(path, known, error);
	if (!find_state_directory(path, error))
		return false;
	owner = geteuid();
	return kt_text_set(&known, *path, error);
}

bool kt_environment_has_display(void)
{
	return kt_environment_get("DISPLAY") || kt_environment_get("WAYLAND_DISPLAY");
}

bool kt_environment_is_container(void)
{
	static const char *const marks[] = {
		"/.dockerenv", "/run/.containerenv", "/run/systemd/container",
	};

	for (size_t i = 0; i < KT_COUNT(marks); i++)
		if (access(marks[i], F_OK) == 0)
			return true;
	return false;
}

/* cron and sudo drop the variable, the kernel names itself so in either version. */
bool kt_environment_is_wsl(void)
{
	KT_CLEANUP(kt_descriptor_close) int file = -1;
	char version[256] = "";

	if (kt_environment_get("WSL_DISTRO_NAME"))
		return true;
	file = open("/proc/version", O_RDONLY | O_CLOEXEC);
	return file >= 0 && read(file, version, sizeof(version) - 1) > 0 &&
	       (strstr(version, "microsoft") || strstr(version, "Microsoft"));
}

bool kt_environment_is_remote(void)
{
	return kt_environment_get("SSH_CONNECTION") || kt_environment_get("SSH_TTY");
}

bool kt_environment_has_service_manager(void)
{
	KT_CLEANUP(kt_text_free) char *path = NULL;
	const char *directory = kt_environment_get("XDG_RUNTIME_DIR");
	struct kt_error ignored = { 0 };

	return directory && kt_text_format(&path, &ignored, "%s/systemd/private", directory) &&
	       access(path, F_OK) == 0;
}
