/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/environment.h"
#include "keyring/lock.h"
#include "keyring/secret_service_turn.h"
#include "keyring/text.h"
#include "keyring/unlock_outcome.h"

#define ENCRYPTED "dh-ietf1024-sha256-aes128-cbc-pkcs7"
#define PROMPT "org.freedesktop.Secret.Prompt"

/* Milliseconds for one turn with the service, and for a person to answer a prompt. */
#define TURN_LIMIT 5000
#define PROMPT_LIMIT 120000

/*
 * Callers spend half of their time on the encryption, so several may be served at once. Six
 * lanes take 0.75 of the time of two, for 1,000 callers on two cores; eight are no faster.
 */
#define LANES 6

/* Milliseconds in which one that just did not answer is not asked again. */
#define REST_AFTER_TIMEOUT 1000

/* Seconds for which a dismissed prompt is not shown again. */
#define DISMISSED_LIMIT 600

static void unref_variant(GVariant **variant)
{
	g_clear_pointer(variant, g_variant_unref);
}

static void free_name(char **name)
{
	g_clear_pointer(name, g_free);
}

bool kt_turn_fail_locked(const struct kt_turn *turn, struct kt_error *error)
{
	enum kt_unlock_outcome outcome =
		kt_unlock_outcome_read(kt_environment_get("XDG_RUNTIME_DIR"));

	kt_fail(error, KT_ERROR_LOCKED, "the desktop keyring is locked%s",
	        kt_unlock_outcome_reason(outcome));
	/* ignore_dismissed: this is "unlock" itself. */
	return kt_advise(error, "%s", turn->options.ignore_dismissed
	                 ? "run it at a terminal, or in your desktop session"
	                 : kt_unlock_outcome_remedy(outcome));
}

static bool is_local(const char *addresses)
{
	for (const char *address = addresses; address; address = strchr(address, ';')) {
		address += *address == ';';
		if (*address != '\0' && !kt_text_has_prefix(address, "unix:"))
			return false;
	}
	return true;
}

/* Before GLib looks for a bus itself: it would start one, or follow an address elsewhere. */
static bool check_bus_address(struct kt_error *error)
{
	const char *address = kt_environment_get("DBUS_SESSION_BUS_ADDRESS");
	const char *runtime = kt_environment_get("XDG_RUNTIME_DIR");
	KT_CLEANUP(kt_text_free) char *path = NULL;
	struct stat status;

	if (address && is_local(address))
		return true;
	if (address) {
		kt_fail(error, KT_ERROR_UNSAFE, "the session bus is not a unix socket of this machine");
		return kt_advise(error, "unset DBUS_SESSION_BUS_ADDRESS, or set it to unix:path=...");
	}
	if (runtime) {
		if (!kt_text_format(&path, error, "%s/bus", runtime))
			return false;
		if (stat(path, &status) == 0 && S_ISSOCK(status.st_mode))
			return true;
	}
	kt_fail(error, KT_ERROR_UNAVAILABLE, "this session has no D-Bus session bus");
	return kt_advise(error, "run it in your desktop session; without a desktop run: "
	                 "keyturn vault create");
}

static bool connect_to_bus(struct kt_call *call, struct kt_error *error)
{
	GError *problem = NULL;

	kt_call_start(call, "connect");
	g_bus_get(G_BUS_TYPE_SESSION, call->cancellable, kt_call_done, call);
	kt_call_wait(call);
	call->bus = g_bus_get_finish(call->result, &problem);
	if (call->bus) {
		/* GLib's default is to kill the process with the bus. */
		g_dbus_connection_set_exit_on_close(call->bus, FALSE);
		return true;
	}
	if (call->is_late)
		return kt_call_fail(call, problem, error);
	g_clear_error(&problem);
	kt_fail(error, KT_ERROR_UNAVAILABLE, "this session's D-Bus session bus cannot be reached");
	return kt_advise(error, "run it in your desktop session; without a desktop run: "
	                 "keyturn vault create");
}

static void disconnect(struct kt_turn *turn)
{
	g_clear_object(&turn->service);
	g_clear_pointer(&turn->owner, g_free);
	kt_text_free(&turn->collection);
	turn->is_greeted = false;
}

/*
 * libsecret's proxy, without what GLib would fetch and subscribe to at each start: the service's
 * properties and its signals are of no use to us, and cost half of the messages of a short call.
 */
typedef SecretService KtLeanService;
typedef SecretServiceClass KtLeanServiceClass;

GType kt_lean_service_get_type(void);
G_DEFINE_TYPE(KtLeanService, kt_lean_service, SECRET_TYPE_SERVICE)

