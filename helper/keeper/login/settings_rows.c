/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "helper/keeper/login/ca_file.h"
#include "helper/keeper/login/settings.h"
#include "helper/keeper/token/service_app.h"
#include "helper/keeper/token/subject.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

#define LONGEST_LIFETIME INT64_C(999999999)

#define FOR(kind) (1u << (kind))
#define FOR_ALL (~0u)
#define FOR_JWT FOR(KT_KIND_JWT)
#define FOR_PERSON FOR(KT_KIND_OAUTH)
#define FOR_EXCHANGE FOR(KT_KIND_TOKEN_EXCHANGE)
#define FOR_OAUTH (FOR_PERSON | FOR(KT_KIND_CLIENT_CREDENTIALS) | FOR_EXCHANGE)

#define ANY(name) { name, KT_KIND_NONE, false }
#define OF(name, kind) { name, kind, false }
#define MARKER(name, kind) { name, kind, true }
#define NAMES(...) (const struct kt_setting_name[]){ __VA_ARGS__, { 0 } }
#define MEMBER(name) .member = offsetof(struct kt_settings, name)
#define KEPT(name) MEMBER(name), .kept = offsetof(struct kt_credential, name)
#define NOT_KEPT(name) MEMBER(name), .kept = KT_SETTING_NOT_KEPT

static bool take_private_key_file(struct kt_settings *settings, const char *value,
                                  struct kt_error *error)
{
	kt_secret_clear(&settings->private_key);
	return kt_text_set(&settings->private_key_file, value, error);
}

static bool take_scope_file(struct kt_settings *settings, const char *value,
                            struct kt_error *error)
{
	return kt_service_app_read_scope(&settings->scope, value, error);
}

static bool take_duration(struct kt_settings *settings, const char *value,
                          struct kt_error *error)
{
	return kt_service_app_read_duration(value, &settings->duration, error);
}

static bool take_ca_file(struct kt_settings *settings, const char *value,
                         struct kt_error *error)
{
	return kt_ca_file_read(&settings->ca, value, error);
}

static bool take_authtype(struct kt_settings *settings, const char *value,
                          struct kt_error *error)
{
	if (strcmp(value, "bearer") != 0)
		return kt_fail(error, KT_ERROR_USAGE, "login: --authtype is bearer or left out");
	return kt_text_set(&settings->authtype, value, error);
}

/* The value is one of these words, which end with NULL. */
static bool take_word(char **member, const char *option, const char *const *words,
                      const char *value, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret list = { 0 };

	for (size_t i = 0; words[i]; i++)
		if (strcmp(words[i], value) == 0)
			return kt_text_set(member, value, error);
	for (size_t i = 0; words[i]; i++)
		if ((i > 0 && !kt_secret_append_text(&list, words[i + 1] ? ", " : " or ", error)) ||
		    !kt_secret_append_text(&list, words[i], error))
			return false;
	return kt_fail(error, KT_ERROR_USAGE, "%s is %s", option, kt_secret_reveal(&list));
}

static bool take_client_authentication(struct kt_settings *settings, const char *value,
                                       struct kt_error *error)
{
	static const char *const words[] = { "basic", "post", "none", "private-key-jwt", NULL };

	return take_word(&settings->client_authentication, "--client-auth", words, value, error);
}

static bool take_answer_member(struct kt_settings *settings, const char *value,
                               struct kt_error *error)
{
	static const char *const words[] = { "data", "authed_user", NULL };

	return take_word(&settings->answer_member, "answer-member", words, value, error);
}

static bool take_body_format(struct kt_settings *settings, const char *value,
                             struct kt_error *error)
{
	static const char *const words[] = { "form", "json", NULL };

	return take_word(&settings->body_format, "body-format", words, value, error);
}

static bool take_old_token(struct kt_settings *settings, const char *value,
                           struct kt_error *error)
{
	static const char *const words[] = { "lives", "dies", NULL };

	return take_word(&settings->old_token, "--old-token", words, value, error);
}

