/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "helper/courier/loopback.h"
#include "helper/courier/pages.h"
#include "helper/courier/redirect.h"
#include "helper/sandbox.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/text.h"

#define LONGEST_WAIT (5 * 60 * 1000)
#define CONNECTION_TIME (5 * 1000)
#define CONNECTIONS 16
#define CONNECTIONS_IN_ALL 1000
#define LISTENERS 2
#define DESCRIPTION_MAXIMUM 200

struct connection {
	int socket;
	int64_t deadline;
	struct kt_secret request;
};

struct server {
	int keeper;
	int64_t deadline;
	struct kt_redirect redirect;
	int listeners[LISTENERS];
	size_t listening;
	struct connection connections[CONNECTIONS];
	size_t connected;
	unsigned seen;
	bool is_chinese; /* the terminal that the login was begun at */
};

static void close_connection(struct server *server, size_t index)
{
	struct connection *connection = &server->connections[index];

	close(connection->socket);
	kt_secret_clear(&connection->request);
	server->connected--;
	memmove(connection, connection + 1, (server->connected - index) * sizeof(*connection));
}

static void close_listeners(struct server *server)
{
	while (server->listening > 0)
		close(server->listeners[--server->listening]);
}

static void server_clear(struct server *server)
{
	close_listeners(server);
	while (server->connected > 0)
		close_connection(server, server->connected - 1);
	kt_redirect_address_clear(&server->redirect.address);
}

static bool say(int keeper, const char *word, const char *name, const char *value,
                struct kt_error *error)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };

	return kt_errand_add(&message, "say", word, error) &&
	       (!name || kt_errand_add(&message, name, value, error)) &&
	       kt_errand_send(&message, keeper, kt_clock_monotonic() + CONNECTION_TIME, error);
}

/*
 * Listens on this machine's own address. SO_REUSEADDR only ends the wait for connections of
 * an earlier login; it lets nobody listen on a port where somebody listens.
 */
static bool listen_on(struct server *server, int family, struct kt_error *error)
{
	struct sockaddr_in6 ipv6 = { .sin6_family = AF_INET6,
		                     .sin6_port = htons(server->redirect.address.port),
		                     .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in ipv4 = { .sin_family = AF_INET,
		                    .sin_port = htons(server->redirect.address.port),
		                    .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct sockaddr *address = family == AF_INET ? (struct sockaddr *)&ipv4
	                                             : (struct sockaddr *)&ipv6;
	socklen_t size = family == AF_INET ? sizeof(ipv4) : sizeof(ipv6);
	const int yes = 1;
	int listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (listener < 0)
		return kt_fail(error, KT_ERROR_UNAVAILABLE, "cannot make a socket: %s",
		               strerror(errno));
	server->listeners[server->listening++] = listener;
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if ((family == AF_INET6 &&
	     setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes)) != 0) ||
	    bind(listener, address, size) != 0 || listen(listener, CONNECTIONS) != 0 ||
	    getsockname(listener, address, &size) != 0)
		return kt_fail(error, errno == EADDRINUSE ? KT_ERROR_BUSY : KT_ERROR_UNAVAILABLE,
		               "cannot listen on the redirect URI's port: %s", strerror(errno));
	server->redirect.address.port = ntohs(family == AF_INET ? ipv4.sin_port : ipv6.sin6_port);
	return true;
}

/* "localhost" is both addresses to a browser; a machine without IPv6 has only one of them. */
static bool listen_everywhere(struct server *server, struct kt_error *error)
{
	const char *host = server->redirect.address.host;
	bool is_both = strcmp(host, "localhost") == 0;

	if (!is_both)
		return listen_on(server, host[0] == '[' ? AF_INET6 : AF_INET, error);
	if (!listen_on(server, AF_INET, error))
		return false;
	if (!listen_on(server, AF_INET6, error)) {
		if (error->code == KT_ERROR_BUSY)
			return false;
		kt_error_clear(error);
		if (server->listening == LISTENERS)
			close(server->listeners[--server->listening]);
	}
	return true;
}

static void accept_connection(struct server *server, int listener)
{
	int accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (accepted < 0) {
		/* Out of descriptors, say: not a loop at full speed. */
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			kt_clock_sleep(50);
		return;
	}
	/* The oldest gives way: browsers open connections in advance and leave them idle. */
	if (server->connected == CONNECTIONS)
		close_connection(server, 0);
	server->connections[server->connected++] = (struct connection){
		.socket = accepted,
		.deadline = kt_clock_monotonic() + CONNECTION_TIME,
	};
	if (++server->seen == CONNECTIONS_IN_ALL)
		close_listeners(server);
}

