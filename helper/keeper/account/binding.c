/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "helper/keeper/account/binding.h"
#include "helper/keeper/account/directory_file.h"
#include "helper/keeper/account/idn.h"
#include "helper/keeper/account/line_file.h"
#include "helper/keeper/account/service.h"
#include "helper/url.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/lock.h"
#include "keyring/text.h"
#include "keyring/translate.h"

/*
 * A line (line_file.h): the kind; the place, and protocol, host, path and username of the account,
 * or the hash of what was allowed and the file's stamp at that moment.
 */
#define PARTS_MAXIMUM 5
#define FILE_NAME "bindings"
#define FILE_MAXIMUM 262144

static const struct {
	const char *name;
	size_t parts;
} kinds[] = {
	[KT_BINDING_DIRECTORY] = { "directory", 5 },
	[KT_BINDING_PREFIX] = { "prefix", 5 },
	[KT_BINDING_ALLOWED] = { "allowed", 3 },
};

static void clear_binding(struct kt_binding *binding)
{
	kt_text_free(&binding->place);
	kt_identity_clear(&binding->identity);
	kt_text_free(&binding->hash);
	kt_text_free(&binding->stamp);
	kt_text_free(&binding->names);
}

void kt_bindings_clear(struct kt_bindings *bindings)
{
	for (size_t i = 0; i < bindings->count; i++)
		clear_binding(&bindings->items[i]);
	free(bindings->items);
	kt_secret_clear(&bindings->routes);
	*bindings = (struct kt_bindings){ 0 };
}

/* Takes the binding over, and leaves it empty. */
static bool add(struct kt_bindings *bindings, struct kt_binding *binding, struct kt_error *error)
{
	struct kt_binding *items =
		reallocarray(bindings->items, bindings->count + 1, sizeof(*items));

	if (!items)
		return kt_fail_memory(error);
	bindings->items = items;
	items[bindings->count++] = *binding;
	*binding = (struct kt_binding){ 0 };
	return true;
}

static void remove_at(struct kt_bindings *bindings, size_t index)
{
	clear_binding(&bindings->items[index]);
	bindings->count--;
	memmove(&bindings->items[index], &bindings->items[index + 1],
	        (bindings->count - index) * sizeof(bindings->items[0]));
}

static bool read_kind(const char **line, const char *end, enum kt_binding_kind *kind)
{
	for (size_t i = 0; i < KT_COUNT(kinds); i++) {
		size_t length = strlen(kinds[i].name);

		if ((size_t)(end - *line) > length && memcmp(*line, kinds[i].name, length) == 0) {
			*line += length;
			*kind = (enum kt_binding_kind)i;
			return true;
		}
	}
	return false;
}

static bool read_line(void *context, const char *line, const char *end, struct kt_error *error)
{
	KT_CLEANUP(clear_binding) struct kt_binding binding = { 0 };
	struct kt_identity *identity = &binding.identity;
	char **parts[PARTS_MAXIMUM] = { &binding.place, &identity->protocol, &identity->host,
		                        &identity->path, &identity->username };
	struct kt_error unreadable = { 0 };

	if (!read_kind(&line, end, &binding.kind))
		return true;
	if (binding.kind == KT_BINDING_ALLOWED) {
		parts[1] = &binding.hash;
		parts[2] = &binding.stamp;
	}
	return !kt_line_file_read_parts(line, end, parts, kinds[binding.kind].parts,
	                                binding.kind != KT_BINDING_PREFIX, &unreadable) ||
	       add(context, &binding, error);
}

static bool read_lines(struct kt_bindings *bindings, struct kt_error *error)
{
	return kt_line_file_read(FILE_NAME, FILE_MAXIMUM, read_line, bindings, error);
}

/*
 * A file that is not above the caller is not looked at, for it may lie on a disk that does not
 * answer: who stands there finds out whether it is as it was when it was allowed.
 */
static bool expect_file(struct kt_binding *binding, struct kt_secret *routes,
                        struct kt_error *error)
{
	int64_t stamp = 0;

	binding->route = KT_ROUTE_FILED;
	kt_text_to_number(binding->stamp, strlen(binding->stamp), 1, INT64_MAX, &stamp);
	return kt_text_set(&binding->names, "", error) &&
	       kt_route_append(routes, KT_ROUTE_FILED, binding->place, (uint64_t)stamp, error);
}

