/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "helper/keeper/account/lock.h"
#include "helper/keeper/token/escrow.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/kernel_key.h"
#include "keyring/text.h"

#define SECONDS (24 * 60 * 60)
/* A kernel key's payload is smaller. */
#define LARGEST 32767
/* The members' names, the numbers, and what stands between them. */
#define FORM 640
/* What every description begins with. */
#define NAMES "keyturn:escrow"

static bool append_part(struct kt_secret *description, const char *part, struct kt_error *error)
{
	const char *text = kt_text_or_empty(part);

	return kt_secret_append_text(description, ":", error) &&
	       kt_text_append_percent(description, text, strlen(text), error);
}

static bool open_named(struct kt_escrow *escrow, const char *name,
                       const struct kt_identity *identity, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret description = { 0 };

	if (!kt_secret_append_text(&description, name, error) ||
	    !append_part(&description, identity->protocol, error) ||
	    !append_part(&description, identity->host, error) ||
	    !append_part(&description, identity->path, error) ||
	    !append_part(&description, identity->username, error) ||
	    !kt_text_set(&escrow->description, kt_secret_reveal(&description), error))
		return false;
	if (kt_secret_length(&description) <= KT_KERNEL_KEY_DESCRIPTION_MAXIMUM)
		escrow->serial = kt_kernel_key_find(escrow->description);
	return true;
}

bool kt_escrow_open(struct kt_escrow *escrow, const struct kt_identity *identity,
                    struct kt_error *error)
{
	return open_named(escrow, NAMES ":v1", identity, error);
}

bool kt_escrow_login_prefix(char **prefix, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *configuration = NULL;
	struct kt_identity keyring = {
		.path = (char *)kt_environment_get("KEYTURN_KEYRING"),
		.username = (char *)kt_environment_get("KEYTURN_VAULT"),
	};

	if (!kt_environment_config_directory(&configuration, error))
		return false;
	keyring.host = configuration;
	return kt_text_format(prefix, error, NAMES "-login:v1:%016llx",
	                      (unsigned long long)kt_account_number(&keyring));
}

bool kt_escrow_open_login(struct kt_escrow *escrow, const struct kt_identity *identity,
                          struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *prefix = NULL;

	return kt_escrow_login_prefix(&prefix, error) && open_named(escrow, prefix, identity, error);
}

/* All that a renewal may change, but for the refresh token of before. */
static bool take_changes(struct kt_credential *credential, const struct kt_credential *renewed,
                         struct kt_error *error)
{
	credential->generation = renewed->generation;
	credential->refreshed = renewed->refreshed;
	credential->issued = renewed->issued;
	credential->issued_boot_milliseconds = renewed->issued_boot_milliseconds;
	credential->lifetime = renewed->lifetime;
	credential->end_unknown = renewed->end_unknown;
	credential->state_since = renewed->state_since;
	return kt_secret_copy(&credential->token, &renewed->token, error) &&
	       kt_secret_copy(&credential->refresh_token, &renewed->refresh_token, error) &&
	       kt_text_set(&credential->state, renewed->state, error) &&
	       kt_text_set(&credential->boot_id, renewed->boot_id, error) &&
	       kt_text_set(&credential->rotation, renewed->rotation, error) &&
	       kt_text_set(&credential->granted_scope, renewed->granted_scope, error) &&
	       kt_text_set(&credential->subject, renewed->subject, error);
}

bool kt_escrow_pack(const struct kt_credential *renewed, struct kt_secret *form,
                    struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential packed = { .kind = renewed->kind };

	return kt_identity_copy(&packed.identity, &renewed->identity, error) &&
	       kt_text_set(&packed.grant, renewed->grant, error) &&
	       take_changes(&packed, renewed, error) && kt_credential_write(&packed, form, error);
}

size_t kt_escrow_size(const struct kt_credential *renewed)
{
	const struct kt_identity *identity = &renewed->identity;
	const char *const texts[] = {
		identity->protocol, identity->host, identity->path, identity->username,
		renewed->grant, renewed->state, renewed->boot_id, renewed->rotation,
		renewed->granted_scope, renewed->subject,
	};
	size_t size = FORM + kt_secret_length(&renewed->token) +
	              kt_secret_length(&renewed->refresh_token);

	for (size_t i = 0; i < KT_COUNT(texts); i++)
		size += strlen(kt_text_or_empty(texts[i]));
	return size;
}

