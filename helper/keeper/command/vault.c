/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/answer.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/terminal.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/json.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"
#include "keyring/vault.h"

#define PASSWORD_MAXIMUM 65536

/* The options of the command, borrowed from argv. */
struct wishes {
	const char *key_file;
	const char *credential;
	const char *passphrase_file;
	bool login;
};

static bool is_unspecific(const struct wishes *wishes)
{
	return !wishes->key_file && !wishes->credential && !wishes->passphrase_file &&
	       !wishes->login;
}

static bool advise_help(struct kt_error *error)
{
	return kt_advise(error, "run: keyturn help vault");
}

/*
 * Secrets from files and stdin.
 */

/* One line end at the end is an editor's and goes. Everything else is the person's. */
static bool read_line(int descriptor, struct kt_secret *secret, struct kt_error *error)
{
	size_t length;
	const char *text;

	if (!kt_secret_read(secret, descriptor, PASSWORD_MAXIMUM, error))
		return kt_advise(error, "give a passphrase of one line");
	text = kt_secret_reveal(secret);
	length = kt_secret_length(secret);
	if (length && text[length - 1] == '\n')
		length--;
	if (length && text[length - 1] == '\r')
		length--;
	kt_secret_truncate(secret, length);
	if (strlen(text) == length && !strchr(text, '\n'))
		return true;
	return kt_fail(error, KT_ERROR_USAGE, "vault: a passphrase is one line") ||
	       advise_help(error);
}

static bool read_passphrase_file(const char *path, struct kt_secret *passphrase,
                                 struct kt_error *error)
{
	KT_CLEANUP(kt_descriptor_close) int descriptor = -1;
	struct kt_shell_word word;
	struct stat status;

	if (strcmp(path, "-") == 0)
		return read_line(STDIN_FILENO, passphrase, error);
	descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (descriptor < 0 || fstat(descriptor, &status) != 0) {
		kt_fail(error, KT_ERROR_USAGE, "vault: %s cannot be read: %s", path,
		        strerror(errno));
		return kt_advise(error, "name a file that you can read, or - for stdin");
	}
	if (S_ISREG(status.st_mode) && status.st_mode & 077) {
		kt_fail(error, KT_ERROR_UNSAFE, "vault: others can use the file %s", path);
		return kt_advise(error, "run: chmod 600 %s", kt_shell_word(&word, path, "FILE"));
	}
	return read_line(descriptor, passphrase, error);
}

static bool read_login_password(struct kt_secret *password, struct kt_error *error)
{
	if (isatty(STDIN_FILENO))
		return kt_terminal_ask_secret("Your login password: ", password, error);
	return read_line(STDIN_FILENO, password, error);
}

/*
 * status
 */

static bool append_ways(const struct kt_vault_status *status, struct kt_secret *output,
                        struct kt_error *error)
{
	const char *separator = "ways in:   ";

	for (enum kt_vault_way way = 0; way < KT_VAULT_WAYS; way++) {
		if (!status->has_way[way])
			continue;
		if (!kt_secret_append_text(output, separator, error) ||
		    !kt_secret_append_text(output, kt_vault_way_name(way), error))
			return false;
		if (way == KT_VAULT_KEY_FILE && status->key_file &&
		    !(kt_secret_append_text(output, " ", error) &&
		      kt_secret_append_text(output, status->key_file, error)))
			return false;
		separator = ", ";
	}
	return kt_secret_append_text(output, "\n", error);
}

static const char *describe_state(const struct kt_vault_status *status)
{
	if (status->is_open && status->is_unattended)
		return "open; after a lock the next call opens it again, unasked";
	if (status->is_open)
		return "open, until keyturn lock or for 8 hours";
	if (status->is_unattended && status->is_kernel_keyring_usable)
		return "closed; the next call opens it, unasked";
	if (status->is_unattended)
		return "opened by each call, unasked: the kernel keyring is refused here";
	if (status->is_kernel_keyring_usable)
		return "locked";
	return "locked, and no kernel keyring would keep it open here";
}

static bool append_status(const struct kt_vault_status *status, struct kt_secret *output,
                          struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *directory = NULL;
	KT_CLEANUP(kt_text_free) char *state = NULL;

	return kt_text_format(&directory, error, "directory: %s\n", status->directory) &&
	       kt_text_format(&state, error, "state:     %s\n", describe_state(status)) &&
	       kt_secret_append_text(output, directory, error) &&
	       append_ways(status, output, error) && kt_secret_append_text(output, state, error);
}

