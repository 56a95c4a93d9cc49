/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/import/json_value.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/*
 * docker's config.json, and podman's auth.json: a member of auths is a server, and has the login in
 * base64, or an identity token. The server stays, empty, as docker leaves it beside a helper.
 */

#define IDENTITY "<token>"

/* The member of this name that is a text; empty: there is none. */
static bool text_of(const char *text, size_t object, const char *name, struct kt_secret *value,
                    struct kt_error *error)
{
	struct kt_json_member member;

	kt_secret_clear(value);
	return !kt_json_text_find(text, object, name, &member) ||
	       kt_json_text_value(text, &member, value, error);
}

/* Nothing in the object is lost with it. */
static bool is_login_alone(const char *text, size_t object)
{
	static const char *const known[] = { "auth", "identitytoken", "email" };
	struct kt_json_member member = { 0 };

	while (kt_json_text_next(text, object, &member)) {
		bool is_known = false;

		for (size_t i = 0; i < KT_COUNT(known); i++)
			is_known = is_known || kt_json_text_is_named(text, &member, known[i]);
		if (!is_known)
			return false;
	}
	return true;
}

/* NAME:PASSWORD in base64; an identity token takes the password's place. */
static bool set_pair(struct kt_import_item *item, const struct kt_secret *auth,
                     const struct kt_secret *identity, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret pair = { 0 };
	KT_CLEANUP(kt_text_free) char *username = NULL;
	struct kt_error refusal = { 0 };
	const char *colon;

	if (!kt_secret_is_empty(identity))
		return kt_import_set_login(item, IDENTITY, kt_secret_reveal(identity),
		                           kt_secret_length(identity), "docker", error);
	if (!kt_text_append_base64_decoded(&pair, kt_secret_reveal(auth), kt_secret_length(auth),
	                                   &refusal) ||
	    strlen(kt_secret_reveal(&pair)) != kt_secret_length(&pair))
		return kt_import_leave(item, "log in anew: docker login", "its auth is no login");
	colon = strchr(kt_secret_reveal(&pair), ':');
	if (!colon || colon == kt_secret_reveal(&pair) || !colon[1])
		return kt_import_leave(item, "log in anew: docker login", "its auth is no login");
	return kt_text_set_bytes(&username, kt_secret_reveal(&pair),
	                         (size_t)(colon - kt_secret_reveal(&pair)), error) &&
	       kt_import_set_login(item, username, colon + 1, strlen(colon + 1), "docker", error);
}

static bool add_server(struct kt_import_file *file, const char *text,
                       const struct kt_json_member *server, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret auth = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret identity = { 0 };
	struct kt_import_item *item;
	bool is_service = false;

	if (!text_of(text, server->value, "auth", &auth, error) ||
	    !text_of(text, server->value, "identitytoken", &identity, error))
		return false;
	if (kt_secret_is_empty(&auth) && kt_secret_is_empty(&identity))
		return true;
	item = kt_import_add_member(file, text, server, error);
	if (!item || !kt_import_set_service(item, "docker", item->name, &is_service, error))
		return false;
	if (!is_service)
		return true;
	if (!is_login_alone(text, server->value))
		return kt_import_leave(item, "log in anew: docker logout, docker login",
		                       "it has members that import does not know");
	return set_pair(item, &auth, &identity, error);
}

static bool read_items(struct kt_import_file *file, struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	const char *text = kt_secret_reveal(&file->target.content);
	struct kt_json_member auths;
	struct kt_json_member server = { 0 };

	if (!kt_json_text_parse(&file->target.content, file->target.file, &json, error))
		return false;
	if (!kt_json_text_find(text, strcspn(text, "{"), "auths", &auths) || text[auths.value] != '{')
		return true;
	while (kt_json_text_next(text, auths.value, &server))
		if (text[server.value] == '{' && !add_server(file, text, &server, error))
			return false;
	return true;
}

static bool replace(const struct kt_import_file *file, const struct kt_import_item *item,
                    struct kt_edits *edits, struct kt_error *error)
{
	(void)file;
	return kt_edits_add(edits, item->start, item->length, "{}", error);
}

const struct kt_import_source kt_import_docker = {
	.name = "docker",
	.summary = "~/.docker/config.json, podman's auth.json: registries",
	.tool = "docker",
	.read = read_items,
	.replace = replace,
};
