/* SPDX-License-Identifier: MIT */

/*
 * proxy_relay PORT CA: the least that a proxy can do, for tests/bench/proxy.py to measure beside
 * one. Listens at a port of 127.0.0.1, which it prints; what the one client says goes to PORT over
 * TLS, and what comes back goes to it, 64 KiB at once. No head is read, nothing is added.
 */

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#define CHUNK 65536
#define RECORD 16384
#define READ_AHEAD ((size_t)4 * (RECORD + 256))

static char chunk[CHUNK];

static bool send_all(int client, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t count = send(client, bytes, length, MSG_NOSIGNAL);

		if (count <= 0)
			return false;
		bytes += count;
		length -= (size_t)count;
	}
	return true;
}

/* Whole records go down, as many as are there, up to a chunk of them. */
static bool pass_down(SSL *server, int client)
{
	size_t length = 0;
	int count;

	do {
		count = SSL_read(server, chunk + length, (int)(CHUNK - length));
		length += count > 0 ? (size_t)count : 0;
	} while (count == RECORD && length < CHUNK && SSL_has_pending(server));
	return send_all(client, chunk, length) &&
	       (count > 0 || SSL_get_error(server, count) == SSL_ERROR_WANT_READ);
}

static bool pass_up(int client, SSL *server)
{
	ssize_t count = recv(client, chunk, CHUNK, 0);

	return count > 0 && SSL_write(server, chunk, (int)count) == count;
}

static void serve(SSL *server, int client)
{
	struct pollfd wanted[] = {
		{ .fd = SSL_get_fd(server), .events = POLLIN },
		{ .fd = client, .events = POLLIN },
	};
	bool goes_on = true;

	while (goes_on) {
		bool has_more = SSL_has_pending(server);

		if (poll(wanted, 2, has_more ? 0 : -1) < 0)
			return;
		if (has_more || wanted[0].revents)
			goes_on = pass_down(server, client);
		if (goes_on && wanted[1].revents)
			goes_on = pass_up(client, server);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		                       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t length = sizeof(address);
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	const int yes = 1;

	if (argc != 3 || !context || SSL_CTX_load_verify_file(context, argv[2]) != 1 ||
	    bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 1) != 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &length) != 0)
		return EXIT_FAILURE;
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	/* Behind a ticket there may be nothing to wait for. */
	SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_read_ahead(context, 1);
	SSL_CTX_set_default_read_buffer_len(context, READ_AHEAD);
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
	address.sin_port = htons((in_port_t)strtoul(argv[1], NULL, 10));
	for (;;) {
		int client = accept(listener, NULL, NULL);
		int server = socket(AF_INET, SOCK_STREAM, 0);
		SSL *session = SSL_new(context);

		setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
		setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
		if (connect(server, (struct sockaddr *)&address, length) != 0 ||
		    SSL_set_fd(session, server) != 1 || SSL_connect(session) != 1)
			return EXIT_FAILURE;
		serve(session, client);
		SSL_free(session);
		close(server);
		close(client);
	}
}
