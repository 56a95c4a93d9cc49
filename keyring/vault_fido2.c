/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/fido2.h"
#include "keyring/kernel_key.h"
#include "keyring/module.h"
#include "keyring/text.h"
#include "keyring/translate.h"
#include "keyring/vault_fido2.h"

#define RP "org.keyturn.vault"
#define PURPOSE "keyturn vault fido2 salt 1"
/* Bytes of the list of security keys in a message. */
#define LIST_MAXIMUM 160

/* The security key of a call: where it is, and what was typed for it. */
struct touch {
	const struct kt_fido2_module *module;
	const struct kt_security_keys *keys;
	const char *path;
	const char *name; /* for people */
	struct kt_secret pin;
};

static void clear_touch(struct touch *touch)
{
	kt_secret_clear(&touch->pin);
}

static const struct kt_fido2_module *load(const struct kt_security_keys *keys,
                                          struct kt_error *error)
{
	const char *why;
	const struct kt_fido2_module *module =
		kt_module_open(keys->module, "kt_fido2_module", &why, error);

	if (!module && why) {
		kt_fail(error, KT_ERROR_UNAVAILABLE,
		        "the module of security keys cannot be opened: %s", why);
		kt_advise(error, "install libfido2, and a keyturn that is built with it");
	}
	return module;
}

/* The device's own words are anybody's. */
static size_t list(const struct kt_fido2_module *module,
                   struct kt_fido2_device devices[static KT_FIDO2_DEVICES])
{
	size_t count = module->list(devices);

	for (size_t i = 0; i < count; i++) {
		kt_characters_make_printable(devices[i].path);
		devices[i].name[kt_characters_fit(devices[i].name, KT_VAULT_NAME_MAXIMUM)] = '\0';
		kt_characters_make_printable(devices[i].name);
	}
	return count;
}

static bool fail_absent(struct kt_error *error)
{
	kt_fail(error, KT_ERROR_LOCKED, "no security key is plugged in that you may use here");
	return kt_advise(error, "plug it in where you sit: it is not seen over SSH");
}

static bool fail_status(enum kt_fido2_status status, const struct kt_fido2_report *report,
                        struct kt_error *error)
{
	static const char *const reasons[] = {
		[KT_FIDO2_GONE] = KT_TEXT("the security key was taken out"),
		[KT_FIDO2_UNFIT] = KT_TEXT("the security key has no hmac-secret"),
		[KT_FIDO2_STRANGE] = KT_TEXT("the security key is another one, or was reset"),
		[KT_FIDO2_PIN_WANTED] = KT_TEXT("the security key's PIN is wanted, and is not set or "
		                                "not given"),
		[KT_FIDO2_PIN_STOPPED] = KT_TEXT("too many wrong PINs: the security key takes none until "
		                                 "it is taken out and put in again"),
		[KT_FIDO2_PIN_BLOCKED] = KT_TEXT("too many wrong PINs: the security key is blocked until "
		                                 "it is reset, and then opens this vault no more"),
		[KT_FIDO2_UNTOUCHED] = KT_TEXT("nobody touched the security key in time"),
		[KT_FIDO2_REFUSED] = KT_TEXT("the security key refused"),
	};

	if (status == KT_FIDO2_PIN_WRONG && report->tries_left >= 0)
		kt_fail(error, KT_ERROR_LOCKED, "wrong PIN: the security key takes %d more",
		        report->tries_left);
	else if (status == KT_FIDO2_PIN_WRONG)
		kt_fail(error, KT_ERROR_LOCKED, "the security key takes no such PIN");
	else if (status == KT_FIDO2_FAILED)
		kt_fail(error, KT_ERROR_LOCKED, "the security key failed (libfido2's code %d)",
		        report->code);
	else
		kt_fail(error, status == KT_FIDO2_UNTOUCHED ? KT_ERROR_DISMISSED : KT_ERROR_LOCKED, "%s",
		        kt_translate(reasons[status]));
	return kt_advise(error, "run: keyturn unlock");
}

static bool ask_pin(struct touch *touch, struct kt_error *error)
{
	struct kt_error cause = { 0 };

	if (touch->keys->ask_pin(&touch->pin, &cause) && !kt_secret_is_empty(&touch->pin))
		return true;
	kt_fail(error, KT_ERROR_DISMISSED, "no PIN was given for the security key");
	return kt_advise(error, "run: keyturn unlock");
}

static const char *pin_of(const struct touch *touch)
{
	return kt_secret_is_empty(&touch->pin) ? NULL : kt_secret_reveal(&touch->pin);
}

static void tell_touch(const struct touch *touch)
{
	KT_CLEANUP(kt_text_free) char *line = NULL;
	struct kt_error ignored = { 0 };

	if (kt_text_format(&line, &ignored, kt_translate("touch the security key now: %s"),
	                   touch->name))
		touch->keys->tell(line);
}

