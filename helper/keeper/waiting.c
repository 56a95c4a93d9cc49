/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "helper/keeper/terminal.h"
#include "helper/keeper/waiting.h"
#include "helper/report.h"
#include "keyring/characters.h"
#include "keyring/clock.h"
#include "keyring/translate.h"

#define PATIENCE_MILLISECONDS 1000
#define STEP_MILLISECONDS 125

static bool is_readable(int descriptor, int64_t deadline, int64_t limit)
{
	struct pollfd wanted = { .fd = descriptor, .events = POLLIN };
	int64_t left = deadline - kt_clock_monotonic();

	left = left < limit ? left : limit;
	return left <= 0 || poll(&wanted, 1, (int)left) > 0;
}

static void draw(const char *host, size_t step)
{
	static const char wheel[] = "|/-\\";

	fprintf(stderr, "\r%c ", wheel[step % (sizeof(wheel) - 1)]);
	fprintf(stderr, kt_translate("waiting for %s ..."), host);
	fputs("\033[K", stderr);
	fflush(stderr);
}

/* Host and port of the address, as a message has them. */
static void write_host(const char *url, char host[static 80])
{
	const char *start = strstr(url, "://");

	start = start ? start + 3 : url;
	snprintf(host, 80, "%.*s", kt_characters_fit(start, strcspn(start, "/?#") < 79
	                                                    ? strcspn(start, "/?#") : 79), start);
	kt_characters_make_printable(host);
}

void kt_waiting_for(int descriptor, const char *url, int64_t deadline)
{
	char host[80];

	if (!url || is_readable(descriptor, deadline, PATIENCE_MILLISECONDS) ||
	    !kt_terminal_is_interactive())
		return;
	write_host(url, host);
	if (!kt_terminal_is_smart()) {
		kt_report_note("waiting for %s ...", host);
		return;
	}
	for (size_t step = 0; !is_readable(descriptor, deadline, STEP_MILLISECONDS); step++)
		draw(host, step);
	fputs("\r\033[K", stderr);
	fflush(stderr);
}
