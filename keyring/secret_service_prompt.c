/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/environment.h"
#include "keyring/lock.h"
#include "keyring/secret_service_cleanup.h"
#include "keyring/secret_service_prompt.h"
#include "keyring/secret_service_provider.h"
#include "keyring/translate.h"
#include "keyring/unlock_outcome.h"
#include "keyring/white_box.h"

#define PROMPT "org.freedesktop.Secret.Prompt"

/* Milliseconds for a person to answer a prompt. */
#define PROMPT_LIMIT 120000

/* Seconds for which a dismissed prompt is not shown again. */
#define DISMISSED_LIMIT 600

/* The result of a prompt. */
enum end {
	END_DONE,
	END_DISMISSED,
	END_UNANSWERED,
	END_FAILED, /* the error is written */
};

struct answer {
	bool is_there;
	bool is_dismissed;
};

bool kt_prompt_is_possible(const struct kt_turn *turn)
{
	return turn->options.may_prompt && kt_environment_has_display();
}

bool kt_prompt_fail_locked(struct kt_turn *turn, struct kt_error *error)
{
	enum kt_unlock_outcome outcome =
		kt_unlock_outcome_read(kt_environment_get("XDG_RUNTIME_DIR"));
	struct kt_error ignored = { 0 };
	const struct kt_provider *provider = kt_provider_of(turn, &ignored);

	if (provider && provider->takes_password == KT_PASSWORD_NONE) {
		kt_fail(error, KT_ERROR_LOCKED, "the desktop keyring (%s) is locked", provider->name);
		return kt_advise(error, "open it %s, then run the command again",
		                 kt_translate(provider->unlocked));
	}
	if (kt_white_box_has_password(kt_environment_home())) {
		kt_fail(error, KT_ERROR_LOCKED, "the desktop keyring is locked, and deepin's white box "
		        "keeps its password");
		return kt_advise(error, "log in to the desktop anew, which opens it");
	}
	if (kt_unlock_outcome_reason(outcome))
		kt_fail(error, KT_ERROR_LOCKED, "the desktop keyring is locked: %s",
		        kt_translate(kt_unlock_outcome_reason(outcome)));
	else
		kt_fail(error, KT_ERROR_LOCKED, "the desktop keyring is locked");
	/* ignore_dismissed: this is "unlock" itself. */
	return kt_advise(error, "%s", turn->options.ignore_dismissed
	                 ? kt_translate("run it at a terminal, or in your desktop session")
	                 : kt_translate(kt_unlock_outcome_remedy(outcome)));
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

static bool fail_unanswered(struct kt_error *error)
{
	kt_fail(error, KT_ERROR_DISMISSED,
	        "nobody answered the desktop keyring's request for its password");
	return kt_advise(error, "run: keyturn unlock");
}

static void note_dismissed(const struct kt_lock *lock)
{
	int64_t now = kt_clock_boot();

	/* Without the note the next caller asks again. */
	if (pwrite(kt_lock_descriptor(lock), &now, sizeof(now), KT_LOCK_NOTES) < 0)
		return;
}

/*
 * A prompt that nobody will see is told so, or it would hold up every other client. One that is
 * on the screen goes with our connection: gnome-keyring 42 dies of being told (an assertion in
 * perform_next_unlock).
 */
static void dismiss(struct kt_turn *turn, const char *prompt)
{
	struct kt_error ignored = { 0 };
	GVariant *reply;

	kt_call_limit(&turn->call, KT_TURN_REST, KT_TURN_REST);
	reply = kt_call_send(&turn->call, prompt, PROMPT ".Dismiss", NULL, "()", &ignored);
	kt_variant_unref(&reply);
	kt_call_limit(&turn->call, KT_TURN_LIMIT, KT_TURN_LIMIT);
}

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

/* Waits until then for the answer to a prompt that is shown. */
static enum end wait_for_answer(struct kt_turn *turn, const struct answer *answer, int64_t end,
                                struct kt_error *error)
{
	while (!answer->is_there && kt_clock_monotonic() < end && kt_turn_is_connected(turn))
		kt_call_idle(&turn->call, &answer->is_there, end);
	if (answer->is_there)
		return answer->is_dismissed ? END_DISMISSED : END_DONE;
	if (kt_turn_is_connected(turn))
		return END_UNANSWERED;
	kt_fail(error, KT_ERROR_UNAVAILABLE, "the keyring service went away");
	kt_advise(error, "run the command again");
	return END_FAILED;
}

/* Shows the prompt and waits for so many milliseconds; longer, out of the gate, for a person. */
static enum end show(struct kt_turn *turn, const char *prompt, int64_t silent, int64_t limit,
                     struct answer *answer, struct kt_error *error)
{
	struct kt_call *call = &turn->call;
	KT_CLEANUP(kt_variant_unref) GVariant *reply = NULL;
	int64_t start = kt_clock_monotonic();
	enum end end;

	if (call->deadline < start + KT_TURN_REST)
		call->deadline = start + KT_TURN_REST;
	/* The window is ours to name; we have none. */
	reply = kt_call_send(call, prompt, PROMPT ".Prompt", g_variant_new("(s)", ""), "()", error);
	if (!reply)
		return END_FAILED;
	end = wait_for_answer(turn, answer, start + silent, error);
	if (end != END_UNANSWERED || limit <= silent)
		return end;
	/* Others get their turn while it is on the screen. */
	kt_gate_leave(&turn->gate);
	return wait_for_answer(turn, answer, start + limit, error);
}

static enum end perform(struct kt_turn *turn, const char *prompt, int64_t silent, int64_t limit,
                        struct kt_error *error)
{
	struct kt_call *call = &turn->call;
	struct answer answer = { 0 };
	guint subscription;
	enum end end;

	g_main_context_push_thread_default(call->context);
	subscription = g_dbus_connection_signal_subscribe(
		call->bus, turn->owner, PROMPT, "Completed", prompt, NULL,
		G_DBUS_SIGNAL_FLAGS_NONE, on_completed, &answer, NULL);
	end = show(turn, prompt, silent, limit, &answer, error);
	g_dbus_connection_signal_unsubscribe(call->bus, subscription);
	g_main_context_pop_thread_default(call->context);
	return end;
}

static void tell(const struct kt_turn *turn)
{
	if (turn->options.tell)
		turn->options.tell(KT_TEXT("the desktop keyring is locked: waiting for its password "
		                           "window on your screen, 2 minutes at most"));
}

/* Another caller may have asked already: its answer is waited for. */
static bool take_lock(struct kt_turn *turn, struct kt_lock *lock, struct kt_error *error)
{
	static const char what[] = KT_TEXT("the keyring's request for its password");
	struct kt_error busy = { 0 };

	if (kt_lock_take(lock, "prompt", KT_LOCK_EXCLUSIVE, kt_clock_monotonic(), what, NULL,
	                 &busy))
		return true;
	tell(turn);
	return kt_lock_take(lock, "prompt", KT_LOCK_EXCLUSIVE,
	                    kt_clock_monotonic() + PROMPT_LIMIT, what, NULL, error);
}

/* One that nobody answers counts as dismissed: the next call would wait as long again. */
static bool ask(struct kt_turn *turn, const char *prompt, const struct kt_lock *lock,
                struct kt_error *error)
{
	if (!turn->options.ignore_dismissed && is_dismissed_lately(lock)) {
		dismiss(turn, prompt);
		return fail_dismissed(error);
	}
	tell(turn);
	kt_call_limit(&turn->call, KT_TURN_LIMIT, KT_TURN_LIMIT);
	switch (perform(turn, prompt, 0, PROMPT_LIMIT, error)) {
	case END_DONE:
		return true;
	case END_DISMISSED:
		note_dismissed(lock);
		return fail_dismissed(error);
	case END_UNANSWERED:
		note_dismissed(lock);
		return fail_unanswered(error);
	case END_FAILED:
		break;
	}
	return false;
}

bool kt_prompt_unlock(struct kt_turn *turn, const char *prompt, struct kt_error *error)
{
	KT_CLEANUP(kt_lock_release) struct kt_lock lock = { 0 };
	bool ignored;

	if (strcmp(prompt, "/") == 0)
		return true;
	if (!kt_prompt_is_possible(turn)) {
		dismiss(turn, prompt);
		return kt_prompt_fail_locked(turn, error);
	}
	/* Others get their turn while it is on the screen. */
	kt_gate_leave(&turn->gate);
	if (take_lock(turn, &lock, error))
		return ask(turn, prompt, &lock, error) && kt_turn_pass_gate(turn, &ignored, error);
	dismiss(turn, prompt);
	return false;
}

static bool fail_refused(enum end end, struct kt_error *error)
{
	if (end == END_DISMISSED) {
		kt_fail(error, KT_ERROR_DISMISSED,
		        "the desktop keyring asked for leave to make the change, and was refused");
		return kt_advise(error, "run the command again, and allow it");
	}
	kt_fail(error, KT_ERROR_LOCKED,
	        "the desktop keyring waits for a person to allow the change, and nobody did");
	return kt_advise(error, "run it in your desktop session, or let the keyring allow keyturn's "
	                 "changes unasked");
}

bool kt_prompt_complete(struct kt_turn *turn, const char *prompt, struct kt_error *error)
{
	int64_t silent;
	enum end end;
	bool ignored;

	if (strcmp(prompt, "/") == 0)
		return true;
	silent = turn->call.deadline - kt_clock_monotonic();
	silent = silent < KT_TURN_REST ? KT_TURN_REST : silent;
	end = perform(turn, prompt, silent,
	              kt_prompt_is_possible(turn) ? PROMPT_LIMIT : silent, error);
	if (end == END_DONE)
		return kt_turn_pass_gate(turn, &ignored, error);
	dismiss(turn, prompt);
	return end == END_FAILED ? false : fail_refused(end, error);
}
