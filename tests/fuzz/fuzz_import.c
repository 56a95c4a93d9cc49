/* SPDX-License-Identifier: MIT */
#include "config.h"

/*
 * Fuzz target: the sources of keyturn import. The first byte chooses a source, the others are its
 * file. Whatever is found is taken out: the changes fit each other, and the file that is left has
 * nothing more that could be moved.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "helper/keeper/import/import.h"
#include "helper/keeper/import/item.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	const struct kt_import_source *source;
	const char *path;
} files[] = {
	{ &kt_import_shell, "/home/me/.bashrc" },
	{ &kt_import_shell, "/home/me/.bash_history" },
	{ &kt_import_shell, "/home/me/.local/share/fish/fish_history" },
	{ &kt_import_dotenv, "/home/me/bot/.env" },
	{ &kt_import_coze_cli, "/home/me/.coze/config.json" },
	{ &kt_import_git, "/home/me/.git-credentials" },
	{ &kt_import_git, "/home/me/.gitconfig" },
	{ &kt_import_gh, "/home/me/.config/gh/hosts.yml" },
	{ &kt_import_docker, "/home/me/.docker/config.json" },
	{ &kt_import_netrc, "/home/me/.netrc" },
	{ &kt_import_npm, "/home/me/.npmrc" },
	{ &kt_import_pip, "/home/me/.pypirc" },
	{ &kt_import_uv, "/home/me/credentials.toml" },
	{ &kt_import_cargo, "/home/me/none/credentials.toml" },
	{ &kt_import_mcp, "/home/me/.cursor/mcp.json" },
	{ &kt_import_mcp, "/home/me/.codex/config.toml" },
	{ &kt_import_pizauth, "/home/me/.config/pizauth.conf" },
	{ &kt_import_oidc_agent, "/home/me/.config/oidc-agent/lab" },
	{ &kt_import_mcp, "/home/me/.claude.json" },
};

static void check(bool holds)
{
	if (!holds)
		abort();
}

static const struct kt_plain_source *find_plain(const char *name)
{
	for (size_t i = 0; i < kt_plain_source_count; i++)
		if (strcmp(kt_plain_sources[i].name, name) == 0)
			return &kt_plain_sources[i];
	abort();
}

static void file_clear(struct kt_import_file *file)
{
	for (size_t i = 0; i < file->count; i++) {
		kt_credential_clear(&file->items[i].credential);
		kt_text_free(&file->items[i].name);
		kt_text_free(&file->items[i].command);
	}
	free(file->items);
	kt_setup_target_clear(&file->target);
}

static bool read_file(struct kt_import_file *file, uint8_t which, const char *bytes, size_t size)
{
	struct kt_error error = { 0 };
	bool done;

	file->source = files[(which & 0x7f) % KT_COUNT(files)].source;
	file->plain = find_plain(file->source->name);
	file->site = which & 0x80 ? "coze.cn" : NULL;
	check(kt_text_set(&file->target.path, files[(which & 0x7f) % KT_COUNT(files)].path, &error) &&
	      kt_text_set(&file->target.file, file->target.path, &error) &&
	      kt_secret_append(&file->target.content, bytes, size, &error));
	done = file->source->read(file, &error);
	check(done == (error.code == KT_ERROR_NONE));
	return done;
}

static size_t keep_all(struct kt_import_file *file)
{
	size_t count = 0;

	for (size_t i = 0; i < file->count; i++) {
		struct kt_import_item *item = &file->items[i];
		const struct kt_identity *identity = &item->credential.identity;

		check(item->start + item->length <= kt_secret_length(&file->target.content));
		item->is_kept = kt_import_is_movable(item);
		check(!item->is_kept || (identity->host && *identity->host && identity->protocol &&
		                         identity->path && identity->username &&
		                         *identity->username));
		count += item->is_kept;
	}
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	KT_CLEANUP(file_clear) struct kt_import_file file = { 0 };
	KT_CLEANUP(file_clear) struct kt_import_file after = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret rest = { 0 };
	struct kt_error error = { 0 };

	if (size < 1 || size > 65536 || memchr(data, '\0', size) == data ||
	    memchr(data + 1, '\0', size - 1) ||
	    !read_file(&file, data[0], (const char *)data + 1, size - 1) || keep_all(&file) == 0)
		return 0;
	check(kt_import_append_rest(&file, &rest, &error));
	check(read_file(&after, data[0], kt_secret_reveal(&rest), kt_secret_length(&rest)));
	check(keep_all(&after) == 0);
	return 0;
}