/* The file of an allowed directory is obeyed with the content that was allowed, and else not. */
static bool look_at_file(struct kt_binding *binding, struct kt_secret *routes,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_directory_file_clear) struct kt_directory_file file = { 0 };
	struct kt_error ignored = { 0 };
	bool is_obeyed = kt_directory_file_read(&file, binding->place, &ignored) && file.hash &&
	                 kt_text_is_equal(file.hash, binding->hash);

	binding->route = is_obeyed ? KT_ROUTE_FILED : KT_ROUTE_CLOSED;
	return (!is_obeyed || kt_text_set(&binding->names, file.names, error)) &&
	       kt_route_append(routes, binding->route, binding->place, file.stamp, error);
}

/* A directory that is bound to accounts of several services is one route. */
static bool has_route(const struct kt_bindings *bindings, const struct kt_binding *binding)
{
	for (const struct kt_binding *other = bindings->items; other < binding; other++)
		if (other->kind == binding->kind && strcmp(other->place, binding->place) == 0)
			return true;
	return false;
}

static bool add_route(struct kt_bindings *bindings, struct kt_binding *binding,
                      struct kt_error *error)
{
	switch (binding->kind) {
	case KT_BINDING_DIRECTORY:
		binding->route = KT_ROUTE_BOUND;
		return has_route(bindings, binding) ||
		       kt_route_append(&bindings->routes, KT_ROUTE_BOUND, binding->place, 0, error);
	case KT_BINDING_ALLOWED:
		return kt_route_holds(binding->place, bindings->here.text)
		               ? look_at_file(binding, &bindings->routes, error)
		               : expect_file(binding, &bindings->routes, error);
	case KT_BINDING_PREFIX:
		break;
	}
	return true;
}

bool kt_bindings_look(struct kt_bindings *bindings, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret ignored = { 0 };

	for (size_t i = 0; i < bindings->count; i++)
		if (bindings->items[i].kind == KT_BINDING_ALLOWED &&
		    !look_at_file(&bindings->items[i], &ignored, error))
			return false;
	return true;
}

void kt_bindings_climb(const struct kt_bindings *bindings, struct kt_route_place *place)
{
	char *slash = strrchr(place->text, '/');

	if (!slash || place->text[1] == '\0') {
		place->text[0] = '\0';
		return;
	}
	slash[slash == place->text] = '\0';
	/* That a file changed just now is for the next call to see. */
	if (!kt_route_choose(kt_secret_reveal(&bindings->routes),
	                     kt_secret_length(&bindings->routes), place))
		place->text[0] = '\0';
}

bool kt_bindings_read(struct kt_bindings *bindings, struct kt_error *error)
{
	if (!read_lines(bindings, error))
		return false;
	if (bindings->count > 0)
		kt_route_here(&bindings->here);
	for (size_t i = 0; i < bindings->count; i++)
		if (!add_route(bindings, &bindings->items[i], error))
			return false;
	if (kt_secret_is_empty(&bindings->routes))
		return true;
	bindings->place = bindings->here;
	if (!kt_route_choose(kt_secret_reveal(&bindings->routes),
	                     kt_secret_length(&bindings->routes), &bindings->place))
		bindings->place.text[0] = '\0';
	return true;
}

bool kt_binding_is_of(const struct kt_binding *binding, const struct kt_route_place *place)
{
	return (binding->route == KT_ROUTE_BOUND || binding->route == KT_ROUTE_FILED) &&
	       strcmp(binding->place, place->text) == 0;
}

/* The length of a path without ".git" and the slashes at its end. */
static size_t bare_length(const char *path)
{
	size_t length = strlen(path);

	while (length > 0 && path[length - 1] == '/')
		length--;
	if (length > 4 && memcmp(path + length - 4, ".git", 4) == 0 && path[length - 5] != '/')
		length -= 4;
	return length;
}

bool kt_binding_is_prefix(const struct kt_identity *prefix, const struct kt_identity *wanted)
{
	const char *path = kt_text_or_empty(wanted->path);
	const char *start = kt_text_or_empty(prefix->path);
	size_t length = bare_length(start);

	if (!kt_text_is_equal(prefix->protocol, wanted->protocol) ||
	    !kt_text_is_equal(prefix->host, wanted->host))
		return false;
	path += strspn(path, "/");
	return length == 0 || (strncmp(path, start, length) == 0 &&
	                       (path[length] == '/' || length == bare_length(path)));
}

