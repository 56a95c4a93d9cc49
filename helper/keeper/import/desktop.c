/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/import/desktop.h"
#include "helper/keeper/import/gh.h"
#include "helper/keeper/import/item.h"
#include "helper/report.h"
#include "helper/url.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

#define GH "gh:" /* and a host */

/* git's contrib/credential/libsecret: the password is the first line, facts of it may follow. */
static bool read_libsecret(const struct kt_foreign_item *foreign, struct kt_import_item *item,
                           struct kt_error *error)
{
	struct kt_identity *identity = &item->credential.identity;
	const char *secret = kt_secret_reveal(&foreign->secret);
	KT_CLEANUP(kt_text_free) char *username = NULL;
	KT_CLEANUP(kt_text_free) char *server = NULL;
	KT_CLEANUP(kt_text_free) char *port = NULL;
	KT_CLEANUP(kt_text_free) char *host = NULL;
	struct kt_error refusal = { 0 };

	if (!kt_foreign_attribute(foreign, "user", &username, error) ||
	    !kt_foreign_attribute(foreign, "server", &server, error) ||
	    !kt_foreign_attribute(foreign, "port", &port, error) ||
	    !kt_foreign_attribute(foreign, "protocol", &identity->protocol, error) ||
	    !kt_foreign_attribute(foreign, "object", &identity->path, error))
		return false;
	if (!server || !identity->protocol || !username)
		return kt_import_leave(item, "look at it in the keyring's own program",
		                       "the item names no server, or no user");
	if (!kt_text_format(&host, error, "%s%s%s", server, port && strcmp(port, "0") != 0 ? ":" : "",
	                    port && strcmp(port, "0") != 0 ? port : ""))
		return false;
	if (!kt_url_normal_host(&identity->host, identity->protocol, host, strlen(host), &refusal))
		return kt_import_leave(item, "look at it in the keyring's own program", "%s",
		                       refusal.message);
	return kt_import_set_login(item, username, secret, strcspn(secret, "\n"), NULL, error);
}

/* "git:https://github.com", or with another word in front. */
static bool read_manager(const struct kt_foreign_item *foreign, struct kt_import_item *item,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *service = NULL;
	KT_CLEANUP(kt_text_free) char *account = NULL;
	const char *url;
	bool is_service = false;

	if (!kt_foreign_attribute(foreign, "service", &service, error) ||
	    !kt_foreign_attribute(foreign, "account", &account, error))
		return false;
	url = service ? strstr(service, "http") : NULL;
	if (!url || !*kt_text_or_empty(account))
		return kt_import_leave(item, "look at it in the keyring's own program",
		                       "the item names no server, or no user");
	if (!kt_import_set_service(item, "git", url, &is_service, error))
		return false;
	return !is_service ||
	       kt_import_set_login(item, account, kt_secret_reveal(&foreign->secret),
	                           kt_secret_length(&foreign->secret), NULL, error);
}

/*
 * gh has of each host one item for each user, and one more without a name for the user that it acts
 * as.
 */
static bool read_gh(const struct kt_foreign_item *foreign, struct kt_import_item *item,
                    struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *username = NULL;
	KT_CLEANUP(kt_text_free) char *service = NULL;
	const char *host;
	bool is_service = false;

	if (!kt_foreign_attribute(foreign, "username", &username, error) ||
	    !kt_foreign_attribute(foreign, "service", &service, error))
		return false;
	host = kt_text_or_empty(service) + strlen(GH);
	if (!kt_text_set(&item->name, kt_import_gh_variable(host), error) ||
	    !kt_import_set_service(item, "gh", host, &is_service, error))
		return false;
	if (!is_service)
		return true;
	item->is_named = *kt_text_or_empty(username) != '\0';
	return kt_import_set_fixed(item, item->is_named ? username : "github",
	                           kt_secret_reveal(&foreign->secret),
	                           kt_secret_length(&foreign->secret), error);
}

