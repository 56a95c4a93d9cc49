/* SPDX-License-Identifier: MIT */

/*
 * keyturn-courier: runs one errand for the keeper, which holds the other end of descriptor 3,
 * and ends. It may be started long before its errand is known, so that loading libcurl costs
 * no time then. Nobody starts it by hand.
 *
 * It lives as long as that socket: a keeper that dies or loses interest closes it, which ends
 * the courier within a second whoever its parent is by then. (PR_SET_PDEATHSIG would follow
 * the parent, and the parent of a detached renewal is gone before the renewal begins.)
 */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/courier/http.h"
#include "helper/courier/loopback.h"
#include "helper/errand.h"
#include "helper/sandbox.h"
#include "helper/transfer.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"

/* A keyring may ask for its password, and be asked twice, before the errand is known. */
#define LONGEST_IDLE (5 * 60 * 1000)

static const struct {
	const char *name;
	bool (*run)(const struct kt_errand *errand, int keeper, struct kt_error *error);
} errands[] = {
	{ "post", kt_http_run },
	{ "get", kt_http_run },
	{ "redirect", kt_loopback_run },
};

static bool run(const struct kt_errand *errand, struct kt_error *error)
{
	for (size_t i = 0; i < sizeof(errands) / sizeof(errands[0]); i++)
		if (kt_errand_is(errand, "errand", errands[i].name))
			return errands[i].run(errand, KT_ERRAND_DESCRIPTOR, error);
	return kt_fail(error, KT_ERROR_INTERNAL, "there is no such errand");
}

static bool serve(struct kt_error *error)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand errand = { 0 };

	return kt_transfer_prepare(error) &&
	       kt_errand_receive(&errand, KT_ERRAND_DESCRIPTOR, kt_clock_monotonic() + LONGEST_IDLE,
	                         error) &&
	       run(&errand, error);
}

int main(void)
{
	struct kt_error error = { 0 };
	bool done = kt_sandbox_enter(KT_ERRAND_DESCRIPTOR) && serve(&error);

	/* Not exit(): a thread may hang in a name lookup, and handlers must not wait for it. */
	_exit(done ? EXIT_SUCCESS : kt_error_exit_status(KT_ERROR_INTERNAL));
}
