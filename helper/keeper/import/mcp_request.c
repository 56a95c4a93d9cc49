/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "helper/keeper/account/secret_word.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/import/json_value.h"
#include "helper/keeper/import/mcp_request.h"
#include "helper/url.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

#define BEARER "Bearer "
#define MCP_REMOTE "mcp-remote"
#define VARIABLE "KEYTURN_TOKEN"

/* Claude Code's files: it has a command print the headers of a server. */
static bool has_helper(const struct kt_import_file *file)
{
	const char *slash = strrchr(file->target.path, '/');
	const char *name = slash ? slash + 1 : file->target.path;

	return strcmp(name, ".claude.json") == 0 || strcmp(name, ".mcp.json") == 0;
}

/* The token of a header's value: behind "Bearer ", or the whole of it; false: it has none. */
static bool find_bearer(const char *value, size_t *start, size_t *length)
{
	*start = strncasecmp(value, BEARER, strlen(BEARER)) == 0 ? strlen(BEARER) : 0;
	*start += strspn(value + *start, " ");
	*length = strlen(value + *start);
	return *length > 0 && !strchr("$<{%*", value[*start]) &&
	       kt_characters_are_visible_ascii(value + *start, *length);
}

/* The service is the one that the address names. */
static bool set_service(struct kt_import_item *item, const char *url, const char *name,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret password = { 0 };
	struct kt_identity *identity = &item->credential.identity;
	struct kt_error refusal = { 0 };

	if (!kt_url_parse(identity, &password, url, strlen(url), &refusal) || !identity->host) {
		kt_identity_clear(identity);
		return kt_import_leave(item, "keep it by hand: keyturn login --api-base URL --with-token",
		                       "the server's address is none that a token would be sent to");
	}
	if (!kt_text_set(&identity->path, "", error))
		return false;
	return kt_import_set_fixed(item, kt_service_check_name(name, &refusal) ? name : "main",
	                           kt_secret_reveal(&item->credential.token),
	                           kt_secret_length(&item->credential.token), error);
}

/* The text of the server's member of this name; empty: none. */
static bool text_of(const char *text, const struct kt_json_member *server, const char *name,
                    struct kt_secret *value, struct kt_error *error)
{
	struct kt_json_member member;

	return !kt_json_text_find(text, server->value, name, &member) ||
	       kt_json_text_value(text, &member, value, error);
}

/* The name of the server is what the account is called. */
static bool name_of(const char *text, const struct kt_json_member *server, char **name,
                    struct kt_error *error)
{
	return kt_text_set_bytes(name, text + server->key + 1, strcspn(text + server->key + 1, "\""),
	                         error);
}

bool kt_import_mcp_fill(struct kt_import_item *item, const char *name, const char *url,
                        const char *token, size_t length, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret copy = { 0 };

	return kt_secret_set(&copy, token, length, error) &&
	       (kt_secret_move(&item->credential.token, &copy), true) &&
	       set_service(item, url, name, error);
}

static bool fill(struct kt_import_item *item, const char *text,
                 const struct kt_json_member *server, const char *url, const char *token,
                 size_t length, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;

	return name_of(text, server, &name, error) &&
	       kt_import_mcp_fill(item, name, url, token, length, error);
}

static bool add_header(struct kt_import_file *file, const char *text,
                       const struct kt_json_member *server, const struct kt_json_member *header,
                       const char *url, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret value = { 0 };
	struct kt_json_member helper;
	struct kt_import_item *item;
	size_t start;
	size_t length;
	bool is_authorization;

	if (!kt_json_text_value(text, header, &value, error))
		return false;
	item = kt_import_add_member(file, text, header, error);
	if (!item)
		return false;
	is_authorization = strcasecmp(item->name, "Authorization") == 0;
	if (!find_bearer(kt_secret_reveal(&value), &start, &length) ||
	    (!is_authorization && !kt_secret_word_is_token(kt_secret_reveal(&value)) &&
	     !strcasestr(item->name, "key") && !strcasestr(item->name, "token"))) {
		kt_text_free(&item->name);
		file->count--;
		return true;
	}
	if (!is_authorization || start == 0)
		return kt_import_leave(item, "make one that is taken as Authorization: Bearer, and keep "
		                       "that: keyturn login",
		                       "keyturn header prints no header of that form");
	if (!has_helper(file) || kt_json_text_find(text, server->value, "headersHelper", &helper))
		return kt_import_leave(item, "reach the server by mcp-remote, started by keyturn run "
		                       "(docs/agents.md), then run import again",
		                       "this client has no command that prints a header");
	return fill(item, text, server, url, kt_secret_reveal(&value) + start, length, error);
}

