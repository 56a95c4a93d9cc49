/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/account/service.h"
#include "helper/keeper/import/item.h"
#include "helper/keeper/login/discovery.h"
#include "helper/keeper/login/settings.h"
#include "helper/url.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"
#include "keyring/translate.h"

/*
 * pizauth.conf, as pizauth.conf(5) has it: an account is a client of an OAuth server. Its secret is
 * kept with its other settings, and one login with them gets the tokens, which pizauth has in its
 * memory alone. An account without a secret is told.
 */

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

/* pizauth takes a port of the moment, as port 0 is here. */
#define REDIRECT_URI "http://localhost:0/"

enum token {
	TOKEN_END,
	TOKEN_TEXT, /* between quotes */
	TOKEN_WORD,
	TOKEN_MARK, /* any other character */
};

struct scan {
	const char *text;
	enum token token;
	size_t start; /* of a text without its quotes */
	size_t length;
	size_t next;
};

static void skip_blanks(struct scan *scan)
{
	for (;;) {
		scan->next += strspn(scan->text + scan->next, " \t\r\n");
		if (!kt_text_has_prefix(scan->text + scan->next, "//"))
			return;
		scan->next += strcspn(scan->text + scan->next, "\n");
	}
}

/* The end of the text whose first character is here. */
static size_t find_quote(const char *text, size_t place)
{
	while (text[place] && text[place] != '"')
		place += text[place] == '\\' && text[place + 1] ? 2 : 1;
	return place;
}

static void advance(struct scan *scan)
{
	skip_blanks(scan);
	scan->start = scan->next;
	if (scan->text[scan->start] == '\0') {
		scan->token = TOKEN_END;
		scan->length = 0;
	} else if (scan->text[scan->start] == '"') {
		size_t end = find_quote(scan->text, ++scan->start);

		scan->token = scan->text[end] ? TOKEN_TEXT : TOKEN_END;
		scan->length = end - scan->start;
		scan->next = end + (scan->text[end] != '\0');
	} else {
		scan->length = strspn(scan->text + scan->start, LETTERS);
		scan->token = scan->length ? TOKEN_WORD : TOKEN_MARK;
		scan->length = scan->length ? scan->length : 1;
		scan->next = scan->start + scan->length;
	}
}

static bool is_mark(const struct scan *scan, char mark)
{
	return scan->token == TOKEN_MARK && scan->text[scan->start] == mark;
}

static bool is_word(const struct scan *scan, const char *word)
{
	return scan->token == TOKEN_WORD && scan->length == strlen(word) &&
	       strncmp(scan->text + scan->start, word, scan->length) == 0;
}

/* The text without its backslashes. */
static bool take_text(const struct scan *scan, char **text, struct kt_error *error)
{
	const char *from = scan->text + scan->start;
	const char *end = from + scan->length;
	char *to;

	if (!kt_text_set_bytes(text, from, scan->length, error))
		return false;
	for (to = *text; from < end; *to++ = *from++)
		from += *from == '\\' && from + 1 < end;
	*to = '\0';
	return true;
}

/* The texts between the marks of a value are added to the list, each behind its parter. */
static bool take_list(struct scan *scan, char close, const char *const parters[2],
                      struct kt_secret *list, struct kt_error *error)
{
	bool is_odd = true;

	for (advance(scan); scan->token != TOKEN_END && !is_mark(scan, close); advance(scan)) {
		KT_CLEANUP(kt_text_free) char *text = NULL;

		if (scan->token != TOKEN_TEXT)
			continue;
		if (!take_text(scan, &text, error) ||
		    (!kt_secret_is_empty(list) &&
		     !kt_secret_append_text(list, parters[is_odd], error)) ||
		    !kt_secret_append_text(list, text, error))
			return false;
		is_odd = !is_odd;
	}
	return true;
}

/* One account of the file. */
struct block {
	char *name;
	size_t start;
	size_t end; /* behind its brace; 0: it has none */
	struct kt_settings settings;
};

static void block_clear(struct block *block)
{
	kt_text_free(&block->name);
	kt_settings_clear(&block->settings);
}

/* scan stands at the value of the setting; lists are joined as keyturn login has them. */
static bool take_value(struct scan *scan, const char *name, struct block *block,
                       struct kt_error *error)
{
	static const char *const blanks[2] = { " ", " " };
	static const char *const entries[2] = { "=", "\n" };
	struct kt_settings *settings = &block->settings;
	const struct {
		const char *name;
		char **text;
	} texts[] = {
		{ "auth_uri", &settings->authorization_endpoint },
		{ "token_uri", &settings->token_endpoint },
		{ "client_id", &settings->client_id },
		{ "redirect_uri", &settings->redirect_uri },
	};
	KT_CLEANUP(kt_secret_clear) struct kt_secret list = { 0 };
	KT_CLEANUP(kt_text_free) char *text = NULL;

	if (is_mark(scan, '[') && strcmp(name, "scopes") == 0)
		return take_list(scan, ']', blanks, &list, error) &&
		       kt_text_set(&settings->scope, kt_secret_reveal(&list), error);
	if (is_mark(scan, '{') && strcmp(name, "auth_uri_fields") == 0)
		return take_list(scan, '}', entries, &list, error) &&
		       kt_text_set(&settings->parameters, kt_secret_reveal(&list), error);
	if (scan->token != TOKEN_TEXT)
		return true;
	if (!take_text(scan, &text, error))
		return false;
	if (strcmp(name, "client_secret") == 0)
		return kt_secret_set(&settings->client_secret, text, strlen(text), error);
	if (strcmp(name, "login_hint") == 0)
		return kt_text_format(&settings->parameters, error, "login_hint=%s", text);
	for (size_t i = 0; i < KT_COUNT(texts); i++)
		if (strcmp(name, texts[i].name) == 0)
			return kt_text_set(texts[i].text, text, error);
	return true;
}

