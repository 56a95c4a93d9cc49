/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <unistd.h>

#include "helper/keeper/login/open_browser.h"
#include "keyring/characters.h"
#include "keyring/environment.h"

static bool is_wsl(void)
{
	return kt_environment_get("WSL_DISTRO_NAME") != NULL;
}

bool kt_open_browser_is_possible(void)
{
	if (kt_environment_is_remote() || kt_environment_is_container())
		return false;
	return is_wsl() || kt_environment_has_display();
}

static bool spawn(const char *opener, const char *url, char *const *environment)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	char *arguments[] = { (char *)opener, (char *)url, NULL };
	pid_t pid;
	bool done;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
	done = posix_spawn(&pid, opener, &actions, &attributes, arguments, environment) == 0;
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return done;
}

bool kt_open_browser(const char *url, char *const *environment)
{
	static const char *const openers[] = {
		"/usr/bin/wslview", "/usr/bin/xdg-open", "/usr/bin/x-www-browser", "/usr/bin/open",
	};

	if (!kt_characters_are_visible_ascii(url, strlen(url)))
		return false;
	for (size_t i = is_wsl() ? 0 : 1; i < sizeof(openers) / sizeof(openers[0]); i++)
		if (access(openers[i], X_OK) == 0)
			return spawn(openers[i], url, environment);
	return false;
}
