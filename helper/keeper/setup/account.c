/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/account/find.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/setup/account.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

/* The files have YAML, TOML, JSON and words for a shell: the letters that mean nothing in any. */
static bool check(const struct kt_setup_account *account, struct kt_error *error)
{
	if (strspn(account->label, LETTERS) == strlen(account->label) &&
	    strspn(account->name, LETTERS ".@:/") == strlen(account->name))
		return true;
	kt_fail(error, KT_ERROR_USAGE, "setup: the account's name has other characters than letters "
	        "without accents, digits, - and _, and stands in a tool's file");
	return kt_advise(error, "give it another name: keyturn set ACCOUNT --name NEW");
}

bool kt_setup_account_find(struct kt_setup_account *account, struct kt_keeper *keeper,
                           const char *name, struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	KT_CLEANUP(kt_text_free) char *full = NULL;
	size_t length;

	if (!kt_account_find(keeper, name, KT_ACCOUNT_TOKEN, &credential, error) ||
	    !kt_service_full_name(&credential.identity, &full, error))
		return false;
	length = strcspn(credential.identity.host, ":");
	return kt_text_set(&account->name, name ? name : full, error) &&
	       kt_text_format(&account->server, error, "%s%s%s", credential.identity.host,
	                      *kt_text_or_empty(credential.identity.path) ? "/" : "",
	                      kt_text_or_empty(credential.identity.path)) &&
	       kt_text_set(&account->label, credential.identity.username, error) &&
	       kt_text_format(&account->host, error, "%.*s", (int)length,
	                      credential.identity.host) &&
	       check(account, error);
}

void kt_setup_account_clear(struct kt_setup_account *account)
{
	kt_text_free(&account->name);
	kt_text_free(&account->label);
	kt_text_free(&account->host);
	kt_text_free(&account->server);
}
