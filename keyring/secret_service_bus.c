/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <gio/gio.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/secret_service_bus.h"
#include "keyring/text.h"

/* The result of trying one address. */
enum attempt {
	ATTEMPT_MADE,
	ATTEMPT_GONE,   /* nobody listens there */
	ATTEMPT_FAILED, /* the error is written */
};

static void unref_stream(GIOStream **stream)
{
	g_clear_object(stream);
}

static void free_string(char **text)
{
	g_clear_pointer(text, g_free);
}

/* GLib would follow "tcp:" to another machine, and start a bus by "autolaunch:". */
static bool is_local(const char *addresses)
{
	for (const char *address = addresses; address; address = strchr(address, ';')) {
		address += *address == ';';
		if (*address != '\0' && !kt_text_has_prefix(address, "unix:"))
			return false;
	}
	return true;
}

/* The address of the socket "bus" in a directory; *address NULL where there is none. */
static bool find_in(const char *directory, char **address, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *path = NULL;
	KT_CLEANUP(free_string) char *escaped = NULL;
	struct stat status;

	kt_text_free(address);
	if (!kt_text_format(&path, error, "%s/bus", directory))
		return false;
	if (stat(path, &status) != 0 || !S_ISSOCK(status.st_mode))
		return true;
	escaped = g_dbus_address_escape_value(path);
	return kt_text_format(address, error, "unix:path=%s", escaped);
}

/* Finds the bus of this user's session, whatever the environment says of it. */
static bool find_living(char **address, struct kt_error *error)
{
	const char *runtime = kt_environment_get("XDG_RUNTIME_DIR");
	char directory[40];

	if (runtime && !find_in(runtime, address, error))
		return false;
	if (*address)
		return true;
	snprintf(directory, sizeof(directory), "/run/user/%lu", (unsigned long)geteuid());
	return find_in(directory, address, error);
}

bool kt_bus_check_address(struct kt_error *error)
{
	const char *named = kt_environment_get("DBUS_SESSION_BUS_ADDRESS");
	KT_CLEANUP(kt_text_free) char *living = NULL;

	if (named && is_local(named))
		return true;
	if (named) {
		kt_fail(error, KT_ERROR_UNSAFE, "the session bus is not a unix socket of this machine");
		return kt_advise(error, "unset DBUS_SESSION_BUS_ADDRESS, or set it to unix:path=...");
	}
	if (!find_living(&living, error))
		return false;
	if (living)
		return true;
	kt_fail(error, KT_ERROR_UNAVAILABLE, "this session has no D-Bus session bus");
	return kt_advise(error, "run it in your desktop session; without a desktop run: "
	                 "keyturn vault create");
}

/* SO_PEERCRED: the user of the listener when this connection was made. */
static bool check_peer(GIOStream *stream, const char *address, struct kt_error *error)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);
	int descriptor;

	if (!G_IS_SOCKET_CONNECTION(stream))
		return kt_fail(error, KT_ERROR_UNSAFE, "the session bus is not a socket");
	descriptor = g_socket_get_fd(g_socket_connection_get_socket(G_SOCKET_CONNECTION(stream)));
	if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
	    length == sizeof(peer) && (peer.uid == geteuid() || peer.uid == 0))
		return true;
	kt_fail(error, KT_ERROR_UNSAFE, "the session bus at %.100s is another user's: nothing was sent",
	        address);
	return kt_advise(error, "unset DBUS_SESSION_BUS_ADDRESS, or take that of your present session");
}

static enum attempt open_stream(struct kt_call *call, const char *address, GIOStream **stream,
                                struct kt_error *error)
{
	GError *problem = NULL;

	kt_call_start(call, "connect");
	g_dbus_address_get_stream(address, call->cancellable, kt_call_done, call);
	kt_call_wait(call);
	*stream = g_dbus_address_get_stream_finish(call->result, NULL, &problem);
	if (*stream)
		return ATTEMPT_MADE;
	if (call->is_late) {
		kt_call_fail(call, problem, error);
		return ATTEMPT_FAILED;
	}
	g_clear_error(&problem);
	return ATTEMPT_GONE;
}

/* The peer is asked for on the very connection that is used: a name may be bound anew meanwhile. */
static enum attempt connect_to(struct kt_call *call, const char *address, struct kt_error *error)
{
	KT_CLEANUP(unref_stream) GIOStream *stream = NULL;
	enum attempt attempt = open_stream(call, address, &stream, error);
	GError *problem = NULL;

	if (attempt != ATTEMPT_MADE)
		return attempt;
	if (!check_peer(stream, address, error))
		return ATTEMPT_FAILED;
	kt_call_start(call, "Hello");
	g_dbus_connection_new(stream, NULL, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
	                                    G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
	                      NULL, call->cancellable, kt_call_done, call);
	kt_call_wait(call);
	call->bus = g_dbus_connection_new_finish(call->result, &problem);
	if (call->bus)
		return ATTEMPT_MADE;
	if (call->is_late) {
		kt_call_fail(call, problem, error);
		return ATTEMPT_FAILED;
	}
	g_clear_error(&problem);
	return ATTEMPT_GONE;
}

static bool fail_gone(const char *named, struct kt_error *error)
{
	if (!named) {
		kt_fail(error, KT_ERROR_UNAVAILABLE,
		        "this session's D-Bus session bus cannot be reached");
		return kt_advise(error, "run it in your desktop session");
	}
	kt_fail(error, KT_ERROR_UNAVAILABLE, "nobody listens at the session bus that "
	        "DBUS_SESSION_BUS_ADDRESS names (%.100s)", named);
	return kt_advise(error, "it may be an ended session's, kept by tmux or screen: run it in a "
	                 "terminal of your present desktop session");
}

bool kt_bus_connect(struct kt_call *call, struct kt_error *error)
{
	const char *named = kt_environment_get("DBUS_SESSION_BUS_ADDRESS");
	KT_CLEANUP(kt_text_free) char *living = NULL;
	enum attempt attempt = ATTEMPT_GONE;

	if (!kt_bus_check_address(error))
		return false;
	if (named)
		attempt = connect_to(call, named, error);
	if (attempt != ATTEMPT_GONE)
		return attempt == ATTEMPT_MADE;
	if (!find_living(&living, error))
		return false;
	if (living && !kt_text_is_equal(living, named)) {
		attempt = connect_to(call, living, error);
		if (attempt == ATTEMPT_MADE && named && call->trace)
			call->trace("secret-service: DBUS_SESSION_BUS_ADDRESS names a bus that is gone; "
			            "this user's living one is used");
	}
	return attempt == ATTEMPT_MADE || (attempt == ATTEMPT_GONE && fail_gone(named, error));
}
