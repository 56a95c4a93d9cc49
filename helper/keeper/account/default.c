/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "helper/keeper/account/default.h"
#include "helper/keeper/account/line_file.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/lock.h"
#include "keyring/text.h"
#include "keyring/translate.h"

/* A line (line_file.h): "general" or "service"; protocol, host, path and username. */
#define PARTS 4
#define FILE_NAME "defaults"
#define FILE_MAXIMUM 65536

struct entry {
	bool is_general;
	struct kt_identity identity;
};

struct entries {
	struct entry *items;
	size_t count;
};

static void clear_entries(struct entries *entries)
{
	for (size_t i = 0; i < entries->count; i++)
		kt_identity_clear(&entries->items[i].identity);
	free(entries->items);
	*entries = (struct entries){ 0 };
}

static bool add_entry(struct entries *entries, bool is_general,
                      const struct kt_identity *identity, struct kt_error *error)
{
	struct entry entry = { .is_general = is_general };
	struct entry *items = reallocarray(entries->items, entries->count + 1, sizeof(*items));

	if (!items)
		return kt_fail_memory(error);
	entries->items = items;
	if (!kt_identity_copy(&entry.identity, identity, error))
		return false;
	items[entries->count++] = entry;
	return true;
}

static void remove_entry(struct entries *entries, size_t index)
{
	kt_identity_clear(&entries->items[index].identity);
	entries->count--;
	memmove(&entries->items[index], &entries->items[index + 1],
	        (entries->count - index) * sizeof(entries->items[0]));
}

static bool read_line(void *context, const char *line, const char *end, struct kt_error *error)
{
	KT_CLEANUP(kt_identity_clear) struct kt_identity identity = { 0 };
	char **const parts[PARTS] = { &identity.protocol, &identity.host, &identity.path,
		                      &identity.username };
	struct kt_error unreadable = { 0 };
	bool is_general = end - line > 7 && memcmp(line, "general", 7) == 0;

	if (!is_general && (end - line <= 7 || memcmp(line, "service", 7) != 0))
		return true;
	return !kt_line_file_read_parts(line + 7, end, parts, PARTS, false, &unreadable) ||
	       add_entry(context, is_general, &identity, error);
}

static bool read_entries(struct entries *entries, struct kt_error *error)
{
	return kt_line_file_read(FILE_NAME, FILE_MAXIMUM, read_line, entries, error);
}

static bool append_entry(struct kt_secret *content, const struct entry *entry,
                         struct kt_error *error)
{
	const char *const parts[PARTS] = { entry->identity.protocol, entry->identity.host,
		                           entry->identity.path, entry->identity.username };

	return kt_line_file_append(content, entry->is_general ? "general" : "service", parts, PARTS,
	                           error);
}

static bool write_entries(const struct entries *entries, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };

	for (size_t i = 0; i < entries->count; i++)
		if (!append_entry(&content, &entries->items[i], error))
			return false;
	return kt_line_file_write(FILE_NAME, &content, error);
}

static bool is_for(const struct entry *entry, const struct kt_identity *service)
{
	if (!service)
		return entry->is_general;
	return !entry->is_general && kt_text_is_equal(entry->identity.protocol, service->protocol) &&
	       kt_text_is_equal(entry->identity.host, service->host);
}

static struct entry *find_entry(const struct entries *entries, const struct kt_identity *service)
{
	for (size_t i = 0; i < entries->count; i++)
		if (is_for(&entries->items[i], service))
			return &entries->items[i];
	return NULL;
}

bool kt_default_get(const struct kt_identity *service, struct kt_identity *identity,
                    bool *found, struct kt_error *error)
{
	KT_CLEANUP(clear_entries) struct entries entries = { 0 };
	const struct entry *entry;

	*found = false;
	if (!read_entries(&entries, error))
		return false;
	entry = find_entry(&entries, service);
	*found = entry != NULL;
	return !entry || kt_identity_copy(identity, &entry->identity, error);
}

