/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/protocol/tool.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/json.h"
#include "keyring/text.h"

/*
 * Google's executable-sourced credentials (AIP-4117): one JSON object. Its libraries read stderr
 * with stdout, so that a failure is an object, too.
 */
#define TYPE "urn:ietf:params:oauth:token-type:"

static bool is_set(const char *variable)
{
	return kt_text_is_equal(kt_environment_get(variable), "1");
}

/* With a person at a terminal the answer is read from a file, and a token is written into none. */
static bool open_question(struct kt_tool_question *question, int count, char **words,
                          struct kt_error *error)
{
	const char *type = kt_environment_get("GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE");

	if (is_set("GOOGLE_EXTERNAL_ACCOUNT_REVOKE")) {
		kt_fail(error, KT_ERROR_USAGE, "Google's tools do not revoke a login of keyturn");
		return kt_advise(error, "run: keyturn logout ACCOUNT");
	}
	if (is_set("GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE")) {
		kt_fail(error, KT_ERROR_USAGE, "keyturn writes no token into an output_file");
		return kt_advise(error, "leave output_file and interactive_timeout_millis out of the "
		                 "configuration");
	}
	question->answers_failures = true;
	if (type && strcmp(type, TYPE "jwt") != 0 && strcmp(type, TYPE "id_token") != 0)
		return kt_fail(error, KT_ERROR_USAGE,
		               "keyturn has no token of the type that the configuration names");
	return kt_text_set(&question->name, type ? type : TYPE "jwt", error) &&
	       kt_tool_open_account(question, count, words, error);
}

/* RFC 7515, 7.1: three parts in base64url, the last of which is empty where nobody signed. */
static bool is_jwt(const char *token)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                              "0123456789-_";
	size_t header = strspn(token, letters);
	size_t claims = token[header] == '.' ? strspn(token + header + 1, letters) : 0;
	const char *signature = token + header + 1 + claims;

	return header > 0 && claims > 0 && *signature == '.' && signature[1] != '\0' &&
	       signature[1 + strspn(signature + 1, letters)] == '\0';
}

/* Google exchanges tokens that the issuer signed; no other one leaves its own service. */
static bool check_answer(const struct kt_answer *answer, struct kt_error *error)
{
	if (!kt_tool_check_token(answer, error))
		return false;
	if (is_jwt(kt_secret_reveal(&answer->secret)))
		return true;
	kt_fail(error, KT_ERROR_USAGE, "the token of %s is no JWT, and Google exchanges no other",
	        answer->account);
	return kt_advise(error, "name an account of an issuer that signs its access tokens");
}

static bool write_answer(const struct kt_tool_question *question, const struct kt_answer *answer,
                         struct kt_secret *bytes, struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;

	return check_answer(answer, error) && kt_json_create(&json, error) &&
	       kt_json_add_number(json, "version", 1, error) &&
	       kt_json_add_boolean(json, "success", true, error) &&
	       kt_json_add_text(json, "token_type", question->name, error) &&
	       kt_json_add_text(json, "id_token", kt_secret_reveal(&answer->secret), error) &&
	       (answer->expires == 0 ||
	        kt_json_add_number(json, "expiration_time", answer->expires, error)) &&
	       kt_json_print(json, bytes, error) && kt_secret_append_text(bytes, "\n", error);
}

static bool write_failure(const struct kt_tool_question *question, const struct kt_error *failure,
                          struct kt_secret *bytes, struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	KT_CLEANUP(kt_text_free) char *message = NULL;
	bool is_advised = failure->remedy[0] != '\0';

	(void)question;
	return kt_text_format(&message, error, "%s%s%s", failure->message, is_advised ? "; " : "",
	                      failure->remedy) &&
	       kt_json_create(&json, error) && kt_json_add_number(json, "version", 1, error) &&
	       kt_json_add_boolean(json, "success", false, error) &&
	       kt_json_add_text(json, "code", kt_error_name(failure->code), error) &&
	       kt_json_add_text(json, "message", message, error) &&
	       kt_json_print(json, bytes, error) && kt_secret_append_text(bytes, "\n", error);
}

const struct kt_tool kt_tool_google = {
	.name = "google",
	.seconds = 30,
	.open = open_question,
	.answer = write_answer,
	.fail = write_failure,
};