static bool take_lifetime(struct kt_settings *settings, const char *value,
                          struct kt_error *error)
{
	int64_t seconds;

	if (strcmp(value, "never") != 0 &&
	    !kt_text_to_number(value, strlen(value), 1, LONGEST_LIFETIME, &seconds))
		return kt_fail(error, KT_ERROR_USAGE, "login: --lifetime is a number of seconds or never");
	return kt_text_set(&settings->lifetime, value, error);
}

/* A file that is read again at each renewal, wherever keyturn is called from then. */
static bool take_subject_token_file(struct kt_settings *settings, const char *value,
                                    struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *directory = NULL;

	kt_secret_clear(&settings->subject_token);
	kt_text_free(&settings->subject_account);
	kt_text_free(&settings->subject_token_file);
	if (strcmp(value, "-") == 0)
		return kt_subject_read(&settings->subject_token, value, error);
	if (*value == '/')
		return kt_text_set(&settings->subject_token_file, value, error);
	directory = getcwd(NULL, 0);
	if (!directory)
		return kt_fail(error, KT_ERROR_USAGE, "login: the working directory has no name any "
		               "more") ||
		       kt_advise(error, "give --subject-token-file with its whole path");
	return kt_text_format(&settings->subject_token_file, error, "%s/%s", directory, value);
}

static bool take_subject_account(struct kt_settings *settings, const char *value,
                                 struct kt_error *error)
{
	kt_secret_clear(&settings->subject_token);
	kt_text_free(&settings->subject_token_file);
	return kt_text_set(&settings->subject_account, *value ? value : NULL, error);
}

/* RFC 8693, 3: the last word of the standard's names, or a whole URI. */
static bool take_subject_token_type(struct kt_settings *settings, const char *value,
                                    struct kt_error *error)
{
	static const char *const words[] = {
		"access_token", "refresh_token", "id_token", "saml1", "saml2", "jwt",
	};

	for (size_t i = 0; i < KT_COUNT(words); i++)
		if (strcmp(words[i], value) == 0)
			return kt_text_format(&settings->subject_token_type, error,
			                      "urn:ietf:params:oauth:token-type:%s", value);
	if (strchr(value, ':') && kt_characters_are_visible_ascii(value, strlen(value)))
		return kt_text_set(&settings->subject_token_type, value, error);
	return kt_fail(error, KT_ERROR_USAGE, "login: --subject-token-type is access_token, id_token, "
	               "jwt, refresh_token, saml1, saml2 or a URI");
}

/* Names that a request has of its own, or that a setting of their own is for. */
static bool is_reserved(const char *name, size_t length)
{
	static const char *const names[] = {
		"client_assertion", "client_assertion_type", "client_id", "client_secret", "code",
		"code_challenge", "code_challenge_method", "code_verifier", "device_code",
		"actor_token", "grant_type", "redirect_uri", "refresh_token", "resource",
		"response_type", "state", "subject_token", "subject_token_type",
	};

	for (size_t i = 0; i < KT_COUNT(names); i++)
		if (strlen(names[i]) == length && strncmp(names[i], name, length) == 0)
			return true;
	return false;
}

/* NAME=VALUE in visible ASCII, with blanks in VALUE. */
static bool check_parameter(const char *value, const char *option, struct kt_error *error)
{
	size_t length = strcspn(value, "=");

	if (length == 0 || length > 64 || value[length] != '=' || strlen(value) > 2048 ||
	    !kt_characters_are_visible_ascii(value, length) ||
	    !kt_characters_are_clean(value, strlen(value)))
		return kt_fail(error, KT_ERROR_USAGE, "login: --%s takes NAME=VALUE, of at most 2,048 "
		               "characters and none that steers", option);
	if (is_reserved(value, length))
		return kt_fail(error, KT_ERROR_USAGE, "login: --%s cannot set %.*s, which the request has "
		               "of its own", option, (int)length, value);
	return true;
}

