/* SPDX-License-Identifier: MIT */
#include "config.h"

#define SECRET_API_SUBJECT_TO_CHANGE
#include <libsecret/secret.h>
#include <stdio.h>
#include <string.h>

#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/secret_service_call.h"

void kt_call_limit(struct kt_call *call, int64_t first, int64_t all)
{
	int64_t now = kt_clock_monotonic();

	call->deadline = now + first;
	call->end = now + all;
}

/* A service that answers is waited for, however busy the machine is: one after the other. */
static void put_off(struct kt_call *call)
{
	int64_t later = kt_clock_monotonic() + KT_CALL_LIMIT;

	if (later > call->end)
		later = call->end;
	if (later > call->deadline)
		call->deadline = later;
}

void kt_call_start(struct kt_call *call, const char *name)
{
	g_clear_object(&call->result);
	g_clear_object(&call->cancellable);
	call->cancellable = g_cancellable_new();
	call->is_late = false;
	call->name = name;
	call->started = kt_clock_monotonic();
	g_main_context_push_thread_default(call->context);
}

void kt_call_done(GObject *source, GAsyncResult *result, gpointer data)
{
	struct kt_call *call = data;

	(void)source;
	call->result = g_object_ref(result);
}

static gboolean give_up(gpointer data)
{
	struct kt_call *call = data;

	call->is_late = true;
	g_cancellable_cancel(call->cancellable);
	return G_SOURCE_REMOVE;
}

static GSource *attach_timer(const struct kt_call *call, int64_t deadline, GSourceFunc function,
                             gpointer data)
{
	int64_t left = deadline - kt_clock_monotonic();
	GSource *timer = g_timeout_source_new(left > 0 ? (guint)left : 0);

	g_source_set_callback(timer, function, data, NULL);
	g_source_attach(timer, call->context);
	return timer;
}

static void detach_timer(GSource *timer)
{
	g_source_destroy(timer);
	g_source_unref(timer);
}

static void note(struct kt_call *call)
{
	char line[120];

	if (call->is_late) {
		call->timed_out = kt_clock_monotonic();
		kt_gate_note_timeout(call->gate);
	} else {
		put_off(call);
		kt_gate_note_answer(call->gate);
	}
	if (!call->trace)
		return;
	snprintf(line, sizeof(line), "secret-service: %s %s after %lld ms", call->name,
	         call->is_late ? "given up" : "answered",
	         (long long)(kt_clock_monotonic() - call->started));
	call->trace(line);
}

void kt_call_wait(struct kt_call *call)
{
	GSource *timer = attach_timer(call, call->deadline, give_up, call);

	while (!call->result)
		g_main_context_iteration(call->context, TRUE);
	detach_timer(timer);
	g_main_context_pop_thread_default(call->context);
	note(call);
}

