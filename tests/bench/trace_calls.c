/* SPDX-License-Identifier: MIT */

/*
 * For trace.sh, to be linked into programs that were compiled with -finstrument-functions: writes
 * a line to the file KEYTURN_CALLS for each entry into a function, with the program and the places
 * of caller and function in it. The caller is the function of ours that was entered last and has
 * not returned, also where a library is between the two; 0 where there is none.
 */

#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEEPEST 1024

extern const char __executable_start[];

void __cyg_profile_func_enter(void *function, void *site);
void __cyg_profile_func_exit(void *function, void *site);

static uintptr_t entered[DEEPEST];
static size_t depth;
static int output = -1;
static char executable[PATH_MAX];
static const char *program;

/* The courier may write no file, and closes what it does not know. */
static void open_output(void)
{
	const char *path = getenv("KEYTURN_CALLS");

	output = -2;
	if (!path || readlink("/proc/self/exe", executable, sizeof(executable) - 1) < 0)
		return;
	program = strrchr(executable, '/') + 1;
	if (strcmp(program, "keyturn-courier") != 0)
		output = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
}

void __cyg_profile_func_enter(void *function, void *site)
{
	uintptr_t place = (uintptr_t)function - (uintptr_t)__executable_start;

	(void)site;
	if (output == -1)
		open_output();
	if (output >= 0)
		dprintf(output, "%s %lx %lx\n", program,
		        (unsigned long)(depth > 0 && depth <= DEEPEST ? entered[depth - 1] : 0),
		        (unsigned long)place);
	if (depth < DEEPEST)
		entered[depth] = place;
	depth++;
}

void __cyg_profile_func_exit(void *function, void *site)
{
	(void)function;
	(void)site;
	depth--;
}
