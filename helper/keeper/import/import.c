/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/keeper/import/import.h"
#include "helper/keeper/import/desktop.h"
#include "helper/keeper/import/item.h"
#include "helper/keeper/plain/plain.h"
#include "helper/report.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/environment.h"
#include "keyring/lock.h"
#include "keyring/shell_word.h"
#include "keyring/suggestion.h"
#include "keyring/text.h"
#include "keyring/translate.h"

#define LOCK_PATIENCE 10000

/* In the order of plain_source.c. */
static const struct kt_import_source *const sources[] = {
	&kt_import_shell,  &kt_import_environment, &kt_import_dotenv, &kt_import_coze_app,
	&kt_import_coze_cli, &kt_import_cozepy, &kt_import_git, &kt_import_gh, &kt_import_docker,
	&kt_import_netrc, &kt_import_npm, &kt_import_pip, &kt_import_uv, &kt_import_cargo,
	&kt_import_mcp, &kt_import_oidc_agent, &kt_import_pizauth, &kt_import_desktop,
};

static const struct kt_import_source *find_source(const char *name)
{
	for (size_t i = 0; i < KT_COUNT(sources); i++)
		if (strcmp(sources[i]->name, name) == 0)
			return sources[i];
	return NULL;
}

static bool is_covered(const struct kt_import_file *file, size_t line)
{
	const char *text = kt_secret_reveal(&file->target.content);

	for (size_t i = 0; i < file->count; i++) {
		const struct kt_import_item *item = &file->items[i];
		size_t last = item->line;

		for (size_t place = item->start; place < item->start + item->length; place++)
			last += text[place] == '\n';
		if (line >= item->line && line <= last)
			return true;
	}
	return false;
}

/* Each line in which scan finds a secret and the source did not becomes an item that is left. */
static bool add_leftovers(struct kt_import_file *file, struct kt_error *error)
{
	KT_CLEANUP(kt_plain_places_clear) struct kt_plain_places places = { 0 };
	struct kt_import_line line = { 0 };

	if (!kt_plain_look_at_text(file->plain, file->target.path, &file->target.content, &places,
	                           error))
		return false;
	for (size_t i = 0; i < places.count; i++) {
		struct kt_import_item *item;

		while (line.number < places.items[i].line && kt_import_next_line(file, &line))
			;
		if (is_covered(file, places.items[i].line))
			continue;
		item = kt_import_add(file, line.start, line.length, error);
		if (!item)
			return false;
		kt_import_leave(item, "keep it by hand (keyturn login), then take the line out",
		                "it stands in a form that import does not change");
	}
	return true;
}

static bool check_text(const struct kt_setup_target *target, struct kt_error *error)
{
	const char *text = kt_secret_reveal(&target->content);
	size_t length = kt_secret_length(&target->content);
	size_t line = 1;

	if (kt_characters_are_utf8(text, length))
		return true;
	for (;; line++) {
		const char *end = memchr(text, '\n', length);
		size_t part = end ? (size_t)(end - text) + 1 : length;

		if (part == 0 || !kt_characters_are_utf8(text, part))
			break;
		text += part;
		length -= part;
	}
	kt_fail(error, KT_ERROR_UNSAFE, "%s is no text in UTF-8: line %zu", target->file, line);
	return kt_advise(error, "convert it (iconv), or name the other files");
}

static bool read_file(struct kt_import_file *file, const char *path, struct kt_error *error)
{
	return kt_setup_target_read(&file->target, path, error) &&
	       check_text(&file->target, error) && file->source->read(file, error) &&
	       add_leftovers(file, error);
}

static void item_clear(struct kt_import_item *item)
{
	kt_credential_clear(&item->credential);
	kt_text_free(&item->name);
	kt_text_free(&item->command);
}

static void file_clear(struct kt_import_file *file)
{
	kt_setup_target_clear(&file->target);
	kt_foreign_item_clear(&file->foreign);
	for (size_t i = 0; i < file->count; i++)
		item_clear(&file->items[i]);
	free(file->items);
	*file = (struct kt_import_file){ 0 };
}

static bool is_there(const struct kt_import *import, const struct kt_setup_target *target)
{
	for (size_t i = 0; i < import->count; i++)
		if (kt_setup_target_is(&import->files[i].target, target->file))
			return true;
	return false;
}

/* The path that a person named, made absolute: a working directory is no part of what is kept. */
static bool make_absolute(char **path, const char *given, struct kt_error *error)
{
	char here[PATH_MAX];

	if (given[0] == '/')
		return kt_text_set(path, given, error);
	return getcwd(here, sizeof(here)) ? kt_text_format(path, error, "%s/%s", here, given)
	                                  : kt_text_set(path, given, error);
}