static bool add_headers(struct kt_import_file *file, const char *text,
                        const struct kt_json_member *server, const char *url,
                        struct kt_error *error)
{
	struct kt_json_member headers;
	struct kt_json_member header = { 0 };

	if (!kt_json_text_find(text, server->value, "headers", &headers) ||
	    text[headers.value] != '{')
		return true;
	while (kt_json_text_next(text, headers.value, &header))
		if (!add_header(file, text, server, &header, url, error))
			return false;
	return true;
}

/* The arguments of a server, as far as they tell how a token among them is used. */
struct arguments {
	struct kt_json_member list;
	bool is_remote;         /* mcp-remote is started, which takes variables in its headers */
	struct kt_secret url;
	size_t variables;       /* that took the place of a token */
};

static void arguments_clear(struct arguments *arguments)
{
	kt_secret_clear(&arguments->url);
}

static bool is_url(const char *value)
{
	return kt_text_has_prefix(value, "https://") || kt_text_has_prefix(value, "http://");
}

static bool look_at_arguments(const char *text, const struct kt_json_member *server,
                              struct arguments *arguments, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret value = { 0 };
	struct kt_json_member element = { 0 };

	if (!text_of(text, server, "command", &value, error))
		return false;
	arguments->is_remote = strstr(kt_secret_reveal(&value), MCP_REMOTE) != NULL;
	while (kt_json_text_next_element(text, arguments->list.value, &element)) {
		if (!kt_json_text_value(text, &element, &value, error))
			return false;
		if (strstr(kt_secret_reveal(&value), MCP_REMOTE))
			arguments->is_remote = true;
		if (is_url(kt_secret_reveal(&value)) && kt_secret_is_empty(&arguments->url))
			kt_secret_move(&arguments->url, &value);
	}
	return true;
}

/* The place of the token in the text, where it stands without an escape. */
static bool find_place(const char *text, const struct kt_json_member *element, const char *token,
                       size_t length, size_t *place)
{
	const char *found = memmem(text + element->value, element->end - element->value, token,
	                           length);

	*place = found ? (size_t)(found - text) : 0;
	return found != NULL;
}

/* Adds the token of "NAME: VALUE" behind --header. *found is false where it has none. */
static bool add_header_argument(struct kt_import_file *file, const char *text,
                                const struct kt_json_member *server,
                                const struct kt_json_member *element, const char *value,
                                struct arguments *arguments, bool *found, struct kt_error *error)
{
	const char *colon = strchr(value, ':');
	const char *token = colon ? colon + 1 + strspn(colon + 1, " ") : value;
	struct kt_import_item *item;
	size_t start;
	size_t length;
	size_t place;

	*found = colon && find_bearer(token, &start, &length) &&
	         (start > 0 || kt_secret_word_is_whole(token, length)) &&
	         find_place(text, element, token + start, length, &place);
	if (!*found)
		return true;
	item = kt_import_add(file, place, length, error);
	if (!item)
		return false;
	arguments->variables++;
	return (arguments->variables == 1
	        ? kt_text_set(&item->name, VARIABLE, error)
	        : kt_text_format(&item->name, error, VARIABLE "_%zu", arguments->variables)) &&
	       fill(item, text, server, kt_secret_reveal(&arguments->url), token + start, length,
	            error);
}

