/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A call over D-Bus with a deadline. GLib's calls are asynchronous here without exception; one
 * is started, and waited for in a main context of our own:
 *
 *	kt_call_start(call, "SearchItems");
 *	secret_service_search_for_dbus_paths(..., call->cancellable, kt_call_done, call);
 *	kt_call_wait(call);
 *	... _finish(..., call->result, &problem) || kt_call_fail(call, problem, error)
 *
 * Only for backend_secret_service.c: GLib's types stay out of the other headers.
 */

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

#include "keyring/error.h"
#include "keyring/gate.h"

/* Milliseconds for one call. */
#define KT_CALL_LIMIT 5000

#define KT_CALL_SERVICE "org.freedesktop.secrets"
#define KT_CALL_SERVICE_PATH "/org/freedesktop/secrets"
#define KT_CALL_SERVICE_INTERFACE "org.freedesktop.Secret.Service"

struct kt_call {
	GMainContext *context;
	GDBusConnection *bus;     /* NULL until there is one; kt_call_send needs it */
	struct kt_gate *gate;     /* borrowed: gets a note of each answer and time-out */
	void (*trace)(const char *line);
	int64_t deadline;         /* kt_clock_monotonic; each answer puts it off */
	int64_t end;              /* but not beyond this */
	int64_t timed_out;        /* when a call last ran out of time; 0 never */

	const char *name;
	int64_t started;
	GCancellable *cancellable;
	GAsyncResult *result;
	bool is_late;
	bool is_no_object; /* kt_call_send failed because nothing is at that path */
};

/*
 * From now on the next answer has to come within first milliseconds, each one after it within
 * KT_CALL_LIMIT of the one before, and the last one within all.
 */
void kt_call_limit(struct kt_call *call, int64_t first, int64_t all);

void kt_call_start(struct kt_call *call, const char *name);

/* A GAsyncReadyCallback whose data is the call. */
void kt_call_done(GObject *source, GAsyncResult *result, gpointer call);

/* Returns when call->result is there; a call whose deadline passes ends as cancelled. */
void kt_call_wait(struct kt_call *call);

/* Says what went wrong with the call, and frees problem. Always returns false. */
bool kt_call_fail(const struct kt_call *call, GError *problem, struct kt_error *error);

/*
 * Calls a method of the keyring service, given as "interface.Method", and returns its reply,
 * which has the type; the caller unrefs. NULL with an error. Takes floating parameters over.
 */
GVariant *kt_call_send(struct kt_call *call, const char *path, const char *method,
                       GVariant *parameters, const char *type, struct kt_error *error);

/* The same of the bus itself, which is asked even while nobody owns the service's name. */
GVariant *kt_call_bus(struct kt_call *call, const char *method, GVariant *parameters,
                      const char *type, struct kt_error *error);

/* Lets what has arrived in the meantime (signals) take effect; does not wait. */
void kt_call_catch_up(const struct kt_call *call);

/* Waits, at most until deadline, until *condition is true or a second has passed. */
void kt_call_idle(const struct kt_call *call, const bool *condition, int64_t deadline);

/* A second call, for kt_call_start; the first one is made while it is under way. */
struct kt_call kt_call_beside(const struct kt_call *call);

/* Waits for the second call, which is given up if it is no use any more, and notes how it went. */
void kt_call_join(struct kt_call *call, struct kt_call *beside, bool is_of_use);

/* For KT_CLEANUP, of a second call. */
void kt_call_release(struct kt_call *beside);

void kt_call_clear(struct kt_call *call);
