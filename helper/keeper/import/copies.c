/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <dirent.h>
#include <string.h>

#include "helper/keeper/account/service.h"
#include "helper/keeper/import/copies.h"
#include "helper/keeper/setup/git_call.h"
#include "keyring/cleanup.h"
#include "keyring/file.h"
#include "keyring/text.h"

/* The file's directory, and its name in it. */
static bool split(const char *file, char **directory, const char **name, struct kt_error *error)
{
	const char *slash = strrchr(file, '/');

	*name = slash ? slash + 1 : file;
	return slash ? kt_text_set_bytes(directory, file, (size_t)(slash - file) + 1, error)
	             : kt_text_set(directory, "./", error);
}

/* git is not to start anything that the directory's own configuration names. */
bool kt_import_is_tracked(const struct kt_import_file *file, char *const *environment)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };
	KT_CLEANUP(kt_text_free) char *directory = NULL;
	struct kt_error ignored = { 0 };
	const char *name;

	if (!split(file->target.file, &directory, &name, &ignored))
		return false;
	char *const arguments[] = { (char *)"git", (char *)"-c", (char *)"core.fsmonitor=false",
		                    (char *)"log", (char *)"-1", (char *)"--format=%H",
		                    (char *)"--all", (char *)"--", (char *)name, NULL };

	return kt_git_call(arguments, environment, directory, NULL, &output) == KT_GIT_DONE &&
	       !kt_secret_is_empty(&output);
}

/* NAME~, NAME.bak, .NAME.swp, #NAME#: whatever has the name in it. */
static bool is_like(const char *entry, const char *name)
{
	return strcmp(entry, name) != 0 && strstr(entry, name);
}

static bool holds(const char *path, const struct kt_secret *secret)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
	struct kt_error ignored = { 0 };
	bool found;

	return kt_file_read(path, KT_SETUP_FILE_MAXIMUM, &content, &found, &ignored) && found &&
	       memmem(kt_secret_reveal(&content), kt_secret_length(&content),
	              kt_secret_reveal(secret), kt_secret_length(secret));
}

/* The secret as it stands in its file: encoded ones are not looked for. */
static const struct kt_secret *secret_of(const struct kt_credential *credential)
{
	return !kt_secret_is_empty(&credential->token)           ? &credential->token
	       : !kt_secret_is_empty(&credential->refresh_token) ? &credential->refresh_token
	                                                         : &credential->client_secret;
}

bool kt_import_find_backup(const struct kt_import_file *file, const struct kt_import_item *item,
                           char **path, struct kt_error *error)
{
	const struct kt_secret *secret = secret_of(&item->credential);
	KT_CLEANUP(kt_directory_close) DIR *open = NULL;
	KT_CLEANUP(kt_text_free) char *directory = NULL;
	const struct dirent *entry;
	const char *name;

	if (!split(file->target.file, &directory, &name, error))
		return false;
	open = opendir(directory);
	while (open && !kt_secret_is_empty(secret) && (entry = readdir(open)) != NULL) {
		if (!is_like(entry->d_name, name))
			continue;
		if (!kt_text_format(path, error, "%s%s", directory, entry->d_name))
			return false;
		if (holds(*path, secret))
			return true;
	}
	kt_text_free(path);
	return true;
}

bool kt_import_revocation_page(const struct kt_import_item *item, char **page,
                               struct kt_error *error)
{
	static const struct {
		const char *host;
		const char *page;
	} pages[] = {
		{ "github.com", "https://github.com/settings/tokens" },
		{ "gitlab.com", "https://gitlab.com/-/user_settings/personal_access_tokens" },
		{ "registry.npmjs.org", "https://www.npmjs.com/settings/~/tokens" },
		{ "upload.pypi.org", "https://pypi.org/manage/account/" },
		{ "crates.io", "https://crates.io/settings/tokens" },
		{ "index.docker.io", "https://app.docker.com/settings" },
	};
	const struct kt_identity *service = &item->credential.identity;

	if (!kt_service_page(service, item->credential.kind, page, error) || *page)
		return *page != NULL;
	for (size_t i = 0; i < KT_COUNT(pages); i++)
		if (kt_text_is_equal(pages[i].host, service->host))
			return kt_text_set(page, pages[i].page, error);
	return kt_service_format(service, page, error);
}
