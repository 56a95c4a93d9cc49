/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/lock.h"
#include "keyring/secret_service_bus.h"
#include "keyring/secret_service_cleanup.h"
#include "keyring/secret_service_turn.h"
#include "keyring/text.h"

#define ENCRYPTED "dh-ietf1024-sha256-aes128-cbc-pkcs7"

/*
 * Callers spend half of their time on the encryption, so several may be served at once. Six: two
 * left a core idle, eight were no faster (docs/performance.md).
 */
#define LANES 6

static void free_name(char **name)
{
	g_clear_pointer(name, g_free);
}

static void disconnect(struct kt_turn *turn)
{
	g_clear_object(&turn->service);
	g_clear_pointer(&turn->owner, g_free);
	kt_text_free(&turn->collection);
	turn->provider = NULL;
	turn->is_loaded = false;
	turn->is_greeted = false;
}

/*
 * libsecret's proxy, without what GLib would fetch and subscribe to at each start: the service's
 * properties and its signals are of no use to us, and cost half of the messages of a short call.
 * It stands on our own connection, whose peer is known, in place of one that GLib would open.
 */
typedef SecretService KtLeanService;
typedef SecretServiceClass KtLeanServiceClass;

GType kt_lean_service_get_type(void);
G_DEFINE_TYPE(KtLeanService, kt_lean_service, SECRET_TYPE_SERVICE)

static GObject *construct_lean(GType type, guint count, GObjectConstructParam *properties)
{
	GObject *object = G_OBJECT_CLASS(kt_lean_service_parent_class)
		->constructor(type, count, properties);

	g_object_set(object, "g-bus-type", G_BUS_TYPE_NONE,
	             "g-flags", G_DBUS_PROXY_FLAGS_DO_NOT_LOAD_PROPERTIES |
	                        G_DBUS_PROXY_FLAGS_DO_NOT_CONNECT_SIGNALS |
	                        G_DBUS_PROXY_FLAGS_DO_NOT_AUTO_START_AT_CONSTRUCTION, NULL);
	return object;
}

static void kt_lean_service_class_init(KtLeanServiceClass *class)
{
	G_OBJECT_CLASS(class)->constructor = construct_lean;
}

static void kt_lean_service_init(KtLeanService *service)
{
	(void)service;
}

static bool start_service(struct kt_turn *turn, struct kt_error *error)
{
	KT_CLEANUP(kt_variant_unref) GVariant *reply =
		kt_call_bus(&turn->call, "StartServiceByName",
		            g_variant_new("(su)", KT_CALL_SERVICE, 0), "(u)", error);

	return reply != NULL;
}

static bool open_service(struct kt_turn *turn, struct kt_error *error)
{
	struct kt_call *call = &turn->call;
	GError *problem = NULL;

	kt_call_start(call, "open");
	g_async_initable_new_async(kt_lean_service_get_type(), G_PRIORITY_DEFAULT, call->cancellable,
	                           kt_call_done, call, "g-connection", call->bus, NULL);
	kt_call_wait(call);
	turn->service = secret_service_open_finish(call->result, &problem);
	if (!turn->service)
		return kt_call_fail(call, problem, error);
	turn->owner = g_dbus_proxy_get_name_owner(G_DBUS_PROXY(turn->service));
	return true;
}

/* The bus starts a service that it knows and nobody owns yet. */
static bool reach_service(struct kt_turn *turn, struct kt_error *error)
{
	turn->is_unserved = false;
	if (!open_service(turn, error))
		return false;
	if (turn->owner)
		return true;
	disconnect(turn);
	if (!start_service(turn, error)) {
		turn->is_unserved = !turn->call.is_late;
		return false;
	}
	if (!open_service(turn, error))
		return false;
	return turn->owner ||
	       kt_call_fail(&turn->call, g_error_new_literal(G_DBUS_ERROR,
	                                                     G_DBUS_ERROR_NAME_HAS_NO_OWNER,
	                                                     "no owner"), error);
}

/*
 * Any program may own the name and be "the keyring" to everybody. It must at least run as our
 * user.
 */
static bool check_owner(struct kt_turn *turn, struct kt_error *error)
{
	KT_CLEANUP(kt_variant_unref) GVariant *reply =
		kt_call_bus(&turn->call, "GetConnectionUnixUser", g_variant_new("(s)", turn->owner),
		            "(u)", error);
	guint32 uid;

	if (!reply)
		return false;
	g_variant_get(reply, "(u)", &uid);
	if (uid == geteuid())
		return true;
	kt_fail(error, KT_ERROR_UNSAFE, "the keyring service runs as another user");
	return kt_advise(error, "stop it, and start one as this user");
}

bool kt_turn_find_default(struct kt_turn *turn, struct kt_error *error)
{
	KT_CLEANUP(kt_variant_unref) GVariant *reply = NULL;
	const char *found;

	reply = kt_call_send(&turn->call, KT_CALL_SERVICE_PATH,
	                     KT_CALL_SERVICE_INTERFACE ".ReadAlias",
	                     g_variant_new("(s)", "default"), "(o)", error);
	if (!reply)
		return false;
	turn->is_greeted = true;
	g_variant_get(reply, "(&o)", &found);
	return kt_text_set(&turn->collection, strcmp(found, "/") == 0 ? NULL : found, error);
}

