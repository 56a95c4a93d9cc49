/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "helper/keeper/command/command.h"
#include "helper/keeper/terminal.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/control_socket.h"
#include "keyring/environment.h"
#include "keyring/translate.h"
#include "keyring/unlock_outcome.h"
#include "keyring/vault.h"
#include "keyring/white_box.h"

#define TRIES 3
#define DAEMON_WAIT 5000
/* Milliseconds in which no person can have dismissed a prompt, and after which nobody answered. */
#define AT_ONCE 1000
#define UNANSWERED 115000

static bool is_desktop(const struct kt_keyring *keyring)
{
	return strcmp(kt_keyring_name(keyring), "secret-service") == 0;
}

/* Somebody is there to be asked, and may be. */
static bool can_ask(const struct kt_keyring *keyring)
{
	return keyring->options.ask_passphrase != NULL;
}

static bool fail_dismissed(struct kt_error *error)
{
	kt_fail(error, KT_ERROR_DISMISSED, "no password was given");
	return kt_advise(error, "run: keyturn unlock");
}

static bool ask(const char *prompt, struct kt_secret *password, struct kt_error *error)
{
	struct kt_error ignored = { 0 };

	kt_secret_clear(password);
	return (kt_terminal_ask_secret(prompt, password, &ignored) &&
	        !kt_secret_is_empty(password)) || fail_dismissed(error);
}

/* Asks twice: a typing error would become the keyring's password, and nobody would know it. */
static bool ask_login_password(struct kt_secret *password, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret again = { 0 };

	if (!ask(KT_TEXT("Your login password: "), password, error) ||
	    !ask(KT_TEXT("The same again: "), &again, error))
		return false;
	if (kt_secret_is_equal(password, &again))
		return true;
	kt_fail(error, KT_ERROR_USAGE, "the two login passwords differ: nothing is changed");
	return kt_advise(error, "run: keyturn unlock --resync");
}

/* Makes no keyring that is not there, and reaches no daemon but the user's own. */
static bool check_daemon(const char *runtime_dir, struct kt_error *error)
{
	if (runtime_dir && kt_control_socket_has_keyring(kt_environment_home()))
		return true;
	if (!runtime_dir)
		kt_fail(error, KT_ERROR_LOCKED,
		        "the desktop keyring is locked, and XDG_RUNTIME_DIR is not set");
	else
		kt_fail(error, KT_ERROR_LOCKED,
		        "the desktop keyring is locked, and is none that a terminal can open");
	return kt_advise(error, "open it in your desktop session, by its own program");
}

static bool fail_contact(enum kt_contact contact, struct kt_error *error)
{
	if (contact == KT_CONTACT_UNSAFE) {
		kt_fail(error, KT_ERROR_UNSAFE, "the keyring daemon's socket is not yours alone");
		return kt_advise(error, "stop that daemon, and start one as this user");
	}
	if (contact == KT_CONTACT_ABSENT)
		kt_fail(error, KT_ERROR_UNAVAILABLE,
		        "no gnome-keyring-daemon listens in this session");
	else
		kt_fail(error, KT_ERROR_UNAVAILABLE,
		        "gnome-keyring-daemon did not answer as it should");
	return kt_advise(error, "open the keyring in your desktop session, or log in again");
}

static enum kt_contact unlock_with(const char *runtime_dir, const struct kt_secret *password)
{
	return kt_control_socket_unlock(runtime_dir, password, kt_clock_monotonic() + DAEMON_WAIT);
}

/* One try. *opened: false for a wrong password. */
static bool try_password(struct kt_keyring *keyring, enum kt_password_way way,
                         const struct kt_secret *password, bool *opened, struct kt_error *error)
{
	enum kt_contact contact;

	if (way == KT_PASSWORD_SERVICE)
		return kt_keyring_unlock_with(keyring, password, opened, error);
	contact = unlock_with(kt_environment_get("XDG_RUNTIME_DIR"), password);
	*opened = contact == KT_CONTACT_MADE;
	return *opened || contact == KT_CONTACT_DENIED || fail_contact(contact, error);
}

static bool ask_and_unlock(struct kt_keyring *keyring, enum kt_password_way way,
                           struct kt_error *error)
{
	for (int i = 0; i < TRIES; i++) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret password = { 0 };
		bool opened;

		if (i)
			kt_report_note("wrong, try again (%d left)", TRIES - i);
		if (!ask(KT_TEXT("Password of the desktop keyring: "), &password, error) ||
		    !try_password(keyring, way, &password, &opened, error))
			return false;
		if (opened)
			return true;
	}
	kt_fail(error, KT_ERROR_LOCKED, "wrong password: the desktop keyring stays locked");
	return kt_advise(error, "it may be an earlier login password; run: keyturn unlock");
}

static bool check_open(struct kt_keyring *keyring, struct kt_error *error)
{
	bool open;

	if (!kt_keyring_is_open(keyring, &open, error) || open)
		return error->code == KT_ERROR_NONE;
	kt_fail(error, KT_ERROR_LOCKED,
	        "the login keyring is open, but the default keyring is another, and locked");
	return kt_advise(error, "open that one in your desktop session, by its own program");
}

/*
 * Without a display: gnome-keyring by its control socket, oo7 over the bus. Another provider's
 * password is not asked for: it would be sent to a daemon that it is none of.
 */
static bool unlock_at_terminal(struct kt_keyring *keyring, struct kt_error *error)
{
	const char *runtime_dir = kt_environment_get("XDG_RUNTIME_DIR");
	enum kt_password_way way;
	bool open;

	if (!kt_keyring_is_open(keyring, &open, error) ||
	    !kt_keyring_takes_password(keyring, &way, error))
		return false;
	if (way == KT_PASSWORD_NONE)
		return kt_keyring_unlock(keyring, error);
	return open || ((way != KT_PASSWORD_SOCKET || check_daemon(runtime_dir, error)) &&
	                ask_and_unlock(keyring, way, error) && check_open(keyring, error));
}

