/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "helper/keeper/doctor/doctor.h"
#include "helper/keeper/keeper.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/kernel_key.h"
#include "keyring/machine_credential.h"
#include "keyring/text.h"
#include "keyring/translate.h"
#include "keyring/unlock_outcome.h"
#include "keyring/vault.h"
#include "keyring/vault_fido2.h"

static bool is_vault(const struct kt_keyring *keyring)
{
	return strcmp(kt_keyring_name(keyring), "vault") == 0;
}

/* A vault needs no bus: that there is none is then nothing to mend. */
static void check_bus(struct kt_findings *findings, const struct kt_keyring *keyring)
{
	const char *address = kt_environment_get("DBUS_SESSION_BUS_ADDRESS");
	const char *runtime = kt_environment_get("XDG_RUNTIME_DIR");

	if (address)
		kt_findings_add(findings, "bus", KT_FINDING_OK, NULL,
		                "DBUS_SESSION_BUS_ADDRESS names a session bus");
	else if (runtime)
		kt_findings_add(findings, "bus", KT_FINDING_OK, NULL,
		                "a session bus may be in XDG_RUNTIME_DIR");
	else if (keyring && is_vault(keyring))
		kt_findings_add(findings, "bus", KT_FINDING_OK, NULL,
		                "this session names no D-Bus session bus, and a vault needs none");
	else
		kt_findings_add(findings, "bus", KT_FINDING_WARNING,
		                "log in on the desktop, or use a vault: keyturn vault create",
		                "this session names no D-Bus session bus");
}

/* Two items of one account: nobody knows which of them is the right one. */
static void check_twice(struct kt_findings *findings, const struct kt_credentials *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct kt_identity *identity = &list->items[i].identity;

		for (size_t k = 0; k < i; k++) {
			if (!kt_identity_is_equal(identity, &list->items[k].identity))
				continue;
			kt_findings_add(findings, "items", KT_FINDING_FAILED,
			                "log in to it again, which leaves one; or forget both: "
			                "keyturn logout ACCOUNT",
			                "%s at %s is stored twice: %.80s and %.80s",
			                identity->username, identity->host, list->items[k].place,
			                list->items[i].place);
		}
	}
}

static void check_items(struct kt_findings *findings, struct kt_keyring *keyring)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials list = { 0 };
	const struct kt_identity anything = { 0 };
	struct kt_error error = { 0 };

	if (!kt_keyring_search(keyring, &anything, &list, &error)) {
		kt_findings_add_error(findings, "items", KT_FINDING_FAILED, &error);
		return;
	}
	kt_findings_add(findings, "items", KT_FINDING_OK, NULL,
	                list.count == 1 ? "%zu login can be read" : KT_TEXT("%zu logins can be read"),
	                list.count);
	check_twice(findings, &list);
	if (list.hidden)
		kt_findings_add(findings, "items", KT_FINDING_WARNING, "run: keyturn unlock",
		                "a locked part of the keyring may hold more logins");
	if (list.corrupt)
		kt_findings_add(findings, "items", KT_FINDING_FAILED,
		                "log in to those accounts again, which replaces them; or forget them: "
		                "keyturn logout ACCOUNT",
		                list.corrupt == 1 ? "%zu stored login is damaged"
		                                  : KT_TEXT("%zu stored logins are "
		                                            "damaged"), list.corrupt);
}

/* pam_keyturn's note is about the desktop's keyring; for a vault there is none to read. */
static enum kt_unlock_outcome login_outcome(const struct kt_keyring *keyring)
{
	return strcmp(kt_keyring_name(keyring), "secret-service") == 0
	               ? kt_unlock_outcome_read(kt_environment_get("XDG_RUNTIME_DIR"))
	               : KT_UNLOCK_OUTCOME_NONE;
}

/* A vault knows which of its ways would open it; unlock alone may not. */
static bool advise_vault(const struct kt_keyring *keyring, struct kt_error *error)
{
	KT_CLEANUP(kt_vault_status_clear) struct kt_vault_status status = { 0 };
	struct kt_error ignored = { 0 };

	if (!is_vault(keyring) || !kt_vault_status(&status, &ignored) ||
	    !status.obstacle.remedy[0])
		return false;
	return !kt_advise(error, "%s", status.obstacle.remedy);
}

/* A keyring that cannot be asked is told of by the checks that follow. */
static void check_provider(struct kt_findings *findings, struct kt_keyring *keyring)
{
	KT_CLEANUP(kt_text_free) char *line = NULL;
	struct kt_error ignored = { 0 };
	bool is_odd;

	if (!kt_keyring_describe(keyring, &line, &is_odd, &ignored) || !line)
		return;
	kt_findings_add(findings, "keyring", is_odd ? KT_FINDING_WARNING : KT_FINDING_OK,
	                is_odd ? "move them to another directory" : NULL, "%s", line);
}