/* Moves on to the semicolon that ends the setting. */
static void skip_setting(struct scan *scan)
{
	while (scan->token != TOKEN_END && !is_mark(scan, ';'))
		advance(scan);
}

/* scan stands at the brace that opens the account. */
static bool read_block(struct scan *scan, struct block *block, struct kt_error *error)
{
	for (advance(scan); scan->token == TOKEN_WORD; advance(scan)) {
		KT_CLEANUP(kt_text_free) char *name = NULL;

		if (!kt_text_set_bytes(&name, scan->text + scan->start, scan->length, error))
			return false;
		advance(scan);
		if (is_mark(scan, '=')) {
			advance(scan);
			if (!take_value(scan, name, block, error))
				return false;
		}
		skip_setting(scan);
	}
	block->end = is_mark(scan, '}') ? scan->next : 0;
	return true;
}

/* What is to be typed for a client that has no secret. */
static bool tell(struct kt_import_item *item, const struct block *block, struct kt_error *error)
{
	const struct kt_settings *settings = &block->settings;
	KT_CLEANUP(kt_text_free) char *command = NULL;
	struct kt_shell_word words[5];

	return kt_text_format(&command, error, "keyturn login %s --authorization-endpoint %s "
	                      "--token-endpoint %s --client-id %s --scope %s",
	                      kt_shell_word(&words[0], block->name, "ACCOUNT"),
	                      kt_shell_word(&words[1], settings->authorization_endpoint, "URL"),
	                      kt_shell_word(&words[2], settings->token_endpoint, "URL"),
	                      kt_shell_word(&words[3], settings->client_id, "ID"),
	                      kt_shell_word(&words[4], kt_text_or_empty(settings->scope), "SCOPE")) &&
	       kt_import_tell_command(item, &command, KT_TEXT("it has no secret"));
}

/* The service is the token endpoint's host, as of a login that names no other one. */
static bool set_service(struct kt_identity *identity, const struct block *block,
                        struct kt_error *refusal)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret password = { 0 };
	const char *url = block->settings.token_endpoint;

	if (!kt_url_parse(identity, &password, url, strlen(url), refusal))
		return false;
	return kt_text_set(&identity->path, "", refusal) &&
	       kt_text_set(&identity->username, block->name, refusal) &&
	       kt_service_check_name(block->name, refusal);
}

static bool fill(struct kt_import_item *item, struct block *block, struct kt_error *refusal)
{
	struct kt_settings *settings = &block->settings;

	settings->kind = KT_KIND_OAUTH;
	item->credential.kind = KT_KIND_OAUTH;
	item->is_named = true;
	return (settings->redirect_uri ||
	        kt_text_set(&settings->redirect_uri, REDIRECT_URI, refusal)) &&
	       /* pizauth sends the secret in the body. */
	       kt_text_set(&settings->client_authentication, "post", refusal) &&
	       set_service(&item->credential.identity, block, refusal) &&
	       kt_discovery_fill(&item->credential, settings, refusal);
}

static bool add_block(struct kt_import_file *file, struct block *block, struct kt_error *error)
{
	const struct kt_settings *settings = &block->settings;
	struct kt_import_item *item =
		kt_import_add(file, block->start, block->end - block->start, error);
	struct kt_error refusal = { 0 };

	if (!item)
		return false;
	if (!settings->authorization_endpoint || !settings->token_endpoint || !settings->client_id)
		return kt_import_leave(item, "complete it, as pizauth.conf(5) has it",
		                       "an auth_uri, token_uri or client_id is missing");
	if (kt_secret_is_empty(&settings->client_secret))
		return tell(item, block, error);
	if (fill(item, block, &refusal))
		return true;
	return kt_import_leave(item, refusal.remedy[0] ? refusal.remedy
	                                               : KT_TEXT("look into the file"),
	                       "%s", refusal.message);
}

static bool read_items(struct kt_import_file *file, struct kt_error *error)
{
	struct scan scan = { .text = kt_secret_reveal(&file->target.content) };

	if (kt_text_has_prefix(scan.text, KT_BYTE_ORDER_MARK))
		scan.next = strlen(KT_BYTE_ORDER_MARK);
	for (advance(&scan); scan.token != TOKEN_END; advance(&scan)) {
		KT_CLEANUP(block_clear) struct block block = { .start = scan.start };

		if (!is_word(&scan, "account")) {
			skip_setting(&scan);
			continue;
		}
		advance(&scan);
		if (scan.token == TOKEN_TEXT && !take_text(&scan, &block.name, error))
			return false;
		advance(&scan);
		if (!block.name || !is_mark(&scan, '{'))
			return true;
		if (!read_block(&scan, &block, error))
			return false;
		if (!block.end)
			return true;
		if (!add_block(file, &block, error))
			return false;
	}
	return true;
}

static bool replace(const struct kt_import_file *file, const struct kt_import_item *item,
                    struct kt_edits *edits, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *account = NULL;
	KT_CLEANUP(kt_text_free) char *comment = NULL;

	(void)file;
	return kt_import_account_word(item, &account, error) &&
	       kt_text_format(&comment, error, "// account <kept by keyturn: keyturn login %s, then: "
	                      "keyturn token %s>", account, account) &&
	       kt_edits_add(edits, item->start, item->length, comment, error);
}

const struct kt_import_source kt_import_pizauth = {
	.name = "pizauth",
	.summary = "pizauth.conf: clients of OAuth servers, to be logged in with",
	.read = read_items,
	.replace = replace,
};
