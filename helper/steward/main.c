/* SPDX-License-Identifier: MIT */

/*
 * keyturn-steward: stands between the room (keyturn-proxy) and the keyring, for as long as the
 * command that the room serves. It starts the room, and a keeper for each question of the room's;
 * it holds a second copy of the room's listener, so that the address is nobody else's while the
 * room is started anew. It never works with network, keyring or bus itself. Nobody starts it by
 * hand.
 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/errand.h"
#include "helper/libexec.h"
#include "helper/proxy_start.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/text.h"

/* Milliseconds. A keyring may ask for its password before the first message comes. */
#define LONGEST_IDLE (5 * 60 * 1000)
#define SAY_TIME 5000
#define KEEPER_TIME 120000
#define MINUTE 60000
#define SHORT_COMMAND 2 /* it gets no room */

#define ARGUMENTS 40
#define STARTS 3 /* of the room, in a minute */

struct steward {
	struct kt_errand first; /* without the token */
	int room;               /* -1: it is not there */
	pid_t room_process;
	int64_t starts[STARTS];
	int keeper;             /* -1: none is asked */
	pid_t keeper_process;
	int64_t keeper_deadline;
	bool is_foreground;     /* lend: signals are for us, and the end of the loan ends us */
	int signals;
	int64_t end;            /* by kt_clock_boot_milliseconds(); 0: none */
	bool is_counted;        /* the room counts requests, and a new one would begin at 0 */
};

static void silence(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int descriptor = 0; null >= 0 && descriptor <= STDERR_FILENO; descriptor++)
		dup2(null, descriptor);
	if (null > STDERR_FILENO)
		close(null);
}

/* Starts the room on one end of a new socket. */
static bool start_room(struct steward *steward)
{
	struct kt_proxy_descriptors descriptors = {
		.listener = KT_PROXY_LISTENER,
		.command = KT_PROXY_COMMAND,
		.log = fcntl(KT_PROXY_LOG, F_GETFD) >= 0 ? KT_PROXY_LOG : -1,
	};
	int sockets[2];

	if (!kt_proxy_start_sockets(sockets))
		return false;
	descriptors.socket = sockets[1];
	steward->room_process = fork();
	if (steward->room_process == 0) {
		kt_proxy_start_become(KT_LIBEXEC_PROXY, &descriptors);
		_exit(1);
	}
	close(sockets[1]);
	steward->room = sockets[0];
	if (steward->room_process < 0)
		kt_descriptor_close(&steward->room);
	memmove(steward->starts + 1, steward->starts, sizeof(steward->starts) - sizeof(int64_t));
	steward->starts[0] = kt_clock_monotonic();
	return steward->room >= 0;
}

static bool copy_field(struct kt_errand *target, const struct kt_errand_field *field)
{
	struct kt_error ignored = { 0 };

	return kt_errand_add_secret(target, field->name, &field->value, &ignored);
}

/* Without the token, which goes to the first room and is not kept. */
static bool keep_settings(struct steward *steward, const struct kt_errand *message)
{
	for (size_t i = 0; i < message->count; i++)
		if (strcmp(message->fields[i].name, "token") != 0 &&
		    !copy_field(&steward->first, &message->fields[i]))
			return false;
	steward->is_foreground = kt_errand_text(&steward->first, "path") != NULL;
	kt_errand_number(&steward->first, "end", &steward->end);
	steward->is_counted = kt_errand_text(&steward->first, "most") != NULL;
	return true;
}

/*
 * False: the command is over already, as one is that was not found. To load the room takes more
 * than to run the keeper, which is why it begins behind both, or with the first client.
 */
static bool is_room_wanted(const struct steward *steward)
{
	struct pollfd wanted[] = {
		{ .fd = KT_PROXY_LISTENER, .events = POLLIN },
		{ .fd = KT_PROXY_COMMAND, .events = POLLIN },
	};

	return steward->is_foreground || poll(wanted, KT_COUNT(wanted), SHORT_COMMAND) <= 0 ||
	       !wanted[1].revents;
}