static bool lock(struct kt_lock *lock, struct kt_error *error)
{
	return kt_lock_take(lock, "defaults", KT_LOCK_EXCLUSIVE, kt_clock_monotonic() + 5000,
	                    KT_TEXT("the defaults"), NULL, error);
}

/* Puts identity where service's default stands; force replaces one that is there. */
static bool put(struct entries *entries, const struct kt_identity *service,
                const struct kt_identity *identity, bool force, bool *changed,
                struct kt_error *error)
{
	struct entry *entry = find_entry(entries, service);

	if (entry && (!force || kt_identity_is_equal(&entry->identity, identity)))
		return true;
	*changed = true;
	if (entry)
		return kt_identity_copy(&entry->identity, identity, error);
	return add_entry(entries, !service, identity, error);
}

static bool change(const struct kt_identity *identity, enum kt_default_scope scope, bool force,
                   enum kt_default_scope *became, struct kt_error *error)
{
	KT_CLEANUP(clear_entries) struct entries entries = { 0 };
	KT_CLEANUP(kt_lock_release) struct kt_lock held = { 0 };
	bool for_service = false;
	bool for_all = false;

	*became = KT_DEFAULT_NONE;
	if (!lock(&held, error) || !read_entries(&entries, error) ||
	    !put(&entries, identity, identity, force, &for_service, error) ||
	    (scope == KT_DEFAULT_GENERAL && !put(&entries, NULL, identity, force, &for_all, error)))
		return false;
	*became = for_all ? KT_DEFAULT_GENERAL : for_service ? KT_DEFAULT_SERVICE : KT_DEFAULT_NONE;
	return *became == KT_DEFAULT_NONE || write_entries(&entries, error);
}

bool kt_default_set(const struct kt_identity *identity, enum kt_default_scope scope,
                    struct kt_error *error)
{
	enum kt_default_scope ignored;

	return change(identity, scope, true, &ignored, error);
}

bool kt_default_offer(const struct kt_identity *identity, enum kt_default_scope scope,
                      enum kt_default_scope *became, struct kt_error *error)
{
	return change(identity, scope, false, became, error);
}

bool kt_default_unset(const struct kt_identity *service, bool *found, struct kt_error *error)
{
	KT_CLEANUP(clear_entries) struct entries entries = { 0 };
	KT_CLEANUP(kt_lock_release) struct kt_lock held = { 0 };

	*found = false;
	if (!lock(&held, error) || !read_entries(&entries, error))
		return false;
	for (size_t i = entries.count; i-- > 0;) {
		if (!is_for(&entries.items[i], service))
			continue;
		remove_entry(&entries, i);
		*found = true;
	}
	return !*found || write_entries(&entries, error);
}

bool kt_default_each(bool (*visit)(void *context, bool is_general,
                                   const struct kt_identity *identity, struct kt_error *error),
                     void *context, struct kt_error *error)
{
	KT_CLEANUP(clear_entries) struct entries entries = { 0 };

	if (!read_entries(&entries, error))
		return false;
	for (size_t i = 0; i < entries.count; i++)
		if (!visit(context, entries.items[i].is_general, &entries.items[i].identity, error))
			return false;
	return true;
}

bool kt_default_replace(const struct kt_identity *identity,
                        const struct kt_identity *successor, struct kt_error *error)
{
	KT_CLEANUP(clear_entries) struct entries entries = { 0 };
	KT_CLEANUP(kt_lock_release) struct kt_lock held = { 0 };
	bool changed = false;

	if (!lock(&held, error) || !read_entries(&entries, error))
		return false;
	for (size_t i = entries.count; i-- > 0;) {
		if (!kt_identity_is_equal(&entries.items[i].identity, identity))
			continue;
		changed = true;
		if (!successor)
			remove_entry(&entries, i);
		else if (!kt_identity_copy(&entries.items[i].identity, successor, error))
			return false;
	}
	return !changed || write_entries(&entries, error);
}