bool kt_escrow_apply(const struct kt_credential *parked, struct kt_credential *credential,
                     struct kt_error *error)
{
	if (!kt_secret_is_equal(&parked->refresh_token, &credential->refresh_token) &&
	    !kt_secret_copy(&credential->previous_refresh_token, &credential->refresh_token, error))
		return false;
	return take_changes(credential, parked, error);
}

bool kt_escrow_is_found(const struct kt_escrow *escrow)
{
	return escrow->serial != 0 && !escrow->is_reserved;
}

bool kt_escrow_read(struct kt_escrow *escrow, struct kt_credential *credential)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret form = { 0 };
	struct kt_error damage = { 0 };

	return escrow->serial && kt_kernel_key_read_secret(escrow->serial, &form, LARGEST) &&
	       kt_credential_read(credential, kt_secret_reveal(&form), kt_secret_length(&form),
	                          &damage);
}

bool kt_escrow_reserve(struct kt_escrow *escrow, size_t size)
{
	KT_CLEANUP(kt_text_free) char *zeros = NULL;

	if (size > LARGEST || strlen(escrow->description) > KT_KERNEL_KEY_DESCRIPTION_MAXIMUM)
		return false;
	zeros = calloc(1, size);
	if (!zeros)
		return false;
	escrow->serial = kt_kernel_key_put(escrow->description, zeros, size, SECONDS);
	escrow->is_reserved = escrow->serial != 0;
	return escrow->is_reserved;
}

bool kt_escrow_fill(struct kt_escrow *escrow, const struct kt_secret *form)
{
	if (!escrow->serial || !kt_kernel_key_update(escrow->serial, kt_secret_reveal(form),
	                                             kt_secret_length(form), SECONDS))
		return false;
	escrow->is_reserved = false;
	return true;
}

bool kt_escrow_put(struct kt_escrow *escrow, const struct kt_secret *form)
{
	return kt_escrow_fill(escrow, form) ||
	       (kt_escrow_reserve(escrow, kt_secret_length(form)) && kt_escrow_fill(escrow, form));
}

void kt_escrow_drop(struct kt_escrow *escrow)
{
	if (escrow->serial)
		kt_kernel_key_drop(escrow->serial);
	escrow->serial = 0;
	escrow->is_reserved = false;
}

void kt_escrow_retire(struct kt_escrow *escrow, int seconds)
{
	if (seconds > 0)
		kt_kernel_key_prolong(NAMES, (unsigned int)seconds);
	if (seconds == 0 || escrow->is_reserved || !escrow->serial ||
	    !kt_kernel_key_retire(escrow->serial, (unsigned int)seconds))
		kt_escrow_drop(escrow);
	escrow->serial = 0;
}

/* That there is no room is no reason to store nothing. */
static void park(struct kt_escrow *escrow, const struct kt_credential *credential)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret form = { 0 };
	struct kt_error ignored = { 0 };

	if ((escrow->description ||
	     kt_escrow_open_login(escrow, &credential->identity, &ignored)) &&
	    kt_credential_write(credential, &form, &ignored) && kt_escrow_put(escrow, &form))
		return;
	kt_report_trace("the kernel's keyring has no room for this login while it is stored");
}

bool kt_escrow_store_login(struct kt_escrow *escrow, struct kt_keyring *keyring,
                           const struct kt_credential *credential, struct kt_error *error)
{
	KT_CLEANUP(kt_escrow_close) struct kt_escrow own = { 0 };
	struct kt_escrow *used = escrow ? escrow : &own;

	park(used, credential);
	if (kt_keyring_store(keyring, credential, error)) {
		kt_escrow_retire(used, kt_keyring_settling(keyring));
		return true;
	}
	kt_escrow_drop(&own);
	return false;
}

bool kt_escrow_forget_login(const struct kt_identity *identity, struct kt_error *error)
{
	KT_CLEANUP(kt_escrow_close) struct kt_escrow escrow = { 0 };

	if (!kt_escrow_open_login(&escrow, identity, error))
		return false;
	kt_escrow_drop(&escrow);
	kt_kernel_key_prolong(NAMES, (unsigned int)kt_keyring_settling(NULL));
	return true;
}

void kt_escrow_close(struct kt_escrow *escrow)
{
	if (escrow->is_reserved)
		kt_escrow_drop(escrow);
	kt_text_free(&escrow->description);
	escrow->serial = 0;
}