/* The first message goes to the room as it is. False: there is nothing to attend to. */
static bool begin(struct steward *steward)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };
	struct kt_error ignored = { 0 };

	if (!kt_errand_receive(&message, KT_PROXY_SOCKET, kt_clock_monotonic() + LONGEST_IDLE,
	                       &ignored) ||
	    !keep_settings(steward, &message))
		return false;
	close(KT_PROXY_SOCKET);
	return is_room_wanted(steward) && start_room(steward) &&
	       kt_errand_send(&message, steward->room, kt_clock_monotonic() + SAY_TIME, &ignored);
}

static void become_keeper(const struct steward *steward, int socket)
{
	char *arguments[ARGUMENTS + 3] = { "keyturn", "lend-token" };
	sigset_t none;

	for (int i = 0; i < ARGUMENTS; i++) {
		char name[24];

		snprintf(name, sizeof(name), "argument.%d", i);
		arguments[i + 2] = (char *)kt_errand_text(&steward->first, name);
		if (!arguments[i + 2])
			break;
	}
	/* Its socket in the room's place; the listener and the rest are not its own. */
	if (dup2(socket, KT_ERRAND_DESCRIPTOR) != KT_ERRAND_DESCRIPTOR)
		return;
	silence();
	close_range(KT_ERRAND_DESCRIPTOR + 1, ~0u, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	execv(kt_libexec_path(KT_LIBEXEC_KEEPER), arguments);
}

static bool start_keeper(struct steward *steward)
{
	int sockets[2];

	if (!kt_proxy_start_sockets(sockets))
		return false;
	steward->keeper_process = fork();
	if (steward->keeper_process == 0) {
		become_keeper(steward, sockets[1]);
		_exit(1);
	}
	close(sockets[1]);
	steward->keeper = sockets[0];
	steward->keeper_deadline = kt_clock_monotonic() + KEEPER_TIME;
	if (steward->keeper_process < 0)
		kt_descriptor_close(&steward->keeper);
	return steward->keeper >= 0;
}

static void tell_failure(struct steward *steward, const char *code, const char *sentence)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand answer = { 0 };
	struct kt_error ignored = { 0 };

	if (steward->room < 0 || !kt_errand_add(&answer, "say", "failed", &ignored) ||
	    !kt_errand_add(&answer, "error", code, &ignored) ||
	    !kt_errand_add(&answer, "message", sentence, &ignored))
		return;
	kt_errand_send(&answer, steward->room, kt_clock_monotonic() + SAY_TIME, &ignored);
}

static void drop_room(struct steward *steward)
{
	kt_descriptor_close(&steward->room);
	if (steward->room_process > 0) {
		kill(steward->room_process, SIGKILL);
		waitpid(steward->room_process, NULL, 0);
	}
	steward->room_process = 0;
}

/* The room's question, for which a keeper is started; or the room's end. */
static void take_question(struct steward *steward)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand question = { 0 };
	struct kt_error ignored = { 0 };

	if (!kt_errand_receive(&question, steward->room, kt_clock_monotonic() + SAY_TIME, &ignored)) {
		drop_room(steward);
		return;
	}
	/* A room that was started anew asks while its forerunner's keeper runs: one answer for both. */
	if (steward->keeper >= 0)
		return;
	if (!start_keeper(steward) ||
	    !kt_errand_send(&question, steward->keeper, kt_clock_monotonic() + SAY_TIME, &ignored))
		tell_failure(steward, "busy", "the next token cannot be asked for now");
}

static void take_answer(struct steward *steward)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand answer = { 0 };
	struct kt_error ignored = { 0 };

	if (!kt_errand_receive(&answer, steward->keeper, kt_clock_monotonic() + SAY_TIME, &ignored))
		tell_failure(steward, "internal", "keyturn broke off while it got the next token");
	else if (steward->room >= 0)
		kt_errand_send(&answer, steward->room, kt_clock_monotonic() + SAY_TIME, &ignored);
	/* It ends by itself; whether it has is seen later. */
	kt_descriptor_close(&steward->keeper);
}

static void give_up_keeper(struct steward *steward)
{
	kt_descriptor_close(&steward->keeper);
	tell_failure(steward, "late", "the keyring or the service took too long");
}

