/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "helper/keeper/command/command.h"
#include "helper/keeper/command/vault_print.h"
#include "helper/keeper/command/vault_wishes.h"
#include "helper/keeper/terminal.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"
#include "keyring/vault.h"
#include "keyring/vault_backup.h"
#include "keyring/vault_rekey.h"

/* The command's words and options. */
struct call {
	const char *verb;
	const char *word; /* behind the verb, or NULL */
	bool wants_json;
	bool forced;
	struct kt_vault_wishes wishes;
	struct kt_keyring_options asking; /* a person at the terminal may be asked */
};

static bool advise_help(struct kt_error *error)
{
	return kt_advise(error, "run: keyturn help vault");
}

static void note_other_keyring(void)
{
	KT_CLEANUP(kt_text_free) char *recorded = NULL;
	struct kt_error ignored = { 0 };

	if (kt_keyring_recorded(&recorded, &ignored) && recorded && strcmp(recorded, "vault") != 0)
		kt_report_note("your logins are kept in: %s; the vault answers only where "
		               "KEYTURN_KEYRING=vault is set", recorded);
}

/* Makes a vault. If there is one and --login is the only option, it gets one more way in. */
static bool make(const struct call *call, const struct kt_vault_options *options,
                 struct kt_error *error)
{
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	bool is_login_alone = options->login && !options->key_file && !options->key_command &&
	                      !options->credential && !options->passphrase &&
	                      !options->recovery_code && !options->ssh_agent &&
	                      !options->machine && !options->fido2 && !options->name;
	bool exists;

	if (!kt_vault_find(&vault, &exists, error))
		return false;
	if (exists && is_login_alone)
		return kt_vault_add_login(options->login, &call->asking, error);
	return kt_vault_create(options, error);
}

static bool create(const struct call *call, struct kt_error *error)
{
	KT_CLEANUP(kt_vault_typed_clear) struct kt_vault_typed typed = { 0 };
	struct kt_vault_options options;

	if (!kt_vault_wishes_read(&call->wishes, call->verb, &typed, &options, error))
		return false;
	options.security_keys = &call->asking.security_keys;
	if (!make(call, &options, error))
		return false;
	note_other_keyring();
	return kt_vault_typed_show(&typed, error) &&
	       kt_vault_print_status(call->wants_json, error);
}

static bool add_key(const struct call *call, struct kt_error *error)
{
	KT_CLEANUP(kt_vault_typed_clear) struct kt_vault_typed typed = { 0 };
	struct kt_vault_options options;

	if (!kt_vault_wishes_read(&call->wishes, call->verb, &typed, &options, error))
		return false;
	options.security_keys = &call->asking.security_keys;
	return kt_vault_add_key(&options, &call->asking, error) &&
	       kt_vault_typed_show(&typed, error);
}

static bool remove_key(const struct call *call, struct kt_error *error)
{
	if (!kt_vault_remove_key(call->word, call->forced, &call->asking, error))
		return false;
	if (isatty(STDERR_FILENO))
		kt_report_note("who has an older copy of the vault still opens that with it; run: "
		               "keyturn vault rekey");
	return true;
}

/* Opening the vault by its key file is enough: a forgotten passphrase need not be known. */
static bool change_passphrase(const struct call *call, struct kt_error *error)
{
	KT_CLEANUP(kt_vault_status_clear) struct kt_vault_status status = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret current = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret fresh = { 0 };
	const struct kt_passphrase_question question = { .takes_passphrase = true };
	const char *file = call->wishes.passphrase_file;
	bool wants_current;

	if (!kt_vault_status(&status, error))
		return false;
	wants_current = kt_vault_find_way(&status.vault, KT_VAULT_PASSPHRASE) &&
	                !status.is_unattended;
	if ((wants_current || !file) && !kt_terminal_is_there()) {
		kt_fail(error, KT_ERROR_USAGE, "vault change-passphrase: no terminal to ask at");
		return kt_advise(error, "run it at a terminal");
	}
	if (wants_current && !kt_terminal_ask_vault_passphrase(&question, &current, error))
		return false;
	if (!(file ? kt_vault_read_passphrase_file(file, &fresh, error)
	           : kt_terminal_ask_new_passphrase(&fresh, error)))
		return false;
	return kt_vault_change_passphrase(wants_current ? &current : NULL, &fresh, NULL, error);
}

/* Whom the secrets are asked of that rekey has to know: a file, stdin or the terminal. */
static bool type_secret(void *context, enum kt_vault_way way, struct kt_secret *typed,
                        struct kt_error *error)
{
	const struct call *call = context;
	const struct kt_passphrase_question question = { .takes_passphrase = true };

