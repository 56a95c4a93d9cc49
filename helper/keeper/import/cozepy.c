/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/account/service.h"
#include "helper/keeper/import/item.h"
#include "helper/keeper/login/store_grant.h"
#include "helper/keeper/setup/json_text.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/*
 * coze_token_CLIENT.json, as cozepy's examples cache a login by device code: the grant becomes an
 * account, which keyturn renews. A program that finds the file gone logs in anew.
 */

#define PREFIX "coze_token_"
#define SUFFIX ".json"

static bool find_client(const char *path, char **client, struct kt_error *error)
{
	const char *name = strrchr(path, '/');
	size_t length;

	name = name ? name + 1 : path;
	length = strlen(name);
	return !kt_text_has_prefix(name, PREFIX) || length <= strlen(PREFIX SUFFIX) ||
	       kt_text_set_bytes(client, name + strlen(PREFIX), length - strlen(PREFIX SUFFIX), error);
}

static bool fill_request(const struct kt_json *json, const char *client,
                         struct kt_request *request, struct kt_error *error)
{
	request->has_password = kt_json_text(json, "access_token") != NULL;
	request->has_expiry = kt_json_number(json, "expires_in", &request->expiry);
	return kt_text_set(&request->kind, "device", error) &&
	       kt_text_set(&request->client_id, client, error) &&
	       kt_secret_append_text(&request->password,
	                             kt_text_or_empty(kt_json_text(json, "access_token")), error) &&
	       kt_secret_append_text(&request->oauth_refresh_token,
	                             kt_text_or_empty(kt_json_text(json, "refresh_token")), error);
}

static bool set_identity(struct kt_identity *identity, const char *site, struct kt_error *error)
{
	return (kt_service_site_meant(site) ? kt_service_set_site(identity, site, error)
	                                    : kt_service_set_base(identity, site, error)) &&
	       kt_text_set(&identity->path, kt_text_or_empty(identity->path), error) &&
	       kt_text_set(&identity->username, "main", error);
}

static bool read_items(struct kt_import_file *file, struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	KT_CLEANUP(kt_request_clear) struct kt_request request = { 0 };
	KT_CLEANUP(kt_identity_clear) struct kt_identity identity = { 0 };
	KT_CLEANUP(kt_text_free) char *client = NULL;
	struct kt_import_item *item;
	struct kt_error refusal = { 0 };

	if (!kt_json_text_parse(&file->target.content, file->target.file, &json, error) ||
	    !find_client(file->target.path, &client, error) ||
	    !fill_request(json, client, &request, error))
		return false;
	item = kt_import_add(file, 0, kt_secret_length(&file->target.content), error);
	if (!item)
		return false;
	if (kt_secret_is_empty(&request.oauth_refresh_token) || !client)
		return kt_import_leave(item, "remove the file, and log in: keyturn login",
		                       "it has no refresh token, or no client in its name");
	if (!file->site) {
		item->needs_site = true;
		return kt_import_leave(item, "add --site coze.cn or --site coze.com",
		                       "nothing near it tells whether it is for coze.cn or coze.com");
	}
	if (!set_identity(&identity, file->site, &refusal) ||
	    !kt_store_grant_fill(&item->credential, &identity, &request, &refusal))
		return kt_import_leave(item, "remove the file, and log in: keyturn login", "%s",
		                       refusal.message);
	return true;
}

const struct kt_import_source kt_import_cozepy = {
	.name = "cozepy",
	.summary = ".cache/coze_token_*.json: a login of cozepy's examples, to be renewed",
	.is_whole = true,
	.read = read_items,
};
