/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/local_socket.h"
#include "keyring/ssh_agent.h"
#include "keyring/text.h"
#include "keyring/translate.h"

/* Messages of draft-miller-ssh-agent. */
#define REQUEST_IDENTITIES 11
#define IDENTITIES_ANSWER 12
#define SIGN_REQUEST 13
#define SIGN_RESPONSE 14
#define RSA_SHA2_512 4

#define MESSAGE_MAXIMUM 262144
#define COMMENT_MAXIMUM 100

void kt_ssh_identities_clear(struct kt_ssh_identities *identities)
{
	for (size_t i = 0; i < identities->count; i++) {
		kt_secret_clear(&identities->list[i].blob);
		kt_text_free(&identities->list[i].comment);
	}
	identities->count = 0;
}

/*
 * Messages.
 */

static bool append_number(struct kt_secret *target, size_t number, struct kt_error *error)
{
	const unsigned char bytes[4] = {
		(unsigned char)(number >> 24), (unsigned char)(number >> 16),
		(unsigned char)(number >> 8), (unsigned char)number,
	};

	return kt_secret_append(target, bytes, sizeof(bytes), error);
}

bool kt_ssh_append(struct kt_secret *target, const void *bytes, size_t length,
                   struct kt_error *error)
{
	return append_number(target, length, error) &&
	       kt_secret_append(target, bytes, length, error);
}

static bool take_number(struct kt_ssh_bytes *bytes, size_t *number)
{
	const unsigned char *next = bytes->next;

	if (bytes->length < 4)
		return false;
	*number = (size_t)next[0] << 24 | (size_t)next[1] << 16 | (size_t)next[2] << 8 | next[3];
	bytes->next += 4;
	bytes->length -= 4;
	return true;
}

bool kt_ssh_take(struct kt_ssh_bytes *bytes, struct kt_ssh_bytes *string)
{
	size_t length;

	if (!take_number(bytes, &length) || length > bytes->length)
		return false;
	*string = (struct kt_ssh_bytes){ bytes->next, length };
	bytes->next += length;
	bytes->length -= length;
	return true;
}

bool kt_ssh_is(const struct kt_ssh_bytes *bytes, const char *text)
{
	return bytes->length == strlen(text) && memcmp(bytes->next, text, bytes->length) == 0;
}

/*
 * The connection.
 */

static bool fail_gone(const char *why, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_LOCKED, "SSH_AUTH_SOCK names an SSH agent that is gone (%s)", why);
	return kt_advise(error, "log in anew with ssh -A (an old tmux keeps the old name)");
}

static bool fail_silent(struct kt_error *error)
{
	kt_fail(error, KT_ERROR_LOCKED, "the SSH agent does not answer");
	return kt_advise(error, "see whether it asks something on a screen");
}

static bool fail_garbled(struct kt_error *error)
{
	kt_fail(error, KT_ERROR_LOCKED, "the SSH agent's answer is none of an SSH agent");
	return kt_advise(error, "see what SSH_AUTH_SOCK names");
}

static bool connect_agent(int64_t deadline, int *descriptor, struct kt_error *error)
{
	KT_CLEANUP(kt_descriptor_close) int connection = -1;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = kt_environment_get("SSH_AUTH_SOCK");
	int left = kt_local_socket_time_left(deadline);
	struct timeval patience = { left / 1000, left % 1000 * 1000 };

	if (!path) {
		kt_fail(error, KT_ERROR_LOCKED, "this login brought no SSH agent (SSH_AUTH_SOCK is not "
		        "set)");
		return kt_advise(error, "log in with ssh -A, or have an agent with the key here: "
		                 "ssh-agent, ssh-add");
	}
	if (strlen(path) >= sizeof(address.sun_path))
		return fail_gone(kt_translate("its name is too long"), error);
	memcpy(address.sun_path, path, strlen(path));
	connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connection < 0 || left == 0 ||
	    setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0)
		return fail_silent(error);
	if (connect(connection, (const struct sockaddr *)&address, sizeof(address)) != 0)
		return errno == EAGAIN || errno == EINTR ? fail_silent(error)
		                                         : fail_gone(strerror(errno), error);
	*descriptor = connection;
	connection = -1;
	return true;
}

static bool send_all(int descriptor, const struct kt_secret *message, int64_t deadline)
{
	const char *bytes = kt_secret_reveal(message);
	size_t left = kt_secret_length(message);

	while (left > 0) {
		struct pollfd wanted = { .fd = descriptor, .events = POLLOUT };
		ssize_t sent = send(descriptor, bytes, left, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
			if (poll(&wanted, 1, kt_local_socket_time_left(deadline)) <= 0)
				return false;
			continue;
		}
		if (sent <= 0)
			return false;
		bytes += sent;
		left -= (size_t)sent;
	}
	return true;
}

/* Appends exactly length bytes; *is_late: they did not come in time. */
static bool receive(int descriptor, size_t length, int64_t deadline, struct kt_secret *bytes,
                    bool *is_late, struct kt_error *error)
{
	while (length > 0) {
		struct pollfd wanted = { .fd = descriptor, .events = POLLIN };
		char buffer[4096];
		ssize_t got;

		*is_late = poll(&wanted, 1, kt_local_socket_time_left(deadline)) == 0;
		if (*is_late)
			return false;
		got = recv(descriptor, buffer, length < sizeof(buffer) ? length : sizeof(buffer),
		           MSG_DONTWAIT);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got <= 0 || !kt_secret_append(bytes, buffer, (size_t)got, error))
			return false;
		explicit_bzero(buffer, (size_t)got);
		length -= (size_t)got;
	}
	return true;
}