/* Adds an entry to a list, in place of the one of the same name. */
static bool add_entry(char **list, const char *value, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	size_t name = strcspn(value, "=");
	const char *line = kt_text_or_empty(*list);

	while (*line) {
		size_t length = strcspn(line, "\n");

		if (strncmp(line, value, name + 1) != 0 &&
		    (!kt_secret_append(&text, line, length, error) ||
		     !kt_secret_append_text(&text, "\n", error)))
			return false;
		line += length + (line[length] == '\n');
	}
	return kt_secret_append_text(&text, value, error) &&
	       kt_text_set(list, kt_secret_reveal(&text), error);
}

static bool take_parameter(struct kt_settings *settings, const char *value,
                           struct kt_error *error)
{
	return check_parameter(value, "param", error) &&
	       add_entry(&settings->parameters, value, error);
}

static bool take_token_parameter(struct kt_settings *settings, const char *value,
                                 struct kt_error *error)
{
	return check_parameter(value, "token-param", error) &&
	       add_entry(&settings->token_parameters, value, error);
}

/* NAME MEANING, kept as NAME=MEANING. */
static bool take_error(struct kt_settings *settings, const char *value, struct kt_error *error)
{
	static const char *const words[] = { "dead", "person", "setting", "passing", NULL };
	KT_CLEANUP(kt_text_free) char *entry = NULL;
	KT_CLEANUP(kt_text_free) char *meaning = NULL;
	size_t name = strcspn(value, " ");

	if (name == 0 || name > 60 || value[name] != ' ')
		return kt_fail(error, KT_ERROR_USAGE, "error is a NAME and what it means");
	return take_word(&meaning, "error", words, value + name + 1, error) &&
	       kt_text_format(&entry, error, "%.*s=%s", (int)name, value, meaning) &&
	       add_entry(&settings->errors, entry, error);
}