/* A whole answer fits into an empty socket buffer: a client that does not read cannot hold us. */
static void answer(const struct server *server, const struct connection *connection,
                   enum kt_redirect_verdict verdict)
{
	static const enum kt_page pages[] = {
		[KT_REDIRECT_CODE] = KT_PAGE_RECEIVED,
		[KT_REDIRECT_DENIED] = KT_PAGE_DENIED,
		[KT_REDIRECT_STRAY] = KT_PAGE_STRAY,
		[KT_REDIRECT_NOT_FOUND] = KT_PAGE_NOT_FOUND,
		[KT_REDIRECT_NOT_ALLOWED] = KT_PAGE_NOT_ALLOWED,
		[KT_REDIRECT_TOO_LARGE] = KT_PAGE_TOO_LARGE,
	};
	KT_CLEANUP(kt_secret_clear) struct kt_secret response = { 0 };
	struct kt_error ignored = { 0 };
	char rest[4096];
	int client = connection->socket;
	bool is_chinese = kt_pages_is_chinese_first(kt_secret_reveal(&connection->request),
	                                            kt_secret_length(&connection->request),
	                                            server->is_chinese);

	if (!kt_pages_append(&response, pages[verdict], is_chinese, &ignored))
		return;
	(void)!send(client, kt_secret_reveal(&response), kt_secret_length(&response),
	            MSG_NOSIGNAL | MSG_DONTWAIT);
	shutdown(client, SHUT_WR);
	/* Closing with bytes unread would reset the connection and lose the answer. */
	for (int i = 0; i < 16 && recv(client, rest, sizeof(rest), MSG_DONTWAIT) > 0; i++)
		;
}

/* Reads what has come; the verdict is INCOMPLETE while the connection is to be kept. */
static enum kt_redirect_verdict read_request(struct server *server,
                                             struct connection *connection, bool *is_over,
                                             struct kt_redirect_result *result)
{
	struct kt_error ignored = { 0 };
	char bytes[KT_REDIRECT_REQUEST];
	size_t room = KT_REDIRECT_REQUEST + 1 - kt_secret_length(&connection->request);
	ssize_t got = recv(connection->socket, bytes, room < sizeof(bytes) ? room : sizeof(bytes),
	                   MSG_DONTWAIT);
	bool is_idle = got < 0 && (errno == EAGAIN || errno == EINTR);

	*is_over = got == 0 || (got < 0 && !is_idle);
	if (got <= 0)
		return KT_REDIRECT_INCOMPLETE;
	*is_over = !kt_secret_append(&connection->request, bytes, (size_t)got, &ignored);
	explicit_bzero(bytes, (size_t)got);
	return kt_redirect_judge(&server->redirect, kt_secret_reveal(&connection->request),
	                         kt_secret_length(&connection->request), result);
}

/* Serves one connection that has something to read. True when the redirect has come. */
static bool serve(struct server *server, size_t index, enum kt_redirect_verdict *verdict,
                  struct kt_redirect_result *result)
{
	struct connection *connection = &server->connections[index];
	bool is_over;

	*verdict = read_request(server, connection, &is_over, result);
	if (*verdict != KT_REDIRECT_INCOMPLETE)
		answer(server, connection, *verdict);
	if (is_over || *verdict != KT_REDIRECT_INCOMPLETE)
		close_connection(server, index);
	return *verdict == KT_REDIRECT_CODE || *verdict == KT_REDIRECT_DENIED;
}

/* Connections are in the order of their deadlines. */
static int time_left(const struct server *server)
{
	int64_t first = server->deadline;
	int64_t now = kt_clock_monotonic();

	if (server->connected > 0 && server->connections[0].deadline < first)
		first = server->connections[0].deadline;
	return first > now ? (int)(first - now) : 0;
}

/* One round of waiting. False when the keeper is gone, or speaks when it must not. */
static bool wait_once(struct server *server, enum kt_redirect_verdict *verdict,
                      struct kt_redirect_result *result)
{
	struct pollfd entries[1 + LISTENERS + CONNECTIONS];
	struct pollfd *clients = entries + 1 + server->listening;
	size_t listening = server->listening;
	size_t connected = server->connected;