static bool append_status_json(const struct kt_vault_status *status, struct kt_secret *output,
                               struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;

	if (!kt_json_create(&json, error) || !kt_json_add_number(json, "version", 1, error) ||
	    !kt_json_add_text(json, "directory", status->directory, error) ||
	    !kt_json_add_list(json, "ways", error))
		return false;
	for (enum kt_vault_way way = 0; way < KT_VAULT_WAYS; way++)
		if (status->has_way[way] &&
		    !kt_json_append_text(json, "ways", kt_vault_way_name(way), error))
			return false;
	return kt_json_add_text(json, "key_file", status->key_file, error) &&
	       kt_json_add_boolean(json, "open", status->is_open, error) &&
	       kt_json_add_boolean(json, "unattended", status->is_unattended, error) &&
	       kt_json_add_boolean(json, "kernel_keyring", status->is_kernel_keyring_usable,
	                           error) &&
	       kt_json_print(json, output, error) && kt_secret_append_text(output, "\n", error);
}

static bool print_status(const struct kt_keeper *keeper, struct kt_error *error)
{
	KT_CLEANUP(kt_vault_status_clear) struct kt_vault_status status = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };

	if (!kt_vault_status(&status, error))
		return false;
	if (!status.exists) {
		kt_fail(error, KT_ERROR_UNAVAILABLE, "there is no vault in %s", status.directory);
		return kt_advise(error, "run: keyturn vault create");
	}
	if (!(keeper->wants_json ? append_status_json(&status, &output, error) &&
	                                   kt_answer_send(STDOUT_FILENO, &output, error)
	                         : append_status(&status, &output, error) &&
	                                   kt_report_lines(&output, error)))
		return false;
	if (!status.is_open && !status.is_unattended && !keeper->wants_json)
		kt_report_failure(&status.obstacle, false);
	return true;
}

/*
 * create and change-passphrase
 */

static void note_other_keyring(void)
{
	KT_CLEANUP(kt_text_free) char *recorded = NULL;
	struct kt_error ignored = { 0 };

	if (kt_keyring_recorded(&recorded, &ignored) && recorded && strcmp(recorded, "vault") != 0)
		kt_report_note("your logins are kept in: %s; the vault answers only where "
		               "KEYTURN_KEYRING=vault is set", recorded);
}

/* Makes a vault. If there is one and --login is the only option, it gets one more way in. */
static bool make(const struct wishes *wishes, struct kt_vault_options *options,
                 struct kt_error *error)
{
	const struct kt_keyring_options asking = {
		.may_prompt = kt_terminal_is_there(),
		.ask_passphrase = kt_terminal_ask_vault_passphrase,
	};
	KT_CLEANUP(kt_vault_status_clear) struct kt_vault_status status = { 0 };
	bool is_login_alone = wishes->login && !wishes->key_file && !wishes->credential &&
	                      !wishes->passphrase_file;

	if (!kt_vault_status(&status, error))
		return false;
	if (status.exists && is_login_alone)
		return kt_vault_add_login(options->login, &asking, error);
	return kt_vault_create(options, error);
}

static bool fail_no_way(struct kt_error *error)
{
	kt_fail(error, KT_ERROR_USAGE, "vault create: no way to open the vault is named");
	return kt_advise(error, "add --key-file FILE, --credential NAME, --passphrase-file FILE or "
	                 "--login");
}

static bool create(const struct kt_keeper *keeper, const struct wishes *wishes,
                   struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret passphrase = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret login = { 0 };
	struct kt_vault_options options = { .key_file = wishes->key_file,
	                                    .credential = wishes->credential };
	bool asks = is_unspecific(wishes);

	if (asks && !kt_terminal_is_interactive())
		return fail_no_way(error);
	if (wishes->login && wishes->passphrase_file && strcmp(wishes->passphrase_file, "-") == 0)
		return kt_fail(error, KT_ERROR_USAGE, "vault create: stdin cannot be both passphrase "
		               "and login password") ||
		       advise_help(error);
	if (asks && !kt_terminal_ask_new_passphrase(&passphrase, error))
		return false;
	if (wishes->passphrase_file &&
	    !read_passphrase_file(wishes->passphrase_file, &passphrase, error))
		return false;
	if (wishes->login && !read_login_password(&login, error))
		return false;
	options.passphrase = asks || wishes->passphrase_file ? &passphrase : NULL;
	options.login = wishes->login ? &login : NULL;
	if (!make(wishes, &options, error))
		return false;
	note_other_keyring();
	return print_status(keeper, error);
}

