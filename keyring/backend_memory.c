/* SPDX-License-Identifier: MIT */
#include "config.h"

/*
 * Items in the kernel keyring alone, one key each: gone at the next boot, without a lock of
 * their own. For tests, and for people who ask for it.
 */

#include <errno.h>
#include <string.h>

#include "keyring/backend.h"
#include "keyring/cleanup.h"
#include "keyring/kernel_key.h"
#include "keyring/text.h"

#define PREFIX "keyturn:memory:v1:"
#define ITEM_MAXIMUM 32767 /* of a key of type "user" */

static bool fail_unusable(struct kt_error *error)
{
	kt_fail(error, KT_ERROR_UNAVAILABLE, "no kernel keyring can be used here");
	return kt_advise(error, "containers often forbid it; run: keyturn vault create");
}

static bool open_memory(void **state, const struct kt_keyring_options *options,
                        struct kt_error *error)
{
	(void)options;
	*state = NULL;
	return kt_kernel_key_is_usable() || fail_unusable(error);
}

static void close_memory(void *state)
{
	(void)state;
}

static bool append_part(struct kt_secret *target, const char *separator, const char *part,
                        struct kt_error *error)
{
	return kt_secret_append_text(target, separator, error) &&
	       kt_text_append_percent(target, part, strlen(part), error);
}

static bool describe(const struct kt_identity *identity, char **description,
                     struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };

	if (!append_part(&text, PREFIX, identity->protocol, error) ||
	    !append_part(&text, ":", identity->host, error) ||
	    !append_part(&text, ":", identity->path, error) ||
	    !append_part(&text, ":", identity->username, error))
		return false;
	if (kt_secret_length(&text) > KT_KERNEL_KEY_DESCRIPTION_MAXIMUM) {
		kt_fail(error, KT_ERROR_USAGE,
		        "account and service have too long a name for the kernel keyring");
		return kt_advise(error, "give the account a shorter name");
	}
	return kt_text_set(description, kt_secret_reveal(&text), error);
}

/* A key that is gone is no item; one whose content is not its description's is damaged. */
static bool read_item(int32_t serial, const char *description,
                      const struct kt_identity *pattern, struct kt_credentials *found,
                      struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret form = { 0 };
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };
	KT_CLEANUP(kt_text_free) char *expected = NULL;
	struct kt_error cause = { 0 };

	if (!kt_kernel_key_read_secret(serial, &form, ITEM_MAXIMUM))
		return true;
	if (!kt_credential_read(&credential, kt_secret_reveal(&form), kt_secret_length(&form),
	                        &cause) ||
	    !describe(&credential.identity, &expected, &cause) ||
	    strcmp(expected, description) != 0) {
		if (cause.code == KT_ERROR_INTERNAL) {
			*error = cause;
			return false;
		}
		return kt_credentials_add_damaged(found, description, &form, error);
	}
	return !kt_identity_is_match(pattern, &credential.identity) ||
	       (kt_text_set(&credential.place, description, error) &&
	        kt_credentials_add(found, &credential, error));
}

struct listing {
	const struct kt_identity *pattern;
	struct kt_credentials *found;
	struct kt_error *error;
};

static void visit(void *context, int32_t serial, const char *description)
{
	struct listing *listing = context;

	if (listing->error->code == KT_ERROR_NONE)
		read_item(serial, description, listing->pattern, listing->found, listing->error);
}

static bool is_complete(const struct kt_identity *pattern)
{
	return pattern->protocol && pattern->host && pattern->path && pattern->username;
}

static bool search(void *state, const struct kt_identity *pattern, struct kt_credentials *found,
                   struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *description = NULL;
	struct kt_error cause = { 0 };
	struct listing listing = { .pattern = pattern, .found = found, .error = &cause };
	int32_t serial;

	(void)state;
	if (is_complete(pattern)) {
		if (!describe(pattern, &description, error))
			return false;
		serial = kt_kernel_key_find(description);
		return serial == 0 || read_item(serial, description, pattern, found, error);
	}
	kt_kernel_key_each(PREFIX, visit, &listing);
	if (cause.code == KT_ERROR_NONE)
		return true;
	*error = cause;
	return false;
}

/* An item's place is its description, which its identity makes. */
static bool store(void *state, const struct kt_credential *credential,
                  const struct kt_credential *before, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *description = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret form = { 0 };

	(void)state;
	(void)before;
	if (!describe(&credential->identity, &description, error) ||
	    !kt_credential_write(credential, &form, error))
		return false;
	if (kt_secret_length(&form) > ITEM_MAXIMUM) {
		kt_fail(error, KT_ERROR_USAGE, "a login is larger than the kernel keyring can keep");
		return kt_advise(error, "use a vault for it: keyturn vault create");
	}
	if (kt_kernel_key_put(description, kt_secret_reveal(&form), kt_secret_length(&form), 0))
		return true;
	if (errno != EDQUOT)
		return fail_unusable(error);
	kt_fail(error, KT_ERROR_UNAVAILABLE, "the kernel keyring is full");
	return kt_advise(error, "log out of what is not needed, or run: keyturn vault create");
}

static bool erase(void *state, const char *place, struct kt_error *error)
{
	int32_t serial = kt_kernel_key_find(place);

	(void)state;
	(void)error;
	if (serial != 0)
		kt_kernel_key_drop(serial);
	return true;
}

/* There is nothing to lock it with: after `lock` it is as open as before. */
static bool lock(void *state, struct kt_error *error)
{
	(void)state;
	(void)error;
	return true;
}

static bool is_open(void *state, bool *open, struct kt_error *error)
{
	(void)state;
	(void)error;
	*open = true;
	return true;
}

const struct kt_backend kt_backend_memory = {
	.name = "memory",
	.open = open_memory,
	.close = close_memory,
	.search = search,
	.store = store,
	.erase = erase,
	.lock = lock,
	.unlock = lock,
	.is_open = is_open,
};
