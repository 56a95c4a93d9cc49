/* SPDX-License-Identifier: MIT */
#include "config.h"

/* The module keyturn-fido2.so (fido2.h). */

#include <fido.h>
#include <stdio.h>
#include <string.h>

#include "keyring/cleanup.h"
#include "keyring/fido2.h"

/* Milliseconds for a touch, and for an answer that waits for nobody. */
#define PERSON 60000
#define PATIENCE 5000
#define HASH_SIZE 32

static void free_devices(fido_dev_info_t **devices)
{
	fido_dev_info_free(devices, KT_FIDO2_DEVICES);
}

static void close_device(fido_dev_t **device)
{
	if (!*device)
		return;
	fido_dev_close(*device);
	fido_dev_free(device);
}

static void free_credential(fido_cred_t **credential)
{
	fido_cred_free(credential);
}

static void free_assertion(fido_assert_t **assertion)
{
	fido_assert_free(assertion);
}

/* FIDO_DEBUG would have libfido2 print whole messages: nothing of them is for a terminal. */
static void print_nothing(const char *line)
{
	(void)line;
}

static fido_dev_info_t *find_devices(size_t *count)
{
	fido_dev_info_t *devices;

	fido_init(0);
	fido_set_log_handler(print_nothing);
	*count = 0;
	devices = fido_dev_info_new(KT_FIDO2_DEVICES);
	if (devices && fido_dev_info_manifest(devices, KT_FIDO2_DEVICES, count) != FIDO_OK)
		*count = 0;
	return devices;
}

static void copy_text(char *target, size_t size, const char *text)
{
	snprintf(target, size, "%s", text ? text : "");
}

static size_t list(struct kt_fido2_device devices[static KT_FIDO2_DEVICES])
{
	KT_CLEANUP(free_devices) fido_dev_info_t *infos = NULL;
	size_t count;

	infos = find_devices(&count);
	for (size_t i = 0; i < count; i++) {
		const fido_dev_info_t *info = fido_dev_info_ptr(infos, i);

		copy_text(devices[i].path, sizeof(devices[i].path), fido_dev_info_path(info));
		copy_text(devices[i].name, sizeof(devices[i].name),
		          fido_dev_info_product_string(info));
	}
	return count;
}

static enum kt_fido2_status judge(int code)
{
	switch (code) {
	case FIDO_OK:
		return KT_FIDO2_DONE;
	case FIDO_ERR_RX:
	case FIDO_ERR_TX:
	case FIDO_ERR_RX_NOT_CBOR:
		return KT_FIDO2_GONE;
	case FIDO_ERR_NO_CREDENTIALS:
	case FIDO_ERR_INVALID_CREDENTIAL:
		return KT_FIDO2_STRANGE;
	case FIDO_ERR_UNSUPPORTED_EXTENSION:
	case FIDO_ERR_UNSUPPORTED_OPTION:
		return KT_FIDO2_UNFIT;
	case FIDO_ERR_PIN_REQUIRED:
	case FIDO_ERR_PIN_NOT_SET:
		return KT_FIDO2_PIN_WANTED;
	case FIDO_ERR_PIN_INVALID:
	case FIDO_ERR_PIN_POLICY_VIOLATION:
		return KT_FIDO2_PIN_WRONG;
	case FIDO_ERR_PIN_AUTH_BLOCKED:
		return KT_FIDO2_PIN_STOPPED;
	case FIDO_ERR_PIN_BLOCKED:
		return KT_FIDO2_PIN_BLOCKED;
	case FIDO_ERR_ACTION_TIMEOUT:
	case FIDO_ERR_USER_ACTION_TIMEOUT:
	case FIDO_ERR_TIMEOUT:
		return KT_FIDO2_UNTOUCHED;
	case FIDO_ERR_OPERATION_DENIED:
	case FIDO_ERR_KEEPALIVE_CANCEL:
	case FIDO_ERR_NOT_ALLOWED:
		return KT_FIDO2_REFUSED;
	default:
		return KT_FIDO2_FAILED;
	}
}

static enum kt_fido2_status end(int code, struct kt_fido2_report *report)
{
	report->code = code;
	return judge(code);
}

