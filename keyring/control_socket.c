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
#include "keyring/control_socket.h"
#include "keyring/white_box.h"

#define OPERATION_UNLOCK 1
#define OPERATION_CHANGE 2

#define RESULT_OK 0
#define RESULT_DENIED 1

/* The bytes before the first password: one that carries our credentials, and three numbers. */
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

bool kt_control_socket_has_keyring(const char *home)
{
	static const char *const directories[] = { ".local/share/keyrings", KT_WHITE_BOX_DIRECTORY };
	char path[PATH_MAX];
	int length;

	for (size_t i = 0; home && i < KT_COUNT(directories); i++) {
		length = snprintf(path, sizeof(path), "%s/%s/login.keyring", home, directories[i]);
		if (length > 0 && (size_t)length < sizeof(path) && access(path, F_OK) == 0)
			return true;
	}
	return false;
}

static enum kt_contact open_connection(const char *runtime_dir, int64_t deadline, int *descriptor)
{
	char directory[PATH_MAX];
	int length;

	length = snprintf(directory, sizeof(directory), "%s/keyring", runtime_dir);
	if (length < 0 || (size_t)length >= sizeof(directory))
		return KT_CONTACT_ABSENT;
	return kt_local_socket_connect(directory, "control", deadline, descriptor);
}

static enum kt_contact send_parts(int descriptor, struct iovec *parts, size_t count)
{
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = count };
	size_t length = 0;
	ssize_t sent;

	for (size_t i = 0; i < count; i++)
		length += parts[i].iov_len;
	sent = sendmsg(descriptor, &message, MSG_NOSIGNAL);
	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		return KT_CONTACT_SILENT;
	return sent == (ssize_t)length ? KT_CONTACT_MADE : KT_CONTACT_FAILED;
}

static enum kt_contact receive_reply(int descriptor, int64_t deadline)
{
	struct reply reply = { 0 };
	size_t length = 0;

	while (length < sizeof(reply)) {
		struct pollfd waiting = { .fd = descriptor, .events = POLLIN };
		ssize_t count;

		if (poll(&waiting, 1, kt_local_socket_time_left(deadline)) <= 0)
			return KT_CONTACT_SILENT;
		count = recv(descriptor, (char *)&reply + length, sizeof(reply) - length,
		             MSG_DONTWAIT);
		if (count <= 0)
			return KT_CONTACT_FAILED;
		length += (size_t)count;
	}
	if (ntohl(reply.total) != sizeof(reply))
		return KT_CONTACT_FAILED;
	if (ntohl(reply.result) == RESULT_OK)
		return KT_CONTACT_MADE;
	return ntohl(reply.result) == RESULT_DENIED ? KT_CONTACT_DENIED : KT_CONTACT_FAILED;
}

static struct iovec part_of(const struct kt_secret *password)
{
	return (struct iovec){ (void *)kt_secret_reveal(password), kt_secret_length(password) };
}

/* second is NULL for an operation with one password. */
static enum kt_contact ask(const char *runtime_dir, uint32_t operation,
                           const struct kt_secret *first, const struct kt_secret *second,
                           int64_t deadline)
{
	KT_CLEANUP(kt_descriptor_close) int descriptor = -1;
	struct frame frame = { 0 };
	uint32_t second_length = 0;
	struct iovec parts[4] = { { &frame, sizeof(frame) }, part_of(first) };
	size_t count = 2, total = sizeof(frame) - sizeof(frame.credentials) + parts[1].iov_len;
	enum kt_contact contact = open_connection(runtime_dir, deadline, &descriptor);

	if (contact != KT_CONTACT_MADE)
		return contact;
	if (second) {
		second_length = htonl((uint32_t)kt_secret_length(second));
		parts[count++] = (struct iovec){ &second_length, sizeof(second_length) };
		parts[count++] = part_of(second);
		total += parts[2].iov_len + parts[3].iov_len;
	}
	frame.total = htonl((uint32_t)total);
	frame.operation = htonl(operation);
	frame.length = htonl((uint32_t)parts[1].iov_len);
	contact = send_parts(descriptor, parts, count);
	return contact == KT_CONTACT_MADE ? receive_reply(descriptor, deadline) : contact;
}

enum kt_contact kt_control_socket_unlock(const char *runtime_dir, const struct kt_secret *password,
                                         int64_t deadline)
{
	return ask(runtime_dir, OPERATION_UNLOCK, password, NULL, deadline);
}

enum kt_contact kt_control_socket_change(const char *runtime_dir,
                                         const struct kt_secret *old_password,
                                         const struct kt_secret *new_password, int64_t deadline)
{
	return ask(runtime_dir, OPERATION_CHANGE, old_password, new_password, deadline);
}
