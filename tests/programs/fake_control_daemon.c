/* SPDX-License-Identifier: MIT */

/*
 * A keyring daemon's control socket that misbehaves on request:
 *
 *   fake_control_daemon SOCKET MODE LOG
 *
 * Modes: ok, denied, denied-then-ok (the first two requests are denied), denied-unlock (UNLOCK
 * is, CHANGE is not), silent (reads and says nothing), stopped (SIGSTOP to itself), backlog (full,
 * and never accepts), garbage (a reply of absurd length), early (closes unread). Prints "ready"
 * once it listens. Each request is one line in LOG: its number, then its passwords in quotes.
 */

#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define OPERATION_UNLOCK 1
#define PACKET_MAX 4096

static void die(const char *what)
{
	fprintf(stderr, "fake_control_daemon: %s: %s\n", what, strerror(errno));
	exit(99);
}

static int listen_at(const struct sockaddr_un *address, int backlog)
{
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	unlink(address->sun_path);
	umask(077);
	if (listener < 0 ||
	    bind(listener, (const struct sockaddr *)address, sizeof(*address)) != 0 ||
	    listen(listener, backlog) != 0)
		die(address->sun_path);
	return listener;
}

/* Connects to itself until the kernel has no room left. */
static void fill_backlog(const struct sockaddr_un *address)
{
	for (;;) {
		int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

		if (connect(client, (const struct sockaddr *)address, sizeof(*address)) != 0)
			return;
	}
}

static uint32_t number_at(const unsigned char *bytes)
{
	uint32_t number;

	memcpy(&number, bytes, sizeof(number));
	return ntohl(number);
}

/* The credentials byte and one packet; its length without the byte, or 0. */
static size_t receive_packet(int client, unsigned char *packet)
{
	unsigned char credentials;
	size_t have = 0, want = 4;

	if (read(client, &credentials, 1) != 1 || credentials != 0)
		return 0;
	while (have < want) {
		ssize_t count = read(client, packet + have, want - have);

		if (count <= 0)
			return 0;
		have += (size_t)count;
		if (have == 4)
			want = number_at(packet);
		if (want < 8 && have == 4)
			return 0;
		if (want > PACKET_MAX)
			return 0;
	}
	return want;
}

static void write_log(const char *path, const unsigned char *packet, size_t length)
{
	FILE *log = fopen(path, "ae");

	if (!log)
		die(path);
	fprintf(log, "%u", number_at(packet + 4));
	for (size_t at = 8; at + 4 <= length;) {
		uint32_t size = number_at(packet + at);

		if (size > length - at - 4)
			break;
		fprintf(log, " \"%.*s\"", (int)size, (const char *)packet + at + 4);
		at += 4 + size;
	}
	fputc('\n', log);
	fclose(log);
}

static uint32_t result_of(const char *mode, uint32_t operation, int request)
{
	if (strcmp(mode, "denied") == 0)
		return 1;
	if (strcmp(mode, "denied-then-ok") == 0)
		return request <= 2;
	if (strcmp(mode, "denied-unlock") == 0)
		return operation == OPERATION_UNLOCK && request <= 1;
	return 0;
}

static void serve(int client, const char *mode, const char *log)
{
	static int requests;
	unsigned char packet[PACKET_MAX];
	uint32_t reply[2] = { htonl(8), 0 };
	size_t length;

	if (strcmp(mode, "early") == 0)
		return;
	length = receive_packet(client, packet);
	if (length == 0)
		return;
	write_log(log, packet, length);
	if (strcmp(mode, "silent") == 0)
		pause();
	if (strcmp(mode, "garbage") == 0)
		reply[0] = htonl(0xfffffff0U);
	reply[1] = htonl(result_of(mode, number_at(packet + 4), ++requests));
	send(client, reply, sizeof(reply), MSG_NOSIGNAL);
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	bool is_full;
	int listener;

	if (argc != 4 || strlen(argv[1]) >= sizeof(address.sun_path)) {
		fputs("usage: fake_control_daemon SOCKET MODE LOG\n", stderr);
		return 99;
	}
	memcpy(address.sun_path, argv[1], strlen(argv[1]));
	is_full = strcmp(argv[2], "backlog") == 0;
	listener = listen_at(&address, is_full ? 0 : 64);
	if (is_full)
		fill_backlog(&address);
	puts("ready");
	fflush(stdout);
	if (is_full)
		pause();
	if (strcmp(argv[2], "stopped") == 0)
		raise(SIGSTOP);
	for (;;) {
		int client = accept(listener, NULL, NULL);

		if (client < 0)
			die("accept");
		serve(client, argv[2], argv[3]);
		close(client);
	}
}
