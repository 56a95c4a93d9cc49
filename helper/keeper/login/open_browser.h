/* SPDX-License-Identifier: MIT */
#pragma once

/* The person's browser: whether one can be shown here, and opening a page in it. */

#include <stdbool.h>

/*
 * True if a browser that is started here would appear before the person: no SSH, no container,
 * a display.
 */
bool kt_open_browser_is_possible(void);

/* Opens the page with the caller's environment, no shell between; false: nothing was started. */
bool kt_open_browser(const char *url, char *const *environment);
