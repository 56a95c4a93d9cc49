/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "keyring/cleanup.h"
#include "pam/unlock/local_socket.h"

void kt_local_socket_close(int *descriptor)
{
	if (*descriptor >= 0)
		close(*descriptor);
	*descriptor = -1;
}

/* The mode of the socket itself differs with who made it, so the directory's counts. */
static enum kt_status check_place(const char *directory, const char *path)
{
	struct stat status;

	if (lstat(directory, &status) != 0)
		return KT_STATUS_ABSENT;
	if (!S_ISDIR(status.st_mode) || status.st_uid != getuid() ||
	    (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return KT_STATUS_UNSAFE;
	if (lstat(path, &status) != 0)
		return KT_STATUS_ABSENT;
	if (!S_ISSOCK(status.st_mode) || status.st_uid != getuid())
		return KT_STATUS_UNSAFE;
	return KT_STATUS_OPENED;
}

/*
 * A full backlog answers a non-blocking connect with EAGAIN, and poll() says nothing about it;
 * a blocking one waits as long as SO_SNDTIMEO allows.
 */
static enum kt_status connect_in_time(const struct kt_session *session, int descriptor,
                                      const struct sockaddr_un *address)
{
	int left = kt_session_time_left(session);
	struct timeval patience = { left / 1000, left % 1000 * 1000 };

	if (left == 0)
		return KT_STATUS_SILENT;
	if (setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0)
		return KT_STATUS_FAILED;
	if (connect(descriptor, (const struct sockaddr *)address, sizeof(*address)) == 0)
		return KT_STATUS_OPENED;
	return errno == EAGAIN || errno == EINTR ? KT_STATUS_SILENT : KT_STATUS_ABSENT;
}

static bool peer_is_user(int descriptor)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);

	return getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
	       length == sizeof(peer) && peer.uid == getuid();
}

enum kt_status kt_local_socket_connect(const struct kt_session *session, const char *directory,
                                       const char *name, int *descriptor)
{
	KT_CLEANUP(kt_local_socket_close) int connection = -1;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	enum kt_status status;
	int length;

	length = snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", directory, name);
	if (length < 0 || (size_t)length >= sizeof(address.sun_path))
		return KT_STATUS_ABSENT;
	status = check_place(directory, address.sun_path);
	if (status != KT_STATUS_OPENED)
		return status;
	connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connection < 0)
		return KT_STATUS_FAILED;
	status = connect_in_time(session, connection, &address);
	if (status != KT_STATUS_OPENED)
		return status;
	if (!peer_is_user(connection))
		return KT_STATUS_UNSAFE;
	*descriptor = connection;
	connection = -1;
	return KT_STATUS_OPENED;
}
