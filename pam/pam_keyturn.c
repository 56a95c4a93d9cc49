/* SPDX-License-Identifier: MIT */

/*
 * pam_keyturn.so: opens the user's keyring with the password they logged in with. It proves
 * nothing about anyone, so auth, account and password never say PAM_SUCCESS; and it must keep
 * nobody out, so nothing here ever says an error.
 */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <security/pam_modutil.h>

#include "pam/module_options.h"
#include "pam/run.h"
#include "pam/stash.h"

#define EXPORT __attribute__((visibility("default")))

/* The PAM handle keeps these between the phases. */
#define DATA_STASH "keyturn_stash"
#define DATA_DONE "keyturn_done"
#define DATA_WARNED "keyturn_warned"

/* One call of one phase: for whom, and as the administrator wants it. */
struct call {
	pam_handle_t *handle;
	struct kt_module_options options;
	const struct passwd *user;
};

static const struct {
	int priority; /* LOG_DEBUG: said only if it was asked for (debug) */
	const char *sentence;
} statuses[] = {
	[KT_UNLOCK_OPENED] = { LOG_DEBUG, "keyring opened" },
	[KT_UNLOCK_NOTED] = { LOG_DEBUG, "login without a password: no keyring opened" },
	[KT_UNLOCK_DENIED] = { LOG_NOTICE, "keyring refused the login password" },
	[KT_UNLOCK_FAILED] = { LOG_WARNING, "keyring daemon could not open the keyring" },
	[KT_UNLOCK_ABSENT] = { LOG_DEBUG, "no keyring daemon to open" },
	[KT_UNLOCK_SILENT] = { LOG_WARNING, "keyring daemon did not answer in time" },
	[KT_UNLOCK_UNSAFE] = { LOG_WARNING, "keyring socket or daemon is not the user's" },
	[KT_UNLOCK_NO_COLLECTION] = { LOG_DEBUG, "user has no login keyring" },
	[KT_UNLOCK_UNDERWAY] = { LOG_DEBUG, "vault is being opened behind the login" },
	[KT_UNLOCK_NO_KERNEL_KEYS] = { LOG_NOTICE,
	                               "no kernel keyring here to hold the vault open" },
	[KT_UNLOCK_KEPT_OLD] = { LOG_NOTICE,
	                         "no keyring daemon took the new password, so the keyring keeps "
	                         "the old one: run keyturn unlock --resync" },
	[KT_UNLOCK_NO_RUNTIME_DIR] = { LOG_DEBUG, "user has no runtime directory (yet)" },
	[KT_UNLOCK_UNSAFE_RUNTIME_DIR] = { LOG_WARNING,
	                                   "runtime directory is not the user's alone" },
	[KT_UNLOCK_NOT_FORKED] = { LOG_WARNING, "no process could be started" },
	[KT_UNLOCK_NOT_DROPPED] = { LOG_ERR, "rights could not be given up" },
	[KT_UNLOCK_NOT_RUN] = { LOG_WARNING, "keyturn-unlock could not be run" },
};

static const void *data_get(pam_handle_t *handle, const char *name)
{
	const void *data = NULL;

	return pam_get_data(handle, name, &data) == PAM_SUCCESS ? data : NULL;
}

/* Data that is only there or not. */
static void mark(pam_handle_t *handle, const char *name)
{
	pam_set_data(handle, name, (void *)name, NULL);
}

static const char *item_get(pam_handle_t *handle, int type)
{
	const void *item = NULL;

	return pam_get_item(handle, type, &item) == PAM_SUCCESS ? item : NULL;
}

static void stash_cleanup(pam_handle_t *handle, void *data, int status)
{
	(void)handle;
	(void)status;
	kt_stash_free(data);
}

static void stash_drop(pam_handle_t *handle)
{
	if (data_get(handle, DATA_STASH))
		pam_set_data(handle, DATA_STASH, NULL, NULL);
}

/* The stash, if it is one of this process for this user; any other is dropped. */
static struct kt_stash *stash_get(const struct call *call)
{
	/* The handle lends what was given to it as ours to change. */
	struct kt_stash *stash = (struct kt_stash *)data_get(call->handle, DATA_STASH);

	if (!stash || kt_stash_is_for(stash, call->user->pw_uid))
		return stash;
	/* sudo names another user between the phases; other callers fork in between. */
	stash_drop(call->handle);
	return NULL;
}

