/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/account/secret_word.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/import/json_value.h"
#include "helper/keeper/import/mcp_codex.h"
#include "helper/keeper/import/mcp_request.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/*
 * Configurations of MCP clients (docs/agents.md): a server is started by a command, and has tokens
 * among its variables. keyturn run starts the command instead, and sets them. Tokens that are sent
 * with requests are in mcp_request.c. Comments are allowed in some of these files.
 */

#define COZE_SERVER "coze-mcp-server"

static bool is_toml(const struct kt_import_file *file)
{
	size_t length = strlen(file->target.path);

	return length > 5 && strcmp(file->target.path + length - 5, ".toml") == 0;
}

/* The address of Coze's service for a server: its variable's, else coze-mcp-server's own. */
static bool find_base(const struct kt_import_file *file, const char *text,
                      const struct kt_json_member *server, size_t env, char **base,
                      struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret value = { 0 };
	struct kt_json_member member;

	if (kt_json_text_find(text, env, "COZE_API_BASE", &member) &&
	    !kt_json_text_value(text, &member, &value, error))
		return false;
	if (!kt_secret_is_empty(&value))
		return kt_text_set(base, kt_secret_reveal(&value), error);
	return kt_text_set(base, memmem(text + server->value, server->end - server->value,
	                                COZE_SERVER, strlen(COZE_SERVER))
	                         ? "coze.cn" : file->site, error);
}

/* The object's member that is an object, too; false: there is none. */
static bool find_object(const char *text, size_t object, const char *name,
                        struct kt_json_member *member)
{
	return kt_json_text_find(text, object, name, member) && text[member->value] == '{';
}

static bool add_server(struct kt_import_file *file, const char *text,
                       const struct kt_json_member *server, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *base = NULL;
	struct kt_json_member env;
	struct kt_json_member command;
	struct kt_json_member member = { 0 };

	if (!find_object(text, server->value, "env", &env) ||
	    !kt_json_text_find(text, server->value, "command", &command) ||
	    text[command.value] != '"')
		return true;
	if (!find_base(file, text, server, env.value, &base, error))
		return false;
	while (kt_json_text_next(text, env.value, &member)) {
		KT_CLEANUP(kt_secret_clear) struct kt_secret value = { 0 };
		struct kt_import_item *item;

		if (!kt_json_text_value(text, &member, &value, error))
			return false;
		if (!kt_secret_word_is_whole(kt_secret_reveal(&value), kt_secret_length(&value)))
			continue;
		item = kt_import_add_member(file, text, &member, error);
		if (!item || !kt_import_set_token(item, kt_secret_reveal(&value),
		                                   kt_secret_length(&value), base, error))
			return false;
	}
	return true;
}

/* One server of the file, handled by each. */
struct visit {
	bool (*call)(struct visit *visit, const struct kt_json_member *server,
	             struct kt_error *error);
	struct kt_import_file *file;
	const struct kt_import_file *kept;
	struct kt_edits *edits;
	const char *text;
};

static bool visit_servers(struct visit *visit, size_t servers, struct kt_error *error)
{
	struct kt_json_member server = { 0 };

	while (kt_json_text_next(visit->text, servers, &server))
		if (visit->text[server.value] == '{' && !visit->call(visit, &server, error))
			return false;
	return true;
}

/* ~/.claude.json has servers of its own, and of each project. The reading bounded the depth. */
static bool walk(struct visit *visit, size_t object, struct kt_error *error)
{
	struct kt_json_member member = { 0 };

	while (kt_json_text_next(visit->text, object, &member)) {
		bool is_list = kt_json_text_is_named(visit->text, &member, "mcpServers") ||
		               kt_json_text_is_named(visit->text, &member, "servers");

		if (visit->text[member.value] == '{' &&
		    !(is_list ? visit_servers : walk)(visit, member.value, error))
			return false;
	}
	return true;
}

static bool add_visited(struct visit *visit, const struct kt_json_member *server,
                        struct kt_error *error)
{
	return add_server(visit->file, visit->text, server, error) &&
	       kt_import_mcp_add_requests(visit->file, visit->text, server, error);
}

static bool read_items(struct kt_import_file *file, struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret strict = { 0 };
	struct visit visit = { .call = add_visited, .file = file };

	if (is_toml(file))
		return kt_import_mcp_codex_read(file, error);
	if (!kt_json_text_append_strict(&strict, &file->target.content, error) ||
	    !kt_json_text_parse(&strict, file->target.file, &json, error))
		return false;
	visit.text = kt_secret_reveal(&strict);
	return walk(&visit, strcspn(visit.text, "{"), error);
}