/* The address stays ours, and nobody waits at it in vain. What the client sent is not looked at. */
static void turn_away(const struct steward *steward)
{
	const char *body = steward->is_counted
		? "{\"code\":503,\"msg\":\"keyturn: the proxy broke off, and with --max-requests no "
		  "other one takes its place; start the command again\"}\n"
		: "{\"code\":503,\"msg\":\"keyturn: the proxy broke off three times in a minute, and is "
		  "started again when that is over; wait, or start the command again\"}\n";
	char answer[512];
	int length = snprintf(answer, sizeof(answer),
	                      "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
	                      "Content-Length: %zu\r\nConnection: close\r\n\r\n%s", strlen(body), body);
	int client;

	while ((client = accept4(KT_PROXY_LISTENER, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		(void)send(client, answer, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT);
		close(client);
	}
}

static void restart_room(struct steward *steward)
{
	struct kt_error ignored = { 0 };
	int64_t oldest = steward->starts[STARTS - 1];

	if (steward->is_counted || (oldest && kt_clock_monotonic() < oldest + MINUTE))
		return;
	if (start_room(steward) &&
	    !kt_errand_send(&steward->first, steward->room, kt_clock_monotonic() + SAY_TIME, &ignored))
		drop_room(steward);
}

/* Milliseconds until the next thing to do. */
static int time_left(const struct steward *steward)
{
	int64_t left = MINUTE;
	int64_t now = kt_clock_monotonic();

	if (steward->room < 0)
		left = 1000;
	if (steward->keeper >= 0 && steward->keeper_deadline - now < left)
		left = steward->keeper_deadline - now;
	if (steward->is_foreground && steward->end &&
	    steward->end - kt_clock_boot_milliseconds() < left)
		left = steward->end - kt_clock_boot_milliseconds();
	return left < 0 ? 0 : (int)left;
}

static bool is_loan_over(const struct steward *steward)
{
	return steward->is_foreground && steward->end &&
	       kt_clock_boot_milliseconds() >= steward->end;
}

/* Until the command has ended, or the loan that we are the foreground of. */
static void attend(struct steward *steward)
{
	for (;;) {
		struct pollfd wanted[] = {
			{ .fd = steward->is_foreground ? steward->signals : KT_PROXY_COMMAND,
			  .events = POLLIN },
			{ .fd = steward->room, .events = POLLIN },
			{ .fd = steward->keeper, .events = POLLIN },
			{ .fd = steward->room < 0 ? KT_PROXY_LISTENER : -1, .events = POLLIN },
		};

		if (steward->room < 0)
			restart_room(steward);
		wanted[1].fd = steward->room;
		wanted[3].fd = steward->room < 0 ? KT_PROXY_LISTENER : -1;
		if (poll(wanted, KT_COUNT(wanted), time_left(steward)) < 0 && errno != EINTR)
			return;
		if (wanted[0].revents || is_loan_over(steward))
			return;
		if (wanted[1].revents)
			take_question(steward);
		if (wanted[2].revents)
			take_answer(steward);
		else if (steward->keeper >= 0 && kt_clock_monotonic() >= steward->keeper_deadline)
			give_up_keeper(steward);
		if (wanted[3].revents)
			turn_away(steward);
		/* Keepers that have ended meanwhile. */
		if (steward->keeper < 0 && steward->keeper_process > 0 &&
		    waitpid(steward->keeper_process, NULL, WNOHANG) != 0)
			steward->keeper_process = 0;
	}
}

static bool take_signals(struct steward *steward)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	if (!steward->is_foreground)
		return true;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	steward->signals = signalfd(-1, &set, SFD_CLOEXEC);
	return steward->signals >= 0;
}

static void mark_close_on_exec(void)
{
	for (int descriptor = KT_PROXY_SOCKET; descriptor <= KT_PROXY_LOG; descriptor++)
		fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}

int main(void)
{
	struct steward steward = { .room = -1, .keeper = -1, .signals = -1 };
	bool is_good = !getauxval(AT_SECURE) && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;

	close_range(KT_PROXY_LOG + 1, ~0u, 0);
	silence();
	mark_close_on_exec();
	is_good = is_good && begin(&steward) && take_signals(&steward);
	if (is_good)
		attend(&steward);
	if (steward.is_foreground)
		unlink(kt_errand_text(&steward.first, "path"));
	kt_errand_clear(&steward.first);
	return is_good ? EXIT_SUCCESS : EXIT_FAILURE;
}