const struct kt_binding *kt_bindings_prefix(const struct kt_bindings *bindings,
                                            const struct kt_identity *wanted)
{
	const struct kt_binding *longest = NULL;

	for (size_t i = 0; i < bindings->count; i++) {
		const struct kt_binding *binding = &bindings->items[i];
		KT_CLEANUP(kt_identity_clear) struct kt_identity prefix = { 0 };
		KT_CLEANUP(kt_secret_clear) struct kt_secret password = { 0 };
		struct kt_error ignored = { 0 };

		if (binding->kind == KT_BINDING_PREFIX &&
		    kt_url_parse(&prefix, &password, binding->place,
		                 strlen(binding->place), &ignored) &&
		    kt_binding_is_prefix(&prefix, wanted) &&
		    (!longest || strlen(binding->place) > strlen(longest->place)))
			longest = binding;
	}
	return longest;
}

bool kt_binding_read_prefix(struct kt_identity *prefix, char **place, const char *url,
                            struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret password = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret path = { 0 };
	KT_CLEANUP(kt_text_free) char *ascii = NULL;

	if (!kt_idn_url(&ascii, url, error) ||
	    !kt_url_parse(prefix, &password, ascii, strlen(ascii), error))
		return false;
	if (!kt_secret_is_empty(&password)) {
		kt_fail(error, KT_ERROR_UNSAFE, "the URL holds a password");
		return kt_advise(error, "leave it away, and change it: it is in your shell's history");
	}
	if (!prefix->host || !*prefix->host || prefix->username ||
	    (strcmp(prefix->protocol, "https") != 0 && strcmp(prefix->protocol, "http") != 0)) {
		kt_fail(error, KT_ERROR_USAGE, "a URL is bound by its https:// form, without a user");
		return kt_advise(error, "for example: https://github.com/acme");
	}
	for (const char *text = kt_text_or_empty(prefix->path); *text;) {
		size_t length = strcspn(text, "/");

		if (!kt_secret_append_text(&path, "/", error) ||
		    !kt_text_append_percent(&path, text, length, error))
			return false;
		text += length + strspn(text + length, "/");
	}
	return kt_text_format(place, error, "%s://%s%.*s", prefix->protocol, prefix->host,
	                      (int)bare_length(kt_secret_reveal(&path)), kt_secret_reveal(&path));
}

static bool append_line(struct kt_secret *content, const struct kt_binding *binding,
                        struct kt_error *error)
{
	const char *const parts[PARTS_MAXIMUM] = {
		binding->place,
		binding->kind == KT_BINDING_ALLOWED ? binding->hash : binding->identity.protocol,
		binding->kind == KT_BINDING_ALLOWED ? binding->stamp : binding->identity.host,
		binding->identity.path, binding->identity.username,
	};

	return kt_line_file_append(content, kinds[binding->kind].name, parts,
	                           kinds[binding->kind].parts, error);
}

static bool write_lines(const struct kt_bindings *bindings, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };

	for (size_t i = 0; i < bindings->count; i++)
		if (!append_line(&content, &bindings->items[i], error))
			return false;
	if (kt_secret_length(&content) > FILE_MAXIMUM) {
		kt_fail(error, KT_ERROR_USAGE, "there are more bindings than keyturn keeps");
		return kt_advise(error, "see them: keyturn bind; and remove some: keyturn unbind PLACE");
	}
	return kt_line_file_write(FILE_NAME, &content, error);
}

static bool lock(struct kt_lock *lock, struct kt_error *error)
{
	return kt_lock_take(lock, "bindings", KT_LOCK_EXCLUSIVE, kt_clock_monotonic() + 5000,
	                    KT_TEXT("the bindings"), NULL, error);
}

/* The same place, and an account of the same service or an allowed file as well. */
static bool is_replaced(const struct kt_binding *old, const struct kt_binding *binding)
{
	return old->kind == binding->kind && strcmp(old->place, binding->place) == 0 &&
	       kt_text_is_equal(old->identity.protocol, binding->identity.protocol) &&
	       kt_text_is_equal(old->identity.host, binding->identity.host);
}