static GObject *construct_lean(GType type, guint count, GObjectConstructParam *properties)
{
	GObject *object = G_OBJECT_CLASS(kt_lean_service_parent_class)
		->constructor(type, count, properties);

	g_object_set(object, "g-flags", G_DBUS_PROXY_FLAGS_DO_NOT_LOAD_PROPERTIES |
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

/* A call to the bus itself; NULL with the error. */
static GVariant *ask_bus(struct kt_turn *turn, const char *method, GVariant *parameters,
                         struct kt_error *error)
{
	struct kt_call *call = &turn->call;
	GError *problem = NULL;
	GVariant *reply;

	kt_call_start(call, method);
	g_dbus_connection_call(call->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
	                       "org.freedesktop.DBus", method, parameters, G_VARIANT_TYPE("(u)"),
	                       G_DBUS_CALL_FLAGS_NONE, -1, call->cancellable, kt_call_done, call);
	kt_call_wait(call);
	reply = g_dbus_connection_call_finish(call->bus, call->result, &problem);
	if (!reply)
		kt_call_fail(call, problem, error);
	return reply;
}

static bool start_service(struct kt_turn *turn, struct kt_error *error)
{
	KT_CLEANUP(unref_variant) GVariant *reply =
		ask_bus(turn, "StartServiceByName", g_variant_new("(su)", KT_CALL_SERVICE, 0), error);

	return reply != NULL;
}

static bool open_service(struct kt_turn *turn, struct kt_error *error)
{
	struct kt_call *call = &turn->call;
	GError *problem = NULL;

	kt_call_start(call, "open");
	secret_service_open(kt_lean_service_get_type(), KT_CALL_SERVICE, SECRET_SERVICE_NONE,
	                    call->cancellable, kt_call_done, call);
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
	if (!open_service(turn, error))
		return false;
	if (turn->owner)
		return true;
	disconnect(turn);
	if (!start_service(turn, error) || !open_service(turn, error))
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
	KT_CLEANUP(unref_variant) GVariant *reply =
		ask_bus(turn, "GetConnectionUnixUser", g_variant_new("(s)", turn->owner), error);
	guint32 uid;

	if (!reply)
		return false;
	g_variant_get(reply, "(u)", &uid);
	if (uid == geteuid())
		return true;
	kt_fail(error, KT_ERROR_UNSAFE, "the keyring service runs as another user");
	return kt_advise(error, "stop it, and start one as this user");
}

bool kt_turn_find_collection(struct kt_turn *turn, struct kt_error *error)
{
	KT_CLEANUP(unref_variant) GVariant *reply = NULL;
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
	return call->bus || connect_to_bus(call, error);
}

/* A session ends with the process it was opened at: after a restart there is none. */
static bool is_connected(const struct kt_turn *turn)
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
	if (is_connected(turn))
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
	       (turn->is_greeted || kt_turn_find_collection(turn, error));
}

bool kt_turn_open_session(struct kt_turn *turn, struct kt_error *error)
{
	if (!greet(turn, error))
		return false;
	if (secret_service_get_session_algorithms(turn->service) || open_session(turn, error))
		return true;
	disconnect(turn);
	return false;
}

static bool pass_gate(struct kt_turn *turn, bool *waited, struct kt_error *error)
{
	int64_t now = kt_clock_monotonic();

	*waited = false;
	if (kt_lock_is_held(&turn->gate.lock))
		return true;
	if (turn->call.timed_out && now - turn->call.timed_out < REST_AFTER_TIMEOUT) {
		turn->call.is_late = true;
		return kt_call_fail(&turn->call, NULL, error);
	}
	if (!kt_gate_enter(&turn->gate, LANES, TURN_LIMIT, waited, error))
		return false;
	turn->call.deadline = kt_clock_monotonic() + TURN_LIMIT;
	return true;
}

struct kt_turn *kt_turn_take(struct kt_turn *turn, struct kt_error *error)
{
	bool ignored;

	if (pass_gate(turn, &ignored, error) && greet(turn, error))
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
	if (!pass_gate(turn, waited, error))
		return false;
	turn->entered++;
	return true;
}

void kt_turn_leave(struct kt_turn *turn)
{
	turn->entered--;
	kt_turn_end(&turn);
}

static void forget_home(struct kt_turn *turn)
{
	kt_text_free(&turn->home);
	kt_identity_clear(&turn->tenant);
}

bool kt_turn_note_home(struct kt_turn *turn, const struct kt_identity *identity,
                       const char *item, struct kt_error *error)
{
	static const char collections[] = KT_CALL_SERVICE_PATH "/collection/";
	const char *slash = strrchr(item, '/');

	forget_home(turn);
	if (!kt_text_has_prefix(item, collections) || slash < item + strlen(collections))
		return true;
	return kt_identity_copy(&turn->tenant, identity, error) &&
	       kt_text_set_bytes(&turn->home, item, (size_t)(slash - item), error);
}

const char *kt_turn_home_of(const struct kt_turn *turn, const struct kt_identity *identity)
{
	return turn->home && kt_identity_is_equal(&turn->tenant, identity) ? turn->home : NULL;
}

bool kt_turn_can_prompt(const struct kt_turn *turn)
{
	return turn->options.may_prompt && kt_environment_has_display();
}

static bool is_dismissed_lately(const struct kt_lock *lock)
{
	int64_t when;
	int64_t age;

	if (pread(kt_lock_descriptor(lock), &when, sizeof(when), KT_LOCK_NOTES) != sizeof(when))
		return false;
	age = kt_clock_boot() - when;
	return age >= 0 && age < DISMISSED_LIMIT;
}

static bool fail_dismissed(struct kt_error *error)
{
	kt_fail(error, KT_ERROR_DISMISSED,
	        "the desktop keyring is locked, and its request for the password was dismissed");
	return kt_advise(error, "run: keyturn unlock");
}

static void note_dismissed(const struct kt_lock *lock)
{
	int64_t now = kt_clock_boot();

	/* Without the note the next caller asks again. */
	if (pwrite(kt_lock_descriptor(lock), &now, sizeof(now), KT_LOCK_NOTES) < 0)
		return;
}

/* A prompt that nobody will see is told so, or it would hold up every other client. */
static void dismiss(struct kt_turn *turn, const char *prompt)
{
	struct kt_error ignored = { 0 };
	int64_t deadline = turn->call.deadline;
	GVariant *reply;

	turn->call.deadline = kt_clock_monotonic() + REST_AFTER_TIMEOUT;
	reply = kt_call_send(&turn->call, prompt, PROMPT ".Dismiss", NULL, "()", &ignored);
	unref_variant(&reply);
	turn->call.deadline = deadline;
}

struct answer {
	bool is_there;
	bool is_dismissed;
};

static void on_completed(GDBusConnection *bus, const char *sender, const char *path,
                         const char *interface, const char *signal, GVariant *parameters,
                         gpointer data)
{
	struct answer *answer = data;
	gboolean dismissed = TRUE;

	(void)bus, (void)sender, (void)path, (void)interface, (void)signal;
	if (g_variant_is_of_type(parameters, G_VARIANT_TYPE("(bv)")))
		g_variant_get_child(parameters, 0, "b", &dismissed);
	answer->is_dismissed = dismissed;
	answer->is_there = true;
}

static bool show_prompt(struct kt_turn *turn, const char *prompt, struct answer *answer,
                        struct kt_error *error)
{
	struct kt_call *call = &turn->call;
	int64_t end = kt_clock_monotonic() + PROMPT_LIMIT;
	KT_CLEANUP(unref_variant) GVariant *reply = NULL;

	call->deadline = kt_clock_monotonic() + TURN_LIMIT;
	/* The window is ours to name; we have none. */
	reply = kt_call_send(call, prompt, PROMPT ".Prompt", g_variant_new("(s)", ""), "()", error);
	if (!reply)
		return false;
	while (!answer->is_there && kt_clock_monotonic() < end && is_connected(turn))
		kt_call_idle(call, &answer->is_there, end);
	if (answer->is_there)
		return true;
	if (is_connected(turn)) {
		kt_fail(error, KT_ERROR_DISMISSED,
		        "nobody answered the desktop keyring's request for its password");
		return kt_advise(error, "run: keyturn unlock");
	}
	kt_fail(error, KT_ERROR_UNAVAILABLE, "the keyring service went away");
	return kt_advise(error, "run the command again");
}

static bool perform_prompt(struct kt_turn *turn, const char *prompt, const struct kt_lock *lock,
                           struct kt_error *error)
{
	struct kt_call *call = &turn->call;
	struct answer answer = { 0 };
	guint subscription;
	bool shown;

	if (!turn->options.ignore_dismissed && is_dismissed_lately(lock))
		return fail_dismissed(error);
	g_main_context_push_thread_default(call->context);
	subscription = g_dbus_connection_signal_subscribe(
		call->bus, turn->owner, PROMPT, "Completed", prompt, NULL,
		G_DBUS_SIGNAL_FLAGS_NONE, on_completed, &answer, NULL);
	shown = show_prompt(turn, prompt, &answer, error);
	g_dbus_connection_signal_unsubscribe(call->bus, subscription);
	g_main_context_pop_thread_default(call->context);
	if (!shown || !answer.is_dismissed)
		return shown;
	note_dismissed(lock);
	return fail_dismissed(error);
}

bool kt_turn_settle(struct kt_turn *turn, const char *prompt, struct kt_error *error)
{
	KT_CLEANUP(kt_lock_release) struct kt_lock lock = { 0 };
	bool ignored;

	if (strcmp(prompt, "/") == 0)
		return true;
	if (!kt_turn_can_prompt(turn)) {
		dismiss(turn, prompt);
		return kt_turn_fail_locked(turn, error);
	}
	/* Others get their turn while it is on the screen. */
	kt_gate_leave(&turn->gate);
	if (kt_lock_take(&lock, "prompt", KT_LOCK_EXCLUSIVE, kt_clock_monotonic() + PROMPT_LIMIT,
	                 "the keyring's request for its password", error) &&
	    perform_prompt(turn, prompt, &lock, error))
		return pass_gate(turn, &ignored, error);
	dismiss(turn, prompt);
	return false;
}

bool kt_turn_open(struct kt_turn *turn, const struct kt_keyring_options *options,
                  struct kt_error *error)
{
	if (!check_bus_address(error))
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
	forget_home(turn);
	kt_gate_leave(&turn->gate);
	kt_call_clear(&turn->call);
}
