/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/keeper/plain/plain.h"
#include "helper/keeper/plain/plain_source.h"
#include "helper/report.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/file.h"
#include "keyring/secret.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"
#include "keyring/translate.h"

#define FILE_MAXIMUM ((size_t)1 << 20)

static void close_tree(FTS **tree)
{
	if (*tree)
		fts_close(*tree);
}

static bool add_place(struct kt_plain_places *places, const char *source, const char *path,
                      size_t line, struct kt_error *error)
{
	struct kt_plain_place *items =
		reallocarray(places->items, places->count + 1, sizeof(*items));

	if (!items)
		return kt_fail_memory(error);
	places->items = items;
	items[places->count] = (struct kt_plain_place){ .source = source, .line = line };
	return kt_text_set(&items[places->count++].path, path, error);
}

static void tell_unread(const char *path, const char *reason)
{
	struct kt_shell_word word;

	kt_report_note("%s is passed over: %s", kt_shell_word(&word, path, "a file"), reason);
}

bool kt_plain_look_at_text(const struct kt_plain_source *source, const char *path,
                           const struct kt_secret *text, struct kt_plain_places *places,
                           struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret line = { 0 };
	const char *start = kt_secret_reveal(text);
	const char *end = start + kt_secret_length(text);

	for (size_t number = 1; start < end; number++) {
		const char *stop = memchr(start, '\n', (size_t)(end - start));
		size_t length = (size_t)((stop ? stop : end) - start);

		if (!kt_secret_set(&line, start, length, error))
			return false;
		if (kt_plain_source_has_secret(source, kt_secret_reveal(&line)) &&
		    !add_place(places, source->name, path, number, error))
			return false;
		start += length + 1;
	}
	return true;
}

/* A file that cannot be read, or is no text, holds nobody up. */
bool kt_plain_look_at_file(void *places, const struct kt_plain_source *source, const char *path,
                           struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
	struct kt_error cause = { 0 };
	struct stat status;
	bool found;

	if (stat(path, &status) != 0 || !S_ISREG(status.st_mode))
		return true;
	if (status.st_size > (off_t)FILE_MAXIMUM) {
		tell_unread(path, kt_translate("it is larger than 1 MiB"));
		return true;
	}
	if (!kt_file_read_given(path, FILE_MAXIMUM, &content, &found, &cause)) {
		tell_unread(path, kt_translate("it cannot be read"));
		return true;
	}
	if (memchr(kt_secret_reveal(&content), '\0', kt_secret_length(&content))) {
		tell_unread(path, kt_translate("it is not a text in UTF-8"));
		return true;
	}
	return kt_plain_look_at_text(source, path, &content, places, error);
}

static bool is_pattern(const char *name)
{
	return strchr(name, '*') != NULL;
}

static bool is_directory(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* The files of a directory whose names fit; in the directory's own order. */
static bool walk_matches(const struct kt_plain_source *source, const char *directory,
                         const char *pattern, const struct kt_plain_visitor *visitor,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_directory_close) DIR *open = opendir(directory);
	const struct dirent *entry;

	while (open && (entry = readdir(open)) != NULL) {
		KT_CLEANUP(kt_text_free) char *path = NULL;

		if (fnmatch(pattern, entry->d_name, FNM_PERIOD) != 0)
			continue;
		if (!kt_text_format(&path, error, "%s/%s", directory, entry->d_name))
			return false;
		if (!is_directory(path) && !visitor->visit(visitor->context, source, path, error))
			return false;
	}
	return true;
}

static bool walk_place(const struct kt_plain_source *source, const char *home, const char *place,
                       const struct kt_plain_visitor *visitor, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *path = NULL;
	char *slash;

	if (!kt_text_format(&path, error, "%s/%s", home, place))
		return false;
	if (!is_pattern(place))
		return access(path, F_OK) != 0 ||
		       visitor->visit(visitor->context, source, path, error);
	slash = strrchr(path, '/');
	*slash = '\0';
	return walk_matches(source, path, slash + 1, visitor, error);
}

bool kt_plain_walk_source(const struct kt_plain_source *source, const char *home,
                          const struct kt_plain_visitor *visitor, struct kt_error *error)
{
	for (size_t place = 0; source->at_home[place]; place++)
		if (!walk_place(source, home, source->at_home[place], visitor, error))
			return false;
	return true;
}

