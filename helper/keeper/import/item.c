/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "helper/keeper/account/secret_word.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/import/item.h"
#include "helper/protocol/tool.h"
#include "helper/url.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/environment.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"
#include "keyring/translate.h"


bool kt_import_next_line(const struct kt_import_file *file, struct kt_import_line *line)
{
	const char *text = kt_secret_reveal(&file->target.content);

	if (line->number == 0 && kt_text_has_prefix(text, KT_BYTE_ORDER_MARK))
		line->next = sizeof(KT_BYTE_ORDER_MARK) - 1;
	if (text[line->next] == '\0')
		return false;
	line->number++;
	line->start = line->next;
	line->text = text + line->start;
	line->length = strcspn(line->text, "\n");
	line->next = line->start + line->length + (line->text[line->length] == '\n');
	if (line->length > 0 && line->text[line->length - 1] == '\r')
		line->length--;
	return true;
}

static size_t line_of(const struct kt_import_file *file, size_t place)
{
	const char *text = kt_secret_reveal(&file->target.content);
	size_t line = 1;

	for (size_t i = 0; i < place; i++)
		line += text[i] == '\n';
	return line;
}

struct kt_import_item *kt_import_add(struct kt_import_file *file, size_t start, size_t length,
                                     struct kt_error *error)
{
	struct kt_import_item *items = reallocarray(file->items, file->count + 1, sizeof(*items));

	if (!items) {
		kt_fail_memory(error);
		return NULL;
	}
	file->items = items;
	items[file->count] = (struct kt_import_item){
		.line = line_of(file, start), .start = start, .length = length,
	};
	return &items[file->count++];
}

bool kt_import_leave(struct kt_import_item *item, const char *remedy, const char *format, ...)
{
	va_list arguments;

	item->state = KT_IMPORT_LEFT;
	item->reason = (struct kt_error){ .code = KT_ERROR_USAGE };
	va_start(arguments, format);
	kt_error_write(item->reason.message, kt_translate(format), arguments);
	va_end(arguments);
	kt_advise(&item->reason, "%s", kt_translate(remedy));
	return true;
}

bool kt_import_tell_command(struct kt_import_item *item, char **command, const char *reason)
{
	item->state = KT_IMPORT_TOLD;
	kt_fail(&item->reason, KT_ERROR_USAGE, "%s", kt_translate(reason));
	item->command = *command;
	*command = NULL;
	return true;
}

bool kt_import_is_movable(const struct kt_import_item *item)
{
	return item->state != KT_IMPORT_LEFT && item->state != KT_IMPORT_TOLD;
}

static enum kt_kind kind_of(const struct kt_identity *service, const char *secret, size_t length)
{

	if (!kt_characters_are_visible_ascii(secret, length) || !kt_url_is_safe_for_tokens(service))
		return KT_KIND_PASSWORD;
	if (kt_text_has_prefix(secret, "pat_"))
		return KT_KIND_PAT;
	if (kt_text_has_prefix(secret, "sat_"))
		return KT_KIND_SAT;
	/* A token of another's that begins so is one that a person made, or as good as one. */
	return !kt_text_has_prefix(secret, "eyJ") && kt_secret_word_is_whole(secret, length)
	               ? KT_KIND_PAT
	               : KT_KIND_PASSWORD;
}

static bool complete(struct kt_import_item *item, enum kt_kind kind, const char *username,
                     const char *secret, size_t length, struct kt_error *error)
{
	struct kt_credential *credential = &item->credential;

	credential->kind = kind;
	credential->created = kt_clock_wall();
	return (credential->identity.path || kt_text_set(&credential->identity.path, "", error)) &&
	       kt_text_set(&credential->identity.username, username, error) &&
	       kt_secret_set(&credential->token, secret, length, error) &&
	       (kind == KT_KIND_PASSWORD ||
	        kt_service_format(&credential->identity, &credential->api_base, error));
}

bool kt_import_set_login(struct kt_import_item *item, const char *username, const char *secret,
                         size_t length, const char *tool, struct kt_error *error)
{
	enum kt_kind kind = kind_of(&item->credential.identity, secret, length);

	item->is_named = true;
	return complete(item, kind, username, secret, length, error) &&
	       (kind != KT_KIND_PASSWORD || kt_text_set(&item->credential.tool, tool, error));
}

bool kt_import_set_fixed(struct kt_import_item *item, const char *username, const char *secret,
                         size_t length, struct kt_error *error)
{
	if (!kt_characters_are_visible_ascii(secret, length) ||
	    !kt_url_is_safe_for_tokens(&item->credential.identity))
		return kt_import_leave(item, "make a new one at the service, then: keyturn login",
		                       "it has not the form of a token, or is for a service without "
		                       "https");
	return complete(item, kind_of(&item->credential.identity, secret, length) == KT_KIND_SAT
	                      ? KT_KIND_SAT : KT_KIND_PAT, username, secret, length, error);
}

static bool is_of_coze(const char *token)
{
	return kt_text_has_prefix(token, "pat_") || kt_text_has_prefix(token, "sat_") ||
	       kt_text_has_prefix(token, "cztei_");
}