/* Without a terminal nobody knows that it blinks for us. */
static bool check_person(const struct kt_security_keys *keys, struct kt_error *error)
{
	if (keys->ask_pin && keys->tell)
		return true;
	kt_fail(error, KT_ERROR_LOCKED, "the vault's security key is asked at a terminal alone");
	return kt_advise(error, "at a terminal run: keyturn unlock");
}

/*
 * Salts and secrets.
 */

static bool append_salt(const struct kt_vault *vault, const struct kt_vault_slot *slot,
                        struct kt_secret *salts, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret message = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret salt = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret made = { 0 };
	const char *const parts[] = { vault->id, slot->id };

	for (size_t i = 0; i < KT_COUNT(parts); i++)
		if (!kt_secret_append(&message, parts[i], strlen(parts[i]) + 1, error))
			return false;
	return kt_seal_read_hex(&salt, slot->salt, KT_SEAL_SALT_SIZE, error) &&
	       kt_seal_derive(&salt, PURPOSE, kt_secret_reveal(&message), kt_secret_length(&message),
	                      &made, error) &&
	       kt_secret_append(salts, kt_secret_reveal(&made), kt_secret_length(&made), error);
}

/* One touch for one or two salts. */
static bool derive(const struct kt_vault *vault, const struct kt_vault_slot *slot,
                   const struct kt_vault_slot *fresh, const struct kt_secret *credential,
                   const struct touch *touch, struct kt_secret *secrets, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret salts = { 0 };
	struct kt_fido2_report report;
	enum kt_fido2_status status;

	kt_secret_clear(secrets);
	if (!append_salt(vault, slot, &salts, error) ||
	    (fresh && !append_salt(vault, fresh, &salts, error)))
		return false;
	tell_touch(touch);
	status = touch->module->derive(touch->path, RP, credential, &salts, pin_of(touch), secrets,
	                               &report);
	return status == KT_FIDO2_DONE || fail_status(status, &report, error);
}

/*
 * Opening.
 */

/* The one of those that are plugged in that made the slot's credential. */
static bool find_device(const struct kt_vault_slot *slot, const struct kt_fido2_module *module,
                        const struct kt_secret *credential, struct kt_fido2_device *found,
                        struct kt_error *error)
{
	struct kt_fido2_device devices[KT_FIDO2_DEVICES];
	struct kt_fido2_state state;
	struct kt_fido2_report report;
	size_t count = list(module, devices);

	if (count == 0)
		return fail_absent(error);
	for (size_t i = 0; i < count; i++) {
		if (module->look(devices[i].path, RP, credential, &state, &report) != KT_FIDO2_DONE)
			continue;
		if (slot->pin && !state.has_pin)
			continue;
		*found = devices[i];
		return true;
	}
	kt_fail(error, KT_ERROR_LOCKED, "the security key %s is not plugged in, or was reset",
	        slot->name ? slot->name : slot->id);
	return kt_advise(error, "plug it in; if it is lost, and nothing else opens the vault, move "
	                 "that away and run: keyturn vault create");
}

static bool read_credential(const struct kt_vault_slot *slot, struct kt_secret *credential,
                            struct kt_error *error)
{
	struct kt_error ignored = { 0 };

	/* A header that somebody changed could have another program's secret asked for. */
	if (strcmp(slot->rp, RP) == 0 && kt_seal_read_base64(credential, slot->credential, &ignored))
		return true;
	return kt_fail(error, KT_ERROR_LOCKED, "the way in %s is no security key's of keyturn",
	               slot->id);
}

bool kt_vault_fido2_look(const struct kt_vault_slot *slot, const struct kt_security_keys *keys,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret credential = { 0 };
	const struct kt_fido2_module *module = load(keys, error);
	struct kt_fido2_device device;

	return module && read_credential(slot, &credential, error) &&
	       find_device(slot, module, &credential, &device, error);
}

bool kt_vault_fido2_fetch(const struct kt_vault *vault, const struct kt_vault_slot *slot,
                          const struct kt_vault_slot *fresh, const struct kt_security_keys *keys,
                          struct kt_secret *material, struct kt_secret *fresh_material,
                          struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret credential = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret secrets = { 0 };
	KT_CLEANUP(clear_touch) struct touch touch = { .keys = keys };
	struct kt_fido2_device device;

	kt_secret_clear(material);
	if (!check_person(keys, error))
		return false;
	touch.module = load(keys, error);
	if (!touch.module || !read_credential(slot, &credential, error) ||
	    !find_device(slot, touch.module, &credential, &device, error))
		return false;
	touch.path = device.path;
	touch.name = slot->name ? slot->name : device.name;
	if ((slot->pin && !ask_pin(&touch, error)) ||
	    !derive(vault, slot, fresh, &credential, &touch, &secrets, error) ||
	    !kt_secret_set(material, kt_secret_reveal(&secrets), KT_FIDO2_SECRET_SIZE, error))
		return false;
	return !fresh || kt_secret_set(fresh_material,
	                               kt_secret_reveal(&secrets) + KT_FIDO2_SECRET_SIZE,
	                               KT_FIDO2_SECRET_SIZE, error);
}

