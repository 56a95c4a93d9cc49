/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "helper/become.h"

bool kt_become_may_show(const char *word)
{
	size_t length = strlen(word);

	return length > 0 && length <= 32 && word[0] != '-' &&
	       strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789./_-@") == length;
}

const char *kt_become_name(const char *command)
{
	return kt_become_may_show(command) ? command : "the command";
}

int kt_become(char **command, struct kt_error *error)
{
	const char *name = kt_become_name(command[0]);

	execvp(command[0], command);
	if (errno != ENOENT) {
		kt_fail(error, KT_ERROR_NOT_FOUND, "%s cannot be run: %s", name, strerror(errno));
		return KT_BECOME_CANNOT_RUN;
	}
	if (strchr(command[0], ' ')) {
		kt_fail(error, KT_ERROR_NOT_FOUND,
		        "no program has this name, which is of several words");
		kt_advise(error, "leave the quotes away, or put sh -c before them");
	} else {
		kt_fail(error, KT_ERROR_NOT_FOUND, "%s is not found", name);
		kt_advise(error, "check its name, and that it stands in a directory of PATH");
	}
	return KT_BECOME_NOT_FOUND;
}
