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

#define DOCKER_HUB "index.docker.io"
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

/* The registry as credHelpers has it: the host, docker's own by its short name. */
static bool registry_of(const struct kt_import_item *item, char **registry,
                        struct kt_error *error)
{
	const char *name = strstr(item->name, "://");

	if (strstr(item->name, DOCKER_HUB))
		return kt_text_set(registry, "docker.io", error);
	if (!name)
		return kt_text_set(registry, item->name, error);
	return kt_text_set_bytes(registry, name + 3, strcspn(name + 3, "/"), error);
}

/* Appends the helper of each registry that is kept and has none. */
static bool append_helpers(const struct kt_import_file *file, const char *text,
                           const struct kt_json_member *helpers, struct kt_secret *entries,
                           struct kt_error *error)
{
	for (size_t i = 0; i < file->count; i++) {
		KT_CLEANUP(kt_text_free) char *registry = NULL;
		struct kt_json_member own;

		if (!file->items[i].is_kept)
			continue;
		if (!registry_of(&file->items[i], &registry, error))
			return false;
		if (helpers && kt_json_text_find(text, helpers->value, registry, &own))
			continue;
		if ((!kt_secret_is_empty(entries) && !kt_secret_append_text(entries, ", ", error)) ||
		    !kt_import_append_string(entries, registry, error) ||
		    !kt_secret_append_text(entries, ": \"keyturn\"", error))
			return false;
	}
	return true;
}

/*
 * podman, skopeo and buildah read no credsStore, which setup writes for docker: each registry gets
 * a helper of its own, which docker takes as well.
 */
static bool add_helpers(const struct kt_import_file *file, struct kt_edits *edits,
                        struct kt_error *error)
{
	const char *text = kt_secret_reveal(&file->target.content);
	size_t object = strcspn(text, "{");
	KT_CLEANUP(kt_secret_clear) struct kt_secret entries = { 0 };
	KT_CLEANUP(kt_text_free) char *member = NULL;
	struct kt_json_member helpers;
	struct kt_json_member auths;
	bool has_helpers = kt_json_text_find(text, object, "credHelpers", &helpers) &&
	                   text[helpers.value] == '{';
	struct kt_json_member first = { 0 };
	size_t blanks;

	if (!append_helpers(file, text, has_helpers ? &helpers : NULL, &entries, error))
		return false;
	if (kt_secret_is_empty(&entries) || !kt_json_text_find(text, object, "auths", &auths))
		return true;
	if (has_helpers)
		return kt_text_format(&member, error, "%s%s", kt_secret_reveal(&entries),
		                      kt_json_text_next(text, helpers.value, &first) ? ", " : "") &&
		       kt_edits_add(edits, helpers.value + 1, 0, member, error);
	for (blanks = auths.key; strchr(KT_JSON_BLANKS, text[blanks - 1]); blanks--)
		;
	return kt_text_format(&member, error, "\"credHelpers\": {%s},%.*s", kt_secret_reveal(&entries),
	                      (int)(auths.key - blanks), text + blanks) &&
	       kt_edits_add(edits, auths.key, 0, member, error);
}

static bool replace_all(const struct kt_import_file *file, struct kt_edits *edits,
                        struct kt_error *error)
{
	for (size_t i = 0; i < file->count; i++)
		if (file->items[i].is_kept &&
		    !kt_edits_add(edits, file->items[i].start, file->items[i].length, "{}", error))
			return false;
	return add_helpers(file, edits, error);
}

const struct kt_import_source kt_import_docker = {
	.name = "docker",
	.summary = "~/.docker/config.json, podman's auth.json: registries",
	.tool = "docker",
	.read = read_items,
	.replace_all = replace_all,
};
