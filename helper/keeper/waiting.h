/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A wait for an answer from the network, of which a person who sits there is told: from the first
 * second on, in place, and in one line where the terminal cannot draw. Others are told nothing.
 */

#include <stdint.h>

/* Returns when the descriptor can be read, or at the deadline. url: of the server; NULL: none. */
void kt_waiting_for(int descriptor, const char *url, int64_t deadline);
