/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "helper/keeper/account/service.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/command/run_tool.h"
#include "helper/keeper/login/settings.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"
#include "keyring/translate.h"

#define NAMES(...) (const char *const[]){ __VA_ARGS__, NULL }

/*
 * Beside the names of login/settings_rows.c: two addresses to which a token would be sent, and the
 * CLI's own login in its place.
 */
#define COZE_RIVALS "COZE_BASE_WS_URL", "COZELOOP_OTLP_ENDPOINT", "COZE_USE_CLI_TOKEN"

/* The first one is the default. */
static const struct kt_run_tool tools[] = {
	{
		.name = "coze",
		.help = "Coze's SDKs, CozeLoop and coze-mcp-server (the default)",
		.tokens = NAMES("COZE_API_TOKEN", "COZE_API_KEY", "COZELOOP_API_TOKEN"),
		.bases = NAMES("COZE_API_BASE", "COZE_BASE_URL", "COZELOOP_API_BASE_URL"),
		.websockets = NAMES("COZE_BASE_WS_URL"),
		.workspaces = NAMES("COZE_WORKSPACE_ID", "COZELOOP_WORKSPACE_ID"),
		.rivals = NAMES(COZE_RIVALS),
		.is_coze = true,
	},
	{
		.name = "cozeloop",
		.help = "CozeLoop's SDKs alone",
		.tokens = NAMES("COZELOOP_API_TOKEN"),
		.bases = NAMES("COZELOOP_API_BASE_URL"),
		.workspaces = NAMES("COZELOOP_WORKSPACE_ID"),
		.rivals = NAMES(COZE_RIVALS),
		.is_coze = true,
	},
	{
		.name = "coze-cli",
		.help = "programs around Coze's command line: COZE_TOKEN, COZE_PAT",
		.tokens = NAMES("COZE_API_TOKEN", "COZE_TOKEN", "COZE_PAT"),
		.bases = NAMES("COZE_API_BASE", "COZE_API_BASE_URL"),
		.rivals = NAMES(COZE_RIVALS, "COZE_WORKLOAD_IDENTITY_CLIENT_ID",
		                "COZE_WORKLOAD_IDENTITY_CLIENT_SECRET",
		                "COZE_WORKLOAD_IDENTITY_API_KEY",
		                "COZE_WORKLOAD_IDENTITY_TOKEN_ENDPOINT",
		                "COZE_WORKLOAD_ACCESS_TOKEN_ENDPOINT", "COZE_CODING_API_KEY",
		                "COZE_CODING_BASE_URL"),
		.is_coze = true,
	},
	{
		.name = "mcp",
		.help = "coze-mcp-server alone",
		.tokens = NAMES("COZE_API_TOKEN"),
		.bases = NAMES("COZE_API_BASE"),
		.rivals = NAMES(COZE_RIVALS),
		.is_coze = true,
	},
	{
		.name = "vite",
		.help = "front ends built with Vite: VITE_COZE_TOKEN",
		.tokens = NAMES("VITE_COZE_TOKEN"),
		.bases = NAMES("VITE_COZE_BASE_URL"),
		.rivals = NAMES(COZE_RIVALS),
		.is_coze = true,
	},
	{
		.name = "vue",
		.help = "front ends built with Vue CLI: VUE_APP_COZE_TOKEN",
		.tokens = NAMES("VUE_APP_COZE_TOKEN"),
		.bases = NAMES("VUE_APP_COZE_BASE_URL"),
		.rivals = NAMES(COZE_RIVALS),
		.is_coze = true,
	},
	{
		.name = "openai",
		.help = "OpenAI's SDKs, and servers that speak as OpenAI's",
		.tokens = NAMES("OPENAI_API_KEY"),
		.bases = NAMES("OPENAI_BASE_URL"),
		.rivals = NAMES("OPENAI_API_BASE", "OPENAI_ORGANIZATION", "OPENAI_ORG_ID",
		                "OPENAI_PROJECT", "OPENAI_PROJECT_ID"),
	},
	{
		.name = "github",
		.help = "gh and GitHub's SDKs at github.com",
		.tokens = NAMES("GH_TOKEN", "GITHUB_TOKEN"),
		.hosts = NAMES("GH_HOST"),
		.rivals = NAMES("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"),
	},
	{
		.name = "github-enterprise",
		.help = "gh at a GitHub Enterprise Server",
		.tokens = NAMES("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"),
		.hosts = NAMES("GH_HOST"),
		.rivals = NAMES("GH_TOKEN", "GITHUB_TOKEN"),
	},
	{
		.name = "gitlab",
		.help = "glab",
		.tokens = NAMES("GITLAB_TOKEN"),
		.hosts = NAMES("GITLAB_HOST"),
		.rivals = NAMES("GITLAB_ACCESS_TOKEN", "OAUTH_TOKEN", "GITLAB_URI", "GL_HOST"),
	},
	{
		.name = "huggingface",
		.help = "Hugging Face's libraries",
		.tokens = NAMES("HF_TOKEN"),
		.rivals = NAMES("HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH"),
	},
};

bool kt_run_tool_find(const char *name, const struct kt_run_tool **tool, struct kt_error *error)
{
	for (size_t i = 0; i < KT_COUNT(tools); i++) {
		if (!name || strcmp(tools[i].name, name) == 0) {
			*tool = &tools[i];
			return true;
		}
	}
	if (kt_command_may_show(name, strlen(name)))
		kt_fail(error, KT_ERROR_USAGE, "run: --tool %s is no tool that is known", name);
	else
		kt_fail(error, KT_ERROR_USAGE, "run: --tool names no tool that is known");
	return kt_advise(error, "see the list: keyturn help run; or name the variable: --env NAME");
}