static bool is_nobody_there(const GError *problem)
{
	return g_error_matches(problem, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
	       g_error_matches(problem, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER) ||
	       (problem->domain == G_DBUS_ERROR &&
	        problem->code >= G_DBUS_ERROR_SPAWN_EXEC_FAILED &&
	        problem->code <= G_DBUS_ERROR_SPAWN_NO_MEMORY);
}

static bool is_gone(const GError *problem)
{
	return g_error_matches(problem, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY) ||
	       g_error_matches(problem, G_DBUS_ERROR, G_DBUS_ERROR_DISCONNECTED) ||
	       g_error_matches(problem, G_IO_ERROR, G_IO_ERROR_CLOSED) ||
	       g_error_matches(problem, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE) ||
	       g_error_matches(problem, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
}

static void free_problem(GError **problem)
{
	g_clear_error(problem);
}

static void free_name(char **name)
{
	g_free(*name);
}

bool kt_call_fail(const struct kt_call *call, GError *problem, struct kt_error *error)
{
	KT_CLEANUP(free_problem) GError *owned = problem;
	KT_CLEANUP(free_name) char *name = NULL;

	if (call->is_late) {
		kt_fail(error, KT_ERROR_UNAVAILABLE, "the keyring service does not answer");
		return kt_advise(error, "restart it, for example by logging out and in");
	}
	if (!owned)
		return kt_fail(error, KT_ERROR_UNAVAILABLE, "the keyring service gave no reason");
	if (g_error_matches(owned, SECRET_ERROR, SECRET_ERROR_IS_LOCKED)) {
		kt_fail(error, KT_ERROR_LOCKED, "the desktop keyring is locked");
		return kt_advise(error, "run: keyturn unlock");
	}
	if (is_nobody_there(owned)) {
		kt_fail(error, KT_ERROR_UNAVAILABLE,
		        "no keyring service answers on this session's bus");
		return kt_advise(error, "install and start one (gnome-keyring, KWallet, KeePassXC), "
		                 "or run: keyturn vault create");
	}
	if (is_gone(owned)) {
		kt_fail(error, KT_ERROR_UNAVAILABLE, "the keyring service went away");
		return kt_advise(error, "run the command again");
	}
	name = g_dbus_error_get_remote_error(owned);
	kt_fail(error, KT_ERROR_UNAVAILABLE, "the keyring service failed at %s (%s)", call->name,
	        name ? name : g_quark_to_string(owned->domain));
	return kt_advise(error, "run: keyturn doctor");
}

static bool is_no_object(const GError *problem)
{
	KT_CLEANUP(free_name) char *name = g_dbus_error_get_remote_error(problem);

	return g_strcmp0(name, "org.freedesktop.Secret.Error.NoSuchObject") == 0 ||
	       g_error_matches(problem, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT) ||
	       g_error_matches(problem, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD);
}

/* IS_LOCKED comes as a name that GDBus knows only once libsecret has registered it. */
static void translate_locked(GError **problem)
{
	KT_CLEANUP(free_name) char *name = g_dbus_error_get_remote_error(*problem);

	if (g_strcmp0(name, "org.freedesktop.Secret.Error.IsLocked") != 0)
		return;
	g_clear_error(problem);
	*problem = g_error_new_literal(SECRET_ERROR, SECRET_ERROR_IS_LOCKED, "locked");
}

GVariant *kt_call_send(struct kt_call *call, const char *path, const char *method,
                       GVariant *parameters, const char *type, struct kt_error *error)
{
	const char *dot = strrchr(method, '.');
	KT_CLEANUP(free_name) char *interface = g_strndup(method, (gsize)(dot - method));
	GError *problem = NULL;
	GVariant *reply;

	kt_call_start(call, dot + 1);
	g_dbus_connection_call(call->bus, KT_CALL_SERVICE, path, interface, dot + 1, parameters,
	                       G_VARIANT_TYPE(type), G_DBUS_CALL_FLAGS_NO_AUTO_START, -1,
	                       call->cancellable, kt_call_done, call);
	kt_call_wait(call);
	reply = g_dbus_connection_call_finish(call->bus, call->result, &problem);
	call->is_no_object = !reply && is_no_object(problem);
	if (!reply) {
		translate_locked(&problem);
		kt_call_fail(call, problem, error);
	}
	return reply;
}

GVariant *kt_call_bus(struct kt_call *call, const char *method, GVariant *parameters,
                      const char *type, struct kt_error *error)
{
	GError *problem = NULL;
	GVariant *reply;

	kt_call_start(call, method);
	g_dbus_connection_call(call->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
	                       "org.freedesktop.DBus", method, parameters, G_VARIANT_TYPE(type),
	                       G_DBUS_CALL_FLAGS_NONE, -1, call->cancellable, kt_call_done, call);
	kt_call_wait(call);
	reply = g_dbus_connection_call_finish(call->bus, call->result, &problem);
	if (!reply)
		kt_call_fail(call, problem, error);
	return reply;
}

void kt_call_catch_up(const struct kt_call *call)
{
	while (g_main_context_iteration(call->context, FALSE))
		;
}

static gboolean ring(gpointer data)
{
	*(bool *)data = true;
	return G_SOURCE_REMOVE;
}

void kt_call_idle(const struct kt_call *call, const bool *condition, int64_t deadline)
{
	int64_t second = kt_clock_monotonic() + 1000;
	bool is_over = false;
	GSource *timer = attach_timer(call, second < deadline ? second : deadline, ring, &is_over);

	while (!*condition && !is_over)
		g_main_context_iteration(call->context, TRUE);
	detach_timer(timer);
}

struct kt_call kt_call_beside(const struct kt_call *call)
{
	return (struct kt_call){ .context = call->context, .bus = call->bus, .gate = call->gate,
		                 .trace = call->trace, .deadline = call->deadline,
		                 .end = call->end };
}

void kt_call_join(struct kt_call *call, struct kt_call *beside, bool is_of_use)
{
	if (!is_of_use)
		g_cancellable_cancel(beside->cancellable);
	kt_call_wait(beside);
	if (!beside->is_late)
		return;
	call->is_late = true;
	call->timed_out = beside->timed_out;
}

void kt_call_release(struct kt_call *beside)
{
	g_clear_object(&beside->result);
	g_clear_object(&beside->cancellable);
}

void kt_call_clear(struct kt_call *call)
{
	g_clear_object(&call->result);
	g_clear_object(&call->cancellable);
	/* GLib frees the rest of what these held from the main loop. */
	kt_call_catch_up(call);
	g_clear_object(&call->bus);
	g_clear_pointer(&call->context, g_main_context_unref);
}