/* Opening the vault by its key file is enough: a forgotten passphrase need not be known. */
static bool change_passphrase(const struct kt_keeper *keeper, const struct wishes *wishes,
                              struct kt_error *error)
{
	KT_CLEANUP(kt_vault_status_clear) struct kt_vault_status status = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret current = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret fresh = { 0 };
	bool wants_current;

	(void)keeper;
	if (wishes->key_file || wishes->credential || wishes->login)
		return kt_fail(error, KT_ERROR_USAGE,
		               "vault change-passphrase: it has no such option") ||
		       advise_help(error);
	if (!kt_vault_status(&status, error))
		return false;
	wants_current = status.has_way[KT_VAULT_PASSPHRASE] && !status.is_unattended;
	if ((wants_current || !wishes->passphrase_file) && !kt_terminal_is_there()) {
		kt_fail(error, KT_ERROR_USAGE, "vault change-passphrase: no terminal to ask at");
		return kt_advise(error, "run it at a terminal");
	}
	if (wants_current && !kt_terminal_ask_vault_passphrase(0, &current, error))
		return false;
	if (!(wishes->passphrase_file
	      ? read_passphrase_file(wishes->passphrase_file, &fresh, error)
	      : kt_terminal_ask_new_passphrase(&fresh, error)))
		return false;
	return kt_vault_change_passphrase(wants_current ? &current : NULL, &fresh, NULL, error);
}

static bool show_status(const struct kt_keeper *keeper, const struct wishes *wishes,
                        struct kt_error *error)
{
	if (!is_unspecific(wishes))
		return kt_fail(error, KT_ERROR_USAGE, "vault status: it has no such option") ||
		       advise_help(error);
	return print_status(keeper, error);
}

static const struct {
	const char *name;
	bool (*run)(const struct kt_keeper *keeper, const struct wishes *wishes,
	            struct kt_error *error);
} actions[] = {
	{ "create", create },
	{ "status", show_status },
	{ "change-passphrase", change_passphrase },
};

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	struct wishes wishes = { 0 };
	const struct kt_option options[] = {
		KT_OPTION_JSON(keeper),
		{ "key-file", true, &wishes.key_file },
		{ "credential", true, &wishes.credential },
		{ "passphrase-file", true, &wishes.passphrase_file },
		{ "login", false, &wishes.login },
	};
	int count;

	if (!kt_command_read_options(options, KT_COUNT(options), argc, argv, &count, error))
		return false;
	for (size_t i = 0; count == 1 && i < KT_COUNT(actions); i++)
		if (strcmp(argv[1], actions[i].name) == 0)
			return actions[i].run(keeper, &wishes, error);
	return kt_fail(error, KT_ERROR_USAGE,
	               "vault: it takes one word: create, status or change-passphrase") ||
	       advise_help(error);
}

const struct kt_command kt_command_vault = {
	.name = "vault",
	.synopsis = "create [--key-file FILE | --credential NAME | --passphrase-file FILE|- | "
	            "--login]\n"
	            "       keyturn vault status [--json]\n"
	            "       keyturn vault change-passphrase [--passphrase-file FILE|-]",
	.summary = "make and look after an encrypted directory for logins",
	.details = "For machines without a desktop keyring. What opens the vault:\n"
	           "  --key-file FILE         a file of at least 32 random bytes, made if it is not\n"
	           "                          there; opened without a question\n"
	           "  --credential NAME       a systemd credential of the unit (LoadCredential=)\n"
	           "  --passphrase-file FILE  a passphrase, - for stdin; without options it is asked\n"
	           "  --login                 the login password, which pam_keyturn hands over; a\n"
	           "                          vault that is there gets it as one more way in\n"
	           "The directory is KEYTURN_VAULT, else vault in ~/.local/share/keyturn. Without\n"
	           "its key file or passphrase nothing opens it: keep a copy in a safe place.\n",
	.run = run,
};
