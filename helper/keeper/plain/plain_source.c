/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "helper/keeper/account/secret_word.h"
#include "helper/keeper/plain/plain_source.h"
#include "keyring/cleanup.h"

/* Shorter words behind "Bearer" are examples. */
#define BEARER_MINIMUM 8

#define LIST(...) (const char *const[]){ __VA_ARGS__, NULL }

/* Documentation of each tool names its files and members; docs/coze.md those of Coze. */
const struct kt_plain_source kt_plain_sources[] = {
	{
		.name = "shell",
		.at_home = LIST(".bashrc", ".bash_profile", ".bash_login", ".profile", ".bash_aliases",
		                ".zshrc", ".zshenv", ".zprofile", ".zlogin", ".config/fish/config.fish",
		                ".pam_environment", ".bash_history", ".zsh_history",
		                ".local/share/fish/fish_history"),
	},
	{
		.name = "environment.d",
		.at_home = LIST(".config/environment.d/*.conf"),
	},
	{
		.name = "dotenv",
		.at_home = LIST(".env"),
		.names = LIST(".env", ".env.*", ".envrc"),
		.keys = LIST("COZE_API_TOKEN", "COZE_CLIENT_SECRET", "COZE_WEB_OAUTH_CLIENT_SECRET",
		             "COZE_JWT_OAUTH_PRIVATE_KEY"),
	},
	{
		.name = "coze-app",
		.at_home = LIST("coze_oauth_config.json"),
		.names = LIST("coze_oauth_config.json"),
		.keys = LIST("\"private_key\"", "\"client_secret\""),
	},
	{
		.name = "coze-cli",
		.at_home = LIST(".coze/config.json", ".cozerc.json"),
		.names = LIST(".cozerc.json"),
	},
	{
		.name = "cozepy",
		.at_home = LIST(".cache/coze_token_*.json"),
		.names = LIST("coze_token_*.json"),
		.keys = LIST("\"access_token\"", "\"refresh_token\""),
	},
	{
		.name = "git",
		.at_home = LIST(".git-credentials", ".config/git/credentials", ".gitconfig",
		                ".config/git/config"),
		.names = LIST(".git-credentials"),
		.has_urls = true,
	},
	{
		.name = "gh",
		.at_home = LIST(".config/gh/hosts.yml"),
		.keys = LIST("oauth_token"),
	},
	{
		.name = "docker",
		.at_home = LIST(".docker/config.json", ".config/containers/auth.json"),
		.keys = LIST("\"auth\"", "\"identitytoken\"", "\"password\""),
	},
	{
		.name = "netrc",
		.at_home = LIST(".netrc"),
		.names = LIST(".netrc"),
		.keys = LIST("password"),
	},
	{
		.name = "npm",
		.at_home = LIST(".npmrc"),
		.names = LIST(".npmrc"),
		.keys = LIST("_authToken", "_auth", "_password"),
	},
	{
		.name = "pip",
		.at_home = LIST(".pypirc", ".config/pip/pip.conf", ".pip/pip.conf"),
		.names = LIST(".pypirc"),
		.keys = LIST("password"),
		.has_urls = true,
	},
	{
		.name = "uv",
		.at_home = LIST(".local/share/uv/credentials/credentials.toml"),
		.keys = LIST("password", "token"),
	},
	{
		.name = "cargo",
		.at_home = LIST(".cargo/credentials.toml", ".cargo/credentials"),
		.keys = LIST("token", "secret-key"),
	},
	{
		.name = "mcp",
		.at_home = LIST(".claude.json", ".cursor/mcp.json", ".codex/config.toml",
		                ".gemini/settings.json", ".config/Code/User/mcp.json",
		                ".config/Claude/claude_desktop_config.json"),
		.names = LIST(".mcp.json", "mcp.json", "claude_desktop_config.json"),
		.has_requests = true,
	},
	{
		.name = "oidc-agent",
		.at_home = LIST(".config/oidc-agent/*", ".oidc-agent/*"),
		.keys = LIST("\"client_secret\"", "\"refresh_token\""),
	},
	{
		.name = "pizauth",
		.at_home = LIST(".config/pizauth.conf"),
		.names = LIST("pizauth.conf"),
		.keys = LIST("client_secret"),
	},
};

const size_t kt_plain_source_count = KT_COUNT(kt_plain_sources);

/* Behind a member's name: an equals sign, a colon or blanks, and what opens a text. */
static const char *find_value(const char *rest)
{
	const char *value = rest + strspn(rest, " \t:=\"'");

	return value > rest && strcspn(rest, " \t:=") < (size_t)(value - rest) ? value : NULL;
}

static bool is_literal(const char *value)
{
	static const char *const words[] = { "null", "none", "true", "false" };
	size_t length = strcspn(value, " \t\r\"',;}");

	if (length == 0 || strchr("$<{%*#", value[0]))
		return false;
	for (size_t i = 0; i < KT_COUNT(words); i++)
		if (length == strlen(words[i]) && strncasecmp(value, words[i], length) == 0)
			return false;
	return true;
}

static bool has_value_of(const char *line, const char *key)
{
	for (const char *place = strstr(line, key); place; place = strstr(place + 1, key)) {
		const char *value = find_value(place + strlen(key));

		if (value && is_literal(value))
			return true;
	}
	return false;
}

/* A name and a password before the host; RFC 3986, 3.2.1 calls that deprecated. */
static bool has_password_in_url(const char *line)
{
	for (const char *place = strstr(line, "://"); place; place = strstr(place + 3, "://")) {
		const char *name = place + 3;
		size_t length = strcspn(name, "/ \t\"'");
		const char *colon = memchr(name, ':', length);
		const char *at = memrchr(name, '@', length);

		if (colon && at && colon + 1 < at && is_literal(colon + 1))
			return true;
	}
	return false;
}

static bool has_bearer(const char *line)
{
	for (const char *place = strcasestr(line, "bearer "); place;
	     place = strcasestr(place + 1, "bearer ")) {
		const char *value = place + strlen("bearer ");

		if (strcspn(value, " \"'") >= BEARER_MINIMUM && is_literal(value))
			return true;
	}
	return false;
}

/* A part of a query whose name ends as those of tokens do. */
static bool has_token_in_query(const char *line)
{
	static const char *const names[] = { "token=", "key=", "secret=" };

	if (!strstr(line, "://") || !strchr(line, '?'))
		return false;
	for (size_t i = 0; i < KT_COUNT(names); i++) {
		const char *place = strcasestr(strchr(line, '?'), names[i]);

		if (place && is_literal(place + strlen(names[i])))
			return true;
	}
	return false;
}

bool kt_plain_source_has_secret(const struct kt_plain_source *source, const char *line)
{
	if (kt_secret_word_is_token(line) || (source->has_urls && has_password_in_url(line)) ||
	    (source->has_requests && (has_bearer(line) || has_token_in_query(line))))
		return true;
	for (size_t i = 0; source->keys && source->keys[i]; i++)
		if (has_value_of(line, source->keys[i]))
			return true;
	return false;
}
