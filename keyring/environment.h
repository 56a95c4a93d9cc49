/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The environment and the directories that follow from it, read in one place. Texts are
 * borrowed from the environment; an empty variable counts as absent.
 */

#include <stdbool.h>
#include <stdlib.h>

#include "keyring/error.h"

/* The variable's value, or NULL. Here, for programs that link nothing of what reads passwd(5). */
static inline const char *kt_environment_get(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] != '\0' ? value : NULL;
}

/* $HOME, else the home of the passwd entry. NULL where neither is an absolute path. */
const char *kt_environment_home(void);

/* The home of the passwd entry, whatever HOME says. NULL where there is none. */
const char *kt_environment_passwd_home(void);

/* $XDG_CONFIG_HOME/keyturn, else ~/.config/keyturn, and the same for data (.local/share). */
bool kt_environment_config_directory(char **path, struct kt_error *error);
bool kt_environment_data_directory(char **path, struct kt_error *error);

/*
 * Where locks and journals lie (docs/safety.md, X1): ~/.local/state/keyturn with the home of
 * the passwd entry, whatever HOME says, so that all callers agree; /dev/shm/keyturn-UID where
 * that cannot be written. Made 0700 and checked: a directory, ours, nobody else's to write.
 */
bool kt_environment_state_directory(char **path, struct kt_error *error);

/* Makes a directory and its missing parents, 0700. That it is there already is no error. */
bool kt_environment_make_directory(const char *path, struct kt_error *error);

/* A display on which a window can be shown. */
bool kt_environment_has_display(void);

/* A container: Docker's, Podman's or systemd-nspawn's. */
bool kt_environment_is_container(void);

/* The Windows Subsystem for Linux. */
bool kt_environment_is_wsl(void);

/* The caller came over SSH, and looks at another machine's screen. */
bool kt_environment_is_remote(void);

/* This user has a service manager of systemd: a background process may outlive the session. */
bool kt_environment_has_service_manager(void);