/*
 * A display on which nothing can show a prompt dismisses it at once; one that nobody sees leaves
 * it unanswered.
 */
static bool unlock_on_screen(struct kt_keyring *keyring, struct kt_error *error)
{
	int64_t start = kt_clock_monotonic();
	struct kt_error cause = { 0 };
	int64_t took;

	if (kt_keyring_unlock(keyring, &cause))
		return true;
	took = kt_clock_monotonic() - start;
	if (cause.code == KT_ERROR_DISMISSED && (took < AT_ONCE || took > UNANSWERED))
		return unlock_at_terminal(keyring, error);
	*error = cause;
	return false;
}

static bool change_desktop(const char *runtime_dir, const struct kt_secret *old_password,
                           const struct kt_secret *login_password, struct kt_error *error)
{
	enum kt_contact contact =
		kt_control_socket_change(runtime_dir, old_password, login_password,
		                         kt_clock_monotonic() + DAEMON_WAIT);

	/*
	 * The daemon also says "denied" if the keyring has the login password already; opening
	 * it shows that.
	 */
	if (contact == KT_CONTACT_MADE || contact == KT_CONTACT_DENIED)
		contact = unlock_with(runtime_dir, login_password);
	if (contact == KT_CONTACT_MADE)
		return true;
	if (contact != KT_CONTACT_DENIED)
		return fail_contact(contact, error);
	kt_fail(error, KT_ERROR_LOCKED, "wrong old password: nothing is changed");
	return kt_advise(error, "run: keyturn unlock --resync");
}

static bool resync_desktop(struct kt_keyring *keyring, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret old_password = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret login_password = { 0 };
	const char *runtime_dir = kt_environment_get("XDG_RUNTIME_DIR");
	enum kt_password_way way;

	if (!kt_keyring_takes_password(keyring, &way, error))
		return false;
	if (kt_white_box_has_password(kt_environment_home())) {
		kt_fail(error, KT_ERROR_UNSAFE, "unlock --resync: deepin's white box keeps the password of "
		        "this keyring, and would no longer open it");
		return kt_advise(error, "log in to the desktop anew, which opens it");
	}
	if (way != KT_PASSWORD_SOCKET) {
		kt_fail(error, KT_ERROR_USAGE, "unlock --resync: this desktop keyring is none whose "
		        "password can be changed at a terminal");
		return kt_advise(error, "change it in the keyring's own window");
	}
	if (!check_daemon(runtime_dir, error) ||
	    !ask(KT_TEXT("Old password of the desktop keyring: "), &old_password, error) ||
	    !ask_login_password(&login_password, error) ||
	    !change_desktop(runtime_dir, &old_password, &login_password, error) ||
	    !check_open(keyring, error))
		return false;
	/* If this fails, only a later message is less exact. */
	kt_unlock_outcome_write(runtime_dir, KT_UNLOCK_OUTCOME_OPENED, false);
	return true;
}

/* Opening the vault in any way is enough: the old login password need not be known. */
static bool resync_vault(struct kt_keyring *keyring, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret login_password = { 0 };
	const char *runtime_dir = kt_environment_get("XDG_RUNTIME_DIR");

	if (!kt_keyring_unlock(keyring, error) || !ask_login_password(&login_password, error) ||
	    !kt_vault_add_login(&login_password, &keyring->options, error))
		return false;
	if (runtime_dir)
		kt_unlock_outcome_write(runtime_dir, KT_UNLOCK_OUTCOME_OPENED, false);
	return true;
}

static bool resync(struct kt_keyring *keyring, struct kt_error *error)
{
	if (!can_ask(keyring)) {
		kt_fail(error, KT_ERROR_USAGE, "unlock --resync: no terminal to ask at");
		return kt_advise(error, "run it at a terminal");
	}
	if (is_desktop(keyring))
		return resync_desktop(keyring, error);
	if (strcmp(kt_keyring_name(keyring), "vault") == 0)
		return resync_vault(keyring, error);
	kt_fail(error, KT_ERROR_USAGE, "unlock --resync: this keyring has no password");
	return kt_advise(error, "unset KEYTURN_KEYRING");
}

static bool unlock(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	bool wants_resync = false;
	const struct kt_option options[] = { { "resync", false, &wants_resync } };
	struct kt_keyring *keyring;
	int count;

	if (!kt_command_read_options(options, KT_COUNT(options), argc, argv, &count, error))
		return false;
	if (count > 0)
		return kt_fail(error, KT_ERROR_USAGE, "unlock: it takes no account");
	keeper->ignores_dismissed = true;
	keyring = kt_keeper_keyring(keeper, error);
	if (!keyring)
		return false;
	if (wants_resync)
		return resync(keyring, error);
	if (is_desktop(keyring) && !kt_environment_has_display() && can_ask(keyring))
		return unlock_at_terminal(keyring, error);
	if (!is_desktop(keyring) || !can_ask(keyring))
		return kt_keyring_unlock(keyring, error);
	return unlock_on_screen(keyring, error);
}

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	if (!unlock(keeper, argc, argv, error))
		return false;
	if (isatty(STDERR_FILENO))
		kt_report_note("the keyring is open");
	return true;
}

const struct kt_command kt_command_unlock = {
	.name = "unlock",
	.synopsis = "[--resync]",
	.summary = "open the keyring, asking for its password",
	.details = "Without a display it asks at the terminal (vault, GNOME Keyring, oo7).\n"
	           "--resync  give the keyring the login password, so that login opens it; asks for\n"
	           "          the keyring's old password and for the login password\n",
	.run = run,
};