/* Opens the device of this path, which has to be plugged in still. */
static fido_dev_t *open_device(const char *path)
{
	KT_CLEANUP(free_devices) fido_dev_info_t *infos = NULL;
	size_t count;

	infos = find_devices(&count);
	for (size_t i = 0; i < count; i++) {
		const fido_dev_info_t *info = fido_dev_info_ptr(infos, i);
		KT_CLEANUP(close_device) fido_dev_t *device = NULL;
		fido_dev_t *opened;

		if (strcmp(fido_dev_info_path(info), path) != 0)
			continue;
		device = fido_dev_new_with_info(info);
		if (!device || fido_dev_open_with_info(device) != FIDO_OK)
			return NULL;
		fido_dev_set_timeout(device, PATIENCE);
		opened = device;
		device = NULL;
		return opened;
	}
	return NULL;
}

static bool has_extension(const fido_cbor_info_t *info, const char *name)
{
	char **extensions = fido_cbor_info_extensions_ptr(info);

	for (size_t i = 0; i < fido_cbor_info_extensions_len(info); i++)
		if (strcmp(extensions[i], name) == 0)
			return true;
	return false;
}

static enum kt_fido2_status read_state(fido_dev_t *device, struct kt_fido2_state *state,
                                       struct kt_fido2_report *report)
{
	fido_cbor_info_t *info = fido_cbor_info_new();
	int code = FIDO_ERR_INTERNAL;

	if (info && fido_dev_is_fido2(device)) {
		code = fido_dev_get_cbor_info(device, info);
		state->is_fit = code == FIDO_OK && has_extension(info, "hmac-secret");
		state->has_pin = fido_dev_has_pin(device);
	} else if (info) {
		/* One that knows U2F alone. */
		code = FIDO_OK;
	}
	fido_cbor_info_free(&info);
	return end(code, report);
}

static fido_assert_t *begin_assertion(const char *rp, const struct kt_secret *credential)
{
	/* Nobody looks at the signature: the secret alone is wanted. */
	static const unsigned char hash[HASH_SIZE] = { 0 };
	fido_assert_t *assertion = fido_assert_new();

	if (assertion && (fido_assert_set_rp(assertion, rp) != FIDO_OK ||
	                  fido_assert_set_clientdata_hash(assertion, hash, sizeof(hash)) != FIDO_OK ||
	                  fido_assert_allow_cred(assertion,
	                                         (const unsigned char *)kt_secret_reveal(credential),
	                                         kt_secret_length(credential)) != FIDO_OK))
		fido_assert_free(&assertion);
	return assertion;
}

/* CTAP 2.1, 6.1.2: an assertion without a touch tells whether the credential is the device's. */
static enum kt_fido2_status try_credential(fido_dev_t *device, const char *rp,
                                           const struct kt_secret *credential)
{
	KT_CLEANUP(free_assertion) fido_assert_t *assertion = begin_assertion(rp, credential);
	enum kt_fido2_status status;

	if (!assertion || fido_assert_set_up(assertion, FIDO_OPT_FALSE) != FIDO_OK)
		return KT_FIDO2_FAILED;
	status = judge(fido_dev_get_assert(device, assertion, NULL));
	/* Another refusal tells nothing: some want a touch or a PIN for each answer. */
	return status == KT_FIDO2_STRANGE || status == KT_FIDO2_GONE ? status : KT_FIDO2_DONE;
}

static enum kt_fido2_status look(const char *path, const char *rp,
                                 const struct kt_secret *credential, struct kt_fido2_state *state,
                                 struct kt_fido2_report *report)
{
	KT_CLEANUP(close_device) fido_dev_t *device = open_device(path);
	enum kt_fido2_status status;

	*state = (struct kt_fido2_state){ 0 };
	*report = (struct kt_fido2_report){ .tries_left = -1 };
	if (!device)
		return KT_FIDO2_GONE;
	status = read_state(device, state, report);
	if (status != KT_FIDO2_DONE || !credential)
		return status;
	return state->is_fit ? try_credential(device, rp, credential) : KT_FIDO2_STRANGE;
}

static bool is_there(const char *path)
{
	KT_CLEANUP(free_devices) fido_dev_info_t *infos = NULL;
	size_t count;

	infos = find_devices(&count);
	for (size_t i = 0; i < count; i++)
		if (strcmp(fido_dev_info_path(fido_dev_info_ptr(infos, i)), path) == 0)
			return true;
	return false;
}

/*
 * After a call that waited for a person. libfido2 has one code for a device that was taken out and
 * for its own deadline.
 */
static enum kt_fido2_status end_waiting(fido_dev_t *device, const char *path, int code,
                                        struct kt_fido2_report *report)
{
	enum kt_fido2_status status = end(code, report);

