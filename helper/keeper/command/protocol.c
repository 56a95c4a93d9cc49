/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "helper/answer.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/command/service_change.h"
#include "helper/keeper/command/service_lookup.h"
#include "helper/keeper/command/token_lookup.h"
#include "helper/protocol/json_request.h"
#include "helper/protocol/tool.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/environment.h"
#include "keyring/json.h"
#include "keyring/text.h"
#include "keyring/translate.h"

/* Milliseconds in which a caller that is about to give up still takes an answer. */
#define MARGIN 2000

static bool answer_none(const struct kt_tool *tool, const struct kt_tool_question *question,
                        struct kt_secret *output, struct kt_error *error)
{
	const struct kt_identity *pattern = &question->request.pattern;

	if (tool->none)
		return tool->none(question, output, error);
	kt_fail(error, KT_ERROR_NOT_FOUND, "no login is stored for %s://%s", pattern->protocol,
	        pattern->host);
	return kt_advise(error, "run: keyturn list");
}

static bool answer_service(struct kt_keeper *keeper, const struct kt_tool *tool,
                           const struct kt_tool_question *question, struct kt_secret *output,
                           struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	KT_CLEANUP(kt_answer_clear) struct kt_answer answer = { 0 };
	enum kt_service_found result;

	/* The door has not asked the cache for what it cannot read. */
	if (!kt_service_lookup(keeper, &question->request, true, &credential, &answer, &result, error))
		return false;
	return result == KT_SERVICE_ANSWER ? tool->answer(question, &answer, output, error)
	                                   : answer_none(tool, question, output, error);
}

static bool answer_account(struct kt_keeper *keeper, const struct kt_tool *tool,
                           const struct kt_tool_question *question, struct kt_secret *output,
                           struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	KT_CLEANUP(kt_answer_clear) struct kt_answer answer = { 0 };
	const struct kt_token_lookup lookup = { .account = question->account };

	return kt_token_lookup_answer(keeper, &lookup, &credential, &answer, error) &&
	       tool->answer(question, &answer, output, error);
}

/* The tool stored another at this service later, which is the one that it gets. */
static bool is_replaced(const struct kt_credentials *list, const struct kt_credential *item)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct kt_identity *other = &list->items[i].identity;

		if (kt_text_is_equal(list->items[i].tool, item->tool) &&
		    kt_text_is_equal(other->protocol, item->identity.protocol) &&
		    kt_text_is_equal(other->host, item->identity.host) &&
		    kt_text_is_equal(other->path, item->identity.path) &&
		    list->items[i].created > item->created)
			return true;
	}
	return false;
}

/* The services and user names of the logins that this tool stored; never another's. */
static bool list_logins(struct kt_keeper *keeper, const struct kt_tool *tool,
                        struct kt_secret *output, struct kt_error *error)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials list = { 0 };
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	const struct kt_identity anything = { 0 };
	struct kt_keyring *keyring = kt_keeper_keyring(keeper, error);

	if (!keyring || !kt_keyring_search(keyring, &anything, &list, error) ||
	    !kt_json_create(&json, error))
		return false;
	for (size_t i = 0; i < list.count; i++) {
		KT_CLEANUP(kt_text_free) char *service = NULL;
		const struct kt_credential *item = &list.items[i];

		if (!kt_text_is_equal(item->tool, tool->name) || is_replaced(&list, item))
			continue;
		if (!kt_service_format(&item->identity, &service, error) ||
		    (tool->name_service && !tool->name_service(&item->identity, &service, error)))
			return false;
		if (service && !kt_json_has(json, service) &&
		    !kt_json_add_text(json, service, item->identity.username, error))
			return false;
	}
	return kt_json_print(json, output, error) && kt_secret_append_text(output, "\n", error);
}

static bool answer_question(struct kt_keeper *keeper, const struct kt_tool *tool,
                            const struct kt_tool_question *question, struct kt_secret *output,
                            struct kt_error *error)
{
	switch (question->verb) {
	case KT_TOOL_SAY:
		return kt_secret_copy(output, &question->said, error);
	case KT_TOOL_GET:
		return answer_service(keeper, tool, question, output, error);
	case KT_TOOL_TOKEN:
		return answer_account(keeper, tool, question, output, error);
	case KT_TOOL_STORE:
		return kt_service_change_store(keeper, &question->request, error) &&
		       (!tool->done || tool->done(question, output, error));
	case KT_TOOL_ERASE:
		return kt_service_change_erase(keeper, &question->request, error) &&
		       (!tool->done || tool->done(question, output, error));
	case KT_TOOL_LIST:
		return list_logins(keeper, tool, output, error);
	}
	return kt_fail(error, KT_ERROR_INTERNAL, "the protocol asks for nothing");
}

