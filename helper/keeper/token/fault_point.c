/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <signal.h>
#include <string.h>

#include "helper/keeper/token/fault_point.h"
#include "keyring/environment.h"

void kt_fault_point(const char *name)
{
	const char *wanted = kt_environment_get("KEYTURN_FAULT");
	size_t length = strlen(name);

	if (!wanted || strncmp(wanted, name, length) != 0 || wanted[length] != ':')
		return;
	if (strcmp(wanted + length, ":kill") == 0)
		raise(SIGKILL);
	else if (strcmp(wanted + length, ":stop") == 0)
		raise(SIGSTOP);
	else
		raise(SIGABRT);
}
