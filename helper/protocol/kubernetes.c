/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/protocol/tool.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/json.h"
#include "keyring/text.h"

/* client-go's exec credential plugin: the request is a variable, because stdin is a person's. */
#define VARIABLE "KUBERNETES_EXEC_INFO"

static bool is_known(const char *version)
{
	return kt_text_is_equal(version, "client.authentication.k8s.io/v1") ||
	       kt_text_is_equal(version, "client.authentication.k8s.io/v1beta1");
}

/* provideClusterInfo names the server; it answers where no account is named. */
static bool read_server(struct kt_tool_question *question, const struct kt_json *json,
                        struct kt_error *error)
{
	const struct kt_json *spec = kt_json_object(json, "spec");
	const struct kt_json *cluster = spec ? kt_json_object(spec, "cluster") : NULL;
	const char *server = cluster ? kt_json_text(cluster, "server") : NULL;

	if (!server || question->account)
		return true;
	question->verb = KT_TOOL_GET;
	return kt_tool_service(&question->request.pattern, "kubernetes", server, strlen(server), error);
}

static bool open_question(struct kt_tool_question *question, int count, char **words,
                          struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	const char *text = kt_environment_get(VARIABLE);
	const char *version;

	if (!kt_tool_open_account(question, count, words, error))
		return false;
	if (!text) {
		kt_fail(error, KT_ERROR_USAGE, "%s is not set: kubectl starts this command", VARIABLE);
		return kt_advise(error, "see keyturn-protocols(7) for the lines of a kubeconfig");
	}
	if (strlen(text) > KT_TOOL_INPUT_MAXIMUM)
		return kt_fail(error, KT_ERROR_USAGE, "%s is longer than %zu bytes", VARIABLE,
		               KT_TOOL_INPUT_MAXIMUM);
	if (!kt_tool_parse_json(&json, text, strlen(text), error))
		return false;
	version = kt_json_text(json, "apiVersion");
	if (!is_known(version)) {
		kt_fail(error, KT_ERROR_USAGE,
		        "%s asks for an apiVersion that is neither v1 nor v1beta1", VARIABLE);
		return kt_advise(error, "put apiVersion: client.authentication.k8s.io/v1 into the "
		                 "kubeconfig");
	}
	return kt_text_set(&question->name, version, error) &&
	       read_server(question, json, error);
}

static bool write_answer(const struct kt_tool_question *question, const struct kt_answer *answer,
                         struct kt_secret *bytes, struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	KT_CLEANUP(kt_json_free) struct kt_json *status = NULL;
	char time[KT_TOOL_TIME_SIZE];

	if (!kt_tool_check_token(answer, error))
		return false;
	return kt_json_create(&json, error) && kt_json_create(&status, error) &&
	       kt_json_add_text(json, "apiVersion", question->name, error) &&
	       kt_json_add_text(json, "kind", "ExecCredential", error) &&
	       kt_json_add_text(status, "token", kt_secret_reveal(&answer->secret), error) &&
	       (answer->expires == 0 ||
	        kt_json_add_text(status, "expirationTimestamp", kt_tool_time(time, answer->expires),
	                         error)) &&
	       kt_json_add_object(json, "status", &status, error) &&
	       kt_json_print(json, bytes, error) && kt_secret_append_text(bytes, "\n", error);
}

const struct kt_tool kt_tool_kubernetes = {
	.name = "kubernetes",
	.open = open_question,
	.answer = write_answer,
};