	if (status == KT_FIDO2_GONE && is_there(path)) {
		fido_dev_cancel(device);
		return KT_FIDO2_UNTOUCHED;
	}
	/* A wrong PIN costs one of the few tries that the device allows. */
	fido_dev_set_timeout(device, PATIENCE);
	if (status == KT_FIDO2_PIN_WRONG &&
	    fido_dev_get_retry_count(device, &report->tries_left) != FIDO_OK)
		report->tries_left = -1;
	return status;
}

static int prepare_credential(fido_cred_t *credential, const char *rp, const char *user)
{
	static const unsigned char hash[HASH_SIZE] = { 0 };
	int code = fido_cred_set_type(credential, COSE_ES256);

	if (code == FIDO_OK)
		code = fido_cred_set_rp(credential, rp, "keyturn");
	if (code == FIDO_OK)
		code = fido_cred_set_user(credential, (const unsigned char *)user, strlen(user),
		                          "keyturn", NULL, NULL);
	if (code == FIDO_OK)
		code = fido_cred_set_clientdata_hash(credential, hash, sizeof(hash));
	return code == FIDO_OK ? fido_cred_set_extensions(credential, FIDO_EXT_HMAC_SECRET) : code;
}

static enum kt_fido2_status make(const char *path, const char *rp, const char *user,
                                 const char *pin, struct kt_secret *credential,
                                 struct kt_fido2_report *report)
{
	KT_CLEANUP(close_device) fido_dev_t *device = open_device(path);
	KT_CLEANUP(free_credential) fido_cred_t *fresh = fido_cred_new();
	struct kt_error ignored = { 0 };
	int code;

	*report = (struct kt_fido2_report){ .tries_left = -1 };
	if (!device || !fresh)
		return device ? KT_FIDO2_FAILED : KT_FIDO2_GONE;
	code = prepare_credential(fresh, rp, user);
	fido_dev_set_timeout(device, PERSON);
	if (code == FIDO_OK)
		code = fido_dev_make_cred(device, fresh, pin);
	if (code != FIDO_OK)
		return end_waiting(device, path, code, report);
	return fido_cred_id_len(fresh) > 0 &&
	                       kt_secret_append(credential, fido_cred_id_ptr(fresh),
	                                        fido_cred_id_len(fresh), &ignored)
	               ? KT_FIDO2_DONE : KT_FIDO2_FAILED;
}

static enum kt_fido2_status derive(const char *path, const char *rp,
                                   const struct kt_secret *credential,
                                   const struct kt_secret *salts, const char *pin,
                                   struct kt_secret *secrets, struct kt_fido2_report *report)
{
	KT_CLEANUP(close_device) fido_dev_t *device = open_device(path);
	KT_CLEANUP(free_assertion) fido_assert_t *assertion = begin_assertion(rp, credential);
	struct kt_error ignored = { 0 };
	int code;

	*report = (struct kt_fido2_report){ .tries_left = -1 };
	if (!device || !assertion)
		return device ? KT_FIDO2_FAILED : KT_FIDO2_GONE;
	code = fido_assert_set_extensions(assertion, FIDO_EXT_HMAC_SECRET);
	if (code == FIDO_OK)
		code = fido_assert_set_hmac_salt(assertion,
		                                 (const unsigned char *)kt_secret_reveal(salts),
		                                 kt_secret_length(salts));
	if (code == FIDO_OK)
		code = fido_assert_set_up(assertion, FIDO_OPT_TRUE);
	fido_dev_set_timeout(device, PERSON);
	if (code == FIDO_OK)
		code = fido_dev_get_assert(device, assertion, pin);
	if (code != FIDO_OK)
		return end_waiting(device, path, code, report);
	if (fido_assert_count(assertion) != 1 ||
	    fido_assert_hmac_secret_len(assertion, 0) != kt_secret_length(salts))
		return KT_FIDO2_UNFIT;
	return kt_secret_append(secrets, fido_assert_hmac_secret_ptr(assertion, 0),
	                        fido_assert_hmac_secret_len(assertion, 0), &ignored)
	               ? KT_FIDO2_DONE : KT_FIDO2_FAILED;
}

const struct kt_fido2_module kt_fido2_module = {
	.version = PACKAGE_VERSION,
	.list = list,
	.look = look,
	.make = make,
	.derive = derive,
};
