/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/answer.h"
#include "helper/keeper/command/vault_wishes.h"
#include "helper/keeper/login/qr.h"
#include "helper/keeper/terminal.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/secret_file.h"
#include "keyring/shell_word.h"
#include "keyring/translate.h"

#define PASSWORD_MAXIMUM 65536

static bool advise_help(struct kt_error *error)
{
	return kt_advise(error, "run: keyturn help vault");
}

void kt_vault_typed_clear(struct kt_vault_typed *typed)
{
	kt_secret_clear(&typed->passphrase);
	kt_secret_clear(&typed->login);
	kt_secret_clear(&typed->recovery_code);
}

bool kt_vault_wishes_are_none(const struct kt_vault_wishes *wishes)
{
	return !wishes->key_file && !wishes->key_command && !wishes->credential &&
	       !wishes->passphrase_file && !wishes->login && !wishes->recovery &&
	       !wishes->ssh_agent && !wishes->machine && !wishes->fido2;
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

bool kt_vault_read_passphrase_file(const char *path, struct kt_secret *passphrase,
                                   struct kt_error *error)
{
	static const struct kt_secret_file_rule rule = {
		.may_be_roots = true,
		.may_be_pipe = true,
		.forbidden = S_IRWXG | S_IRWXO,
		.most = PASSWORD_MAXIMUM,
	};
	KT_CLEANUP(kt_descriptor_close) int descriptor = -1;
	struct kt_shell_word word;
	enum kt_secret_file verdict;

	if (strcmp(path, "-") == 0)
		return read_line(STDIN_FILENO, passphrase, error);
	verdict = kt_secret_file_open(path, &rule, &descriptor, NULL);
	if (verdict == KT_SECRET_FILE_OPENED)
		return read_line(descriptor, passphrase, error);
	if (verdict == KT_SECRET_FILE_SHARED) {
		kt_fail(error, KT_ERROR_UNSAFE, "vault: others can use the file %s", path);
		return kt_advise(error, "run: chmod 600 %s", kt_shell_word(&word, path, "FILE"));
	}
	if (verdict == KT_SECRET_FILE_UNREADABLE)
		kt_fail(error, KT_ERROR_USAGE, "vault: %s cannot be read: %s", path,
		        strerror(errno));
	else if (verdict == KT_SECRET_FILE_ANOTHERS)
		kt_fail(error, KT_ERROR_UNSAFE, "vault: the file %s is another user's", path);
	else
		kt_fail(error, KT_ERROR_USAGE, "vault: a passphrase is one line");
	return kt_advise(error, "name a file of yours, or - for stdin");
}

bool kt_vault_read_login_password(struct kt_secret *password, struct kt_error *error)
{
	if (isatty(STDIN_FILENO))
		return kt_terminal_ask_secret("Your login password: ", password, error);
	return read_line(STDIN_FILENO, password, error);
}

/* A vault that an agent, a machine or a key alone opens is lost with that: it gets a code. */
static bool wants_recovery(const struct kt_vault_wishes *wishes, const char *verb)
{
	bool is_lasting = wishes->key_file || wishes->key_command || wishes->credential ||
	                  wishes->passphrase_file || wishes->login ||
	                  kt_vault_wishes_are_none(wishes);

	return wishes->recovery ||
	       (strcmp(verb, "create") == 0 && !is_lasting && !wishes->no_recovery);
}

static bool check(const struct kt_vault_wishes *wishes, const char *verb, struct kt_error *error)
{
	if (kt_vault_wishes_are_none(wishes) && !kt_terminal_is_interactive()) {
		kt_fail(error, KT_ERROR_USAGE, "vault %s: no way to open the vault is named", verb);
		return kt_advise(error, "add --key-file FILE, --credential NAME, "
		                 "--passphrase-file FILE or --login");
	}
	if (wishes->login && wishes->passphrase_file && strcmp(wishes->passphrase_file, "-") == 0)
		return kt_fail(error, KT_ERROR_USAGE, "vault %s: stdin cannot be both passphrase and "
		               "login password", verb) ||
		       advise_help(error);
	if (wants_recovery(wishes, verb) && !wishes->recovery && !isatty(STDOUT_FILENO)) {
		kt_fail(error, KT_ERROR_USAGE, "vault create: without its agent, machine or "
		        "security key nothing would open this vault");
		return kt_advise(error, "run it at a terminal, for a recovery code; or add a way, or "
		                 "--no-recovery");
	}
	if (wishes->recovery && !isatty(STDOUT_FILENO)) {
		kt_fail(error, KT_ERROR_USAGE, "vault %s: a recovery code is shown on a terminal "
		        "alone", verb);
		return kt_advise(error, "run it at a terminal, its output not redirected");
	}
	return true;
}

static void tell(const char *line)
{
	kt_report_note("%s", line);
}

bool kt_vault_wishes_read(const struct kt_vault_wishes *wishes, const char *verb,
                          struct kt_vault_typed *typed, struct kt_vault_options *options,
                          struct kt_error *error)
{
	bool asks = kt_vault_wishes_are_none(wishes);

	if (!check(wishes, verb, error))
		return false;
	if (asks && !kt_terminal_ask_new_passphrase(&typed->passphrase, error))
		return false;
	if (wishes->passphrase_file &&
	    !kt_vault_read_passphrase_file(wishes->passphrase_file, &typed->passphrase, error))
		return false;
	if (wishes->login && !kt_vault_read_login_password(&typed->login, error))
		return false;
	*options = (struct kt_vault_options){
		.key_file = wishes->key_file,
		.key_command = wishes->key_command,
		.credential = wishes->credential,
		.passphrase = asks || wishes->passphrase_file ? &typed->passphrase : NULL,
		.login = wishes->login ? &typed->login : NULL,
		.recovery_code = wants_recovery(wishes, verb) ? &typed->recovery_code : NULL,
		.machine = wishes->machine,
		.ssh_agent = wishes->ssh_agent,
		.asks = wishes->confirm,
		.fido2 = wishes->fido2,
		.name = wishes->name,
		.tell = tell,
	};
	return true;
}

bool kt_vault_typed_show(const struct kt_vault_typed *typed, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret page = { 0 };

	if (kt_secret_is_empty(&typed->recovery_code))
		return true;
	if (!kt_secret_append_text(&page, kt_translate("The vault's recovery code, shown this once:"),
	                           error) ||
	    !kt_secret_append_text(&page, "\n\n  ", error) ||
	    !kt_secret_append_text(&page, kt_secret_reveal(&typed->recovery_code), error) ||
	    !kt_secret_append_text(&page, "\n\n", error) ||
	    (kt_terminal_is_smart() &&
	     !kt_qr_draw(kt_secret_reveal(&typed->recovery_code), &page, error)) ||
	    !kt_answer_send(STDOUT_FILENO, &page, error))
		return false;
	kt_report_note("write it down and keep it away from this machine; keyturn unlock takes it, and "
	               "an earlier code is none any more");
	return true;
}
