/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "helper/keeper/account/binding.h"
#include "helper/keeper/account/default.h"
#include "helper/keeper/account/expiry.h"
#include "helper/keeper/account/find.h"
#include "helper/keeper/account/pick.h"
#include "helper/keeper/account/lifetime.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/cache/change.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/login/ca_file.h"
#include "helper/keeper/login/login.h"
#include "helper/keeper/login/parked.h"
#include "helper/keeper/oauth/private_key.h"
#include "helper/keeper/random.h"
#include "helper/keeper/token/escrow.h"
#include "helper/keeper/token/rotation.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"

struct changes {
	const char *account;
	const char *expires;
	const char *name;
	const char *client_secret_file;
	const char *private_key_file;
	const char *public_key_id;
	const char *git_username;
	const char *authtype;
	const char *scope;
	const char *ca_file;
	bool accept;
};

static bool check(const struct changes *changes, struct kt_error *error)
{
	if (changes->account && (changes->expires || changes->name || changes->accept ||
	                         changes->client_secret_file || changes->private_key_file ||
	                         changes->public_key_id || changes->git_username ||
	                         changes->authtype || changes->scope || changes->ca_file))
		return true;
	kt_fail(error, KT_ERROR_USAGE, "set: an ACCOUNT and what to change are needed");
	return kt_advise(error, "run: keyturn help set");
}

static bool advise_kinds(struct kt_error *error)
{
	return kt_advise(error, "to see the kinds: keyturn list");
}

/* The tokens that the old key signed for are left to their end; the next is the new key's. */
static bool set_key(const struct changes *changes, struct kt_credential *credential,
                    struct kt_error *error)
{
	if (!changes->private_key_file && !changes->public_key_id)
		return true;
	if (kt_secret_is_empty(&credential->private_key))
		return kt_fail(error, KT_ERROR_USAGE, "set: --private-key-file is for a client with a "
		               "key, and %s is of the kind %s",
		               credential->identity.username, kt_kind_name(credential->kind)) ||
		       advise_kinds(error);
	if (!changes->private_key_file || !changes->public_key_id) {
		kt_fail(error, KT_ERROR_USAGE, "set: a key and its fingerprint belong together");
		return kt_advise(error, "give both --private-key-file and --public-key-id");
	}
	if (!kt_private_key_read(&credential->private_key, changes->private_key_file, error) ||
	    !kt_text_set(&credential->public_key_id, changes->public_key_id, error))
		return false;
	/* Elsewhere the key shows who the client is, and the grant stays. */
	if (credential->kind != KT_KIND_JWT)
		return true;
	kt_lifetime_end(credential);
	return kt_random_text(&credential->grant, error);
}

static bool set_client_secret(const struct changes *changes, struct kt_credential *credential,
                              struct kt_error *error)
{
	if (!changes->client_secret_file)
		return true;
	if (kt_secret_is_empty(&credential->client_secret))
		return kt_fail(error, KT_ERROR_USAGE, "set: --client-secret-file is for an app, and "
		               "%s is of the kind %s",
		               credential->identity.username, kt_kind_name(credential->kind)) ||
		       advise_kinds(error);
	return kt_settings_read_secret(&credential->client_secret, changes->client_secret_file,
	                               error);
}

/* Texts that a login has an option for too; an empty one removes it. */
static bool set_texts(const struct changes *changes, struct kt_credential *credential,
                      struct kt_error *error)
{
	if (changes->scope && !kt_kind_is_standard(credential->kind))
		return kt_fail(error, KT_ERROR_USAGE, "set: --scope is for a server of RFC 6749, and "
		               "%s is of the kind %s",
		               credential->identity.username, kt_kind_name(credential->kind)) ||
		       advise_kinds(error);
	if (changes->authtype && *changes->authtype && strcmp(changes->authtype, "bearer") != 0)
		return kt_fail(error, KT_ERROR_USAGE, "set: --authtype is bearer, or empty for none");
	if (changes->ca_file && !*changes->ca_file)
		kt_text_free(&credential->ca);
	else if (changes->ca_file && !kt_ca_file_read(&credential->ca, changes->ca_file, error))
		return false;
	return (!changes->git_username ||
	        kt_text_set(&credential->git_username,
	                    *changes->git_username ? changes->git_username : NULL, error)) &&
	       (!changes->authtype ||
	        kt_text_set(&credential->authtype, *changes->authtype ? changes->authtype : NULL,
	                    error)) &&
	       (!changes->scope ||
	        kt_text_set(&credential->scope, *changes->scope ? changes->scope : NULL, error));
}