/* Takes the file over (it is empty afterwards). */
static bool add_file(struct kt_import *import, struct kt_import_file *file,
                     struct kt_error *error)
{
	struct kt_import_file *files =
		reallocarray(import->files, import->count + 1, sizeof(*files));

	if (!files)
		return kt_fail_memory(error);
	import->files = files;
	files[import->count++] = *file;
	*file = (struct kt_import_file){ 0 };
	return true;
}

/* One file that is not to be changed holds the others not up; the first one is told at the end. */
static bool pass_over(struct kt_import *import, const struct kt_error *refusal,
                      struct kt_error *error)
{
	if (refusal->code != KT_ERROR_UNSAFE && refusal->code != KT_ERROR_USAGE) {
		*error = *refusal;
		return false;
	}
	if (import->refusal.code != KT_ERROR_NONE)
		kt_report_note("%s", import->refusal.message);
	import->refusal = *refusal;
	return true;
}

static bool visit(void *context, const struct kt_plain_source *plain, const char *path,
                  struct kt_error *error)
{
	struct kt_import *import = context;
	KT_CLEANUP(file_clear) struct kt_import_file file = {
		.source = find_source(plain->name), .plain = plain, .site = import->site,
	};
	KT_CLEANUP(kt_text_free) char *absolute = NULL;
	struct kt_error refusal = { 0 };

	if (!file.source)
		return true;
	if (!make_absolute(&absolute, path, error))
		return false;
	if (!read_file(&file, absolute, &refusal))
		return pass_over(import, &refusal, error);
	for (size_t i = 0; import->host && i < file.count; i++)
		if (file.items[i].needs_host && !kt_import_set_host(&file.items[i], import->host, error))
			return false;
	return file.count == 0 || is_there(import, &file.target) || add_file(import, &file, error);
}

static const char *home_or_fail(struct kt_error *error)
{
	const char *home = kt_environment_home();

	if (home)
		return home;
	kt_fail(error, KT_ERROR_UNAVAILABLE, "there is no home directory");
	kt_advise(error, "set HOME, or name a file or a directory: keyturn import FILE");
	return NULL;
}

static bool fail_word(const char *word, struct kt_error *error)
{
	struct kt_suggestion suggestion = { 0 };
	struct kt_shell_word quoted;

	for (size_t i = 0; i < KT_COUNT(sources); i++)
		kt_suggestion_consider(&suggestion, word, sources[i]->name);
	kt_fail(error, KT_ERROR_USAGE, "import: %s is no source, file or directory that it knows",
	        kt_shell_word(&quoted, word, "one of the words"));
	if (suggestion.word)
		return kt_advise(error, "did you mean %s? see the list: keyturn help import",
		                 suggestion.word);
	return kt_advise(error, "see the list: keyturn help import");
}

static bool read_word(const char *word, const struct kt_plain_visitor *visitor,
                      struct kt_error *error)
{
	struct kt_import *import = visitor->context;
	const struct kt_import_source *source = find_source(word);
	const struct kt_plain_source *plain;
	const char *home;
	struct stat status;

	if (!source) {
		if (stat(word, &status) != 0 && lstat(word, &status) != 0)
			return fail_word(word, error);
		if (S_ISDIR(status.st_mode))
			return kt_plain_walk_below(word, visitor, error);
		plain = kt_plain_source_of(word);
		return plain && find_source(plain->name)
			? visitor->visit(visitor->context, plain, word, error)
			: fail_word(word, error);
	}
	if (source == &kt_import_desktop)
		return import->is_keyring_wanted = true;
	home = home_or_fail(error);
	for (size_t i = 0; home && i < kt_plain_source_count; i++)
		if (strcmp(kt_plain_sources[i].name, source->name) == 0)
			return kt_plain_walk_source(&kt_plain_sources[i], home, visitor, error);
	return false;
}

bool kt_import_read(struct kt_import *import, int count, char **words, struct kt_error *error)
{
	const struct kt_plain_visitor visitor = { visit, import };
	const char *home;

	for (int i = 0; i < count; i++)
		if (!read_word(words[i], &visitor, error))
			return false;
	if (count > 0)
		return true;
	import->is_keyring_wanted = true;
	home = home_or_fail(error);
	return home && kt_plain_walk_home(home, &visitor, error);
}

bool kt_import_read_keyring(struct kt_import *import, struct kt_keyring *keyring,
                            struct kt_error *error)
{
	KT_CLEANUP(kt_import_foreign_clear) struct kt_import_foreign list = { 0 };

