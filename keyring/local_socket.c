/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/local_socket.h"

int kt_local_socket_time_left(int64_t deadline)
{
	int64_t left = deadline - kt_clock_monotonic();

	if (left <= 0)
		return 0;
	return left < INT_MAX ? (int)left : INT_MAX;
}

/* The mode of the socket itself differs with its maker, so the directory's counts. */
static enum kt_contact check_place(const char *directory, const char *path)
{
	struct stat status;

	if (lstat(directory, &status) != 0)
		return KT_CONTACT_ABSENT;
	if (!S_ISDIR(status.st_mode) || status.st_uid != getuid() ||
	    (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return KT_CONTACT_UNSAFE;
	if (lstat(path, &status) != 0)
		return KT_CONTACT_ABSENT;
	if (!S_ISSOCK(status.st_mode) || status.st_uid != getuid())
		return KT_CONTACT_UNSAFE;
	return KT_CONTACT_MADE;
}

/*
 * A full backlog answers a non-blocking connect with EAGAIN, and poll() says nothing about it;
 * a blocking one waits as long as SO_SNDTIMEO allows.
 */
static enum kt_contact connect_in_time(int descriptor, const struct sockaddr_un *address,
                                       int64_t deadline)
{
	int left = kt_local_socket_time_left(deadline);
	struct timeval patience = { left / 1000, left % 1000 * 1000 };

	if (left == 0)
		return KT_CONTACT_SILENT;
	if (setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0)
		return KT_CONTACT_FAILED;
	if (connect(descriptor, (const struct sockaddr *)address, sizeof(*address)) == 0)
		return KT_CONTACT_MADE;
	return errno == EAGAIN || errno == EINTR ? KT_CONTACT_SILENT : KT_CONTACT_ABSENT;
}

static bool peer_is_user(int descriptor)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);

	return getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
	       length == sizeof(peer) && peer.uid == getuid();
}

enum kt_contact kt_local_socket_connect(const char *directory, const char *name, int64_t deadline,
                                        int *descriptor)
{
	KT_CLEANUP(kt_descriptor_close) int connection = -1;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	enum kt_contact status;
	int length;

	length = snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", directory, name);
	if (length < 0 || (size_t)length >= sizeof(address.sun_path))
		return KT_CONTACT_ABSENT;
	status = check_place(directory, address.sun_path);
	if (status != KT_CONTACT_MADE)
		return status;
	connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connection < 0)
		return KT_CONTACT_FAILED;
	status = connect_in_time(connection, &address, deadline);
	if (status != KT_CONTACT_MADE)
		return status;
	if (!peer_is_user(connection))
		return KT_CONTACT_UNSAFE;
	*descriptor = connection;
	connection = -1;
	return KT_CONTACT_MADE;
}