bool kt_plain_walk_home(const char *home, const struct kt_plain_visitor *visitor,
                        struct kt_error *error)
{
	for (size_t i = 0; i < kt_plain_source_count; i++)
		if (!kt_plain_walk_source(&kt_plain_sources[i], home, visitor, error))
			return false;
	return true;
}

static bool is_passed_over(const char *name)
{
	static const char *const names[] = { ".git", ".hg", ".svn", "node_modules", ".venv",
		                             "__pycache__" };

	for (size_t i = 0; i < KT_COUNT(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* "/home/me/.docker/config.json" lies where a home has ".docker/config.json". */
static bool ends_with_place(const char *path, const char *place)
{
	size_t length = strlen(path);
	size_t tail = strlen(place);

	return strchr(place, '/') && !is_pattern(place) && length > tail &&
	       path[length - tail - 1] == '/' && strcmp(path + length - tail, place) == 0;
}

static bool is_of_source(const struct kt_plain_source *source, const char *path, const char *name)
{
	for (size_t i = 0; source->names && source->names[i]; i++)
		if (fnmatch(source->names[i], name, 0) == 0)
			return true;
	for (size_t i = 0; source->at_home[i]; i++)
		if (strcmp(source->at_home[i], name) == 0 || ends_with_place(path, source->at_home[i]))
			return true;
	return false;
}

static const struct kt_plain_source *find_source(const char *path, const char *name)
{
	for (size_t i = 0; i < kt_plain_source_count; i++)
		if (is_of_source(&kt_plain_sources[i], path, name))
			return &kt_plain_sources[i];
	return NULL;
}

const struct kt_plain_source *kt_plain_source_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return find_source(path, slash ? slash + 1 : path);
}

static bool visit_entry(const FTSENT *entry, const struct kt_plain_visitor *visitor,
                        struct kt_error *error)
{
	const struct kt_plain_source *source = find_source(entry->fts_path, entry->fts_name);

	return !source || visitor->visit(visitor->context, source, entry->fts_path, error);
}

static bool fail_directory(const char *directory, struct kt_error *error)
{
	struct kt_shell_word word;

	kt_fail(error, KT_ERROR_USAGE, "%s cannot be looked through: %s",
	        kt_shell_word(&word, directory, "the directory"), strerror(errno));
	return kt_advise(error, "name a directory that is there: keyturn scan DIR");
}

/* "None was found" would be said of what nobody looked at. */
static bool fail_closed(const char *directory, int reason, struct kt_error *error)
{
	errno = reason;
	return fail_directory(directory, error);
}

bool kt_plain_walk_below(const char *directory, const struct kt_plain_visitor *visitor,
                         struct kt_error *error)
{
	char *const roots[] = { (char *)directory, NULL };
	KT_CLEANUP(close_tree) FTS *tree = NULL;
	struct stat status;
	FTSENT *entry;

	if (stat(directory, &status) != 0)
		return fail_directory(directory, error);
	if (!S_ISDIR(status.st_mode)) {
		errno = ENOTDIR;
		return fail_directory(directory, error);
	}
	tree = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
	while (tree && (entry = fts_read(tree)) != NULL) {
		if (entry->fts_info == FTS_D && entry->fts_level > 0 && is_passed_over(entry->fts_name))
			fts_set(tree, entry, FTS_SKIP);
		else if (entry->fts_info == FTS_DNR && entry->fts_level == 0)
			return fail_closed(directory, entry->fts_errno, error);
		else if (entry->fts_info == FTS_DNR)
			tell_unread(entry->fts_path, strerror(entry->fts_errno));
		else if (entry->fts_info == FTS_F &&
		         !visit_entry(entry, visitor, error))
			return false;
	}
	return tree ? true : fail_directory(directory, error);
}

const char *kt_plain_show_path(const char *path, struct kt_shell_word *word)
{
	size_t length = strlen(path);

	return kt_characters_are_utf8(path, length) && kt_characters_are_clean(path, length)
	               ? path
	               : kt_shell_word(word, path, "FILE");
}

void kt_plain_places_clear(struct kt_plain_places *places)
{
	for (size_t i = 0; i < places->count; i++)
		kt_text_free(&places->items[i].path);
	free(places->items);
	*places = (struct kt_plain_places){ 0 };
}
