/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "helper/answer.h"
#include "helper/keeper/command/vault_print.h"
#include "helper/report.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/json.h"
#include "keyring/machine_credential.h"
#include "keyring/text.h"
#include "keyring/translate.h"
#include "keyring/vault.h"
#include "keyring/vault_fido2.h"
#include "keyring/vault_open.h"

/*
 * status
 */

static bool append_ways(const struct kt_vault_status *status, struct kt_secret *output,
                        struct kt_error *error)
{
	const char *separator = kt_translate("ways in:   ");

	for (size_t i = 0; i < status->vault.count; i++) {
		const struct kt_vault_slot *slot = &status->vault.slots[i];

		if (!kt_secret_append_text(output, separator, error) ||
		    !kt_secret_append_text(output, kt_vault_slot_way(slot), error))
			return false;
		if (slot->way == KT_VAULT_KEY_FILE && slot->source &&
		    !(kt_secret_append_text(output, " ", error) &&
		      kt_secret_append_text(output, slot->source, error)))
			return false;
		separator = ", ";
	}
	return kt_secret_append_text(output, "\n", error);
}

/* In English. */
static const char *describe_state(const struct kt_vault_status *status)
{
	if (status->is_open && status->is_unattended)
		return KT_TEXT("open; after a lock the next call opens it again, unasked");
	if (status->is_open)
		return KT_TEXT("open, until keyturn lock or for 8 hours");
	if (status->is_unattended && status->is_kernel_keyring_usable)
		return KT_TEXT("closed; the next call opens it, unasked");
	if (status->is_unattended)
		return KT_TEXT("opened by each call, unasked: the kernel keyring is refused here");
	if (status->is_kernel_keyring_usable)
		return KT_TEXT("locked");
	return KT_TEXT("locked, and no kernel keyring would keep it open here");
}

static bool append_status(const struct kt_vault_status *status, struct kt_secret *output,
                          struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *directory = NULL;
	KT_CLEANUP(kt_text_free) char *state = NULL;

	return kt_text_format(&directory, error, kt_translate("directory: %s\n"),
	                      status->vault.directory) &&
	       kt_text_format(&state, error, kt_translate("state:     %s\n"),
	                      kt_translate(describe_state(status))) &&
	       kt_secret_append_text(output, directory, error) &&
	       append_ways(status, output, error) && kt_secret_append_text(output, state, error);
}

static bool append_status_json(const struct kt_vault_status *status, struct kt_secret *output,
                               struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	const struct kt_vault_slot *slot = kt_vault_find_way(&status->vault, KT_VAULT_KEY_FILE);

	if (!kt_json_create(&json, error) || !kt_json_add_number(json, "version", 1, error) ||
	    !kt_json_add_text(json, "directory", status->vault.directory, error) ||
	    !kt_json_add_list(json, "ways", error))
		return false;
	for (size_t i = 0; i < status->vault.count; i++)
		if (!kt_json_append_text(json, "ways", kt_vault_slot_way(&status->vault.slots[i]),
		                         error))
			return false;
	return kt_json_add_text(json, "key_file", slot ? slot->source : NULL, error) &&
	       kt_json_add_boolean(json, "open", status->is_open, error) &&
	       kt_json_add_boolean(json, "unattended", status->is_unattended, error) &&
	       kt_json_add_boolean(json, "kernel_keyring", status->is_kernel_keyring_usable,
	                           error) &&
	       kt_json_print(json, output, error) && kt_secret_append_text(output, "\n", error);
}

bool kt_vault_print_status(bool wants_json, struct kt_error *error)
{
	KT_CLEANUP(kt_vault_status_clear) struct kt_vault_status status = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };

	if (!kt_vault_status(&status, error))
		return false;
	if (!status.exists) {
		kt_fail(error, KT_ERROR_UNAVAILABLE, "there is no vault in %s", status.vault.directory);
		return kt_advise(error, "run: keyturn vault create");
	}
	if (!(wants_json ? append_status_json(&status, &output, error) &&
	                           kt_answer_send(STDOUT_FILENO, &output, error)
	                 : append_status(&status, &output, error) &&
	                           kt_report_lines(&output, error)))
		return false;
	if (!status.is_open && !status.is_unattended && !wants_json)
		kt_report_failure(&status.obstacle, false);
	return true;
}

/*
 * keys
 */

#define COLUMNS 5

/* Whether a slot opens the vault here and now. */
struct trial {
	const char *here; /* "yes", "asks" or "no", in English */
	struct kt_error obstacle;
};

static void try_slot(const struct kt_vault *vault, const struct kt_vault_slot *slot,
                     const struct kt_security_keys *security_keys, struct trial *trial)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret material = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret key = { 0 };

	*trial = (struct trial){ .here = KT_TEXT("yes") };
	if (slot->way == KT_VAULT_FIDO2) {
		trial->here = KT_TEXT("asks");
		if (!kt_vault_fido2_look(slot, security_keys, &trial->obstacle))
			trial->here = KT_TEXT("no");
	} else if (kt_vault_is_typed(slot->way) || slot->asks) {
		trial->here = KT_TEXT("asks");
	} else if (!kt_vault_open_by_slot(vault, slot, false, &material, &key, &trial->obstacle)) {
		trial->here = KT_TEXT("no");
	}
}

/* The day, or "-". */
static void format_day(int64_t seconds, char day[static 16])
{
	time_t when = (time_t)seconds;
	struct tm parts;

	if (seconds == 0 || !gmtime_r(&when, &parts) ||
	    strftime(day, 16, "%Y-%m-%d", &parts) == 0)
		snprintf(day, 16, "-");
}