/* The item that goes from here; NULL: the member stays. */
static const struct kt_import_item *find_gone(const struct visit *visit,
                                              const struct kt_json_member *member)
{
	for (size_t i = 0; i < visit->kept->count; i++)
		if (visit->kept->items[i].is_kept && visit->kept->items[i].start == member->value)
			return &visit->kept->items[i];
	return NULL;
}

/* The items of this server that are kept, as launchers; the variables that stay are counted. */
static bool collect(const struct visit *visit, const struct kt_json_member *env,
                    struct kt_secret *words, size_t *stays, struct kt_error *error)
{
	struct kt_json_member member = { 0 };

	for (*stays = 0; kt_json_text_next(visit->text, env->value, &member);) {
		const struct kt_import_item *item = find_gone(visit, &member);

		*stays += !item;
		if (item && !kt_import_append_launcher(words, item, error))
			return false;
	}
	return true;
}

/* Variables that are kept are taken out of env, in rows, with the comma that parts each row. */
static bool take_out(const struct visit *visit, const struct kt_json_member *env, size_t stays,
                     struct kt_error *error)
{
	struct kt_json_member member = { 0 };
	size_t first = 0; /* of a row that goes; 0: none */
	size_t last = 0;  /* behind it */
	size_t before = 0; /* behind the last one that stays */

	if (stays == 0)
		return kt_edits_add(visit->edits, env->value, env->end - env->value, "{}", error);
	while (kt_json_text_next(visit->text, env->value, &member)) {
		if (find_gone(visit, &member)) {
			first = first ? first : member.key;
			last = member.end;
			continue;
		}
		if (first && !kt_edits_add(visit->edits, first, member.key - first, "", error))
			return false;
		first = 0;
		before = member.end;
	}
	return !first || kt_edits_add(visit->edits, before, last - before, "", error);
}

/* Takes the variables that are kept out of env, and appends their launchers. */
static bool replace_variables(struct visit *visit, const struct kt_json_member *server,
                              struct kt_secret *words, struct kt_error *error)
{
	struct kt_json_member env;
	size_t stays;

	return !find_object(visit->text, server->value, "env", &env) ||
	       (collect(visit, &env, words, &stays, error) &&
	        (kt_secret_is_empty(words) || take_out(visit, &env, stays, error)));
}

static bool replace_server(struct visit *visit, const struct kt_json_member *server,
                           struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret words = { 0 };
	KT_CLEANUP(kt_text_free) char *list = NULL;
	struct kt_json_member command;
	struct kt_json_member args;
	const char *text = visit->text;

	if (!replace_variables(visit, server, &words, error) ||
	    !kt_import_mcp_replace_requests(visit->kept, text, server, visit->edits, error) ||
	    !kt_import_mcp_append_launchers(visit->kept, text, server, &words, error))
		return false;
	if (kt_secret_is_empty(&words) ||
	    !kt_json_text_find(text, server->value, "command", &command))
		return true;
	if (!kt_secret_append(&words, text + command.value, command.end - command.value, error) ||
	    !kt_edits_add(visit->edits, command.value, command.end - command.value, "\"keyturn\"",
	                  error))
		return false;
	if (kt_json_text_find(text, server->value, "args", &args) && text[args.value] == '[') {
		size_t first = args.value + 1 + strspn(text + args.value + 1, KT_JSON_BLANKS);

		return kt_text_format(&list, error, "%s%s", kt_secret_reveal(&words),
		                      text[first] == ']' ? "" : ", ") &&
		       kt_edits_add(visit->edits, first, 0, list, error);
	}
	return kt_text_format(&list, error, ", \"args\": [%s]", kt_secret_reveal(&words)) &&
	       kt_edits_add(visit->edits, command.end, 0, list, error);
}

static bool replace_all(const struct kt_import_file *file, struct kt_edits *edits,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret strict = { 0 };
	struct visit visit = { .call = replace_server, .kept = file, .edits = edits };

	if (is_toml(file))
		return kt_import_mcp_codex_replace(file, edits, error);
	if (!kt_json_text_append_strict(&strict, &file->target.content, error))
		return false;
	visit.text = kt_secret_reveal(&strict);
	return walk(&visit, strcspn(visit.text, "{"), error);
}

const struct kt_import_source kt_import_mcp = {
	.name = "mcp",
	.summary = "MCP servers of Claude, Cursor, VS Code, Gemini and Codex",
	.read = read_items,
	.replace_all = replace_all,
};