static void report(const struct call *call, enum kt_unlock_status status)
{
	if (call->options.quiet)
		return;
	if (statuses[status].priority == LOG_DEBUG && !call->options.debug)
		return;
	/* In the middle of a login: the session will bring the keyring along. */
	if (status == KT_UNLOCK_KEPT_OLD && data_get(call->handle, DATA_STASH))
		return;
	pam_syslog(call->handle, statuses[status].priority, "%s: %s", call->user->pw_name,
	           statuses[status].sentence);
}

static void warn_of_arguments(const struct call *call)
{
	if (call->options.rejected == 0 || call->options.quiet ||
	    data_get(call->handle, DATA_WARNED))
		return;
	pam_syslog(call->handle, LOG_WARNING, "argument %d is not understood, see pam_keyturn(8)",
	           call->options.rejected);
	mark(call->handle, DATA_WARNED);
}

/* False where the module has no business: this service, this user, these rights. */
static bool call_begin(struct call *call, pam_handle_t *handle, int argc, const char **argv)
{
	const char *name;

	call->handle = handle;
	kt_module_options_parse(&call->options, argc, argv);
	warn_of_arguments(call);
	if (!kt_module_options_has_service(&call->options, item_get(handle, PAM_SERVICE)))
		return false;
	/* Not pam_get_user(), which asks for a name where there is none. */
	name = item_get(handle, PAM_USER);
	call->user = name ? pam_modutil_getpwnam(handle, name) : NULL;
	return call->user && kt_module_options_has_user(&call->options, call->user->pw_uid) &&
	       (geteuid() == 0 || geteuid() == call->user->pw_uid);
}

/*
 * From the PAM environment; where the program is the user's own, as a screen lock may be, from its
 * environment too.
 */
static const char *session_variable(const struct call *call, const char *name)
{
	const char *value = pam_getenv(call->handle, name);

	return value || geteuid() == 0 ? value : secure_getenv(name);
}

/* sshd puts there, a line each, how it let the user in: "publickey ssh-ed25519 AAAA...". */
static bool is_by_ssh_key(const struct call *call)
{
	static const char method[] = "publickey ";
	const char *told = pam_getenv(call->handle, "SSH_AUTH_INFO_0");

	return told && strncmp(told, method, strlen(method)) == 0;
}

static enum kt_unlock_status run(const struct call *call, enum kt_unlock_op op,
                                 struct iovec old_password, struct iovec new_password,
                                 bool may_come_later)
{
	struct kt_run job = {
		.options = &call->options,
		.user = call->user,
		.op = op,
		.old_password = old_password,
		.new_password = new_password,
		.runtime_dir = session_variable(call, "XDG_RUNTIME_DIR"),
		.bus_address = session_variable(call, "DBUS_SESSION_BUS_ADDRESS"),
		.is_by_ssh_key = is_by_ssh_key(call),
		.may_come_later = may_come_later,
	};
	enum kt_unlock_status status = kt_run(&job);

	report(call, status);
	if (status == KT_UNLOCK_UNSAFE_RUNTIME_DIR && op != KT_UNLOCK_OP_NO_PASSWORD &&
	    kt_module_options_has_backend(&call->options, KT_UNLOCK_BACKEND_VAULT)) {
		/* A vault needs none. */
		job.ignores_runtime_dir = true;
		job.may_come_later = false;
		kt_run(&job);
	}
	return status;
}

/* A runtime directory, or a home with a keyring in it, may come with the session. */
static bool may_come(enum kt_unlock_status status)
{
	return status == KT_UNLOCK_NO_RUNTIME_DIR || status == KT_UNLOCK_NO_COLLECTION;
}

/* Hands the stash over; it is kept for what may still come. */
static void deliver(const struct call *call, struct kt_stash *stash, bool may_wait)
{
	struct iovec old_password = { stash->old_password, stash->old_length };
	struct iovec new_password = { stash->new_password, stash->new_length };
	enum kt_unlock_status status =
		run(call, KT_UNLOCK_OP_UNLOCK, old_password, new_password, may_wait);

	if (!may_wait || !may_come(status)) {
		stash_drop(call->handle);
		mark(call->handle, DATA_DONE);
	}
}

