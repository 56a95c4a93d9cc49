/* SPDX-License-Identifier: MIT */
#pragma once

/* The room's loop: accepts clients and goes on with each when something comes for it. */

#include "helper/proxy/room.h"

/*
 * Serves until the command has ended (a pidfd) or the loan has nobody who could use it. listener,
 * command and the steward's socket are non-blocking or only looked at.
 */
void kt_serve(struct kt_room *room, int listener, int command);