/* In the order of the help. */
const struct kt_setting kt_setting_rows[] = {
	{
		.kinds = FOR_ALL,
		NOT_KEPT(token),
		.type = KT_SETTING_SECRET,
		.variables = NAMES(MARKER("COZE_API_TOKEN", KT_KIND_PAT),
		                   MARKER("COZE_API_KEY", KT_KIND_PAT),
		                   MARKER("COZELOOP_API_TOKEN", KT_KIND_PAT),
		                   MARKER("COZE_TOKEN", KT_KIND_PAT),
		                   MARKER("COZE_PAT", KT_KIND_PAT),
		                   MARKER("VITE_COZE_TOKEN", KT_KIND_PAT),
		                   MARKER("VUE_APP_COZE_TOKEN", KT_KIND_PAT),
		                   MARKER("TARO_APP_COZE_PAT", KT_KIND_PAT),
		                   MARKER("TARO_APP_CHATFLOW_COZE_TOKEN", KT_KIND_PAT)),
	},
	{
		.option = "api-base",
		.argument = "URL",
		.help = "the service it is for (else COZE_API_BASE, else asked)",
		.kinds = FOR_ALL,
		KEPT(api_base),
		.variables = NAMES(ANY("COZE_API_BASE"), ANY("COZE_API_BASE_URL"), ANY("COZE_BASE_URL"),
		                   ANY("COZELOOP_API_BASE_URL"), ANY("VITE_COZE_BASE_URL"),
		                   ANY("VUE_APP_COZE_BASE_URL"), ANY("TARO_APP_COZE_BASE_URL")),
		.keys = NAMES(ANY("coze_api_base")),
	},
	{
		.option = "www-base",
		.argument = "URL",
		.help = "where its pages for people are, if elsewhere",
		.kinds = ~FOR_OAUTH,
		KEPT(www_base),
		.variables = NAMES(ANY("COZE_WWW_BASE")),
		.keys = NAMES(ANY("coze_www_base")),
	},
	{
		.option = "issuer",
		.argument = "URL",
		.help = "log in at any OAuth or OpenID server",
		.kinds = FOR_OAUTH,
		KEPT(issuer),
	},
	{
		.option = "host",
		.argument = "HOST",
		.help = "where its token may go; default the issuer's or resource's",
		.kinds = FOR_OAUTH,
		NOT_KEPT(host),
	},
	{
		.option = "scope",
		.argument = "TEXT",
		.help = "what is asked of it",
		.kinds = FOR_OAUTH,
		KEPT(scope),
	},
	{
		.option = "resource",
		.argument = "URL",
		.help = "what its token is for; it says who gives it",
		.kinds = FOR_OAUTH,
		KEPT(resource),
	},
	{
		.option = "provider",
		.argument = "NAME",
		.help = "endpoints and habits of a service that keyturn knows",
		.kinds = FOR_OAUTH,
		KEPT(provider),
	},
	{
		.option = "authorization-endpoint",
		.argument = "URL",
		.help = "of a server that publishes nothing of itself",
		.kinds = FOR_PERSON,
		KEPT(authorization_endpoint),
	},
	{
		.option = "token-endpoint",
		.argument = "URL",
		.help = "the same",
		.kinds = FOR_OAUTH,
		KEPT(token_endpoint),
	},
	{
		.option = "device-endpoint",
		.argument = "URL",
		.help = "the same (RFC 8628)",
		.kinds = FOR_PERSON,
		.member = offsetof(struct kt_settings, device_endpoint),
		.kept = offsetof(struct kt_credential, device_authorization_endpoint),
	},
	{
		.option = "revocation-endpoint",
		.argument = "URL",
		.help = "the same (RFC 7009)",
		.kinds = FOR_PERSON,
		KEPT(revocation_endpoint),
	},
	{
		.option = "userinfo-endpoint",
		.argument = "URL",
		.help = "the same: tells whose token it is",
		.kinds = FOR_PERSON,
		KEPT(userinfo_endpoint),
	},
	{
		.option = "client-auth",
		.argument = "WAY",
		.help = "basic, post, none or private-key-jwt",
		.kinds = FOR_OAUTH,
		KEPT(client_authentication),
		.take = take_client_authentication,
	},
	{
		.option = "param",
		.argument = "NAME=VALUE",
		.help = "sent along where you are asked; any number of times",
		.kinds = FOR_PERSON,
		KEPT(parameters),
		.type = KT_SETTING_LIST,
		.take = take_parameter,
	},
	{
		.option = "token-param",
		.argument = "NAME=VALUE",
		.help = "sent along with each request for tokens",
		.kinds = FOR_OAUTH,
		KEPT(token_parameters),
		.type = KT_SETTING_LIST,
		.take = take_token_parameter,
	},
	{
		.file_key = "answer-member",
		.kinds = FOR_OAUTH,
		KEPT(answer_member),
		.take = take_answer_member,
	},
	{
		.file_key = "body-format",
		.kinds = FOR_OAUTH,
		KEPT(body_format),
		.take = take_body_format,
	},
	{
		.file_key = "error",
		.kinds = FOR_OAUTH,
		KEPT(errors),
		.type = KT_SETTING_LIST,
		.take = take_error,
	},
	{
		.option = "lifetime",
		.argument = "SECONDS|never",
		.help = "how long a token lives whose server does not say",
		.kinds = FOR_OAUTH,
		.member = offsetof(struct kt_settings, lifetime),
		.kept = offsetof(struct kt_credential, usual_lifetime),
		.take = take_lifetime,
	},
	{
		.option = "old-token",
		.argument = "lives|dies",
		.help = "what a renewal does to the token of before",
		.kinds = FOR_OAUTH,
		KEPT(old_token),
		.take = take_old_token,
	},
	{
		.option = "no-pkce",
		.argument = "",
		.help = "the server knows no PKCE",
		.kinds = FOR_PERSON,
		KEPT(no_pkce),
		.type = KT_SETTING_FLAG,
	},
	{
		.option = "client-id",
		.argument = "ID",
		.help = "of the app",
		.kinds = FOR_ALL,
		KEPT(client_id),
		.variables = NAMES(MARKER("COZE_WEB_OAUTH_CLIENT_ID", KT_KIND_WEB),
		                   MARKER("COZE_AUTH_WEB_OAUTH_CLIENT_ID", KT_KIND_WEB),
		                   OF("COZE_CLIENT_ID", KT_KIND_WEB),
		                   MARKER("COZE_PKCE_OAUTH_CLIENT_ID", KT_KIND_PKCE),
		                   OF("COZE_CLIENT_ID", KT_KIND_PKCE),
		                   MARKER("COZE_DEVICE_OAUTH_CLIENT_ID", KT_KIND_DEVICE),
		                   MARKER("COZELOOP_DEVICE_OAUTH_CLIENT_ID", KT_KIND_DEVICE),
		                   OF("COZE_CLIENT_ID", KT_KIND_DEVICE),
		                   MARKER("COZE_JWT_OAUTH_CLIENT_ID", KT_KIND_JWT),
		                   MARKER("COZELOOP_JWT_OAUTH_CLIENT_ID", KT_KIND_JWT),
		                   MARKER("COZE_APP_ID", KT_KIND_JWT)),
		.keys = NAMES(ANY("client_id")),
	},
	{
		.option = "client-secret-file",
		.argument = "FILE",
		.help = "the client's secret; - for stdin",
		.kinds = FOR_ALL,
		KEPT(client_secret),
		.type = KT_SETTING_SECRET,
		.variables = NAMES(OF("COZE_WEB_OAUTH_CLIENT_SECRET", KT_KIND_WEB),
		                   OF("COZE_AUTH_WEB_OAUTH_CLIENT_SECRET", KT_KIND_WEB),
		                   MARKER("COZE_CLIENT_SECRET", KT_KIND_WEB)),
		.keys = NAMES(OF("client_secret", KT_KIND_WEB)),
	},
	{
		.kinds = FOR_JWT | FOR_OAUTH,
		KEPT(private_key),
		.type = KT_SETTING_SECRET,
		.variables = NAMES(OF("COZE_JWT_OAUTH_PRIVATE_KEY", KT_KIND_JWT),
		                   OF("COZELOOP_JWT_OAUTH_PRIVATE_KEY", KT_KIND_JWT),
		                   OF("COZE_PRIVATE_KEY", KT_KIND_JWT)),
		/* The Node quickstart's README has a service app's key in client_secret. */
		.keys = NAMES(OF("private_key", KT_KIND_JWT), OF("client_secret", KT_KIND_JWT)),
	},
	{
		.option = "private-key-file",
		.argument = "FILE",
		.help = "a service app's key, or a client's; - for stdin",
		.kinds = FOR_JWT | FOR_OAUTH,
		NOT_KEPT(private_key_file),
		.variables = NAMES(OF("COZE_JWT_OAUTH_PRIVATE_KEY_FILE_PATH", KT_KIND_JWT)),
		.take = take_private_key_file,
	},
	{
		.option = "public-key-id",
		.argument = "KID",
		.help = "the fingerprint that the console shows for it",
		.kinds = FOR_JWT | FOR_OAUTH,
		KEPT(public_key_id),
		.variables = NAMES(OF("COZE_JWT_OAUTH_PUBLIC_KEY_ID", KT_KIND_JWT),
		                   OF("COZELOOP_JWT_OAUTH_PUBLIC_KEY_ID", KT_KIND_JWT),
		                   OF("COZE_KEY_ID", KT_KIND_JWT)),
		.keys = NAMES(ANY("public_key_id")),
	},
	{
		.kinds = FOR_EXCHANGE,
		KEPT(subject_token),
		.type = KT_SETTING_SECRET,
	},
	{
		.option = "subject-token-file",
		.argument = "FILE",
		.help = "the token to exchange, read each time; - for stdin",
		.kinds = FOR_EXCHANGE,
		KEPT(subject_token_file),
		.take = take_subject_token_file,
	},
	{
		.option = "subject-account",
		.argument = "ACCOUNT",
		.help = "the account whose token is exchanged",
		.kinds = FOR_EXCHANGE,
		KEPT(subject_account),
		.take = take_subject_account,
	},
	{
		.option = "subject-token-type",
		.argument = "TYPE",
		.help = "of that token; default access_token",
		.kinds = FOR_EXCHANGE,
		KEPT(subject_token_type),
		.take = take_subject_token_type,
	},
	{
		.option = "redirect-uri",
		.argument = "URI",
		.help = "where a browser ends; default http://127.0.0.1:8080/callback",
		.kinds = FOR_ALL,
		KEPT(redirect_uri),
		.variables = NAMES(OF("COZE_PKCE_OAUTH_REDIRECT_URI", KT_KIND_PKCE),
		                   OF("COZE_WEB_OAUTH_REDIRECT_URI", KT_KIND_PKCE),
		                   OF("COZE_WEB_OAUTH_REDIRECT_URI", KT_KIND_WEB),
		                   OF("COZE_AUTH_WEB_OAUTH_REDIRECT_URI", KT_KIND_WEB),
		                   OF("COZE_REDIRECT_URL", KT_KIND_WEB),
		                   OF("COZE_REDIRECT_URL", KT_KIND_PKCE)),
		.keys = NAMES(ANY("redirect_uris")),
	},
	{
		.option = "workspace-id",
		.argument = "ID",
		.help = "a token for this workspace alone",
		.kinds = ~(FOR_JWT | FOR_OAUTH),
		KEPT(workspace_id),
		.variables = NAMES(ANY("COZE_WORKSPACE_ID"), ANY("COZELOOP_WORKSPACE_ID")),
	},
	{
		.option = "account-id",
		.argument = "ID",
		.help = "in whose name a service app acts",
		.kinds = FOR_JWT,
		KEPT(account_id),
	},
	{
		.option = "enterprise-id",
		.argument = "ID",
		.help = "the same of an enterprise",
		.kinds = FOR_JWT,
		KEPT(enterprise_id),
	},
	{
		.option = "session-name",
		.argument = "NAME",
		.help = "whose conversations a service app's tokens see",
		.kinds = FOR_JWT,
		KEPT(session_name),
	},
	{
		.option = "duration",
		.argument = "SECONDS",
		.help = "how long they live",
		.kinds = FOR_JWT,
		KEPT(duration),
		.type = KT_SETTING_NUMBER,
		.take = take_duration,
	},
	{
		.option = "scope-file",
		.argument = "FILE",
		.help = "a JSON object of what they may do; - for stdin",
		.kinds = FOR_JWT,
		KEPT(scope),
		.take = take_scope_file,
	},
	{
		.option = "device-id",
		.argument = "ID",
		.help = "what an enterprise meters a service app by",
		.kinds = FOR_JWT,
		KEPT(device_id),
	},
	{
		.option = "custom-consumer",
		.argument = "ID",
		.help = "the same",
		.kinds = FOR_JWT,
		KEPT(custom_consumer),
	},
	{
		.option = "ca-file",
		.argument = "FILE",
		.help = "trust these certificates for this service, no others",
		.kinds = FOR_ALL,
		KEPT(ca),
		.take = take_ca_file,
	},
	{
		.option = "authtype",
		.argument = "bearer",
		.help = "git gets it as a Bearer token (git 2.46 or newer)",
		.kinds = FOR_ALL,
		KEPT(authtype),
		.take = take_authtype,
	},
	{
		.option = "git-username",
		.argument = "NAME",
		.help = "what git is told as user name",
		.kinds = FOR_ALL,
		KEPT(git_username),
	},
};

const size_t kt_setting_count = KT_COUNT(kt_setting_rows);
_Static_assert(KT_COUNT(kt_setting_rows) <= KT_SETTINGS_MAXIMUM, "each row has its option");
