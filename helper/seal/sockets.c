/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/seal/sockets.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

static void close_file(FILE **file)
{
	if (*file)
		fclose(*file);
	*file = NULL;
}

/* The path is the eighth word of its line and may hold blanks. */
static const char *find_path(char *line)
{
	char *place = line;

	for (int word = 0; word < 7; word++) {
		place += strcspn(place, " ");
		place += strspn(place, " ");
	}
	place[strcspn(place, "\n")] = '\0';
	return place[0] == '/' ? place : NULL;
}

static bool can_be_spoken_to(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0 && S_ISSOCK(status.st_mode) && access(path, W_OK) == 0;
}

bool kt_sockets_each(bool (*act)(const char *path, void *context, struct kt_error *error),
                     void *context, struct kt_error *error)
{
	char buffer[1 << 15];
	KT_CLEANUP(close_file) FILE *file = fopen("/proc/net/unix", "re");
	KT_CLEANUP(kt_text_free) char *line = NULL;
	size_t capacity = 0;

	if (!file) {
		kt_fail(error, KT_ERROR_UNAVAILABLE,
		        "the sockets of this machine cannot be listed: %s", strerror(errno));
		return kt_advise(error, "mount proc where it belongs: /proc");
	}
	/* The kernel begins anew with each read. */
	setvbuf(file, buffer, _IOFBF, sizeof(buffer));
	while (getline(&line, &capacity, file) > 0) {
		const char *path = find_path(line);

		if (path && can_be_spoken_to(path) && !act(path, context, error))
			return false;
	}
	return true;
}
