/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Starts the courier, for keeper and door. The door knows that some calls will need one. It
 * starts the courier before it becomes the keeper, so that the two are loaded side by side.
 */

#include <stdbool.h>
#include <sys/types.h>

/* *socket is our end, close-on-exec. False with errno. */
bool kt_courier_spawn(pid_t *pid, int *socket);

/* The door: for the keeper that this process becomes. That it cannot be done is no error. */
void kt_courier_start_ahead(void);

/*
 * The keeper: takes over the courier that the door started, once. A descriptor of another
 * program is left alone.
 */
bool kt_courier_take_over(pid_t *pid, int *socket);