void kt_doctor_check_keyring(struct kt_findings *findings, struct kt_keeper *keeper)
{
	KT_CLEANUP(kt_text_free) char *recorded = NULL;
	struct kt_error error = { 0 };
	struct kt_keyring *keyring = NULL;
	bool open = false;

	if (kt_keyring_recorded(&recorded, &error))
		keyring = kt_keeper_keyring(keeper, &error);
	check_bus(findings, keyring);
	if (!keyring) {
		kt_findings_add_error(findings, "keyring", KT_FINDING_FAILED, &error);
		return;
	}
	if (recorded)
		kt_findings_add(findings, "keyring", KT_FINDING_OK, NULL,
		                "logins are kept in: %s (recorded)", kt_keyring_name(keyring));
	else
		kt_findings_add(findings, "keyring", KT_FINDING_OK, NULL,
		                "logins are kept in: %s (not recorded yet)",
		                kt_keyring_name(keyring));
	check_provider(findings, keyring);
	if (!kt_keyring_is_open(keyring, &open, &error)) {
		kt_findings_add_error(findings, "lock", KT_FINDING_FAILED, &error);
	} else if (!open) {
		enum kt_unlock_outcome outcome = login_outcome(keyring);
		const char *reason = kt_unlock_outcome_reason(outcome);

		if (advise_vault(keyring, &error))
			kt_fail(&error, KT_ERROR_LOCKED, "the keyring is locked");
		else if (reason)
			kt_fail(&error, KT_ERROR_LOCKED, "the keyring is locked: %s",
			        kt_translate(reason));
		else
			kt_fail(&error, KT_ERROR_LOCKED, "the keyring is locked");
		kt_advise(&error, "%s", kt_translate(kt_unlock_outcome_remedy(outcome)));
		kt_findings_add_error(findings, "lock", KT_FINDING_FAILED, &error);
	} else {
		kt_findings_add(findings, "lock", KT_FINDING_OK, NULL, "the keyring is open");
		check_items(findings, keyring);
	}
}

/* The two lines with which an administrator has a vault opened unasked where systemd is older. */
static void tell_recipe(struct kt_findings *findings)
{
	long user = (long)geteuid();

	if (kt_machine_is_there()) {
		kt_findings_add(findings, "vault", KT_FINDING_OK, "run: keyturn vault add-key --machine",
		                "this machine can open the vault unasked");
		return;
	}
	if (access("/run/systemd/system", F_OK) != 0)
		return;
	kt_findings_add(findings, "vault", KT_FINDING_OK, NULL,
	                "to have it opened unasked, as root: mkdir -p -m 700 "
	                "/etc/credstore.encrypted && head -c32 /dev/urandom | systemd-creds encrypt "
	                "--name=keyturn - /etc/credstore.encrypted/keyturn-%ld", user);
	kt_findings_add(findings, "vault", KT_FINDING_OK,
	                "end your sessions, log in anew, then run: keyturn vault add-key --credential "
	                "keyturn",
	                "and then, as root: mkdir -p /etc/systemd/system/user@%ld.service.d && printf "
	                "'[Service]\\nLoadCredentialEncrypted=keyturn:/etc/credstore.encrypted/"
	                "keyturn-%ld\\n' > /etc/systemd/system/user@%ld.service.d/keyturn.conf && "
	                "systemctl daemon-reload", user, user, user);
}

/* Those that could be touched now, and those that are away. */
static void check_security_keys(struct kt_findings *findings, const struct kt_vault *vault)
{
	const struct kt_security_keys keys = kt_keeper_security_keys(false);

	for (size_t i = 0; i < vault->count; i++) {
		const struct kt_vault_slot *slot = &vault->slots[i];
		struct kt_error error = { 0 };

		if (slot->way != KT_VAULT_FIDO2)
			continue;
		if (kt_vault_fido2_look(slot, &keys, &error))
			kt_findings_add(findings, "vault", KT_FINDING_OK, NULL,
			                "the security key %s is plugged in",
			                slot->name ? slot->name : slot->id);
		else
			kt_findings_add_error(findings, "vault", KT_FINDING_WARNING, &error);
	}
}

void kt_doctor_check_vault(struct kt_findings *findings)
{
	KT_CLEANUP(kt_vault_status_clear) struct kt_vault_status status = { 0 };
	struct kt_error error = { 0 };

	if (!kt_vault_status(&status, &error))
		kt_findings_add_error(findings, "vault", KT_FINDING_FAILED, &error);
	else if (!status.exists)
		kt_findings_add(findings, "vault", KT_FINDING_OK, NULL, "there is no vault");
	else if (status.is_open)
		kt_findings_add(findings, "vault", KT_FINDING_OK, NULL, "the vault is open");
	else if (status.is_unattended)
		kt_findings_add(findings, "vault", KT_FINDING_OK, NULL,
		                "the vault is opened by the next call, unasked");
	else
		kt_findings_add_error(findings, "vault", KT_FINDING_WARNING, &status.obstacle);
	if (error.code == KT_ERROR_NONE && status.exists && !status.is_unattended)
		tell_recipe(findings);
	check_security_keys(findings, &status.vault);
}

void kt_doctor_check_kernel(struct kt_findings *findings)
{
	if (kt_kernel_key_is_usable())
		kt_findings_add(findings, "kernel", KT_FINDING_OK, NULL,
		                "the kernel keyring can be used");
	else
		kt_findings_add(findings, "kernel", KT_FINDING_WARNING,
		                "nothing needs to be done: a container often forbids it",
		                "the kernel keyring is refused here: everything works, slower");
}