/* The names of GitHub's and GitLab's begin so; GitLab's does not tell which server it is of. */
static const char *service_of(const char *token)
{
	static const char *const github[] = { "ghp_", "gho_", "github_pat_" };

	for (size_t i = 0; i < KT_COUNT(github); i++)
		if (kt_text_has_prefix(token, github[i]))
			return "https://github.com";
	return NULL;
}

static bool set_service_of_token(struct kt_import_item *item, const char *token, size_t length,
                                 const char *base, bool *is_service, struct kt_error *error)
{
	const char *service = service_of(token);

	*is_service = true;
	if (service)
		return kt_service_set_base(&item->credential.identity, service, error);
	if (is_of_coze(token) && base)
		return kt_service_site_meant(base)
			? kt_service_set_site(&item->credential.identity, base, error)
			: kt_service_set_base(&item->credential.identity, base, error);
	*is_service = false;
	if (is_of_coze(token)) {
		item->needs_site = true;
		return kt_import_leave(item, "add --site coze.cn or --site coze.com",
		                       "nothing near it tells whether it is for coze.cn or coze.com");
	}
	if (kt_text_has_prefix(token, "cz"))
		return kt_import_leave(item, "log in instead: keyturn login",
		                       "it is an access token, which ends soon and is not renewed");
	item->needs_host = true;
	return kt_secret_set(&item->credential.token, token, length, error) &&
	       kt_import_leave(item, "name its host and no other file: keyturn import FILE --host HOST",
	                       "nothing near it tells whose service it is for");
}

bool kt_import_set_token(struct kt_import_item *item, const char *token, size_t length,
                         const char *base, struct kt_error *error)
{
	bool is_service;

	if (!set_service_of_token(item, token, length, base, &is_service, error))
		return false;
	return !is_service ||
	       kt_import_set_fixed(item, is_of_coze(token) ? "main" : "github", token, length, error);
}

bool kt_import_set_host(struct kt_import_item *item, const char *host, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret token = { 0 };

	if (!kt_service_read_host(&item->credential.identity, host, "import: --host", error))
		return false;
	item->state = KT_IMPORT_NEW;
	item->needs_host = false;
	kt_error_clear(&item->reason);
	kt_secret_move(&token, &item->credential.token);
	return kt_import_set_fixed(item, "main", kt_secret_reveal(&token), kt_secret_length(&token),
	                           error);
}

bool kt_import_set_service(struct kt_import_item *item, const char *tool, const char *words,
                           bool *is_service, struct kt_error *error)
{
	struct kt_error refusal = { 0 };

	*is_service = kt_tool_service(&item->credential.identity, tool, words, strlen(words),
	                              &refusal);
	(void)error;
	return *is_service || kt_import_leave(item, "keep it by hand: keyturn login", "%s",
	                                      refusal.message);
}

bool kt_import_account_word(const struct kt_import_item *item, char **word,
                            struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;
	struct kt_shell_word quoted;

	if (!kt_service_full_name(&item->credential.identity, &name, error))
		return false;
	return kt_text_set(word, kt_shell_word(&quoted, name, "ACCOUNT"), error);
}

/* The last part of a directory that people see; NULL: it is the home, or hidden. */
static const char *visible_name(const char *directory)
{
	const char *home = kt_text_or_empty(kt_environment_home());
	size_t length = strlen(home);
	const char *below = strncmp(directory, home, length) == 0 ? directory + length : directory;
	const char *slash = strrchr(below, '/');
	struct kt_error refusal = { 0 };

	return slash && slash[1] && !strstr(below, "/.") &&
	                       kt_service_check_name(slash + 1, &refusal)
	               ? slash + 1
	               : NULL;
}

bool kt_import_set_default_name(const struct kt_import_file *file, struct kt_import_item *item,
                                struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *directory = NULL;
	const char *slash = strrchr(file->target.path, '/');
	const char *name;

	if (!kt_text_set_bytes(&directory, file->target.path,
	                       slash ? (size_t)(slash - file->target.path) : 0, error))
		return false;
	name = visible_name(directory);
	return kt_text_set(&item->credential.identity.username, name ? name : "main", error);
}

bool kt_import_run_command(const struct kt_import_item *item, char **command,
                           struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *account = NULL;
	bool is_app = kt_kind_is_grant(item->credential.kind);
	bool is_known = is_app || kt_text_is_equal(item->name, "COZE_API_TOKEN");

	return kt_import_account_word(item, &account, error) &&
	       kt_text_format(command, error, "keyturn run %s%s%s%s -- COMMAND", is_app ? "--app " : "",
	                      account, is_known ? "" : " --env ", is_known ? "" : item->name);
}

bool kt_import_drop_line(const struct kt_import_file *file, const struct kt_import_item *item,
                         struct kt_edits *edits, struct kt_error *error)
{
	const char *text = kt_secret_reveal(&file->target.content);
	size_t start = item->start;
	size_t end = item->start + item->length;

	while (start > 0 && text[start - 1] != '\n')
		start--;
	end += strcspn(text + end, "\n");
	end += text[end] == '\n';
	return kt_edits_add(edits, start, end - start, "", error);
}