static bool open_session(struct kt_turn *turn, struct kt_error *error)
{
	struct kt_call *call = &turn->call;
	GError *problem = NULL;

	kt_call_start(call, "OpenSession");
	secret_service_ensure_session(turn->service, call->cancellable, kt_call_done, call);
	kt_call_wait(call);
	if (!secret_service_ensure_session_finish(turn->service, call->result, &problem))
		return kt_call_fail(call, problem, error);
	/* libsecret steps down to "plain" by itself. */
	if (kt_text_is_equal(secret_service_get_session_algorithms(turn->service), ENCRYPTED))
		return true;
	kt_fail(error, KT_ERROR_UNSAFE, "the keyring service offers no encrypted session");
	return kt_advise(error, "use another keyring service, or run: keyturn vault create");
}

static bool reach_bus(struct kt_turn *turn, struct kt_error *error)
{
	struct kt_call *call = &turn->call;

	if (call->bus && g_dbus_connection_is_closed(call->bus))
		g_clear_object(&call->bus);
	return call->bus || kt_bus_connect(call, error);
}

/* A session ends with the process it was opened at: after a restart there is none. */
bool kt_turn_is_connected(const struct kt_turn *turn)
{
	KT_CLEANUP(free_name) char *owner = NULL;

	if (!turn->service || g_dbus_connection_is_closed(turn->call.bus))
		return false;
	kt_call_catch_up(&turn->call);
	owner = g_dbus_proxy_get_name_owner(G_DBUS_PROXY(turn->service));
	return kt_text_is_equal(owner, turn->owner);
}

/*
 * Asks everything that the bus alone answers; the service's owner is known afterwards. If the
 * service goes away in the middle of it, it is looked for once more, and the bus starts
 * another.
 */
static bool reach_owner(struct kt_turn *turn, struct kt_error *error)
{
	if (kt_turn_is_connected(turn))
		return true;
	for (int tries = 0; tries < 2; tries++) {
		kt_error_clear(error);
		disconnect(turn);
		if (reach_bus(turn, error) && reach_service(turn, error) && check_owner(turn, error))
			return true;
		if (turn->call.is_late || !turn->call.bus || error->code != KT_ERROR_UNAVAILABLE)
			break;
	}
	disconnect(turn);
	return false;
}

/*
 * gnome-keyring 42 registers a client beside its first message, and may come to the message
 * first: SearchItems is unknown then, and of OpenSession it dies. The first is one that needs no
 * client to be known.
 */
static bool greet(struct kt_turn *turn, struct kt_error *error)
{
	return reach_owner(turn, error) &&
	       (turn->is_greeted || kt_turn_find_default(turn, error));
}

/*
 * A public key with a zero in front is one that KWallet takes for too short a one: the next session
 * has another key.
 */
bool kt_turn_open_session(struct kt_turn *turn, struct kt_error *error)
{
	for (int tries = 0; tries < KT_TURN_SESSIONS; tries++) {
		bool is_over;

		kt_error_clear(error);
		if (!greet(turn, error))
			return false;
		if (secret_service_get_session_algorithms(turn->service) || open_session(turn, error))
			return true;
		is_over = turn->call.is_late || error->code != KT_ERROR_UNAVAILABLE ||
		          !kt_turn_is_connected(turn);
		disconnect(turn);
		if (is_over)
			break;
	}
	return false;
}

bool kt_turn_renew_session(struct kt_turn *turn, struct kt_error *error)
{
	disconnect(turn);
	return kt_turn_open_session(turn, error);
}

bool kt_turn_pass_gate(struct kt_turn *turn, bool *waited, struct kt_error *error)
{
	int64_t now = kt_clock_monotonic();

	*waited = false;
	if (kt_lock_is_held(&turn->gate.lock))
		return true;
	if (turn->call.timed_out && now - turn->call.timed_out < KT_TURN_REST) {
		turn->call.is_late = true;
		return kt_call_fail(&turn->call, NULL, error);
	}
	if (!kt_gate_enter(&turn->gate, LANES, KT_TURN_LIMIT, waited, error))
		return false;
	kt_call_limit(&turn->call, KT_TURN_LIMIT, KT_TURN_LONGEST);
	return true;
}

struct kt_turn *kt_turn_take(struct kt_turn *turn, struct kt_error *error)
{
	bool ignored;

	if (kt_turn_pass_gate(turn, &ignored, error) && greet(turn, error))
		return turn;
	kt_turn_end(&turn);
	return NULL;
}

void kt_turn_end(struct kt_turn **turn)
{
	if (*turn && (*turn)->entered == 0)
		kt_gate_leave(&(*turn)->gate);
}

bool kt_turn_enter(struct kt_turn *turn, bool *waited, struct kt_error *error)
{
	if (!kt_turn_pass_gate(turn, waited, error))
		return false;
	turn->entered++;
	return true;
}

void kt_turn_leave(struct kt_turn *turn)
{
	turn->entered--;
	kt_turn_end(&turn);
}

bool kt_turn_open(struct kt_turn *turn, const struct kt_keyring_options *options,
                  struct kt_error *error)
{
	if (!kt_bus_check_address(error))
		return false;
	turn->options = *options;
	turn->call.context = g_main_context_new();
	turn->call.gate = &turn->gate;
	turn->call.trace = options->trace;
	return true;
}

void kt_turn_clear(struct kt_turn *turn)
{
	disconnect(turn);
	g_clear_pointer(&turn->hidden, g_strfreev);
	kt_gate_leave(&turn->gate);
	kt_call_clear(&turn->call);
}
