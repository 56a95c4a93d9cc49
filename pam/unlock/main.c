/* SPDX-License-Identifier: MIT */

/*
 * keyturn-unlock, which pam_keyturn.so runs as the user. Reads one request
 * (pam/unlock_request.h) from its standard input, opens or changes the user's keyring, answers
 * with one byte, and may go on trying for the grace time after that. It starts no daemon
 * itself.
 */

#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/control_socket.h"
#include "keyring/environment.h"
#include "keyring/lock.h"
#include "keyring/secret.h"
#include "pam/unlock/backend.h"
#include "pam/unlock/backend_dbus.h"
#include "pam/unlock/confine.h"
#include "pam/unlock/login_session.h"
#include "pam/unlock/login_slot.h"
#include "pam/unlock_request.h"

#define PREFETCH_UNIT "keyturn-prefetch.service"

/* Kept back from the caller's timeout, so that the answer is there before it. */
#define ANSWER_MARGIN 50

/* A daemon that nobody has initialised denies every password; one that goes on, means it. */
#define DENIED_MAX 3

/* Seconds of life before the request, and after it besides timeout and grace. */
#define LIFE 60

/* Longer than a request takes to arrive, and short enough to notice that none will. */
#define REQUEST_PATIENCE 1000

struct job {
	struct kt_unlock_request request;
	struct kt_secret old_password;
	struct kt_secret new_password;
	struct kt_login_session session;
};

/* The request names them in the order in which to try. */
static const struct kt_unlock_backend *const backends[] = {
	[KT_UNLOCK_BACKEND_CONTROL] = &kt_unlock_backend_control,
	[KT_UNLOCK_BACKEND_DBUS] = &kt_unlock_backend_dbus,
	[KT_UNLOCK_BACKEND_VAULT] = &kt_unlock_backend_vault,
};

static void job_clear(struct job *job)
{
	kt_secret_clear(&job->old_password);
	kt_secret_clear(&job->new_password);
}

static bool read_whole(void *buffer, size_t length)
{
	size_t have = 0;

	while (have < length) {
		struct pollfd waiting = { .fd = STDIN_FILENO, .events = POLLIN };
		ssize_t count;

		if (poll(&waiting, 1, REQUEST_PATIENCE) <= 0)
			return false;
		count = read(STDIN_FILENO, (char *)buffer + have, length - have);
		if (count <= 0)
			return false;
		have += (size_t)count;
	}
	return true;
}

static bool read_password(struct kt_secret *password, uint32_t length)
{
	struct kt_error error = { 0 };
	char bytes[KT_UNLOCK_PASSWORD_MAX];
	bool done;

	done = length <= sizeof(bytes) && read_whole(bytes, length) &&
	       kt_secret_append(password, bytes, length, &error);
	explicit_bzero(bytes, sizeof(bytes));
	return done;
}

static bool request_is_sound(const struct kt_unlock_request *request)
{
	for (size_t i = 0; i < KT_UNLOCK_BACKENDS_MAX; i++) {
		if (request->backends[i] >= sizeof(backends) / sizeof(backends[0]))
			return false;
	}
	switch (request->op) {
	case KT_UNLOCK_OP_UNLOCK:
		return request->new_length > 0;
	case KT_UNLOCK_OP_CHANGE:
		return request->old_length > 0 && request->new_length > 0;
	case KT_UNLOCK_OP_NO_PASSWORD:
		return request->old_length == 0 && request->new_length == 0;
	default:
		return false;
	}
}

static bool read_job(struct job *job)
{
	return read_whole(&job->request, sizeof(job->request)) &&
	       job->request.magic == KT_UNLOCK_MAGIC && request_is_sound(&job->request) &&
	       read_password(&job->old_password, job->request.old_length) &&
	       read_password(&job->new_password, job->request.new_length);
}

/* A login that finds its password changed meanwhile brings the keyring along. */
static enum kt_unlock_status unlock(const struct job *job, const struct kt_unlock_backend *backend)
{
	enum kt_unlock_status status = backend->unlock(&job->session, &job->new_password);

	if (status != KT_UNLOCK_DENIED || kt_secret_is_empty(&job->old_password))
		return status;
	status = backend->change(&job->session, &job->old_password, &job->new_password);
	if (status != KT_UNLOCK_OPENED)
		return status;
	return backend->unlock(&job->session, &job->new_password);
}

/* Denied may mean that another PAM module has changed it already. */
static enum kt_unlock_status change(const struct job *job, const struct kt_unlock_backend *backend)
{
	enum kt_unlock_status status =
		backend->change(&job->session, &job->old_password, &job->new_password);

