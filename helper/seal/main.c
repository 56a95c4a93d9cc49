/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/become.h"
#include "helper/landlock.h"
#include "helper/language.h"
#include "helper/seal/filter.h"
#include "helper/seal/mounts.h"
#include "helper/seal/namespaces.h"
#include "helper/seal/places.h"
#include "helper/seal/walk.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/text.h"
#include "keyring/translate.h"

/*
 * keyturn-seal [--basic] [--read-only] [--descriptor NUMBER] [--home PATH] [--hide PATH]...
 *              [--keep PATH]... [--write PATH]... (--try | -- COMMAND [ARGUMENT...])
 *
 * The last program of keyturn run --sealed: it seals itself and becomes the command. It knows no
 * secret. --descriptor stays open beside the first three. --try ends with 0 where the seal can be
 * made.
 */
struct request {
	bool is_basic;
	bool is_trial;
	unsigned descriptor; /* 0: none */
	char **command;
};

static bool read_descriptor(const char *text, unsigned *descriptor)
{
	int64_t number;

	if (!kt_text_to_number(text, strlen(text), STDERR_FILENO + 1, INT_MAX, &number))
		return false;
	*descriptor = (unsigned)number;
	return true;
}

static bool fail_request(struct kt_error *error)
{
	return kt_fail(error, KT_ERROR_INTERNAL, "keyturn-seal is called in no way it knows");
}

static bool read_value(const char *word, const char *value, struct request *request,
                       struct kt_places *places, struct kt_error *error)
{
	if (!value)
		return fail_request(error);
	if (strcmp(word, "--hide") == 0)
		return kt_place_add(&places->hidden, value, error);
	if (strcmp(word, "--home") == 0)
		return kt_text_set(&places->passwd_home, value, error);
	if (strcmp(word, "--keep") == 0)
		return kt_place_add_named(&places->kept, value, error);
	if (strcmp(word, "--write") == 0)
		return kt_place_add_named(&places->written, value, error);
	return (strcmp(word, "--descriptor") == 0 &&
	        read_descriptor(value, &request->descriptor)) || fail_request(error);
}

static bool read_option(char **argv, int *next, struct request *request,
                        struct kt_places *places, struct kt_error *error)
{
	const char *word = argv[(*next)++];

	if (strcmp(word, "--basic") == 0)
		request->is_basic = true;
	else if (strcmp(word, "--read-only") == 0)
		places->freezes_home = true;
	else if (strcmp(word, "--try") == 0)
		request->is_trial = true;
	else
		return read_value(word, argv[(*next)++], request, places, error);
	return true;
}

static bool read_request(char **argv, struct request *request, struct kt_places *places,
                         struct kt_error *error)
{
	int next = 1;

	while (argv[next] && strcmp(argv[next], "--") != 0)
		if (!read_option(argv, &next, request, places, error))
			return false;
	request->command = argv[next] ? &argv[next + 1] : &argv[next];
	return request->is_trial || *request->command ||
	       kt_fail(error, KT_ERROR_INTERNAL, "keyturn-seal is given no command");
}

/* The kernel knows no wall for root: its files and settings are those of the whole machine. */
static bool check_user(struct kt_error *error)
{
	if (getauxval(AT_SECURE))
		return kt_fail(error, KT_ERROR_UNSAFE, "keyturn-seal refuses another's rights");
	if (geteuid() != 0)
		return true;
	kt_fail(error, KT_ERROR_UNSAFE,
	        "root cannot be sealed: what root writes is run elsewhere on this machine");
	return kt_advise(error, "run it as another user, for example by: runuser -u USER -- keyturn "
	                 "run --sealed -- COMMAND");
}

/* A directory that is open leads out of the seal. The caller's other descriptors are closed. */
static bool check_descriptors(unsigned kept, struct kt_error *error)
{
	if (kept > STDERR_FILENO + 1)
		close_range(STDERR_FILENO + 1, kept - 1, 0);
	close_range(kept ? kept + 1 : STDERR_FILENO + 1, ~0u, 0);
	for (int descriptor = 0; descriptor <= STDERR_FILENO; descriptor++) {
		struct stat status;

		if (fstat(descriptor, &status) != 0 || !S_ISDIR(status.st_mode))
			continue;
		kt_fail(error, KT_ERROR_UNSAFE, "descriptor %d is a directory, through which the "
		        "command could leave the seal", descriptor);
		return kt_advise(error, "give it another one, for example: </dev/null");
	}
	return true;
}