static bool put(struct kt_binding *binding, struct kt_error *error)
{
	KT_CLEANUP(kt_bindings_clear) struct kt_bindings bindings = { 0 };
	KT_CLEANUP(kt_lock_release) struct kt_lock held = { 0 };

	if (!lock(&held, error) || !read_lines(&bindings, error))
		return false;
	for (size_t i = bindings.count; i-- > 0;)
		if (is_replaced(&bindings.items[i], binding))
			remove_at(&bindings, i);
	return add(&bindings, binding, error) && write_lines(&bindings, error);
}

bool kt_binding_set(enum kt_binding_kind kind, const char *place,
                    const struct kt_identity *identity, struct kt_error *error)
{
	KT_CLEANUP(clear_binding) struct kt_binding binding = { .kind = kind };

	return kt_text_set(&binding.place, place, error) &&
	       kt_identity_copy(&binding.identity, identity, error) && put(&binding, error);
}

bool kt_binding_allow(const char *directory, char **names, struct kt_error *error)
{
	KT_CLEANUP(clear_binding) struct kt_binding binding = { .kind = KT_BINDING_ALLOWED };
	KT_CLEANUP(kt_directory_file_clear) struct kt_directory_file file = { 0 };

	if (!kt_directory_file_read(&file, directory, error))
		return false;
	if (!file.names) {
		kt_fail(error, KT_ERROR_USAGE, "there is no file %s in %s", KT_ROUTE_FILE,
		        directory);
		return kt_advise(error, "to bind the directory without one: keyturn bind ACCOUNT DIR");
	}
	return kt_text_set(&binding.place, directory, error) &&
	       kt_text_set(&binding.hash, file.hash, error) &&
	       kt_text_format(&binding.stamp, error, "%llu", (unsigned long long)file.stamp) &&
	       kt_text_set(names, file.names, error) && put(&binding, error);
}

bool kt_binding_unset(const char *place, size_t *count, struct kt_error *error)
{
	KT_CLEANUP(kt_bindings_clear) struct kt_bindings bindings = { 0 };
	KT_CLEANUP(kt_lock_release) struct kt_lock held = { 0 };

	*count = 0;
	if (!lock(&held, error) || !read_lines(&bindings, error))
		return false;
	for (size_t i = bindings.count; i-- > 0;) {
		if (strcmp(bindings.items[i].place, place) != 0)
			continue;
		remove_at(&bindings, i);
		++*count;
	}
	return *count == 0 || write_lines(&bindings, error);
}

bool kt_binding_rename(const struct kt_identity *identity, const struct kt_identity *successor,
                       struct kt_error *error)
{
	KT_CLEANUP(kt_bindings_clear) struct kt_bindings bindings = { 0 };
	KT_CLEANUP(kt_lock_release) struct kt_lock held = { 0 };
	bool is_changed = false;

	if (!lock(&held, error) || !read_lines(&bindings, error))
		return false;
	for (size_t i = 0; i < bindings.count; i++) {
		if (bindings.items[i].kind == KT_BINDING_ALLOWED ||
		    !kt_identity_is_equal(&bindings.items[i].identity, identity))
			continue;
		is_changed = true;
		if (!kt_identity_copy(&bindings.items[i].identity, successor, error))
			return false;
	}
	return !is_changed || write_lines(&bindings, error);
}

static bool is_name_of(const char *line, size_t length, const struct kt_identity *identity)
{
	KT_CLEANUP(kt_text_free) char *full = NULL;
	KT_CLEANUP(kt_text_free) char *at_host = NULL;
	struct kt_error ignored = { 0 };
	KT_CLEANUP(kt_text_free) char *name = strndup(line, length);

	return name && kt_service_full_name(identity, &full, &ignored) &&
	       kt_text_format(&at_host, &ignored, "%s@%s", identity->username, identity->host) &&
	       (strcmp(name, identity->username) == 0 || strcmp(name, full) == 0 ||
	        strcmp(name, at_host) == 0);
}

bool kt_binding_names(const struct kt_binding *binding, const struct kt_identity *identity)
{
	for (const char *line = kt_text_or_empty(binding->names); *line;) {
		size_t length = strcspn(line, "\n");

		if (is_name_of(line, length, identity))
			return true;
		line += length + (line[length] == '\n');
	}
	return false;
}
