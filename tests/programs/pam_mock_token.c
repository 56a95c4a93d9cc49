/* SPDX-License-Identifier: MIT */

/*
 * A PAM module for tests, in the place of pam_unix: asks for a password, compares it with a
 * file's content (good=FILE) and leaves it in PAM_AUTHTOK. Argument "none": succeeds without
 * any password, as a key or a finger does. "no_old": changes without knowing the old one.
 */

#include "config.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

#define EXPORT __attribute__((visibility("default")))

static const char *argument(int argc, const char **argv, const char *name)
{
	size_t length = strlen(name);

	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], name, length) == 0)
			return argv[i] + length;
	}
	return NULL;
}

static bool is_good(const char *password, const char *path)
{
	char good[2048] = { 0 };
	int file = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = file < 0 ? -1 : read(file, good, sizeof(good) - 1);
	bool same = length > 0 && strcmp(password, good) == 0;

	if (file >= 0)
		close(file);
	explicit_bzero(good, sizeof(good));
	return same;
}

EXPORT int pam_sm_authenticate(pam_handle_t *handle, int flags, int argc, const char **argv)
{
	const char *good = argument(argc, argv, "good=");
	const char *password;

	(void)flags;
	if (argument(argc, argv, "none"))
		return PAM_SUCCESS;
	/* Another try asks again. */
	pam_set_item(handle, PAM_AUTHTOK, NULL);
	if (pam_get_authtok(handle, PAM_AUTHTOK, &password, "password: ") != PAM_SUCCESS)
		return PAM_AUTH_ERR;
	return good && is_good(password, good) ? PAM_SUCCESS : PAM_AUTH_ERR;
}

EXPORT int pam_sm_setcred(pam_handle_t *handle, int flags, int argc, const char **argv)
{
	(void)handle, (void)flags, (void)argc, (void)argv;
	return PAM_SUCCESS;
}

EXPORT int pam_sm_acct_mgmt(pam_handle_t *handle, int flags, int argc, const char **argv)
{
	(void)handle, (void)flags, (void)argc, (void)argv;
	return PAM_SUCCESS;
}

EXPORT int pam_sm_open_session(pam_handle_t *handle, int flags, int argc, const char **argv)
{
	(void)handle, (void)flags, (void)argc, (void)argv;
	return PAM_SUCCESS;
}

EXPORT int pam_sm_close_session(pam_handle_t *handle, int flags, int argc, const char **argv)
{
	(void)handle, (void)flags, (void)argc, (void)argv;
	return PAM_SUCCESS;
}

static int ask_for(pam_handle_t *handle, int item, const char *prompt)
{
	char *answer = NULL;
	int result = pam_prompt(handle, PAM_PROMPT_ECHO_OFF, &answer, "%s", prompt);

	if (result == PAM_SUCCESS)
		result = pam_set_item(handle, item, answer);
	if (answer)
		explicit_bzero(answer, strlen(answer));
	free(answer);
	return result;
}

EXPORT int pam_sm_chauthtok(pam_handle_t *handle, int flags, int argc, const char **argv)
{
	if ((unsigned int)flags & PAM_UPDATE_AUTHTOK)
		return ask_for(handle, PAM_AUTHTOK, "new password: ");
	if (argument(argc, argv, "no_old"))
		return PAM_SUCCESS;
	return ask_for(handle, PAM_OLDAUTHTOK, "password: ");
}