static bool check_home(const struct kt_places *places, struct kt_error *error)
{
	if (!places->freezes_home)
		return true;
	if (!places->home) {
		kt_fail(error, KT_ERROR_USAGE, "--read-only is about the home, and there is none");
		return kt_advise(error, "set HOME to a directory of yours");
	}
	if (!kt_place_is_below(places->home, places->directory))
		return true;
	kt_fail(error, KT_ERROR_USAGE,
	        "--read-only leaves the working directory writable, and the home is in it");
	return kt_advise(error, "change to a directory below the home, and run it again");
}

/*
 * Before Linux 6.12 no rule tells abstract sockets apart. Where a display or a bus listens on one,
 * no unix socket can be made at all.
 */
static bool has_abstract_peer(void)
{
	const char *bus = kt_environment_get("DBUS_SESSION_BUS_ADDRESS");

	return kt_landlock_version() < KT_LANDLOCK_HAS_SCOPES &&
	       (kt_environment_get("DISPLAY") || (bus && strstr(bus, "unix:abstract=")));
}

/* Addresses of what cannot be reached. */
static void clean_environment(void)
{
	static const char *const names[] = {
		"DBUS_SESSION_BUS_ADDRESS", "DBUS_STARTER_ADDRESS", "SSH_AUTH_SOCK", "GPG_AGENT_INFO",
		"GNOME_KEYRING_CONTROL", "DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET", "XAUTHORITY",
		"CREDENTIALS_DIRECTORY", "KEYTURN_ACCOUNT", "KEYTURN_KEYRING", "KEYTURN_VAULT",
		"KEYTURN_VAULT_KEY_FILE", "KEYTURN_CACHE", "KEYTURN_PROMPT", "KEYTURN_TRACE",
	};
	const char *temporary = kt_environment_get("TMPDIR");
	struct stat status;

	for (size_t i = 0; i < KT_COUNT(names); i++)
		unsetenv(names[i]);
	/* One of this session's own in /tmp went with it. */
	if (temporary && stat(temporary, &status) != 0)
		unsetenv("TMPDIR");
}

static bool enter_basic(struct kt_places *places, struct kt_error *error)
{
	return (!places->runtime || kt_place_add(&places->hidden, places->runtime, error)) &&
	       kt_namespaces_drop_rights(error) && kt_walk_enter(places, error) &&
	       kt_filter_enter(true, error);
}

static bool enter_whole(const struct kt_places *places, struct kt_error *error)
{
	bool denies_unix = has_abstract_peer();

	if (!kt_namespaces_enter(places, error))
		return false;
	if (chdir(places->directory) != 0)
		return kt_mounts_fail(places->directory, error);
	return kt_walk_enter_scopes(error) && kt_filter_enter(denies_unix, error);
}

static bool seal(char **argv, struct request *request, struct kt_error *error)
{
	KT_CLEANUP(kt_places_clear) struct kt_places places = { 0 };

	if (!check_user(error) || !read_request(argv, request, &places, error) ||
	    !check_descriptors(request->descriptor, error) || !kt_places_find(&places, error) ||
	    !check_home(&places, error) ||
	    !(request->is_basic ? enter_basic(&places, error) : enter_whole(&places, error)))
		return false;
	clean_environment();
	return true;
}

static int tell(const struct kt_error *error, int status)
{
	fprintf(stderr, "keyturn: %s\n", error->message);
	if (error->remedy[0])
		fprintf(stderr, "keyturn: %s\n", error->remedy);
	return status;
}

int main(int argc, char **argv)
{
	struct request request = { 0 };
	int status;
	struct kt_error error = { 0 };

	kt_translate_by(kt_language_translate);
	if (argc < 1)
		return KT_BECOME_OURS;
	if (!seal(argv, &request, &error))
		return tell(&error, KT_BECOME_OURS);
	if (request.is_trial)
		return 0;
	status = kt_become(request.command, &error);
	return tell(&error, status);
}