/* Words of a header that may be anybody's are made printable. */
static bool append_cell(const char *cell, size_t width, struct kt_secret *output,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *text = NULL;

	if (!kt_text_set(&text, cell, error))
		return false;
	kt_characters_make_printable(text);
	if (!kt_secret_append_text(output, text, error))
		return false;
	for (size_t columns = kt_characters_columns(text); columns < width; columns++)
		if (!kt_secret_append_text(output, " ", error))
			return false;
	return true;
}

static bool append_row(const char *const cells[static COLUMNS], const size_t widths[static COLUMNS],
                       struct kt_secret *output, struct kt_error *error)
{
	for (size_t i = 0; i < COLUMNS; i++)
		if (!append_cell(cells[i], i + 1 < COLUMNS ? widths[i] + 2 : 0, output, error))
			return false;
	return kt_secret_append_text(output, "\n", error);
}

static const char *describe_bound(const struct kt_vault_slot *slot)
{
	if (slot->way != KT_VAULT_MACHINE)
		return "";
	switch (kt_machine_bound(slot->blob)) {
	case KT_MACHINE_BOUND_TPM:
		return kt_translate(" (by this machine's TPM)");
	case KT_MACHINE_BOUND_DISK:
		return kt_translate(" (by a key on this machine's disk)");
	default:
		return "";
	}
}

static bool append_slot(const struct kt_vault *vault, const struct kt_vault_slot *slot,
                        const struct kt_security_keys *security_keys,
                        const size_t widths[static COLUMNS], struct kt_secret *output,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *here = NULL;
	struct trial trial;
	char day[16];

	try_slot(vault, slot, security_keys, &trial);
	format_day(slot->added, day);
	if (trial.obstacle.message[0]
	    ? !kt_text_format(&here, error, kt_translate("%s: %s"), kt_translate(trial.here),
	                      trial.obstacle.message)
	    : !kt_text_format(&here, error, "%s%s", kt_translate(trial.here), describe_bound(slot)))
		return false;
	return append_row((const char *const[]){ slot->id, kt_vault_slot_way(slot),
	                                         slot->name ? slot->name : "-", day, here },
	                  widths, output, error);
}

static void widen(size_t *width, const char *text)
{
	size_t columns = kt_characters_columns(text);

	if (columns > *width)
		*width = columns;
}

static bool append_keys(const struct kt_vault *vault,
                        const struct kt_security_keys *security_keys, struct kt_secret *output,
                        struct kt_error *error)
{
	const char *const heads[COLUMNS] = {
		"ID", kt_translate("WAY"), kt_translate("NAME"), kt_translate("ADDED"),
		kt_translate("HERE"),
	};
	size_t widths[COLUMNS] = { 0 };

	for (size_t i = 0; i < COLUMNS; i++)
		widen(&widths[i], heads[i]);
	for (size_t i = 0; i < vault->count; i++) {
		const struct kt_vault_slot *slot = &vault->slots[i];

		widen(&widths[0], slot->id);
		widen(&widths[1], kt_vault_slot_way(slot));
		widen(&widths[2], kt_text_or_empty(slot->name));
		widen(&widths[3], slot->added ? "2026-12-24" : "-");
	}
	if (!append_row(heads, widths, output, error))
		return false;
	for (size_t i = 0; i < vault->count; i++)
		if (!append_slot(vault, &vault->slots[i], security_keys, widths, output, error))
			return false;
	return true;
}

/* The thing that a way of the machine is bound to, or NULL. */
static const char *bound_of(const struct kt_vault_slot *slot)
{
	if (slot->way != KT_VAULT_MACHINE)
		return NULL;
	switch (kt_machine_bound(slot->blob)) {
	case KT_MACHINE_BOUND_TPM:
		return "tpm";
	case KT_MACHINE_BOUND_DISK:
		return "disk";
	default:
		return "unknown";
	}
}

static bool append_slot_json(const struct kt_vault *vault, const struct kt_vault_slot *slot,
                             const struct kt_security_keys *security_keys, struct kt_json *json,
                             struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *member = NULL;
	struct trial trial;

	try_slot(vault, slot, security_keys, &trial);
	return kt_json_create(&member, error) &&
	       kt_json_add_text(member, "id", slot->id, error) &&
	       kt_json_add_text(member, "way", kt_vault_slot_way(slot), error) &&
	       kt_json_add_text(member, "name", slot->name, error) &&
	       (slot->added ? kt_json_add_number(member, "added", slot->added, error)
	                    : kt_json_add_null(member, "added", error)) &&
	       kt_json_add_text(member, "here", trial.here, error) &&
	       kt_json_add_text(member, "why",
	                        trial.obstacle.message[0] ? trial.obstacle.message : NULL,
	                        error) &&
	       kt_json_add_boolean(member, "asks", slot->asks, error) &&
	       kt_json_add_text(member, "bound", bound_of(slot), error) &&
	       kt_json_append_object(json, "keys", &member, error);
}

static bool append_keys_json(const struct kt_vault *vault,
                             const struct kt_security_keys *security_keys,
                             struct kt_secret *output, struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;

	if (!kt_json_create(&json, error) || !kt_json_add_number(json, "version", 1, error) ||
	    !kt_json_add_list(json, "keys", error))
		return false;
	for (size_t i = 0; i < vault->count; i++)
		if (!append_slot_json(vault, &vault->slots[i], security_keys, json, error))
			return false;
	return kt_json_print(json, output, error) && kt_secret_append_text(output, "\n", error);
}

bool kt_vault_print_keys(const struct kt_security_keys *security_keys, bool wants_json,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };

	if (!kt_vault_read(&vault, error))
		return false;
	return wants_json ? append_keys_json(&vault, security_keys, &output, error) &&
	                            kt_answer_send(STDOUT_FILENO, &output, error)
	                  : append_keys(&vault, security_keys, &output, error) &&
	                            kt_report_lines(&output, error);
}
