/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "keyring/cleanup.h"
#include "pam/unlock/control_socket.h"
#include "pam/unlock/local_socket.h"

#define OPERATION_UNLOCK 1
#define OPERATION_CHANGE 2

#define RESULT_OK 0
#define RESULT_DENIED 1

/* What goes before the first password: the byte that carries our credentials, three numbers. */
struct __attribute__((packed)) frame {
	uint8_t credentials;
	uint32_t total; /* all but the credentials byte */
	uint32_t operation;
	uint32_t length;
};

struct reply {
	uint32_t total;
	uint32_t result;
};

/*
 * UNLOCK makes a keyring with the password where there is none, which nobody asked for.
 * Looked at as the user; a home that is not mounted yet has none.
 */
static bool login_keyring_exists(const struct kt_session *session)
{
	char path[PATH_MAX];
	int length;

	if (!session->home)
		return false;
	length = snprintf(path, sizeof(path), "%s/.local/share/keyrings/login.keyring",
	                  session->home);
	return length > 0 && (size_t)length < sizeof(path) && access(path, F_OK) == 0;
}

static enum kt_status open_connection(const struct kt_session *session, int *descriptor)
{
	char directory[PATH_MAX];
	int length;

	length = snprintf(directory, sizeof(directory), "%s/keyring", session->runtime_dir);
	if (length < 0 || (size_t)length >= sizeof(directory))
		return KT_STATUS_ABSENT;
	return kt_local_socket_connect(session, directory, "control", descriptor);
}

static enum kt_status send_parts(int descriptor, struct iovec *parts, size_t count)
{
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = count };
	size_t length = 0;
	ssize_t sent;

	for (size_t i = 0; i < count; i++)
		length += parts[i].iov_len;
	sent = sendmsg(descriptor, &message, MSG_NOSIGNAL);
	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		return KT_STATUS_SILENT;
	return sent == (ssize_t)length ? KT_STATUS_OPENED : KT_STATUS_FAILED;
}

static enum kt_status receive_reply(const struct kt_session *session, int descriptor)
{
	struct reply reply = { 0 };
	size_t length = 0;

	while (length < sizeof(reply)) {
		struct pollfd waiting = { .fd = descriptor, .events = POLLIN };
		ssize_t count;

		if (poll(&waiting, 1, kt_session_time_left(session)) <= 0)
			return KT_STATUS_SILENT;
		count = recv(descriptor, (char *)&reply + length, sizeof(reply) - length,
		             MSG_DONTWAIT);
		if (count <= 0)
			return KT_STATUS_FAILED;
		length += (size_t)count;
	}
	if (ntohl(reply.total) != sizeof(reply))
		return KT_STATUS_FAILED;
	if (ntohl(reply.result) == RESULT_OK)
		return KT_STATUS_OPENED;
	return ntohl(reply.result) == RESULT_DENIED ? KT_STATUS_DENIED : KT_STATUS_FAILED;
}

static struct iovec part_of(const struct kt_secret *password)
{
	return (struct iovec){ (void *)kt_secret_reveal(password), kt_secret_length(password) };
}

/* second is NULL for an operation with one password. */
static enum kt_status ask(const struct kt_session *session, uint32_t operation,
                          const struct kt_secret *first, const struct kt_secret *second)
{
	KT_CLEANUP(kt_local_socket_close) int descriptor = -1;
	struct frame frame = { 0 };
	uint32_t second_length = 0;
	struct iovec parts[4] = { { &frame, sizeof(frame) }, part_of(first) };
	size_t count = 2, total = sizeof(frame) - sizeof(frame.credentials) + parts[1].iov_len;
	enum kt_status status;

	/* First, as connecting may already start a daemon. */
	if (!session->may_create && !login_keyring_exists(session))
		return KT_STATUS_NO_COLLECTION;
	status = open_connection(session, &descriptor);
	if (status != KT_STATUS_OPENED)
		return status;
	if (second) {
		second_length = htonl((uint32_t)kt_secret_length(second));
		parts[count++] = (struct iovec){ &second_length, sizeof(second_length) };
		parts[count++] = part_of(second);
		total += parts[2].iov_len + parts[3].iov_len;
	}
	frame.total = htonl((uint32_t)total);
	frame.operation = htonl(operation);
	frame.length = htonl((uint32_t)parts[1].iov_len);
	status = send_parts(descriptor, parts, count);
	return status == KT_STATUS_OPENED ? receive_reply(session, descriptor) : status;
}

enum kt_status kt_control_socket_unlock(const struct kt_session *session,
                                        const struct kt_secret *password)
{
	return ask(session, OPERATION_UNLOCK, password, NULL);
}

enum kt_status kt_control_socket_change(const struct kt_session *session,
                                        const struct kt_secret *old_password,
                                        const struct kt_secret *new_password)
{
	return ask(session, OPERATION_CHANGE, old_password, new_password);
}
