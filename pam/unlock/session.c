/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <limits.h>

#include "keyring/clock.h"
#include "pam/unlock/session.h"

int kt_session_time_left(const struct kt_session *session)
{
	int64_t left = session->deadline - kt_clock_monotonic();

	if (left <= 0)
		return 0;
	return left < INT_MAX ? (int)left : INT_MAX;
}