	if (way == KT_VAULT_PASSPHRASE && call->wishes.passphrase_file)
		return kt_vault_read_passphrase_file(call->wishes.passphrase_file, typed, error);
	if (way == KT_VAULT_LOGIN && call->wishes.login)
		return kt_vault_read_login_password(typed, error);
	if (!kt_terminal_is_there())
		return kt_fail(error, KT_ERROR_USAGE, "there is no terminal to ask at");
	return way == KT_VAULT_LOGIN ? kt_vault_read_login_password(typed, error)
	                             : kt_terminal_ask_vault_passphrase(&question, typed, error);
}

static bool rekey(const struct call *call, struct kt_error *error)
{
	KT_CLEANUP(kt_vault_typed_clear) struct kt_vault_typed typed = { 0 };
	const struct kt_vault_typist typist = {
		.ask = type_secret,
		.context = (void *)call,
		.recovery_code = isatty(STDOUT_FILENO) ? &typed.recovery_code : NULL,
	};

	return kt_vault_rekey(&typist, &call->asking, error) &&
	       kt_vault_typed_show(&typed, error);
}

static bool backup(const struct call *call, struct kt_error *error)
{
	return kt_vault_backup(call->word, &call->asking, error);
}

static bool restore(const struct call *call, struct kt_error *error)
{
	if (!kt_vault_restore(call->word, error))
		return false;
	note_other_keyring();
	return kt_vault_print_status(false, error);
}

static bool show_status(const struct call *call, struct kt_error *error)
{
	return kt_vault_print_status(call->wants_json, error);
}

static bool show_keys(const struct call *call, struct kt_error *error)
{
	return kt_vault_print_keys(&call->asking.security_keys, call->wants_json, error);
}

enum takes {
	TAKES_JSON = 1,
	TAKES_WAYS = 2,
	TAKES_PASSPHRASE_FILE = 4,
	TAKES_LOGIN = 8,
	TAKES_ID = 16,
	TAKES_FILE = 32,
	TAKES_FORCE = 64,
};

static const struct action {
	const char *name;
	bool (*run)(const struct call *call, struct kt_error *error);
	enum takes takes;
} actions[] = {
	{ "create", create, TAKES_JSON | TAKES_WAYS },
	{ "status", show_status, TAKES_JSON },
	{ "keys", show_keys, TAKES_JSON },
	{ "add-key", add_key, TAKES_WAYS },
	{ "remove-key", remove_key, TAKES_ID | TAKES_FORCE },
	{ "rekey", rekey, TAKES_PASSPHRASE_FILE | TAKES_LOGIN },
	{ "backup", backup, TAKES_FILE },
	{ "restore", restore, TAKES_FILE },
	{ "change-passphrase", change_passphrase, TAKES_PASSPHRASE_FILE },
};

static const struct action *find_action(const char *verb)
{
	for (size_t i = 0; verb && i < KT_COUNT(actions); i++)
		if (strcmp(verb, actions[i].name) == 0)
			return &actions[i];
	return NULL;
}

/* An option that an action would leave unread is a mistake. */
static bool check_options(const struct action *action, const struct call *call,
                          struct kt_error *error)
{
	struct kt_vault_wishes others = call->wishes;
	bool are_none;

	if (action->takes & TAKES_PASSPHRASE_FILE)
		others.passphrase_file = NULL;
	if (action->takes & TAKES_LOGIN)
		others.login = false;
	are_none = kt_vault_wishes_are_none(&others) && !others.name && !others.confirm &&
	           !others.no_recovery;
	if ((action->takes & TAKES_WAYS || are_none) &&
	    (action->takes & TAKES_JSON || !call->wants_json) &&
	    (action->takes & TAKES_FORCE || !call->forced))
		return true;
	return kt_fail(error, KT_ERROR_USAGE, "vault %s: it has no such option", action->name) ||
	       advise_help(error);
}