const struct kt_run_tool *kt_run_tool_at(size_t index)
{
	return index < KT_COUNT(tools) ? &tools[index] : NULL;
}

bool kt_run_tool_describe(struct kt_secret *output, struct kt_error *error)
{
	if (!kt_secret_append_text(output, kt_translate("Tools:\n"), error))
		return false;
	for (size_t i = 0; i < KT_COUNT(tools); i++) {
		KT_CLEANUP(kt_text_free) char *line = NULL;

		if (!kt_text_format(&line, error, "  %-18s %s\n", tools[i].name,
		                    kt_translate(tools[i].help)) ||
		    !kt_secret_append_text(output, line, error))
			return false;
	}
	return true;
}

static void remove_names(const char *const *names)
{
	for (; names && *names; names++)
		unsetenv(*names);
}

/* Where the value is unknown the program's own default is left to it. */
static bool set_names(const char *const *names, const char *value, struct kt_error *error)
{
	for (; value && names && *names; names++)
		if (setenv(*names, value, 1) != 0)
			return kt_fail_memory(error);
	return true;
}

/* COZE_APP_ID is an app's also where programs use it as a parameter, and no credential. */
static bool is_parameter(const struct kt_setting *row, const char *name)
{
	return row->member == offsetof(struct kt_settings, workspace_id) ||
	       strcmp(name, "COZE_APP_ID") == 0;
}

/* Removes every name under which a token, an app or a service of Coze may be given. */
static void remove_coze(void)
{
	for (size_t i = 0; i < kt_setting_count; i++) {
		const struct kt_setting_name *name = kt_setting_rows[i].variables;

		for (; name && name->name; name++)
			if (!is_parameter(&kt_setting_rows[i], name->name))
				unsetenv(name->name);
	}
}

static void remove_rivals(const struct kt_run_tool *tool)
{
	if (tool->is_coze)
		remove_coze();
	remove_names(tool->tokens);
	remove_names(tool->bases);
	remove_names(tool->hosts);
	remove_names(tool->websockets);
	remove_names(tool->rivals);
}

static bool set_service(const struct kt_run_tool *tool, const struct kt_identity *identity,
                        const char *base, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *websocket = NULL;

	return !base || (set_names(tool->bases, base, error) &&
	                 set_names(tool->hosts, identity->host, error) &&
	                 kt_service_websocket(identity, &websocket, error) &&
	                 set_names(tool->websockets, websocket, error));
}

bool kt_run_tool_set_token(const struct kt_run_tool *tool, const char *variable,
                           const struct kt_credential *credential,
                           const struct kt_answer *answer, struct kt_error *error)
{
	KT_CLEANUP(kt_identity_clear) struct kt_identity identity = { 0 };

	if (answer->service && !kt_service_set_base(&identity, answer->service, error))
		return false;
	remove_rivals(tool);
	return set_names(variable ? NAMES(variable) : tool->tokens,
	                 kt_secret_reveal(&answer->secret), error) &&
	       set_service(tool, &identity, answer->service, error) &&
	       set_names(tool->workspaces, credential->workspace_id, error);
}

/*
 * proc(5): the path names the command, not whoever opens it, so that programs which the command
 * starts can read the key as well. The kernel drops it when the command ends.
 */
static bool make_key_file(struct kt_settings *settings, struct kt_error *error)
{
	size_t length = kt_secret_length(&settings->private_key);
	int descriptor;

	if (length == 0)
		return true;
	descriptor = memfd_create("private_key.pem", MFD_ALLOW_SEALING);
	if (descriptor < 0 ||
	    write(descriptor, kt_secret_reveal(&settings->private_key), length) !=
	            (ssize_t)length ||
	    fcntl(descriptor, F_ADD_SEALS,
	          F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0) {
		kt_fail(error, KT_ERROR_UNAVAILABLE, "the private key cannot be put into memory: %s",
		        strerror(errno));
		return kt_advise(error, "look at the limits on memory and open files: ulimit -a");
	}
	return kt_text_format(&settings->private_key_file, error, "/proc/%ld/fd/%d",
	                      (long)getpid(), descriptor);
}

static bool set_row(const struct kt_setting *row, const struct kt_settings *settings,
                    struct kt_error *error)
{
	const struct kt_setting_name *name = row->variables;
	void *member = kt_setting_member(row, settings);
	const char *value = row->type == KT_SETTING_SECRET ? kt_secret_reveal(member)
		: row->type == KT_SETTING_TEXT ? *(char *const *)member : NULL;

	for (; value && *value && name && name->name; name++)
		if ((name->kind == KT_KIND_NONE || name->kind == settings->kind) &&
		    setenv(name->name, value, 1) != 0)
			return kt_fail_memory(error);
	return true;
}

bool kt_run_tool_set_app(const struct kt_credential *credential, struct kt_error *error)
{
	KT_CLEANUP(kt_settings_clear) struct kt_settings settings = { 0 };

	if (credential->kind < KT_KIND_WEB || credential->kind > KT_KIND_JWT) {
		kt_fail(error, KT_ERROR_USAGE,
		        "run: --app is for an app of Coze; this account is a %s",
		        kt_kind_name(credential->kind));
		return kt_advise(error, "leave --app out: the command gets the token");
	}
	remove_rivals(&tools[0]);
	if (!kt_settings_from_credential(&settings, credential, error) ||
	    !make_key_file(&settings, error) ||
	    !set_service(&tools[0], &credential->identity, credential->api_base, error))
		return false;
	for (size_t i = 0; i < kt_setting_count; i++)
		if (!set_row(&kt_setting_rows[i], &settings, error))
			return false;
	return true;
}