	if (status == KT_UNLOCK_DENIED)
		status = backend->unlock(&job->session, &job->new_password);
	return status;
}

static enum kt_unlock_status try_backend(const struct job *job, uint8_t number)
{
	return job->request.op == KT_UNLOCK_OP_CHANGE ? change(job, backends[number]) :
	                                              unlock(job, backends[number]);
}

static bool wants(const struct job *job, enum kt_unlock_backend_number number)
{
	return memchr(job->request.backends, (int)number, sizeof(job->request.backends)) != NULL;
}

/* One attempt at the desktop's keyring: the first way to it that is there decides. */
static enum kt_unlock_status try_desktop(const struct job *job)
{
	enum kt_unlock_status status = KT_UNLOCK_ABSENT;

	if (!wants(job, KT_UNLOCK_BACKEND_CONTROL) && !wants(job, KT_UNLOCK_BACKEND_DBUS))
		return KT_UNLOCK_NO_COLLECTION;
	if (!job->session.runtime_dir)
		return KT_UNLOCK_NO_RUNTIME_DIR;
	for (size_t i = 0; i < KT_UNLOCK_BACKENDS_MAX && status == KT_UNLOCK_ABSENT; i++) {
		uint8_t number = job->request.backends[i];

		if (number != KT_UNLOCK_BACKEND_NONE && number != KT_UNLOCK_BACKEND_VAULT)
			status = try_backend(job, number);
	}
	/* A keyring that is open denies as well; a wrong password shows at the next login. */
	if (status == KT_UNLOCK_DENIED && job->request.op == KT_UNLOCK_OP_UNLOCK &&
	    kt_dbus_is_open(&job->session))
		status = KT_UNLOCK_OPENED;
	return status;
}

/* A key that has to be derived, which is slow on purpose, is UNDERWAY. */
static enum kt_unlock_status look_at_vault(const struct job *job, struct kt_lock *claim)
{
	if (!wants(job, KT_UNLOCK_BACKEND_VAULT))
		return KT_UNLOCK_ABSENT;
	return kt_login_slot_look(job->request.op == KT_UNLOCK_OP_UNLOCK, claim);
}

/* Behind the login: nobody waits for this. */
static enum kt_unlock_status try_vault(const struct job *job, struct kt_lock *claim)
{
	enum kt_unlock_status status;

	if (!kt_lock_is_held(claim))
		kt_login_slot_begin(claim);
	status = try_backend(job, KT_UNLOCK_BACKEND_VAULT);
	kt_lock_release(claim);
	if (status == KT_UNLOCK_DENIED && !(job->request.flags & KT_UNLOCK_FLAG_QUIET))
		syslog(LOG_AUTHPRIV | LOG_NOTICE,
		       "the vault refused the login password: run keyturn unlock --resync");
	return status;
}

/* Combines the results of desktop keyring and vault: if both exist, the worse one counts. */
static enum kt_unlock_status sum_up(enum kt_unlock_status desktop, enum kt_unlock_status vault)
{
	if (vault == KT_UNLOCK_ABSENT)
		return desktop;
	if (desktop == KT_UNLOCK_OPENED || desktop == KT_UNLOCK_ABSENT ||
	    desktop == KT_UNLOCK_NO_COLLECTION || desktop == KT_UNLOCK_NO_RUNTIME_DIR)
		return vault;
	return desktop;
}

/* A change that no daemon took leaves a keyring with its old password, if there is one. */
static enum kt_unlock_status consider_change(const struct job *job, enum kt_unlock_status status)
{
	if (job->request.op != KT_UNLOCK_OP_CHANGE ||
	    (status != KT_UNLOCK_ABSENT && status != KT_UNLOCK_SILENT &&
	     status != KT_UNLOCK_FAILED && status != KT_UNLOCK_NO_RUNTIME_DIR))
		return status;
	return kt_control_socket_has_keyring(job->session.home) ? KT_UNLOCK_KEPT_OLD
	                                                        : KT_UNLOCK_NO_COLLECTION;
}

static bool is_worth_another_try(enum kt_unlock_status status, int denied)
{
	return status == KT_UNLOCK_ABSENT || status == KT_UNLOCK_SILENT ||
	       status == KT_UNLOCK_FAILED || (status == KT_UNLOCK_DENIED && denied <= DENIED_MAX);
}

/*
 * The session is still starting, and its daemon with it. The waits double from a sixteenth of
 * the grace time to its half, so that together they stay within it.
 */