	entries[0] = (struct pollfd){ .fd = server->keeper, .events = POLLIN };
	for (size_t i = 0; i < listening; i++)
		entries[1 + i] = (struct pollfd){ .fd = server->listeners[i], .events = POLLIN };
	for (size_t i = 0; i < connected; i++)
		clients[i] = (struct pollfd){ .fd = server->connections[i].socket,
			                      .events = POLLIN };
	if (poll(entries, (nfds_t)(1 + listening + connected), time_left(server)) < 0)
		return errno == EINTR;
	if (entries[0].revents)
		return false;
	/* From the last one on: serving closes, and closing moves those behind. */
	for (size_t i = connected; i-- > 0;)
		if (clients[i].revents && serve(server, i, verdict, result))
			return true;
	for (size_t i = 0; i < listening && i < server->listening; i++)
		if (entries[1 + i].revents)
			accept_connection(server, server->listeners[i]);
	while (server->connected > 0 && server->connections[0].deadline <= kt_clock_monotonic())
		close_connection(server, 0);
	return true;
}

/* Tells the keeper of the server's refusal, in characters that are safe to show. */
static bool say_error(int keeper, const struct kt_redirect_result *result,
                      struct kt_error *error)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };
	const char *name = kt_secret_reveal(&result->error);
	const char *text = kt_secret_reveal(&result->description);
	char description[DESCRIPTION_MAXIMUM + 1];

	if (kt_secret_length(&result->error) > 64 ||
	    !kt_characters_are_visible_ascii(name, strlen(name)))
		name = "unreadable_error";
	snprintf(description, sizeof(description), "%.*s",
	         kt_characters_fit(text, DESCRIPTION_MAXIMUM), text);
	kt_characters_make_printable(description);
	return kt_errand_add(&message, "say", "error", error) &&
	       kt_errand_add(&message, "error", name, error) &&
	       kt_errand_add(&message, "description", description, error) &&
	       kt_errand_send(&message, keeper, kt_clock_monotonic() + CONNECTION_TIME, error);
}

static bool await_redirect(struct server *server, struct kt_error *error)
{
	KT_CLEANUP(kt_redirect_result_clear) struct kt_redirect_result result = { 0 };
	enum kt_redirect_verdict verdict = KT_REDIRECT_INCOMPLETE;

	while (verdict != KT_REDIRECT_CODE && verdict != KT_REDIRECT_DENIED) {
		if (kt_clock_monotonic() >= server->deadline)
			return say(server->keeper, "timeout", NULL, NULL, error);
		if (server->listening == 0 && server->connected == 0)
			return say(server->keeper, "refused", "reason",
			           "too many connections came and none was the login", error);
		if (!wait_once(server, &verdict, &result))
			return kt_fail(error, KT_ERROR_NETWORK, "the keeper is gone");
	}
	close_listeners(server);
	return verdict == KT_REDIRECT_CODE
	               ? say(server->keeper, "code", "code", kt_secret_reveal(&result.code), error)
	               : say_error(server->keeper, &result, error);
}

static bool read_errand(struct server *server, const struct kt_errand *errand,
                        struct kt_error *error)
{
	const char *uri = kt_errand_text(errand, "redirect_uri");
	int64_t timeout = LONGEST_WAIT;

	server->redirect.state = kt_errand_secret(errand, "state");
	server->redirect.issuer = kt_errand_text(errand, "issuer");
	server->redirect.needs_issuer = kt_errand_is(errand, "issuer_required", "1");
	server->is_chinese = kt_errand_is(errand, "language", "zh");
	if (!uri || !server->redirect.state || kt_secret_is_empty(server->redirect.state))
		return kt_fail(error, KT_ERROR_USAGE, "a redirect has no address or no state");
	if (kt_errand_number(errand, "timeout", &timeout) && timeout > LONGEST_WAIT)
		timeout = LONGEST_WAIT;
	server->deadline = kt_clock_monotonic() + timeout;
	return kt_redirect_parse_uri(&server->redirect.address, uri, error);
}

bool kt_loopback_run(const struct kt_errand *errand, int keeper, struct kt_error *error)
{
	KT_CLEANUP(server_clear) struct server server = { .keeper = keeper };
	KT_CLEANUP(kt_text_free) char *port = NULL;
	struct kt_error refusal = { 0 };

	if (!read_errand(&server, errand, &refusal) || !listen_everywhere(&server, &refusal))
		return refusal.code == KT_ERROR_BUSY
		               ? say(keeper, "busy", NULL, NULL, error)
		               : say(keeper, "refused", "reason", refusal.message, error);
	kt_sandbox_confine(KT_SANDBOX_ACCEPT);
	return kt_text_format(&port, error, "%u", server.redirect.address.port) &&
	       say(keeper, "port", "port", port, error) && await_redirect(&server, error);
}
