/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/protocol/json_request.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/* Docker knows this text. */
#define NO_USERNAME "no credentials username"

bool kt_json_request_parse(struct kt_json **json, const struct kt_secret *input,
                           struct kt_error *error)
{
	if (kt_json_parse(json, kt_secret_reveal(input), kt_secret_length(input), error))
		return true;
	if (error->code == KT_ERROR_SERVER)
		error->code = KT_ERROR_USAGE;
	return false;
}

static bool read_bazel(struct kt_tool_question *question, const struct kt_json *json,
                       struct kt_error *error)
{
	const char *uri = kt_json_text(json, "uri");

	if (!uri || !strstr(uri, "://"))
		return kt_fail(error, KT_ERROR_USAGE, "the request has no uri");
	return kt_tool_service(&question->request.pattern, "bazel", uri, strlen(uri), error);
}

static bool read_docker(struct kt_tool_question *question, const struct kt_json *json,
                        struct kt_error *error)
{
	const char *server = kt_text_or_empty(kt_json_text(json, "ServerURL"));
	const char *username = kt_text_or_empty(kt_json_text(json, "Username"));
	const char *secret = kt_json_text(json, "Secret");
	struct kt_request *request = &question->request;

	if (!kt_tool_docker_server(question, server, strlen(server), error))
		return false;
	if (*username == '\0')
		return kt_fail(error, KT_ERROR_USAGE, NO_USERNAME);
	if (!secret || *secret == '\0')
		return kt_fail(error, KT_ERROR_USAGE, "the login to store has no Secret");
	request->has_password = true;
	return kt_text_set(&request->pattern.username, username, error) &&
	       kt_secret_append_text(&request->password, secret, error);
}

/* provideClusterInfo names the server; it answers where no account is named. */
static bool read_cluster(struct kt_tool_question *question, const struct kt_json *json,
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

static bool read_kubernetes(struct kt_tool_question *question, const struct kt_json *json,
                            struct kt_error *error)
{
	const char *version = kt_json_text(json, "apiVersion");

	if (!kt_text_is_equal(version, "client.authentication.k8s.io/v1") &&
	    !kt_text_is_equal(version, "client.authentication.k8s.io/v1beta1")) {
		kt_fail(error, KT_ERROR_USAGE,
		        "%s asks for an apiVersion that is neither v1 nor v1beta1",
		        kt_tool_kubernetes.variable);
		return kt_advise(error, "put apiVersion: client.authentication.k8s.io/v1 into the "
		                 "kubeconfig");
	}
	return kt_text_set(&question->name, version, error) && read_cluster(question, json, error);
}

static bool count_member(void *context, const char *name, char type, const char *value,
                         struct kt_error *error)
{
	(void)name;
	(void)type;
	(void)value;
	(void)error;
	++*(size_t *)context;
	return true;
}

/* Terraform demands that an object with more than its token is refused, not stored in part. */
static bool read_terraform(struct kt_tool_question *question, const struct kt_json *json,
                           struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret whole = { 0 };
	KT_CLEANUP(kt_json_free) struct kt_json *plain = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret expected = { 0 };
	const char *token = kt_json_text(json, "token");
	size_t members = 0;

	if (!kt_json_each(json, count_member, &members, error))
		return false;
	if (!token || *token == '\0')
		return kt_fail(error, KT_ERROR_USAGE, "the object to store has no token");
	if (!kt_json_print(json, &whole, error) || !kt_json_create(&plain, error) ||
	    !kt_json_add_text(plain, "token", token, error) ||
	    !kt_json_print(plain, &expected, error))
		return false;
	if (members != 1 || !kt_secret_is_equal(&whole, &expected))
		return kt_fail(error, KT_ERROR_USAGE,
		               "the object to store holds more than a token, which keyturn cannot keep");
	question->request.has_password = true;
	return kt_secret_append_text(&question->request.password, token, error);
}

bool kt_json_request_read(const struct kt_tool *tool, struct kt_tool_question *question,
                          const struct kt_secret *input, struct kt_error *error)
{
	static const struct {
		const struct kt_tool *tool;
		bool (*read)(struct kt_tool_question *question, const struct kt_json *json,
		             struct kt_error *error);
	} rows[] = {
		{ &kt_tool_bazel, read_bazel },
		{ &kt_tool_docker, read_docker },
		{ &kt_tool_kubernetes, read_kubernetes },
		{ &kt_tool_terraform, read_terraform },
	};
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;

	if (!kt_json_request_parse(&json, input, error))
		return false;
	for (size_t i = 0; i < KT_COUNT(rows); i++)
		if (rows[i].tool == tool)
			return rows[i].read(question, json, error);
	return kt_fail(error, KT_ERROR_INTERNAL, "the protocol takes no JSON");
}
