/* SPDX-License-Identifier: MIT */

/*
 * keyturn-proxy: the room in which requests get their token. It is started by the steward with
 * descriptors that proxy_start.h names, gives up every other right before the first byte from
 * outside, and lives as long as the command that it serves. Nobody starts it by hand.
 */

#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "helper/proxy/serve.h"
#include "helper/proxy_start.h"
#include "helper/sandbox.h"
#include "helper/transfer.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"

/* A keyring may ask for its password before the token is known. */
#define LONGEST_IDLE (5 * 60 * 1000)

static bool serve(struct kt_error *error)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand message = { 0 };
	struct kt_room room = {
		.token = { .steward = KT_PROXY_SOCKET },
		.log = fcntl(KT_PROXY_LOG, F_GETFD) >= 0 ? KT_PROXY_LOG : -1,
	};

	if (!kt_transfer_prepare(error) ||
	    !kt_errand_receive(&message, KT_PROXY_SOCKET, kt_clock_monotonic() + LONGEST_IDLE,
	                       error) ||
	    !kt_room_settings_read(&room.settings, &message, error))
		return false;
	room.chunk = malloc(KT_ROOM_CHUNK);
	if (!room.chunk || !kt_watch_open(&room.watch))
		return kt_fail_memory(error);
	kt_sandbox_confine(KT_SANDBOX_CONNECT);
	room.upstreams = kt_upstreams_open(&room.watch, error);
	if (!room.upstreams)
		return false;
	kt_held_token_take(&room.token, &message);
	kt_errand_clear(&message);
	kt_serve(&room, KT_PROXY_LISTENER, KT_PROXY_COMMAND);
	kt_held_token_clear(&room.token);
	return true;
}

int main(void)
{
	struct kt_error error = { 0 };
	bool done = kt_sandbox_enter(KT_PROXY_LOG) && serve(&error);

	/* Not exit(): a thread may hang in a name lookup, and the port has to close now. */
	_exit(done ? EXIT_SUCCESS : kt_error_exit_status(KT_ERROR_INTERNAL));
}