static enum kt_unlock_status try_again(struct job *job, enum kt_unlock_status status)
{
	int64_t end = kt_clock_monotonic() + (int64_t)job->request.grace * 1000;
	int denied = status == KT_UNLOCK_DENIED;

	for (int64_t wait = (int64_t)job->request.grace * 1000 / 16;
	     is_worth_another_try(status, denied) && kt_clock_monotonic() + wait < end;
	     wait *= 2) {
		kt_clock_sleep(wait);
		job->session.deadline = kt_clock_monotonic() + job->request.timeout;
		if (job->session.deadline > end)
			job->session.deadline = end;
		status = try_desktop(job);
		denied += status == KT_UNLOCK_DENIED;
	}
	return status;
}

static void answer(enum kt_unlock_status status)
{
	unsigned char byte = (unsigned char)status;

	/* The module may have stopped waiting. */
	send(STDOUT_FILENO, &byte, sizeof(byte), MSG_NOSIGNAL);
	shutdown(STDOUT_FILENO, SHUT_RDWR);
}

/* A change says nothing about whether the keyring is open, only whether it would open. */
static void leave_word(const struct job *job, enum kt_unlock_status status)
{
	if (job->session.runtime_dir &&
	    (job->request.op == KT_UNLOCK_OP_UNLOCK || status == KT_UNLOCK_DENIED ||
	     status == KT_UNLOCK_KEPT_OLD))
		kt_unlock_outcome_write(job->session.runtime_dir, kt_login_session_outcome(status),
		                        false);
}

static void set_deadline(struct job *job)
{
	uint32_t timeout = job->request.timeout;

	job->session.deadline = kt_clock_monotonic() +
	                        (timeout > 2 * ANSWER_MARGIN ? timeout - ANSWER_MARGIN : timeout);
}

static void serve(struct job *job)
{
	KT_CLEANUP(kt_lock_release) struct kt_lock claim = { 0 };
	enum kt_unlock_status desktop, vault, first, last;

	job->session.may_create = job->request.flags & KT_UNLOCK_FLAG_CREATE;
	set_deadline(job);
	desktop = try_desktop(job);
	vault = look_at_vault(job, &claim);
	first = sum_up(consider_change(job, desktop), vault);
	leave_word(job, first);
	answer(first);

	if (vault == KT_UNLOCK_UNDERWAY)
		vault = try_vault(job, &claim);
	last = sum_up(consider_change(job, try_again(job, desktop)), vault);
	if (last != first)
		leave_word(job, last);
	kt_secret_clear(&job->old_password);
	kt_secret_clear(&job->new_password);
	if (last == KT_UNLOCK_OPENED && job->session.runtime_dir &&
	    (job->request.flags & KT_UNLOCK_FLAG_PREFETCH)) {
		set_deadline(job);
		kt_dbus_start_unit(&job->session, PREFETCH_UNIT);
	}
}

static void note_no_password(const struct job *job)
{
	if (job->session.runtime_dir)
		kt_unlock_outcome_write(job->session.runtime_dir,
		                        job->request.flags & KT_UNLOCK_FLAG_SSH_KEY
		                                ? KT_UNLOCK_OUTCOME_SSH_KEY
		                                : KT_UNLOCK_OUTCOME_NO_PASSWORD,
		                        true);
	answer(KT_UNLOCK_NOTED);
}

/* A limit that was set before execve(2) may not have outlived it, with SELinux. */
static void limit_life(uint32_t seconds)
{
	alarm(seconds + LIFE);
}

/* Whoever is to send a password knows by this that nobody can look into this process. */
static bool say_ready(void)
{
	unsigned char byte = KT_UNLOCK_READY;

	return send(STDOUT_FILENO, &byte, sizeof(byte), MSG_NOSIGNAL) == 1;
}

int main(void)
{
	KT_CLEANUP(job_clear) struct job job = { 0 };

	if (!kt_confine())
		return 1;
	limit_life(0);
	job.session.runtime_dir = kt_environment_get("XDG_RUNTIME_DIR");
	job.session.home = kt_environment_get("HOME");
	job.session.bus_address = kt_environment_get("DBUS_SESSION_BUS_ADDRESS");
	if (!say_ready() || !read_job(&job)) {
		fputs("keyturn-unlock: no request (pam_keyturn.so runs this program)\n", stderr);
		return 2;
	}
	limit_life(job.request.timeout / 1000 + job.request.grace);
	if (job.request.op == KT_UNLOCK_OP_NO_PASSWORD)
		note_no_password(&job);
	else
		serve(&job);
	return 0;
}