static bool apply(const struct changes *changes, struct kt_credential *credential,
                  struct kt_error *error)
{
	if (changes->expires && !kt_kind_is_fixed(credential->kind))
		return kt_fail(error, KT_ERROR_USAGE, "set: --expires is for a PAT or SAT, and %s is of "
		               "the kind %s",
		               credential->identity.username, kt_kind_name(credential->kind)) ||
		       advise_kinds(error);
	if (changes->expires && !kt_expiry_set(credential, changes->expires, error))
		return false;
	if (changes->accept)
		credential->refused = 0;
	return set_key(changes, credential, error) &&
	       set_client_secret(changes, credential, error) &&
	       set_texts(changes, credential, error);
}

/* A git password's name is the user name that git sends: it stays so under another name. */
static bool keep_git_username(struct kt_credential *credential, struct kt_error *error)
{
	return credential->kind != KT_KIND_PASSWORD || credential->git_username ||
	       kt_text_set(&credential->git_username, credential->identity.username, error);
}

/* Stores the item under the new name before the old one is erased. */
static bool rename_account(struct kt_keyring *keyring, struct kt_credential *credential,
                           const char *name, struct kt_error *error)
{
	KT_CLEANUP(kt_identity_clear) struct kt_identity old = { 0 };
	KT_CLEANUP(kt_change_end) struct kt_change change = { 0 };
	KT_CLEANUP(kt_credential_clear) struct kt_credential taken = { 0 };
	bool found;

	if (!kt_service_check_name(name, error) ||
	    !kt_identity_copy(&old, &credential->identity, error) ||
	    !keep_git_username(credential, error) ||
	    !kt_text_set(&credential->identity.username, name, error) ||
	    !kt_change_begin(&change, &credential->identity, error) ||
	    !kt_keyring_load(keyring, &credential->identity, &taken, &found, error))
		return false;
	if (found)
		return kt_fail(error, KT_ERROR_USAGE, "set: the name %s is taken at this service", name) ||
		       kt_advise(error, "choose another name; to see what is there: keyturn list");
	return (!kt_kind_is_grant(credential->kind) ||
	        kt_rotation_move(&old, &credential->identity, error)) &&
	       kt_escrow_store_login(NULL, keyring, credential, error) &&
	       kt_keyring_erase(keyring, &old, error) && kt_rotation_forget(&old, error) &&
	       kt_escrow_forget_login(&old, error) &&
	       kt_default_replace(&old, &credential->identity, error) &&
	       kt_binding_rename(&old, &credential->identity, error);
}

/* A .keyturn is the person's own, or a repository's: it is not rewritten, and has the old name. */
static void tell_files(const struct kt_identity *old, const struct kt_identity *identity)
{
	KT_CLEANUP(kt_bindings_clear) struct kt_bindings bindings = { 0 };
	KT_CLEANUP(kt_text_free) char *name = NULL;
	struct kt_error ignored = { 0 };
	struct kt_shell_word word;

	if (!kt_bindings_read(&bindings, &ignored) || !kt_bindings_look(&bindings, &ignored) ||
	    !kt_service_full_name(identity, &name, &ignored))
		return;
	for (size_t i = 0; i < bindings.count; i++)
		if (bindings.items[i].kind == KT_BINDING_ALLOWED &&
		    kt_binding_names(&bindings.items[i], old))
			kt_report_note("%s/.keyturn names it %s still: write %s there, then run: keyturn "
			               "allow %s", bindings.items[i].place, old->username, name,
			               kt_shell_word(&word, bindings.items[i].place, "DIR"));
}

