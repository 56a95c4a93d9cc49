/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <unistd.h>

#include "helper/answer.h"
#include "helper/keeper/account/default.h"
#include "helper/keeper/account/expiry.h"
#include "helper/keeper/account/facts.h"
#include "helper/keeper/account/find.h"
#include "helper/keeper/account/pick.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/command/column.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/command/describe.h"
#include "helper/keeper/login/parked.h"
#include "helper/keeper/token/state.h"
#include "helper/report.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/json.h"
#include "keyring/text.h"
#include "keyring/translate.h"

static bool add_line(struct kt_secret *output, const char *label, const char *value,
                     struct kt_error *error)
{
	return kt_column_append_line(output, label, 12, value, error);
}

/* The facts of a grant (docs/safety.md, 2.5). */
static bool add_facts(struct kt_secret *output, const struct kt_credential *credential,
                      struct kt_error *error)
{
	return !kt_kind_is_grant(credential->kind) ||
	       (add_line(output, KT_TEXT("old token"), kt_facts_old_token(credential), error) &&
	        add_line(output, KT_TEXT("refresh"), kt_facts_rotation(credential), error) &&
	        add_line(output, KT_TEXT("scope"), credential->granted_scope, error));
}

static bool add_facts_json(struct kt_json *json, const struct kt_credential *credential,
                           struct kt_error *error)
{
	return !kt_kind_is_grant(credential->kind) ||
	       (kt_json_add_text(json, "old_token", kt_facts_old_token(credential), error) &&
	        kt_json_add_text(json, "refresh_token", kt_facts_rotation(credential), error) &&
	        kt_json_add_boolean(json, "end_known", !credential->end_unknown, error) &&
	        kt_json_add_text(json, "scope", credential->granted_scope, error));
}

static bool print_lines(const struct kt_credential *credential, bool is_default,
                        const char *keyring, struct kt_secret *output, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *service = NULL;
	KT_CLEANUP(kt_text_free) char *end = NULL;
	KT_CLEANUP(kt_text_free) char *created = NULL;
	KT_CLEANUP(kt_text_free) char *remedy = NULL;

	return kt_service_format(&credential->identity, &service, error) &&
	       kt_describe_end(credential, &end, error) &&
	       kt_expiry_format(credential->created, &created, error) &&
	       kt_token_state_remedy(credential, &remedy, error) &&
	       add_line(output, KT_TEXT("account"), credential->identity.username, error) &&
	       add_line(output, KT_TEXT("service"), service, error) &&
	       add_line(output, KT_TEXT("kind"), kt_kind_name(credential->kind), error) &&
	       add_line(output, KT_TEXT("state"), kt_translate(kt_token_state(credential)), error) &&
	       add_line(output, KT_TEXT("to mend it"), remedy, error) &&
	       add_line(output, KT_TEXT("ends"), end, error) &&
	       add_facts(output, credential, error) &&
	       add_line(output, KT_TEXT("stored"), created, error) &&
	       add_line(output, KT_TEXT("client id"), credential->client_id, error) &&
	       add_line(output, KT_TEXT("issuer"), credential->issuer, error) &&
	       add_line(output, KT_TEXT("resource"), credential->resource, error) &&
	       add_line(output, KT_TEXT("default"), is_default ? kt_translate("yes")
	                                                          : kt_translate("no"), error) &&
	       add_line(output, KT_TEXT("keyring"), keyring, error);
}

static bool print_json(const struct kt_credential *credential, bool is_default,
                       const char *keyring, struct kt_secret *output, struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	KT_CLEANUP(kt_text_free) char *remedy = NULL;

	return kt_json_create(&json, error) && kt_json_add_number(json, "version", 1, error) &&
	       kt_describe_json(credential, is_default, json, error) &&
	       kt_token_state_remedy(credential, &remedy, error) &&
	       (!remedy || kt_json_add_text(json, "remedy", remedy, error)) &&
	       add_facts_json(json, credential, error) &&
	       (!credential->client_id ||
	        kt_json_add_text(json, "client_id", credential->client_id, error)) &&
	       (!credential->issuer ||
	        kt_json_add_text(json, "issuer", credential->issuer, error)) &&
	       (!credential->resource ||
	        kt_json_add_text(json, "resource", credential->resource, error)) &&
	       kt_json_add_text(json, "keyring", keyring, error) &&
	       kt_json_print(json, output, error) && kt_secret_append_text(output, "\n", error);
}

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };
	const struct kt_option options[] = { KT_OPTION_JSON(keeper) };
	KT_CLEANUP(kt_identity_clear) struct kt_identity preferred = { 0 };
	const char *account;
	const char *keyring;
	bool is_default;

	if (!kt_command_read_account(options, KT_COUNT(options), argc, argv, &account, error))
		return false;
	kt_parked_save(keeper);
	if (!kt_account_find_or_ask(keeper, account, KT_ACCOUNT_ANY, &credential, error) ||
	    !kt_default_get(NULL, &preferred, &is_default, error))
		return false;
	is_default = is_default && kt_identity_is_equal(&preferred, &credential.identity);
	keyring = kt_keyring_name(&keeper->keyring);
	if (!keeper->wants_json)
		return print_lines(&credential, is_default, keyring, &output, error) &&
		       kt_report_lines(&output, error);
	return print_json(&credential, is_default, keyring, &output, error) &&
	       kt_answer_send(STDOUT_FILENO, &output, error);
}

const struct kt_command kt_command_show = {
	.name = "show",
	.synopsis = "ACCOUNT [--json]",
	.summary = "tell about one account, never a secret",
	.details = "Of a grant, also what is known of its service: whether the access token of "
	           "before\n"
	           "lives or dies at a renewal, whether its refresh token rotates or stays, and the\n"
	           "scope that was granted.\n",
	.run = run,
};
