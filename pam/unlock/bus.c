/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <gio/gio.h>

#include "keyring/cleanup.h"
#include "keyring/local_socket.h"
#include "pam/unlock/bus.h"

#define PATH_PREFIX "unix:path="

/* A handshake under way. */
struct handshake {
	GDBusConnection *connection;
	GCancellable *cancellable;
	bool is_done;
};

static void finish_handshake(GObject *source, GAsyncResult *result, gpointer data)
{
	struct handshake *handshake = data;

	(void)source;
	handshake->connection = g_dbus_connection_new_finish(result, NULL);
	handshake->is_done = true;
}

static gboolean cancel_handshake(gpointer data)
{
	struct handshake *handshake = data;

	g_cancellable_cancel(handshake->cancellable);
	return G_SOURCE_REMOVE;
}

/*
 * The bus's socket: directory and name. Only the plain form of an address is understood, which
 * is the one that a service manager sets. Without an address it is the usual place.
 */
static bool find_socket(const struct kt_login_session *session, char *path, size_t size)
{
	const char *address = session->bus_address;
	size_t length;

	if (!address) {
		int written = snprintf(path, size, "%s/bus", session->runtime_dir);

		return written > 0 && (size_t)written < size;
	}
	if (strncmp(address, PATH_PREFIX "/", sizeof(PATH_PREFIX)) != 0)
		return false;
	address += sizeof(PATH_PREFIX) - 1;
	length = strcspn(address, ",;");
	/* A percent sign would be an escape. */
	if (length >= size || memchr(address, '%', length))
		return false;
	memcpy(path, address, length);
	path[length] = '\0';
	return true;
}

static enum kt_unlock_status connect_socket(const struct kt_login_session *session, int *descriptor)
{
	char directory[PATH_MAX];
	char *name;

	if (!find_socket(session, directory, sizeof(directory)))
		return KT_UNLOCK_ABSENT;
	name = strrchr(directory, '/');
	*name++ = '\0';
	return kt_login_session_status(kt_local_socket_connect(directory, name, session->deadline,
	                                                       descriptor));
}

/* Takes the descriptor over, whatever happens. */
static GIOStream *make_stream(int descriptor)
{
	GSocket *socket = g_socket_new_from_fd(descriptor, NULL);
	GSocketConnection *stream;

	if (!socket) {
		kt_descriptor_close(&descriptor);
		return NULL;
	}
	stream = g_socket_connection_factory_create_connection(socket);
	g_object_unref(socket);
	return G_IO_STREAM(stream);
}

/* The synchronous call has no time limit: a stopped bus would hold it for ever. */
static enum kt_unlock_status shake_hands(struct kt_bus *bus, const struct kt_login_session *session,
                                         GIOStream *stream)
{
	struct handshake handshake = { .cancellable = g_cancellable_new() };
	GSource *timer = g_timeout_source_new((guint)kt_login_session_time_left(session));

	g_source_set_callback(timer, cancel_handshake, &handshake, NULL);
	g_source_attach(timer, NULL);
	g_dbus_connection_new(stream, NULL,
	                      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
	                              G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
	                      NULL, handshake.cancellable, finish_handshake, &handshake);
	while (!handshake.is_done)
		g_main_context_iteration(NULL, TRUE);
	g_source_destroy(timer);
	g_source_unref(timer);
	g_object_unref(handshake.cancellable);
	bus->connection = handshake.connection;
	if (!bus->connection)
		return kt_login_session_time_left(session) > 0 ? KT_UNLOCK_ABSENT
		                                               : KT_UNLOCK_SILENT;
	g_dbus_connection_set_exit_on_close(bus->connection, FALSE);
	return KT_UNLOCK_OPENED;
}

enum kt_unlock_status kt_bus_connect(struct kt_bus *bus, const struct kt_login_session *session)
{
	GIOStream *stream;
	int descriptor = -1;
	enum kt_unlock_status status = connect_socket(session, &descriptor);

	if (status != KT_UNLOCK_OPENED)
		return status;
	stream = make_stream(descriptor);
	if (!stream)
		return KT_UNLOCK_FAILED;
	status = shake_hands(bus, session, stream);
	g_object_unref(stream);
	return status;
}

void kt_bus_clear(struct kt_bus *bus)
{
	if (!bus->connection)
		return;
	g_object_unref(bus->connection);
	bus->connection = NULL;
}

void kt_bus_start_unit(const struct kt_login_session *session, const char *unit)
{
	KT_CLEANUP(kt_bus_clear) struct kt_bus bus = { 0 };

	if (kt_bus_connect(&bus, session) != KT_UNLOCK_OPENED)
		return;
	g_dbus_connection_call(bus.connection, "org.freedesktop.systemd1",
	                       "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
	                       "StartUnit", g_variant_new("(ss)", unit, "replace"), NULL,
	                       G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL, NULL);
	/* The call is only queued: the program must not end before it is on its way. */
	g_dbus_connection_flush_sync(bus.connection, NULL, NULL);
}
