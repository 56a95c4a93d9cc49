/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/import/item.h"
#include "keyring/cleanup.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"
#include "keyring/translate.h"

/*
 * Accounts of oidc-agent: each is a file, sealed with a password of its own. Its settings come out
 * by oidc-gen --print, which asks for that password, and keyturn login takes them; tokens are got
 * anew, so that neither of the two spends a refresh token of the other. A file that somebody left
 * unsealed has the same form.
 */

/* The first line of a sealed one is a number, the length of what is sealed. */
static bool is_sealed(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits > 0 && text[digits] == '\n';
}

static const char *name_of(const struct kt_import_file *file)
{
	const char *slash = strrchr(file->target.path, '/');

	return slash ? slash + 1 : file->target.path;
}

static bool read_items(struct kt_import_file *file, struct kt_error *error)
{
	const char *text = kt_secret_reveal(&file->target.content);
	KT_CLEANUP(kt_text_free) char *command = NULL;
	KT_CLEANUP(kt_text_free) char *remedy = NULL;
	struct kt_import_item *item;
	struct kt_shell_word words[2];

	/* issuer.config, pubclients.config and the like have no secret. */
	if (!is_sealed(text) && text[strspn(text, " \t\r\n")] != '{')
		return true;
	item = kt_import_add(file, 0, kt_secret_length(&file->target.content), error);
	if (!item)
		return false;
	if (!is_sealed(text))
		return kt_text_format(&remedy, error, "log in with its settings: keyturn login ACCOUNT "
		                      "--config %s; then remove the file",
		                      kt_shell_word(&words[0], file->target.path, "FILE")) &&
		       kt_import_leave(item, remedy, "it is an account of oidc-agent that nobody sealed");
	return kt_text_format(&command, error, "oidc-gen --print %s | keyturn login %s --config -",
	                      kt_shell_word(&words[0], name_of(file), "ACCOUNT"),
	                      kt_shell_word(&words[1], name_of(file), "ACCOUNT")) &&
	       kt_import_tell_command(item, &command, KT_TEXT("it is sealed with a password of "
	                              "oidc-agent's"));
}

const struct kt_import_source kt_import_oidc_agent = {
	.name = "oidc-agent",
	.summary = "accounts of oidc-agent: how their settings are logged in with",
	.is_whole = true,
	.read = read_items,
};
