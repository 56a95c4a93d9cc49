/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/courier_start.h"
#include "helper/keeper/courier.h"
#include "helper/keeper/waiting.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/translate.h"

/* Added to the courier's own limit, so that it reports a time-out before we give up. */
#define GRACE_MILLISECONDS 700
#define SAY_MILLISECONDS 5000

bool kt_courier_start(struct kt_courier *courier, struct kt_error *error)
{
	struct kt_courier fresh = { 0 };

	if (!kt_courier_take_over(&fresh.pid, &fresh.socket) &&
	    !kt_courier_spawn(&fresh.pid, &fresh.socket)) {
		kt_fail(error, KT_ERROR_INTERNAL, "the courier cannot be started: %s", strerror(errno));
		return kt_advise(error, "install keyturn again: its libexec programs are missing");
	}
	fresh.is_open = true;
	*courier = fresh;
	return true;
}

bool kt_courier_is_started(const struct kt_courier *courier)
{
	return courier->is_open;
}

bool kt_courier_send(struct kt_courier *courier, const struct kt_errand *message,
                     struct kt_error *error)
{
	courier->is_sent = true;
	return kt_errand_send(message, courier->socket,
	                      kt_clock_monotonic() + SAY_MILLISECONDS, error);
}

bool kt_courier_receive(struct kt_courier *courier, struct kt_errand *message,
                        int64_t deadline, struct kt_error *error)
{
	if (kt_errand_receive(message, courier->socket, deadline, error))
		return true;
	if (deadline == 0 || kt_clock_monotonic() < deadline)
		return false;
	/* It keeps its own time, but where it is stopped, or the machine too busy for it. */
	kt_error_clear(error);
	kt_fail(error, KT_ERROR_NETWORK, "the server did not answer in time");
	return kt_advise(error, "nothing is lost; check the network and try again");
}

bool kt_courier_await(const struct kt_courier *courier, int milliseconds)
{
	struct pollfd wanted = { .fd = courier->socket, .events = POLLIN };

	return poll(&wanted, 1, milliseconds) > 0;
}

void kt_courier_end(struct kt_courier *courier)
{
	if (courier->is_open)
		close(courier->socket);
	if (courier->pid > 0) {
		if (!courier->is_sent)
			kill(courier->pid, SIGKILL);
		/* It sees the closed socket within a second; one that is stuck is not waited for. */
		for (int tries = 0; waitpid(courier->pid, NULL, WNOHANG) == 0; tries++) {
			if (tries == 100)
				kill(courier->pid, SIGKILL);
			kt_clock_sleep(tries < 5 ? 1 : 10);
		}
	}
	*courier = (struct kt_courier){ 0 };
}

bool kt_courier_ask_early(struct kt_courier *early, const struct kt_errand *errand,
                          struct kt_errand *answer, struct kt_error *error)
{
	KT_CLEANUP(kt_courier_end) struct kt_courier courier = *early;
	int64_t timeout = KT_COURIER_MILLISECONDS;
	int64_t deadline;

	*early = (struct kt_courier){ 0 };
	kt_errand_number(errand, "timeout", &timeout);
	if ((!kt_courier_is_started(&courier) && !kt_courier_start(&courier, error)) ||
	    !kt_courier_send(&courier, errand, error))
		return false;
	deadline = kt_clock_monotonic() + timeout + GRACE_MILLISECONDS;
	kt_waiting_for(courier.socket, kt_errand_text(errand, "url"), deadline);
	return kt_courier_receive(&courier, answer, deadline, error);
}

const char *kt_courier_reason(const struct kt_errand *answer)
{
	const char *reason = kt_errand_text(answer, "reason");

	return reason ? kt_translate(reason) : NULL;
}

bool kt_courier_ask(const struct kt_errand *errand, struct kt_errand *answer,
                    struct kt_error *error)
{
	struct kt_courier none = { 0 };

	return kt_courier_ask_early(&none, errand, answer, error);
}
