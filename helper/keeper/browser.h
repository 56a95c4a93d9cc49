/* SPDX-License-Identifier: MIT */
#pragma once

/* The person's browser: whether one can be shown here, and opening a page in it. */

#include <stdbool.h>

/*
 * True if a browser that is started here would appear before the person: no SSH, no container,
 * a display.
 */
bool kt_browser_is_there(void);

/* Opens the page with the caller's environment, no shell between; false: nothing was started. */
bool kt_browser_open(const char *url, char *const *environment);