/* The name of a part of a query that has a token. */
static bool is_secret_name(const char *name, size_t length)
{
	static const char *const words[] = { "token", "key", "secret", "password" };
	char copy[32];

	if (length >= sizeof(copy))
		return false;
	memcpy(copy, name, length);
	copy[length] = '\0';
	for (size_t i = 0; i < KT_COUNT(words); i++)
		if (strcasestr(copy, words[i]))
			return true;
	return false;
}

/* https://HOST/PATH?token=...: a token in the query, or one whose form tells it. */
static bool has_token_in_address(const char *url)
{
	const char *part = strpbrk(url, "?&");

	if (kt_secret_word_is_token(url))
		return true;
	for (; part; part = strpbrk(part + 1, "?&")) {
		size_t name = strcspn(part + 1, "=&");
		const char *value = part + 1 + name + (part[1 + name] == '=');

		if (is_secret_name(part + 1, name) && strcspn(value, "&") > 0 &&
		    !strchr("$<{%*", value[0]))
			return true;
	}
	return false;
}

/* A token in an address cannot be had from elsewhere, and was told to many. */
static bool add_address(struct kt_import_file *file, const struct kt_json_member *member,
                        struct kt_error *error)
{
	struct kt_import_item *item =
		kt_import_add(file, member->value, member->end - member->value, error);

	return item && kt_import_leave(item, "revoke it, and make one that is sent in a header: "
	                               "keyturn login --api-base URL --with-token",
	                               "it is a part of an address, which servers and proxies write "
	                               "into their logs");
}

static bool add_argument(struct kt_import_file *file, const char *text,
                         const struct kt_json_member *server,
                         const struct kt_json_member *element, bool is_header,
                         struct arguments *arguments, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret value = { 0 };
	struct kt_import_item *item;
	const char *word;
	bool found = false;

	if (!kt_json_text_value(text, element, &value, error))
		return false;
	word = kt_secret_reveal(&value);
	if (is_url(word))
		return !has_token_in_address(word) || add_address(file, element, error);
	if (is_header && arguments->is_remote &&
	    !add_header_argument(file, text, server, element, word, arguments, &found, error))
		return false;
	if (found || !kt_secret_word_is_token(word))
		return true;
	item = kt_import_add(file, element->value, element->end - element->value, error);
	return item && kt_import_leave(item, "give it to the program as a variable, if it takes one, "
	                               "and run import again",
	                               "it is an argument, which every program of this machine can "
	                               "read");
}

static bool add_arguments(struct kt_import_file *file, const char *text,
                          const struct kt_json_member *server, struct kt_error *error)
{
	KT_CLEANUP(arguments_clear) struct arguments arguments = { 0 };
	struct kt_json_member element = { 0 };
	bool is_header = false;

	if (!kt_json_text_find(text, server->value, "args", &arguments.list) ||
	    text[arguments.list.value] != '[')
		return true;
	if (!look_at_arguments(text, server, &arguments, error))
		return false;
	while (kt_json_text_next_element(text, arguments.list.value, &element)) {
		if (!add_argument(file, text, server, &element, is_header, &arguments, error))
			return false;
		is_header = strncmp(text + element.value, "\"--header\"", 10) == 0;
	}
	return true;
}

bool kt_import_mcp_add_requests(struct kt_import_file *file, const char *text,
                                const struct kt_json_member *server, struct kt_error *error)
{
	static const char *const names[] = { "url", "httpUrl", "serverUrl" };
	KT_CLEANUP(kt_secret_clear) struct kt_secret url = { 0 };

	for (size_t i = 0; i < KT_COUNT(names) && kt_secret_is_empty(&url); i++) {
		struct kt_json_member member;

		if (!kt_json_text_find(text, server->value, names[i], &member))
			continue;
		if (!kt_json_text_value(text, &member, &url, error))
			return false;
		if (has_token_in_address(kt_secret_reveal(&url)) && !add_address(file, &member, error))
			return false;
	}
	return add_headers(file, text, server, kt_secret_reveal(&url), error) &&
	       add_arguments(file, text, server, error);
}

