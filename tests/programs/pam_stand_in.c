/* SPDX-License-Identifier: MIT */

/*
 * PAM modules that this machine has not, for tests: each is a copy of this one, and it answers by
 * the copy's name. pam_sss.so, pam_winbind.so, pam_ldap.so and pam_krb5.so know the users of a
 * file (users=FILE: NAME:PASSWORD:ok, expired or locked, a line each); pam_fprintd.so and
 * pam_u2f.so let in the users of it whose state is "finger"; pam_pwquality.so asks for a new
 * password; pam_selinux_permit.so ignores everybody; every other name has nothing against anybody.
 */

#include "config.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

#define EXPORT __attribute__((visibility("default")))

struct entry {
	bool is_known;
	char line[256];
	const char *password;
	const char *state;
};

static bool is_named(const char *const *names)
{
	static const int own;
	Dl_info info;
	const char *slash;

	if (!dladdr(&own, &info) || !(slash = strrchr(info.dli_fname, '/')))
		return false;
	for (; *names; names++)
		if (strcmp(slash + 1, *names) == 0)
			return true;
	return false;
}

static bool is_domain(void)
{
	return is_named((const char *const[]){ "pam_sss.so", "pam_winbind.so", "pam_ldap.so",
	                                       "pam_krb5.so", NULL });
}

static bool is_finger(void)
{
	return is_named((const char *const[]){ "pam_fprintd.so", "pam_u2f.so", NULL });
}

/* Modules that are for users or devices which nobody here has. */
static bool is_absent(void)
{
	return is_named((const char *const[]){ "pam_sss_gss.so", "pam_systemd_home.so", NULL });
}

static bool has_argument(int argc, const char **argv, const char *name)
{
	for (int i = 0; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return true;
	return false;
}

static void find(pam_handle_t *handle, int argc, const char **argv, struct entry *entry)
{
	const char *user = NULL;
	FILE *file = NULL;

	*entry = (struct entry){ 0 };
	for (int i = 0; i < argc; i++)
		if (strncmp(argv[i], "users=", 6) == 0)
			file = fopen(argv[i] + 6, "re");
	if (!file || pam_get_user(handle, &user, NULL) != PAM_SUCCESS)
		return;
	while (!entry->is_known && fgets(entry->line, sizeof(entry->line), file)) {
		size_t length = strlen(user);

		entry->line[strcspn(entry->line, "\n")] = '\0';
		if (strncmp(entry->line, user, length) != 0 || entry->line[length] != ':')
			continue;
		entry->password = entry->line + length + 1;
		entry->state = strrchr(entry->line, ':') + 1;
		entry->line[entry->state - entry->line - 1] = '\0';
		entry->is_known = true;
	}
	fclose(file);
}

static bool is_state(const struct entry *entry, const char *state)
{
	return entry->is_known && strcmp(entry->state, state) == 0;
}

static int ask_domain(pam_handle_t *handle, int argc, const char **argv)
{
	struct entry entry;
	const char *password = NULL;

	/* They look for a card's certificate first, and there is no card. */
	if (has_argument(argc, argv, "try_cert_auth") ||
	    has_argument(argc, argv, "require_cert_auth"))
		return PAM_AUTHINFO_UNAVAIL;
	find(handle, argc, argv, &entry);
	if (!entry.is_known)
		return PAM_USER_UNKNOWN;
	if (has_argument(argc, argv, "use_first_pass"))
		pam_get_item(handle, PAM_AUTHTOK, (const void **)&password);
	else if (pam_get_authtok(handle, PAM_AUTHTOK, &password, "password: ") != PAM_SUCCESS)
		return PAM_AUTH_ERR;
	if (is_state(&entry, "locked"))
		return PAM_PERM_DENIED;
	return password && *password != '\0' && strcmp(password, entry.password) == 0
	               ? PAM_SUCCESS : PAM_AUTH_ERR;
}

EXPORT int pam_sm_authenticate(pam_handle_t *handle, int flags, int argc, const char **argv)
{
	struct entry entry;

	(void)flags;
	if (is_domain())
		return ask_domain(handle, argc, argv);
	if (is_finger()) {
		find(handle, argc, argv, &entry);
		if (is_state(&entry, "finger"))
			return PAM_SUCCESS;
		return has_argument(argc, argv, "nouserok") ? PAM_IGNORE : PAM_AUTHINFO_UNAVAIL;
	}
	if (is_named((const char *const[]){ "pam_selinux_permit.so", NULL }))
		return PAM_IGNORE;
	return is_absent() ? PAM_AUTHINFO_UNAVAIL : PAM_SUCCESS;
}

/* Modules that answer for their own users alone. */
static int known(pam_handle_t *handle, int argc, const char **argv)
{
	struct entry entry;

	if (is_absent())
		return PAM_USER_UNKNOWN;
	if (!is_domain())
		return PAM_SUCCESS;
	find(handle, argc, argv, &entry);
	return entry.is_known && !is_state(&entry, "finger") ? PAM_SUCCESS : PAM_USER_UNKNOWN;
}

EXPORT int pam_sm_setcred(pam_handle_t *handle, int flags, int argc, const char **argv)
{
	(void)flags;
	return known(handle, argc, argv);
}

EXPORT int pam_sm_acct_mgmt(pam_handle_t *handle, int flags, int argc, const char **argv)
{
	struct entry entry;
	int result = known(handle, argc, argv);

	(void)flags;
	if (result != PAM_SUCCESS || !is_domain())
		return result;
	find(handle, argc, argv, &entry);
	if (is_state(&entry, "locked"))
		return PAM_ACCT_EXPIRED;
	return is_state(&entry, "expired") ? PAM_NEW_AUTHTOK_REQD : PAM_SUCCESS;
}

EXPORT int pam_sm_open_session(pam_handle_t *handle, int flags, int argc, const char **argv)
{
	(void)flags;
	return known(handle, argc, argv);
}

EXPORT int pam_sm_close_session(pam_handle_t *handle, int flags, int argc, const char **argv)
{
	(void)flags;
	return known(handle, argc, argv);
}

static int change_domain(pam_handle_t *handle, bool is_update, int argc, const char **argv)
{
	struct entry entry;
	const char *password = NULL;
	int result;

	find(handle, argc, argv, &entry);
	if (!entry.is_known)
		return PAM_USER_UNKNOWN;
	if (!is_update) {
		result = pam_get_authtok(handle, PAM_OLDAUTHTOK, &password, "current password: ");
		return result == PAM_SUCCESS && strcmp(password, entry.password) == 0
		               ? PAM_SUCCESS : PAM_AUTH_ERR;
	}
	if (has_argument(argc, argv, "use_authtok"))
		pam_get_item(handle, PAM_AUTHTOK, (const void **)&password);
	else
		pam_get_authtok(handle, PAM_AUTHTOK, &password, NULL);
	return password ? PAM_SUCCESS : PAM_AUTHTOK_ERR;
}

EXPORT int pam_sm_chauthtok(pam_handle_t *handle, int flags, int argc, const char **argv)
{
	bool is_update = (unsigned int)flags & PAM_UPDATE_AUTHTOK;
	const char *password = NULL;

	if (is_domain())
		return change_domain(handle, is_update, argc, argv);
	if (is_update && is_named((const char *const[]){ "pam_pwquality.so", NULL }))
		return pam_get_authtok(handle, PAM_AUTHTOK, &password, NULL);
	return is_absent() ? PAM_USER_UNKNOWN : PAM_SUCCESS;
}