static void report_long(const struct call *call, const char *password)
{
	if (password && *password != '\0' && !call->options.quiet)
		pam_syslog(call->handle, LOG_NOTICE,
		           "%s: a password of more than %d bytes opens no keyring",
		           call->user->pw_name, KT_UNLOCK_PASSWORD_MAX);
}

static void stash_keep(const struct call *call, const char *password)
{
	bool locked = false;
	struct kt_stash *stash = kt_stash_new(call->user->pw_uid, password, &locked);

	if (!stash)
		return;
	if (!locked && call->options.debug)
		pam_syslog(call->handle, LOG_DEBUG, "%s: memory could not be locked",
		           call->user->pw_name);
	/* Replaces, and so wipes, the stash of an earlier and wrong password. */
	if (pam_set_data(call->handle, DATA_STASH, stash, stash_cleanup) != PAM_SUCCESS)
		kt_stash_free(stash);
}

EXPORT int pam_sm_authenticate(pam_handle_t *handle, int flags, int argc, const char **argv)
{
	struct call call = { 0 };
	const char *password;

	(void)flags;
	/* Also if nothing can be kept this time: the stash is of another try. */
	stash_drop(handle);
	if (!call_begin(&call, handle, argc, argv))
		return PAM_IGNORE;
	password = item_get(handle, PAM_AUTHTOK);
	if (kt_stash_is_keepable(password))
		stash_keep(&call, password);
	else
		report_long(&call, password);
	return PAM_IGNORE;
}

EXPORT int pam_sm_setcred(pam_handle_t *handle, int flags, int argc, const char **argv)
{
	struct call call = { 0 };
	struct kt_stash *stash;

	if ((unsigned int)flags & PAM_DELETE_CRED) {
		stash_drop(handle);
		return PAM_IGNORE;
	}
	if (!data_get(handle, DATA_STASH) || !call_begin(&call, handle, argc, argv))
		return PAM_IGNORE;
	stash = stash_get(&call);
	if (stash)
		deliver(&call, stash, true);
	return PAM_IGNORE;
}

EXPORT int pam_sm_acct_mgmt(pam_handle_t *handle, int flags, int argc, const char **argv)
{
	(void)handle;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_IGNORE;
}

EXPORT int pam_sm_open_session(pam_handle_t *handle, int flags, int argc, const char **argv)
{
	static const struct iovec none = { NULL, 0 };
	struct call call = { 0 };
	bool had_stash = data_get(handle, DATA_STASH);

	(void)flags;
	if (call_begin(&call, handle, argc, argv)) {
		struct kt_stash *stash = stash_get(&call);

		if (stash)
			deliver(&call, stash, false);
		else if (!had_stash && !data_get(handle, DATA_DONE))
			run(&call, KT_UNLOCK_OP_NO_PASSWORD, none, none, true);
	}
	stash_drop(handle);
	return PAM_SUCCESS;
}

EXPORT int pam_sm_close_session(pam_handle_t *handle, int flags, int argc, const char **argv)
{
	(void)flags;
	(void)argc;
	(void)argv;
	stash_drop(handle);
	return PAM_SUCCESS;
}

EXPORT int pam_sm_chauthtok(pam_handle_t *handle, int flags, int argc, const char **argv)
{
	struct call call = { 0 };
	const char *old_password, *new_password;
	struct kt_stash *stash;

	if (!((unsigned int)flags & PAM_UPDATE_AUTHTOK) || !call_begin(&call, handle, argc, argv))
		return PAM_IGNORE;
	old_password = item_get(handle, PAM_OLDAUTHTOK);
	new_password = item_get(handle, PAM_AUTHTOK);
	if (!kt_stash_is_keepable(new_password)) {
		report_long(&call, new_password);
		return PAM_IGNORE;
	}
	if (!kt_stash_is_keepable(old_password)) {
		if (!call.options.quiet)
			pam_syslog(handle, LOG_NOTICE,
			           "%s: no old password: the keyring keeps its own",
			           call.user->pw_name);
		return PAM_IGNORE;
	}
	/* An expired password changes in the middle of a login: the session opens with both. */
	stash = stash_get(&call);
	if (stash)
		kt_stash_change(stash, old_password, new_password);
	run(&call, KT_UNLOCK_OP_CHANGE,
	    (struct iovec){ (void *)old_password, strlen(old_password) },
	    (struct iovec){ (void *)new_password, strlen(new_password) }, false);
	return PAM_IGNORE;
}