/* The only sign at a terminal that it is done. */
static void tell(const struct kt_credential *credential)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;
	KT_CLEANUP(kt_text_free) char *end = NULL;
	struct kt_error ignored = { 0 };

	if (!isatty(STDERR_FILENO) ||
	    !kt_service_full_name(&credential->identity, &name, &ignored))
		return;
	if (credential->expires && kt_expiry_format(credential->expires, &end, &ignored))
		kt_report_note("%s is changed; it ends %s", name, end);
	else
		kt_report_note("%s is changed", name);
}

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	KT_CLEANUP(kt_identity_clear) struct kt_identity identity = { 0 };
	KT_CLEANUP(kt_change_end) struct kt_change change = { 0 };
	struct changes changes = { 0 };
	const struct kt_option options[] = {
		{ "expires", true, &changes.expires },
		{ "name", true, &changes.name },
		{ "accept", false, &changes.accept },
		{ "client-secret-file", true, &changes.client_secret_file },
		{ "private-key-file", true, &changes.private_key_file },
		{ "public-key-id", true, &changes.public_key_id },
		{ "git-username", true, &changes.git_username },
		{ "authtype", true, &changes.authtype },
		{ "scope", true, &changes.scope },
		{ "ca-file", true, &changes.ca_file },
	};
	bool found;

	if (!kt_command_read_account(options, KT_COUNT(options), argc, argv, &changes.account,
	                             error) ||
	    !check(&changes, error))
		return false;
	kt_parked_save(keeper);
	if (!kt_account_find_or_ask(keeper, changes.account, KT_ACCOUNT_ANY, &credential, error) ||
	    !kt_identity_copy(&identity, &credential.identity, error) ||
	    !kt_change_begin(&change, &identity, error) ||
	    !kt_keyring_load(&keeper->keyring, &identity, &credential, &found, error))
		return false;
	if (!found)
		return kt_fail(error, KT_ERROR_NOT_FOUND, "the account was removed just now");
	if (kt_kind_is_grant(credential.kind) &&
	    !kt_rotation_adopt(&keeper->keyring, &credential, error))
		return false;
	if (!apply(&changes, &credential, error))
		return false;
	if (!(changes.name && !kt_text_is_equal(changes.name, identity.username)
	      ? rename_account(&keeper->keyring, &credential, changes.name, error)
	      : kt_escrow_store_login(NULL, &keeper->keyring, &credential, error)))
		return false;
	tell(&credential);
	if (changes.name)
		tell_files(&identity, &credential.identity);
	return true;
}

const struct kt_command kt_command_set = {
	.name = "set",
	.synopsis = "ACCOUNT [--expires DAYS|DATE|never] [--accept] [--name NEW] "
	            "[--client-secret-file FILE] [--private-key-file FILE --public-key-id KID] "
	            "[--git-username NAME] [--authtype bearer] [--scope TEXT] [--ca-file FILE]",
	.summary = "change what is known of an account",
	.details = "--expires DAYS|DATE|never   when its PAT or SAT ends\n"
	           "--accept                    a token marked as refused is right after all\n"
	           "--name NEW                  another name for the account\n"
	           "--client-secret-file FILE   its app has a new secret; - for stdin\n"
	           "--private-key-file FILE, --public-key-id KID   its app or client has a new key\n"
	           "--git-username NAME         what git is told as user name\n"
	           "--authtype bearer           git gets it as a Bearer token\n"
	           "--scope TEXT                what is asked of its server from the next login on\n"
	           "--ca-file FILE              trust these certificates for its service, no others\n"
	           "An empty value of the last four removes it.\n",
	.run = run,
};
