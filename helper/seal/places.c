/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/seal/places.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"

bool kt_place_is_below(const char *path, const char *top)
{
	size_t length = strlen(top);

	return strcmp(top, "/") == 0 ||
	       (strncmp(path, top, length) == 0 && (path[length] == '/' || path[length] == '\0'));
}

bool kt_place_is_within(const struct kt_place_list *list, const char *path)
{
	for (size_t i = 0; i < list->count; i++)
		if (kt_place_is_below(path, list->paths[i]))
			return true;
	return false;
}

bool kt_place_is_above(const struct kt_place_list *list, const char *path)
{
	for (size_t i = 0; i < list->count; i++)
		if (kt_place_is_below(list->paths[i], path) && strcmp(list->paths[i], path) != 0)
			return true;
	return false;
}

/* Takes the path over. */
static bool add(struct kt_place_list *list, char **path, struct kt_error *error)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->paths[i], *path) == 0)
			return true;
	if (list->count == KT_PLACES_MAXIMUM)
		return kt_fail(error, KT_ERROR_UNAVAILABLE,
		               "the seal can treat no more than %d places of a kind",
		               KT_PLACES_MAXIMUM);
	list->paths[list->count++] = *path;
	*path = NULL;
	return true;
}

bool kt_place_add(struct kt_place_list *list, const char *path, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *real = realpath(path, NULL);

	if (real)
		return add(list, &real, error);
	return errno == ENOMEM ? kt_fail_memory(error) : true;
}

bool kt_place_add_named(struct kt_place_list *list, const char *path, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *real = realpath(path, NULL);
	struct kt_shell_word word;

	if (real)
		return add(list, &real, error);
	kt_fail(error, KT_ERROR_USAGE, "%s is no place that the seal can keep: %s",
	        kt_shell_word(&word, path, "PATH"), strerror(errno));
	return kt_advise(error, "name a file or directory that is there");
}

/* Adds base/name for each name; a base of NULL is none. */
static bool add_each(struct kt_place_list *list, const char *base, const char *const *names,
                     size_t count, struct kt_error *error)
{
	for (size_t i = 0; base && i < count; i++) {
		KT_CLEANUP(kt_text_free) char *path = NULL;

		if (!kt_text_format(&path, error, "%s/%s", base, names[i]))
			return false;
		/* Most are not there: one call says so, where realpath takes one for each directory. */
		if (access(path, F_OK) == 0 && !kt_place_add(list, path, error))
			return false;
	}
	return true;
}

/* Directories in which programs of this user, and services of the system, listen. */
static bool find_covered(struct kt_places *places, struct kt_error *error)
{
	static const char *const tops[] = { "run", "tmp", "dev/shm" };

	return add_each(&places->covered, "", tops, KT_COUNT(tops), error) &&
	       (!places->runtime || kt_place_add(&places->covered, places->runtime, error));
}

/* What lies in /run and no program can do without: name service, and the system of NixOS. */
static bool find_kept(struct kt_places *places, struct kt_error *error)
{
	static const char *const names[] = {
		"systemd/resolve", "resolvconf", "NetworkManager", "connman", "nscd",
		"current-system", "opengl-driver", "opengl-driver-32",
	};

	return add_each(&places->kept, "/run", names, KT_COUNT(names), error);
}

static bool find_hidden(struct kt_places *places, struct kt_error *error)
{
	static const char *const variables[] = { "KEYTURN_VAULT", "KEYTURN_VAULT_KEY_FILE",
		                                 "CREDENTIALS_DIRECTORY" };
	static const char *const data[] = { "keyrings", "kwalletd", "keyturn" };
	static const char *const others[] = { ".local/share/keyrings", ".local/share/kwalletd",
		                              ".local/share/keyturn", ".local/state/keyturn",
		                              ".config/keyturn" };

	for (size_t i = 0; i < KT_COUNT(variables); i++) {
		const char *path = kt_environment_get(variables[i]);

		if (path && !kt_place_add(&places->hidden, path, error))
			return false;
	}
	return add_each(&places->hidden, kt_environment_get("XDG_DATA_HOME"), data, KT_COUNT(data),
	                error) &&
	       add_each(&places->hidden, places->passwd_home, others, KT_COUNT(others), error) &&
	       add_each(&places->hidden, places->home, others, KT_COUNT(others), error);
}

/* Files that other programs of this user read at their start, and run what stands in them. */
static bool find_frozen(struct kt_places *places, struct kt_error *error)
{
	static const char *const names[] = {
		".profile", ".bash_profile", ".bash_login", ".bash_logout", ".bash_aliases", ".bashrc",
		".zshenv", ".zprofile", ".zshrc", ".zlogin", ".zlogout", ".config/autostart",
		".config/systemd", ".config/environment.d", ".config/fish", ".config/git",
		".config/plasma-workspace", ".local/share/dbus-1", ".local/share/systemd", ".ssh",
		".gitconfig", ".pam_environment", ".xprofile", ".xinitrc", ".xsession",
		".xsessionrc", "bin", ".local/bin",
	};

	return add_each(&places->frozen, places->passwd_home, names, KT_COUNT(names), error) &&
	       add_each(&places->frozen, places->home, names, KT_COUNT(names), error);
}

static bool find_directory(struct kt_places *places, struct kt_error *error)
{
	places->directory = getcwd(NULL, 0);
	if (places->directory && places->directory[0] == '/')
		return true;
	kt_fail(error, KT_ERROR_UNAVAILABLE, "the working directory is not there any more");
	return kt_advise(error, "change to another directory, and run the command again");
}

/* *path: the directory that the variable names; NULL where it names none that is there. */
static void find_named(char **path, const char *name)
{
	struct stat status;

	*path = name && name[0] == '/' ? realpath(name, NULL) : NULL;
	if (*path && (stat(*path, &status) != 0 || !S_ISDIR(status.st_mode)))
		kt_text_free(path);
}

bool kt_places_find(struct kt_places *places, struct kt_error *error)
{
	const char *home = kt_environment_get("HOME");

	find_named(&places->home, home && home[0] == '/' ? home : places->passwd_home);
	if (places->home && strcmp(places->home, "/") == 0)
		kt_text_free(&places->home);
	find_named(&places->runtime, kt_environment_get("XDG_RUNTIME_DIR"));
	return find_directory(places, error) && find_covered(places, error) &&
	       find_kept(places, error) && find_hidden(places, error) &&
	       find_frozen(places, error) &&
	       (!places->home || kt_place_add(&places->stays, places->home, error)) &&
	       kt_place_add(&places->stays, places->directory, error);
}

static void clear_list(struct kt_place_list *list)
{
	while (list->count > 0)
		kt_text_free(&list->paths[--list->count]);
}

void kt_places_clear(struct kt_places *places)
{
	clear_list(&places->covered);
	clear_list(&places->hidden);
	clear_list(&places->frozen);
	clear_list(&places->kept);
	clear_list(&places->stays);
	clear_list(&places->written);
	kt_text_free(&places->home);
	kt_text_free(&places->passwd_home);
	kt_text_free(&places->directory);
	kt_text_free(&places->runtime);
}
