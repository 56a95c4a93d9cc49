/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/file.h"
#include "keyring/json.h"
#include "keyring/local_socket.h"
#include "keyring/machine_credential.h"
#include "keyring/seal.h"
#include "keyring/text.h"

#define SOCKET "/run/systemd/io.systemd.Credentials"
#define INTERFACE "io.systemd.Credentials."
#define PATIENCE 5000
#define PAUSE 100
#define REPLY_MAXIMUM 65536
#define KEY_TYPE_SIZE 16

bool kt_machine_is_there(void)
{
	return access(SOCKET, F_OK) == 0;
}

static bool connect_service(int *descriptor)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = SOCKET };

	*descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return *descriptor >= 0 &&
	       connect(*descriptor, (const struct sockaddr *)&address, sizeof(address)) == 0;
}

/* Varlink: one object and a NUL in each direction. *is_hung_up: the connection ended before. */
static bool receive(int descriptor, int64_t deadline, struct kt_secret *reply, bool *is_hung_up)
{
	*is_hung_up = false;
	for (;;) {
		struct pollfd wanted = { .fd = descriptor, .events = POLLIN };
		int ready = poll(&wanted, 1, kt_local_socket_time_left(deadline));
		struct kt_error ignored = { 0 };
		size_t length;
		size_t taken;

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0 || kt_secret_length(reply) > REPLY_MAXIMUM)
			return false;
		*is_hung_up = !kt_secret_read_some(reply, descriptor, &taken, &ignored) || taken == 0;
		if (*is_hung_up)
			return false;
		length = strlen(kt_secret_reveal(reply));
		if (length < kt_secret_length(reply)) {
			kt_secret_truncate(reply, length);
			return true;
		}
	}
}

static bool add_parameters(struct kt_json *call, const char *name, const char *member,
                           const char *value, struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *parameters = NULL;

	return kt_json_create(&parameters, error) &&
	       kt_json_add_text(parameters, "name", name, error) &&
	       kt_json_add_text(parameters, member, value, error) &&
	       kt_json_add_text(parameters, "scope", "user", error) &&
	       kt_json_add_number(parameters, "uid", (int64_t)getuid(), error) &&
	       kt_json_add_object(call, "parameters", &parameters, error);
}

static bool fail_service(const char *why, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_LOCKED, "this machine's service for credentials does not open the "
	        "vault: %s", why);
	return kt_advise(error, "open it in another way, then run: keyturn vault add-key --machine");
}

/* An error's name is one of Varlink's words; anything else is not shown. */
static bool fail_error(const char *name, struct kt_error *error)
{
	bool is_word = strlen(name) <= 80 && kt_characters_are_visible_ascii(name, strlen(name));

	return fail_service(is_word ? name : "?", error);
}

/*
 * systemd answers 16 connections of a user at once and hangs up on the rest (systemd-creds.socket):
 * these come again.
 */
static bool exchange(const struct kt_secret *text, struct kt_secret *reply, struct kt_error *error)
{
	int64_t deadline = kt_clock_monotonic() + PATIENCE;

	for (;;) {
		KT_CLEANUP(kt_descriptor_close) int descriptor = -1;
		bool is_hung_up = true;

		if (!connect_service(&descriptor))
			return fail_service(strerror(errno), error);
		kt_secret_clear(reply);
		if (kt_file_write(descriptor, kt_secret_reveal(text), kt_secret_length(text)) &&
		    receive(descriptor, deadline, reply, &is_hung_up))
			return true;
		if (!is_hung_up || kt_clock_monotonic() + PAUSE >= deadline)
			return fail_service(strerror(ETIMEDOUT), error);
		kt_clock_sleep(PAUSE + getpid() % PAUSE);
	}
}

/* Calls a method; value becomes the member `wanted` of its reply. */
static bool call_service(const char *method, const char *name, const char *member,
                         const char *argument, const char *wanted, struct kt_secret *value,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *call = NULL;
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret reply = { 0 };
	struct kt_error syntax = { 0 };
	const char *found;

	if (!kt_json_create(&call, error) || !kt_json_add_text(call, "method", method, error) ||
	    !add_parameters(call, name, member, argument, error) ||
	    !kt_json_print(call, &text, error) || !kt_secret_append(&text, "", 1, error))
		return false;
	if (!exchange(&text, &reply, error))
		return false;
	if (!kt_json_parse(&json, kt_secret_reveal(&reply), kt_secret_length(&reply), &syntax))
		return fail_service(strerror(EBADMSG), error);
	if (kt_json_has(json, "error"))
		return fail_error(kt_text_or_empty(kt_json_text(json, "error")), error);
	found = kt_json_object(json, "parameters")
	                ? kt_json_text(kt_json_object(json, "parameters"), wanted) : NULL;
	return found ? kt_secret_append_text(value, found, error)
	             : fail_service(strerror(EBADMSG), error);
}

bool kt_machine_encrypt(const char *name, const struct kt_secret *secret, char **blob,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret answer = { 0 };

	if (!kt_machine_is_there()) {
		kt_fail(error, KT_ERROR_UNAVAILABLE, "this machine keeps no credentials for its users: it "
		        "takes systemd 256");
		return kt_advise(error, "let an administrator give you one: keyturn doctor tells how");
	}
	return kt_text_append_base64(&text, kt_secret_reveal(secret), kt_secret_length(secret),
	                             error) &&
	       call_service(INTERFACE "Encrypt", name, "data", kt_secret_reveal(&text), "blob",
	                    &answer, error) &&
	       kt_text_set(blob, kt_secret_reveal(&answer), error);
}

bool kt_machine_decrypt(const char *name, const char *blob, struct kt_secret *secret,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret answer = { 0 };
	struct kt_error ignored = { 0 };

	return call_service(INTERFACE "Decrypt", name, "blob", blob, "data", &answer, error) &&
	       (kt_seal_read_base64(secret, kt_secret_reveal(&answer), &ignored) ||
	        fail_service(strerror(EBADMSG), error));
}

/* The first bytes of a credential name the sort of its key (systemd's creds-util.h). */
enum kt_machine_bound kt_machine_bound(const char *blob)
{
	static const struct {
		unsigned char type[KEY_TYPE_SIZE];
		enum kt_machine_bound bound;
	} types[] = {
		{ { 0x55, 0xb9, 0xed, 0x1d, 0x38, 0x59, 0x4d, 0x43, 0xa8, 0x31, 0x9d, 0x2e, 0xbb, 0x33,
		    0x2a, 0xc6 }, KT_MACHINE_BOUND_DISK },
		{ { 0xef, 0x4a, 0xc1, 0x36, 0x79, 0xa9, 0x48, 0x0e, 0xa7, 0xdb, 0x68, 0x89, 0x7f, 0x9f,
		    0x16, 0x5d }, KT_MACHINE_BOUND_TPM },
		{ { 0xad, 0xbc, 0x4c, 0xa3, 0xef, 0xb6, 0x42, 0x01, 0xba, 0x88, 0x1b, 0x6f, 0x2e, 0x40,
		    0x95, 0xea }, KT_MACHINE_BOUND_TPM },
	};
	KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
	struct kt_error ignored = { 0 };

	if (!kt_seal_read_base64(&bytes, blob, &ignored) || kt_secret_length(&bytes) < KEY_TYPE_SIZE)
		return KT_MACHINE_BOUND_UNKNOWN;
	for (size_t i = 0; i < KT_COUNT(types); i++)
		if (memcmp(kt_secret_reveal(&bytes), types[i].type, KEY_TYPE_SIZE) == 0)
			return types[i].bound;
	return KT_MACHINE_BOUND_UNKNOWN;
}