	if (!import->is_keyring_wanted || !kt_import_foreign_find(&list, keyring, error))
		return !import->is_keyring_wanted;
	for (size_t i = 0; i < list.count; i++) {
		KT_CLEANUP(file_clear) struct kt_import_file file = { .source = &kt_import_desktop };

		if (!kt_import_foreign_take(&list, i, &file, error) || !add_file(import, &file, error))
			return false;
	}
	return true;
}

bool kt_import_describe(struct kt_secret *output, struct kt_error *error)
{
	if (!kt_secret_append_text(output, kt_translate("Sources:\n"), error))
		return false;
	for (size_t i = 0; i < KT_COUNT(sources); i++) {
		KT_CLEANUP(kt_text_free) char *line = NULL;

		if (!kt_text_format(&line, error, "  %-13s %s\n", sources[i]->name,
		                    kt_translate(sources[i]->summary)) ||
		    !kt_secret_append_text(output, line, error))
			return false;
	}
	return true;
}

/* The item of the file as it was read before, whose secret was kept; NULL: none. */
static const struct kt_import_item *find_kept(const struct kt_import_file *before,
                                              const struct kt_import_item *item)
{
	for (size_t i = 0; kt_import_is_movable(item) && i < before->count; i++)
		if (before->items[i].is_kept &&
		    kt_import_is_same(&before->items[i].credential, &item->credential))
			return &before->items[i];
	return NULL;
}

bool kt_import_read_again(struct kt_import_file *file, struct kt_error *error)
{
	KT_CLEANUP(file_clear) struct kt_import_file again = {
		.source = file->source, .plain = file->plain, .site = file->site,
	};
	struct kt_import_file before = *file;

	if (!read_file(&again, file->target.path, error))
		return false;
	for (size_t i = 0; i < again.count; i++) {
		struct kt_import_item *item = &again.items[i];
		const struct kt_import_item *kept = find_kept(file, item);

		if (kept && !kt_identity_copy(&item->credential.identity, &kept->credential.identity,
		                              error))
			return false;
		item->is_kept = kept != NULL;
	}
	*file = again;
	again = before;
	return true;
}

/* Adds the changes by which the items that are kept give way. */
static bool replace_items(const struct kt_import_file *file, struct kt_edits *edits,
                          struct kt_error *error)
{
	const struct kt_import_source *source = file->source;

	if (source->replace_all)
		return source->replace_all(file, edits, error);
	for (size_t i = 0; i < file->count; i++)
		if (file->items[i].is_kept && !source->replace(file, &file->items[i], edits, error))
			return false;
	return true;
}

bool kt_import_append_rest(const struct kt_import_file *file, struct kt_secret *content,
                           struct kt_error *error)
{
	KT_CLEANUP(kt_edits_clear) struct kt_edits edits = { 0 };

	return file->source->is_whole ||
	       (replace_items(file, &edits, error) &&
	        kt_edits_apply(&edits, &file->target.content, content, error));
}

bool kt_import_append_shown(const struct kt_import_file *file, bool is_after,
                            struct kt_secret *content, struct kt_error *error)
{
	KT_CLEANUP(kt_edits_clear) struct kt_edits edits = { 0 };
	const char *text = kt_secret_reveal(&file->target.content);

	if (is_after && !replace_items(file, &edits, error))
		return false;
	for (size_t i = 0; i < file->count; i++) {
		const struct kt_import_item *item = &file->items[i];
		KT_CLEANUP(kt_text_free) char *shown = NULL;
		size_t name = strcspn(text + item->start, "=:") + 1;

		if (is_after && item->is_kept)
			continue;
		if (!kt_text_format(&shown, error, "%.*s...", name < item->length ? (int)name : 0,
		                    text + item->start) ||
		    !kt_edits_add(&edits, item->start, item->length, shown, error))
			return false;
	}
	return kt_edits_apply(&edits, &file->target.content, content, error);
}

bool kt_import_take_out(struct kt_import_file *file, const struct kt_secret *content,
                        struct kt_keyring *keyring, struct kt_error *error)
{
	KT_CLEANUP(kt_lock_release) struct kt_lock lock = { 0 };

	if (file->foreign.place)
		return file->is_out = kt_keyring_erase_foreign(keyring, &file->foreign, error);
	if (!kt_lock_take(&lock, "setup", KT_LOCK_EXCLUSIVE, kt_clock_monotonic() + LOCK_PATIENCE,
	                  KT_TEXT("the setup of a tool"), NULL, error))
		return false;
	file->is_out = file->source->is_whole
		? kt_setup_target_remove(&file->target, 0, error)
		: kt_setup_target_write(&file->target, content, 0600, error);
	return file->is_out;
}

void kt_import_clear(struct kt_import *import)
{
	for (size_t i = 0; i < import->count; i++)
		file_clear(&import->files[i]);
	free(import->files);
	*import = (struct kt_import){ .site = import->site, .host = import->host };
}