/* Tells the failure where this tool reads it; the error then has no words left for stderr. */
static bool tell_on_stdout(struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };
	struct kt_error unsaid = { 0 };

	if (kt_tool_append_failure(&output, error, &unsaid) &&
	    kt_answer_send(STDOUT_FILENO, &output, &unsaid))
		*error = (struct kt_error){ .code = KT_ERROR_NOT_FOUND };
	return false;
}

/* One line in, one line out: a failure is an answer, too. */
static bool answer_line(struct kt_keeper *keeper, const struct kt_tool *tool,
                        const struct kt_secret *line, struct kt_error *error)
{
	KT_CLEANUP(kt_tool_question_clear) struct kt_tool_question question = { .verb = KT_TOOL_GET };
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };
	struct kt_error failure = { 0 };

	if (!tool->read(&question, line, &failure) ||
	    !answer_question(keeper, tool, &question, &output, &failure)) {
		kt_secret_clear(&output);
		if (!tool->fail(&question, &failure, &output, error))
			return false;
	}
	return kt_answer_send(STDOUT_FILENO, &output, error);
}

/* Answers each line as it comes, up to the end of stdin. */
static bool speak_in_lines(struct kt_keeper *keeper, const struct kt_tool *tool,
                           struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret input = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret greeting = { 0 };
	size_t taken = 1;

	if (!kt_secret_append_text(&greeting, tool->greeting, error) ||
	    !kt_answer_send(STDOUT_FILENO, &greeting, error))
		return false;
	while (taken > 0) {
		const char *end;

		if (!kt_secret_read_some(&input, STDIN_FILENO, &taken, error))
			return false;
		while ((end = memchr(kt_secret_reveal(&input), '\n', kt_secret_length(&input)))) {
			KT_CLEANUP(kt_secret_clear) struct kt_secret line = { 0 };
			KT_CLEANUP(kt_secret_clear) struct kt_secret rest = { 0 };
			const char *bytes = kt_secret_reveal(&input);
			size_t length = (size_t)(end - bytes);

			if (!kt_secret_append(&line, bytes, length, error) ||
			    !kt_secret_append(&rest, end + 1, kt_secret_length(&input) - length - 1,
			                      error) ||
			    !answer_line(keeper, tool, &line, error))
				return false;
			kt_secret_move(&input, &rest);
		}
		if (kt_secret_length(&input) > KT_TOOL_INPUT_MAXIMUM)
			return kt_fail(error, KT_ERROR_USAGE, "a line is longer than %zu bytes",
			               KT_TOOL_INPUT_MAXIMUM);
	}
	return true;
}

/* A failure as an answer, for a tool that takes stderr for a part of it. */
static bool tell_in_answer(const struct kt_tool *tool, const struct kt_tool_question *question,
                           struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };
	const struct kt_error failure = *error;

	kt_error_clear(error);
	return tool->fail(question, &failure, &output, error) &&
	       kt_answer_send(STDOUT_FILENO, &output, error);
}

static bool silence_stderr(struct kt_error *error)
{
	KT_CLEANUP(kt_descriptor_close) int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

	return (nowhere >= 0 && dup2(nowhere, STDERR_FILENO) >= 0) ||
	       kt_fail(error, KT_ERROR_INTERNAL, "/dev/null cannot be opened");
}

/* The variable's text is as long as stdin may be. */
static bool read_variable(const char *name, struct kt_secret *input, struct kt_error *error)
{
	const char *text = kt_environment_get(name);

	if (!text) {
		kt_fail(error, KT_ERROR_USAGE, "%s is not set: kubectl starts this command", name);
		return kt_advise(error, "see keyturn-protocols(7) for the lines of a kubeconfig");
	}
	if (strlen(text) > KT_TOOL_INPUT_MAXIMUM)
		return kt_fail(error, KT_ERROR_USAGE, "%s is longer than %zu bytes", name,
		               KT_TOOL_INPUT_MAXIMUM);
	return kt_secret_append_text(input, text, error);
}

/* A secret that is typed would be seen, and its end is not known. */
static bool read_input(const struct kt_tool *tool, struct kt_tool_question *question,
                       struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret input = { 0 };

	if (!question->reads_input)
		return true;
	if (question->verb == KT_TOOL_STORE && isatty(STDIN_FILENO)) {
		kt_fail(error, KT_ERROR_USAGE, "a secret to store is taken from a pipe, not typed");
		return kt_advise(error, "to type a token without echo: keyturn login");
	}
	if (tool->variable ? !read_variable(tool->variable, &input, error)
	                   : !kt_secret_read(&input, STDIN_FILENO, KT_TOOL_INPUT_MAXIMUM, error))
		return false;
	return tool->read(question, &input, error) &&
	       (!question->is_json || kt_json_request_read(tool, question, &input, error));
}