/* docker-credential-secretservice: the server is written as docker's config.json has it. */
static bool read_docker(const struct kt_foreign_item *foreign, struct kt_import_item *item,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *username = NULL;
	KT_CLEANUP(kt_text_free) char *server = NULL;
	bool is_service = false;

	if (!kt_foreign_attribute(foreign, "server", &server, error) ||
	    !kt_foreign_attribute(foreign, "username", &username, error))
		return false;
	if (!*kt_text_or_empty(server) || !*kt_text_or_empty(username))
		return kt_import_leave(item, "look at it in the keyring's own program",
		                       "the item names no server, or no user");
	if (!kt_import_set_service(item, "docker", server, &is_service, error))
		return false;
	return !is_service ||
	       kt_import_set_login(item, username, kt_secret_reveal(&foreign->secret),
	                           kt_secret_length(&foreign->secret), "docker", error);
}

/* As the others, but that docker is the tool that is to ask keyturn. */
static const struct kt_import_source docker_items = {
	.name = "desktop",
	.tool = "docker",
	.is_whole = true,
};

/* Git's helper had a schema that others use too until 2.42: the label tells its items. */
static const struct owner {
	const char *name;
	struct kt_foreign_pattern pattern;
	const char *label; /* as it begins; NULL: any */
	bool (*read)(const struct kt_foreign_item *foreign, struct kt_import_item *item,
	             struct kt_error *error);
	const struct kt_import_source *source;
} owners[KT_IMPORT_OWNERS] = {
	{ "git-credential-libsecret", { "xdg:schema", "org.git.Password", false }, NULL,
	  read_libsecret, &kt_import_desktop },
	{ "git-credential-libsecret", { "xdg:schema", "org.gnome.keyring.NetworkPassword", false },
	  "Git: ", read_libsecret, &kt_import_desktop },
	{ "Git Credential Manager", { "xdg:schema", "com.microsoft.GitCredentialManager", false },
	  NULL, read_manager, &kt_import_desktop },
	{ "gh", { "service", GH, true }, NULL, read_gh, &kt_import_desktop },
	{ "docker-credential-secretservice", { "xdg:schema", "io.docker.Credentials", false }, NULL,
	  read_docker, &docker_items },
};

/* Forgets the items from this one on that are not the owner's. */
static void keep_own(struct kt_foreign_items *list, size_t first, const struct owner *owner)
{
	size_t count = first;

	for (size_t i = first; i < list->count; i++) {
		if (owner->label &&
		    !kt_text_has_prefix(kt_text_or_empty(list->items[i].label), owner->label))
			kt_foreign_item_clear(&list->items[i]);
		else if (count++ != i)
			list->items[count - 1] = list->items[i];
	}
	list->count = count;
}

bool kt_import_foreign_find(struct kt_import_foreign *found, struct kt_keyring *keyring,
                            struct kt_error *error)
{
	for (size_t i = 0; i < KT_COUNT(owners); i++) {
		size_t first = found->list.count;

		if (!kt_keyring_search_foreign(keyring, &owners[i].pattern, &found->list, error))
			return false;
		keep_own(&found->list, first, &owners[i]);
		found->owners[i] = found->list.count;
	}
	if (found->list.is_locked)
		kt_report_note("items of other programs lie in a locked part of the keyring; to move "
		               "them too, open it and run the command again");
	found->count = found->list.count;
	return true;
}

bool kt_import_foreign_take(struct kt_import_foreign *found, size_t index,
                            struct kt_import_file *file, struct kt_error *error)
{
	struct kt_import_item *item = kt_import_add(file, 0, 0, error);
	const struct owner *owner = owners;

	while (index >= found->owners[owner - owners])
		owner++;
	if (!item || !kt_text_format(&file->target.path, error, "desktop keyring (%s)", owner->name) ||
	    !kt_text_set(&file->target.file, file->target.path, error))
		return false;
	file->source = owner->source;
	file->foreign = found->list.items[index];
	found->list.items[index] = (struct kt_foreign_item){ 0 };
	return owner->read(&file->foreign, item, error);
}

void kt_import_foreign_clear(struct kt_import_foreign *found)
{
	kt_foreign_items_clear(&found->list);
}

const struct kt_import_source kt_import_desktop = {
	.name = "desktop",
	.summary = "items of git, GCM, gh and docker's helper in the desktop's keyring",
	.tool = "git",
	.is_whole = true,
};
