/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <unistd.h>

#include "helper/keeper/login/open_browser.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"

bool kt_open_browser_is_possible(void)
{
	if (kt_environment_is_remote() || kt_environment_is_container())
		return false;
	return kt_environment_is_wsl() || kt_environment_has_display();
}

/*
 * The first two are for WSL: wslu is often not installed, and explorer.exe takes some addresses for
 * files.
 */
static const struct {
	const char *path;
	const char *argument; /* before the address, or NULL */
} openers[] = {
	{ "/usr/bin/wslview", NULL },
	{ "/mnt/c/Windows/System32/rundll32.exe", "url.dll,FileProtocolHandler" },
	{ "/usr/bin/xdg-open", NULL },
	{ "/usr/bin/x-www-browser", NULL },
	{ "/usr/bin/open", NULL },
};

static bool spawn(size_t opener, const char *url, char *const *environment)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	const char *path = openers[opener].path;
	const char *argument = openers[opener].argument;
	char *arguments[] = { (char *)path, (char *)(argument ? argument : url),
		              (char *)(argument ? url : NULL), NULL };
	pid_t pid;
	bool done;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
	done = posix_spawn(&pid, path, &actions, &attributes, arguments, environment) == 0;
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return done;
}

bool kt_open_browser(const char *url, char *const *environment)
{
	if (!kt_characters_are_visible_ascii(url, strlen(url)))
		return false;
	for (size_t i = kt_environment_is_wsl() ? 0 : 2; i < KT_COUNT(openers); i++)
		if (access(openers[i].path, X_OK) == 0)
			return spawn(i, url, environment);
	return false;
}