const struct kt_import_item *kt_import_mcp_find_kept(const struct kt_import_file *file,
                                                     size_t start, size_t end)
{
	for (size_t i = 0; i < file->count; i++)
		if (file->items[i].is_kept && file->items[i].start >= start &&
		    file->items[i].start < end)
			return &file->items[i];
	return NULL;
}

/* Moves on to the server's next argument with a token that is kept: its item, or NULL. */
static const struct kt_import_item *next_kept(const struct kt_import_file *file, const char *text,
                                              const struct kt_json_member *server,
                                              struct kt_json_member *element)
{
	struct kt_json_member args;

	if (!kt_json_text_find(text, server->value, "args", &args) || text[args.value] != '[')
		return NULL;
	while (kt_json_text_next_element(text, args.value, element)) {
		const struct kt_import_item *item =
			kt_import_mcp_find_kept(file, element->value, element->end);

		if (item)
			return item;
	}
	return NULL;
}

bool kt_import_mcp_append_launchers(const struct kt_import_file *file, const char *text,
                                    const struct kt_json_member *server, struct kt_secret *words,
                                    struct kt_error *error)
{
	struct kt_json_member element = { 0 };
	const struct kt_import_item *item;

	while ((item = next_kept(file, text, server, &element)) != NULL)
		if (!kt_import_append_launcher(words, item, error))
			return false;
	return true;
}

static bool replace_arguments(const struct kt_import_file *file, const char *text,
                              const struct kt_json_member *server, struct kt_edits *edits,
                              struct kt_error *error)
{
	struct kt_json_member element = { 0 };
	const struct kt_import_item *item;

	while ((item = next_kept(file, text, server, &element)) != NULL) {
		KT_CLEANUP(kt_text_free) char *variable = NULL;

		if (!kt_text_format(&variable, error, "${%s}", item->name) ||
		    !kt_edits_add(edits, item->start, item->length, variable, error))
			return false;
	}
	return true;
}

/* The header gives way to the command that prints it, beside the headers that stay. */
static bool replace_header(const char *text, const struct kt_json_member *headers,
                           const struct kt_json_member *header,
                           const struct kt_import_item *item, struct kt_edits *edits,
                           struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *account = NULL;
	KT_CLEANUP(kt_text_free) char *command = NULL;
	KT_CLEANUP(kt_text_free) char *member = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret string = { 0 };
	struct kt_json_member first = { 0 };
	struct kt_json_member second;
	bool is_alone;

	kt_json_text_next(text, headers->value, &first);
	second = first;
	is_alone = !kt_json_text_next(text, headers->value, &second);
	if (!kt_import_account_word(item, &account, error) ||
	    !kt_text_format(&command, error, "keyturn header %s --json", account) ||
	    !kt_import_append_string(&string, command, error) ||
	    !kt_text_format(&member, error, "%s\"headersHelper\": %s", is_alone ? "" : ", ",
	                    kt_secret_reveal(&string)))
		return false;
	if (is_alone)
		return kt_edits_add(edits, headers->key, headers->end - headers->key, member, error);
	return kt_json_text_remove(text, header, edits, error) &&
	       kt_edits_add(edits, headers->end, 0, member, error);
}

bool kt_import_mcp_replace_requests(const struct kt_import_file *file, const char *text,
                                    const struct kt_json_member *server, struct kt_edits *edits,
                                    struct kt_error *error)
{
	struct kt_json_member headers;
	struct kt_json_member header = { 0 };

	if (!replace_arguments(file, text, server, edits, error))
		return false;
	if (!kt_json_text_find(text, server->value, "headers", &headers) ||
	    text[headers.value] != '{')
		return true;
	while (kt_json_text_next(text, headers.value, &header)) {
		const struct kt_import_item *item =
			kt_import_mcp_find_kept(file, header.value, header.end);

		if (item && !replace_header(text, &headers, &header, item, edits, error))
			return false;
	}
	return true;
}