/*
 * Enrolment.
 */

static bool fail_several(const struct kt_fido2_device *devices, size_t count,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };

	for (size_t i = 0; i < count && kt_secret_length(&text) < LIST_MAXIMUM; i++) {
		KT_CLEANUP(kt_text_free) char *entry = NULL;

		if (!kt_text_format(&entry, error, " %.60s (%.30s)", devices[i].path,
		                    devices[i].name) ||
		    !kt_secret_append_text(&text, entry, error))
			return false;
	}
	kt_fail(error, KT_ERROR_USAGE, "several security keys are plugged in:%s",
	        kt_secret_reveal(&text));
	return kt_advise(error, "leave one in, or name it: --fido2=PATH");
}

static bool choose(const struct kt_fido2_module *module, const char *path,
                   struct kt_fido2_device *chosen, struct kt_error *error)
{
	struct kt_fido2_device devices[KT_FIDO2_DEVICES];
	size_t count = list(module, devices);

	if (count == 0)
		return fail_absent(error);
	if (count > 1 && path[0] == '\0')
		return fail_several(devices, count, error);
	for (size_t i = 0; i < count; i++)
		if (path[0] == '\0' || strcmp(devices[i].path, path) == 0) {
			*chosen = devices[i];
			return true;
		}
	kt_fail(error, KT_ERROR_USAGE, "no security key is plugged in at that path");
	return kt_advise(error, "without a path the only one is taken: --fido2");
}

static bool check_fit(const struct touch *touch, struct kt_fido2_state *state,
                      struct kt_error *error)
{
	struct kt_fido2_report report;
	enum kt_fido2_status status = touch->module->look(touch->path, RP, NULL, state, &report);

	if (status != KT_FIDO2_DONE)
		return fail_status(status, &report, error);
	if (state->is_fit)
		return true;
	kt_fail(error, KT_ERROR_UNSAFE, "the security key %s has no hmac-secret (CTAP 2), and can "
	        "open nothing", touch->name);
	return kt_advise(error, "take another one, or another way: keyturn help vault");
}

static bool check_keeping(struct kt_error *error)
{
	if (kt_kernel_key_is_usable())
		return true;
	kt_fail(error, KT_ERROR_USAGE, "no kernel keyring keeps the vault open here: each call would "
	        "ask for the security key");
	return kt_advise(error, "take another way: keyturn help vault");
}

static bool make_credential(const struct touch *touch, const struct kt_vault_slot *slot,
                            struct kt_secret *credential, struct kt_error *error)
{
	struct kt_fido2_report report;
	enum kt_fido2_status status;

	tell_touch(touch);
	status = touch->module->make(touch->path, RP, slot->id, pin_of(touch), credential, &report);
	return status == KT_FIDO2_DONE || fail_status(status, &report, error);
}

bool kt_vault_fido2_enrol(const struct kt_vault *vault, const char *device,
                          const struct kt_security_keys *keys, struct kt_vault_slot *slot,
                          struct kt_secret *material, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret credential = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	KT_CLEANUP(clear_touch) struct touch touch = { .keys = keys };
	struct kt_fido2_device chosen;
	struct kt_fido2_state state;

	if (!check_person(keys, error) || !check_keeping(error))
		return false;
	touch.module = load(keys, error);
	if (!touch.module || !choose(touch.module, device, &chosen, error))
		return false;
	touch.path = chosen.path;
	touch.name = chosen.name;
	if (!check_fit(&touch, &state, error) ||
	    (!slot->name && chosen.name[0] && !kt_text_set(&slot->name, chosen.name, error)) ||
	    (state.has_pin && !ask_pin(&touch, error)) ||
	    !make_credential(&touch, slot, &credential, error) ||
	    !kt_text_append_base64(&text, kt_secret_reveal(&credential),
	                           kt_secret_length(&credential), error))
		return false;
	slot->pin = state.has_pin;
	slot->asks = true;
	return kt_text_set(&slot->credential, kt_secret_reveal(&text), error) &&
	       kt_text_set(&slot->rp, RP, error) &&
	       derive(vault, slot, NULL, &credential, &touch, material, error);
}
