/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "helper/proxy/log.h"
#include "keyring/clock.h"

#define LINE 1024
#define LABEL 800

void kt_log_write(int descriptor, const struct kt_log_entry *entry)
{
	int64_t now = kt_clock_wall();
	time_t seconds = (time_t)now;
	struct tm parts;
	char date[32];
	char line[LINE];
	size_t label = kt_buffer_length(&entry->label);
	int length;

	if (descriptor < 0 || !gmtime_r(&seconds, &parts) ||
	    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
		return;
	length = snprintf(line, sizeof(line), "%s %.*s %d up=%" PRIu64 " down=%" PRIu64
	                  " ms=%" PRId64 "%s\n", date, label ? (int)(label < LABEL ? label : LABEL) : 3,
	                  label ? kt_buffer_bytes(&entry->label) : "- -", entry->status, entry->up,
	                  entry->down, kt_clock_monotonic() - entry->begun,
	                  entry->is_retried ? " retried" : "");
	/* A full disk must not stop the command. */
	if (length > 0 && write(descriptor, line, (size_t)length) < 0)
		return;
}