bool kt_command_speak(struct kt_keeper *keeper, const struct kt_tool *tool, int argc, char **argv,
                      struct kt_error *error)
{
	KT_CLEANUP(kt_tool_question_clear) struct kt_tool_question question = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };

	keeper->wants_json = false;
	if (tool->seconds > 0)
		keeper->caller_ends = kt_clock_monotonic() + tool->seconds * INT64_C(1000) - MARGIN;
	if (tool->greeting)
		return tool->open(&question, argc - 1, argv + 1, error) &&
		       speak_in_lines(keeper, tool, error);
	if (tool->open(&question, argc - 1, argv + 1, error) &&
	    (!question.answers_failures || silence_stderr(error)) &&
	    read_input(tool, &question, error) &&
	    answer_question(keeper, tool, &question, &output, error))
		return kt_secret_is_empty(&output) ||
		       kt_answer_send(STDOUT_FILENO, &output, error);
	if (question.answers_failures)
		return tell_in_answer(tool, &question, error);
	if (tool->fails_on_stdout)
		return tell_on_stdout(error);
	return kt_advise(error, error->code == KT_ERROR_USAGE ? "see keyturn-protocols(7)"
	                                                      : KT_TEXT("run: keyturn doctor"));
}

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	const struct kt_tool *tool = kt_tool_of_name(argv[0]);

	return tool ? kt_command_speak(keeper, tool, argc, argv, error)
	            : kt_fail(error, KT_ERROR_INTERNAL, "there is no such protocol");
}

static bool run_cargo(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	return kt_command_speak(keeper, &kt_tool_cargo, argc, argv, error);
}

static bool run_google(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	return kt_command_speak(keeper, &kt_tool_google, argc, argv, error);
}

const struct kt_command kt_command_aws = {
	.name = "aws",
	.synopsis = "[ACCOUNT]",
	.summary = "answer AWS's credential_process",
	.details = "In ~/.aws/config: credential_process = /usr/bin/keyturn aws ACCOUNT\n"
	           "The account's user name is the key id, its token the secret.\n",
	.run = run,
};

const struct kt_command kt_command_cargo = {
	.name = "cargo",
	.synopsis = "",
	.summary = "answer cargo's credential provider protocol",
	.details = "cargo starts it, as its setting credential-provider says: "
	           "keyturn-protocols(7).\n",
	.run = run_cargo,
};

const struct kt_command kt_command_goauth = {
	.name = "goauth",
	.synopsis = "[ACCOUNT] [URL]",
	.summary = "answer go's GOAUTH command",
	.details = "To have go run it: go env -w 'GOAUTH=/usr/bin/keyturn goauth'\n"
	           "go appends the URL that refused; its server's login answers.\n",
	.run = run,
};

const struct kt_command kt_command_google = {
	.name = "google",
	.synopsis = "[ACCOUNT]",
	.summary = "answer Google's executable-sourced credentials",
	.details = "Google's libraries start it, as the file of GOOGLE_APPLICATION_CREDENTIALS says:\n"
	           "keyturn-protocols(7). The account's token has to be a JWT.\n",
	.run = run_google,
};

const struct kt_command kt_command_kubernetes = {
	.name = "kubernetes",
	.synopsis = "[ACCOUNT]",
	.summary = "answer kubectl's exec credential plugin",
	.details = "kubectl starts it, by the user's lines in the kubeconfig: keyturn-protocols(7).\n"
	           "Without ACCOUNT the server answers that provideClusterInfo names.\n",
	.run = run,
};

const struct kt_command kt_command_netrc = {
	.name = "netrc",
	.synopsis = "HOST | URL",
	.summary = "print a server's login as a netrc, for a pipe",
	.details = "The login goes to curl through a pipe: keyturn-protocols(7).\n",
	.run = run,
};

const struct kt_command kt_command_npm = {
	.name = "npm",
	.synopsis = "[ACCOUNT]",
	.summary = "print the value that pnpm's tokenHelper sends",
	.details = "pnpm takes a program without words: keyturn-protocols(7).\n",
	.run = run,
};

const struct kt_command kt_command_sasl = {
	.name = "sasl",
	.synopsis = "xoauth2 | oauthbearer [ACCOUNT]",
	.summary = "print the first response of a mail login, in base64",
	.details = "The account's user name, or the one for git, is the mailbox.\n",
	.run = run,
};