/* One request, one answer without its length. */
static bool exchange(const struct kt_secret *request, int64_t deadline, struct kt_secret *answer,
                     struct kt_error *error)
{
	KT_CLEANUP(kt_descriptor_close) int descriptor = -1;
	KT_CLEANUP(kt_secret_clear) struct kt_secret message = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret head = { 0 };
	struct kt_ssh_bytes bytes;
	bool is_late = false;
	size_t length = 0;

	if (!kt_ssh_append(&message, kt_secret_reveal(request), kt_secret_length(request), error) ||
	    !connect_agent(deadline, &descriptor, error))
		return false;
	if (!send_all(descriptor, &message, deadline))
		return fail_silent(error);
	if (!receive(descriptor, 4, deadline, &head, &is_late, error))
		return is_late ? fail_silent(error) : fail_garbled(error);
	bytes = (struct kt_ssh_bytes){ (const unsigned char *)kt_secret_reveal(&head), 4 };
	if (!take_number(&bytes, &length) || length == 0 || length > MESSAGE_MAXIMUM)
		return fail_garbled(error);
	if (!receive(descriptor, length, deadline, answer, &is_late, error))
		return is_late ? fail_silent(error) : fail_garbled(error);
	return true;
}

static bool is_answer(const struct kt_secret *answer, unsigned char type,
                      struct kt_ssh_bytes *body)
{
	const unsigned char *bytes = (const unsigned char *)kt_secret_reveal(answer);

	*body = (struct kt_ssh_bytes){ bytes + 1, kt_secret_length(answer) - 1 };
	return bytes[0] == type;
}

/*
 * Requests.
 */

static bool add_identity(struct kt_ssh_identities *identities, const struct kt_ssh_bytes *blob,
                         const struct kt_ssh_bytes *comment, struct kt_error *error)
{
	struct kt_ssh_identity *identity = &identities->list[identities->count];
	size_t length = comment->length < COMMENT_MAXIMUM ? comment->length : COMMENT_MAXIMUM;
	char text[COMMENT_MAXIMUM + 4]; /* kt_characters_fit looks that far */

	/* A comment is anybody's. */
	memcpy(text, comment->next, length);
	text[length] = '\0';
	text[kt_characters_fit(text, COMMENT_MAXIMUM)] = '\0';
	kt_characters_make_printable(text);
	identities->count++;
	return kt_text_set(&identity->comment, text, error) &&
	       kt_secret_set(&identity->blob, blob->next, blob->length, error);
}

bool kt_ssh_agent_list(struct kt_ssh_identities *identities, int64_t deadline,
                       struct kt_error *error)
{
	const unsigned char type = REQUEST_IDENTITIES;
	KT_CLEANUP(kt_secret_clear) struct kt_secret request = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret answer = { 0 };
	struct kt_ssh_bytes body;
	size_t count;

	kt_ssh_identities_clear(identities);
	if (!kt_secret_append(&request, &type, 1, error) ||
	    !exchange(&request, deadline, &answer, error))
		return false;
	if (!is_answer(&answer, IDENTITIES_ANSWER, &body) || !take_number(&body, &count))
		return fail_garbled(error);
	for (size_t i = 0; i < count && i < KT_SSH_AGENT_KEYS; i++) {
		struct kt_ssh_bytes blob;
		struct kt_ssh_bytes comment;

		if (!kt_ssh_take(&body, &blob) || !kt_ssh_take(&body, &comment))
			return fail_garbled(error);
		if (!add_identity(identities, &blob, &comment, error))
			return false;
	}
	return true;
}

/* The answer names the algorithm: another one would be another key. */
static bool read_signature(struct kt_ssh_bytes *body, const char *algorithm,
                           struct kt_secret *signature, struct kt_error *error)
{
	struct kt_ssh_bytes whole;
	struct kt_ssh_bytes name;
	struct kt_ssh_bytes bytes;

	if (!kt_ssh_take(body, &whole) || body->length > 0 || !kt_ssh_take(&whole, &name) ||
	    !kt_ssh_take(&whole, &bytes) || whole.length > 0 || !kt_ssh_is(&name, algorithm) ||
	    bytes.length < 32)
		return fail_garbled(error);
	return kt_secret_set(signature, bytes.next, bytes.length, error);
}

bool kt_ssh_agent_sign(const struct kt_secret *blob, const char *algorithm,
                       const struct kt_secret *challenge, int64_t deadline,
                       struct kt_secret *signature, bool *is_refused, struct kt_error *error)
{
	const unsigned char type = SIGN_REQUEST;
	size_t flags = strcmp(algorithm, "rsa-sha2-512") == 0 ? RSA_SHA2_512 : 0;
	KT_CLEANUP(kt_secret_clear) struct kt_secret request = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret answer = { 0 };
	struct kt_ssh_bytes body;

	*is_refused = false;
	if (!kt_secret_append(&request, &type, 1, error) ||
	    !kt_ssh_append(&request, kt_secret_reveal(blob), kt_secret_length(blob), error) ||
	    !kt_ssh_append(&request, kt_secret_reveal(challenge), kt_secret_length(challenge),
	                   error) ||
	    !append_number(&request, flags, error) ||
	    !exchange(&request, deadline, &answer, error))
		return false;
	if (is_answer(&answer, SIGN_RESPONSE, &body))
		return read_signature(&body, algorithm, signature, error);
	*is_refused = true;
	kt_fail(error, KT_ERROR_LOCKED, "the SSH agent refused (it is locked, or the key wants a "
	        "passphrase or a confirmation, or is for other hosts)");
	return kt_advise(error, "unlock the agent, or add the key to it anew: ssh-add FILE");
}