/* The word behind the verb: there where it has to be, and nowhere else. */
static bool check_words(const struct action *action, int count, struct kt_error *error)
{
	bool takes_word = action->takes & (TAKES_ID | TAKES_FILE);

	if (count == (takes_word ? 2 : 1))
		return true;
	if (action->takes & TAKES_ID)
		kt_fail(error, KT_ERROR_USAGE, "vault %s: it takes the ID of a way", action->name);
	else if (action->takes & TAKES_FILE)
		kt_fail(error, KT_ERROR_USAGE, "vault %s: it takes a FILE", action->name);
	else
		kt_fail(error, KT_ERROR_USAGE, "vault %s: it takes no other word", action->name);
	return advise_help(error);
}

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	bool has_terminal = kt_terminal_is_there();
	struct call call = {
		.asking = { .may_prompt = has_terminal,
		            .ask_passphrase = kt_terminal_ask_vault_passphrase,
		            .security_keys = kt_keeper_security_keys(has_terminal) },
	};
	const struct kt_option options[] = {
		KT_OPTION_JSON(keeper),
		{ "key-file", true, &call.wishes.key_file },
		{ "key-command", false, &call.wishes.key_command },
		{ "credential", true, &call.wishes.credential },
		{ "passphrase-file", true, &call.wishes.passphrase_file },
		{ "login", false, &call.wishes.login },
		{ "machine", false, &call.wishes.machine },
		{ "ssh-agent", KT_OPTION_MAY_HAVE_VALUE, &call.wishes.ssh_agent },
		{ "fido2", KT_OPTION_MAY_HAVE_VALUE, &call.wishes.fido2 },
		{ "confirm", false, &call.wishes.confirm },
		{ "recovery", false, &call.wishes.recovery },
		{ "no-recovery", false, &call.wishes.no_recovery },
		{ "name", true, &call.wishes.name },
		{ "force", false, &call.forced },
	};
	const struct action *action;
	int count;

	if (!kt_command_read_options(options, KT_COUNT(options), argc, argv, &count, error))
		return false;
	action = count >= 1 ? find_action(argv[1]) : NULL;
	if (action) {
		call.verb = action->name;
		call.word = count == 2 ? argv[2] : NULL;
		call.wants_json = keeper->wants_json;
		return check_words(action, count, error) && check_options(action, &call, error) &&
		       action->run(&call, error);
	}
	return kt_fail(error, KT_ERROR_USAGE, "vault: it takes a word, such as create or status") ||
	       advise_help(error);
}

const struct kt_command kt_command_vault = {
	.name = "vault",
	.synopsis = "create [WAY...] [--name TEXT]\n"
	            "       keyturn vault status [--json]\n"
	            "       keyturn vault keys [--json]\n"
	            "       keyturn vault add-key [WAY...] [--name TEXT]\n"
	            "       keyturn vault remove-key ID [--force]\n"
	            "       keyturn vault rekey [--passphrase-file FILE|-] [--login]\n"
	            "       keyturn vault backup FILE\n"
	            "       keyturn vault restore FILE\n"
	            "       keyturn vault change-passphrase [--passphrase-file FILE|-]",
	.summary = "make and look after an encrypted directory for logins",
	.details = "For machines without a desktop keyring. What opens the vault, each a WAY:\n"
	           "  --key-file FILE         a file of at least 32 random bytes, made if it is not\n"
	           "                          there; opened without a question\n"
	           "  --key-command           what the program of KEYTURN_VAULT_KEY_COMMAND prints\n"
	           "  --credential NAME       a systemd credential of the unit (LoadCredential=)\n"
	           "  --passphrase-file FILE  a passphrase, - for stdin; without options it is asked\n"
	           "  --login                 the login password, which pam_keyturn hands over; a\n"
	           "                          vault that is there gets it as one more way in\n"
	           "  --machine               systemd 256 on this machine, for this user alone\n"
	           "  --ssh-agent[=KEY]       an ed25519 or RSA key of the SSH agent, also of a\n"
	           "                          forwarded one; KEY: its SHA256:... or its comment\n"
	           "  --confirm               that key's agent asks each time\n"
	           "  --fido2[=PATH]          a security key (FIDO2 with hmac-secret), touched each\n"
	           "                          time; PATH: which, where several are plugged in\n"
	           "  --recovery              a code that is shown once, on the terminal, for paper;\n"
	           "                          keyturn unlock takes it, and a new one ends the old;\n"
	           "                          create makes one where agent, machine or security\n"
	           "                          key alone would open the vault, but for --no-recovery\n"
	           "keys lists the ways, and whether each opens the vault here and now; add-key adds\n"
	           "one (--name: what keys calls it), remove-key takes one away, never the last,\n"
	           "and the last that no agent, machine or security key has to be there for only\n"
	           "with --force.\n"
	           "rekey makes a new key and seals every login with it: no older copy of the vault\n"
	           "opens what is stored from then on. Each way has to be there for that.\n"
	           "backup writes the vault into one file, sealed as it is; restore makes it again.\n"
	           "The directory is KEYTURN_VAULT, else vault in ~/.local/share/keyturn. Without\n"
	           "any of its ways nothing opens it: keep a recovery code, or a copy of its key\n"
	           "file, in a safe place.\n",
	.run = run,
};
