/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pam/unlock/confine.h"

/* Enough for both passwords, their copies and what is derived from them. */
#define HEAP_SIZE (256 * 1024)
#define STACK_SIZE (64 * 1024)

extern char **environ;

static bool is_known(const char *entry)
{
	static const char *const names[] = { "HOME=", "USER=", "LOGNAME=", "PATH=",
		                             "XDG_RUNTIME_DIR=", "DBUS_SESSION_BUS_ADDRESS=" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(entry, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

/* All but what pam_keyturn.so sets. */
static void drop_environment(void)
{
	char **kept = environ;

	for (char **entry = environ; *entry; entry++)
		if (is_known(*entry))
			*kept++ = *entry;
	*kept = NULL;
}

/*
 * With SELinux the kernel says AT_SECURE where the login program's domain is left, although no
 * rights are gained. The loader has dropped its own variables then.
 */
static bool is_the_users(void)
{
	return getuid() == geteuid() && getgid() == getegid();
}

/* Later calls lie where this one does. */
static __attribute__((noinline)) void lock_stack(void)
{
	char room[STACK_SIZE];

	explicit_bzero(room, sizeof(room));
	mlock(room, sizeof(room));
}

/* Makes it as large as it will be needed. A compiler leaves out a block that is only freed. */
static void lock_heap(void)
{
	void *volatile room;
	char *end;
	size_t size;

	mallopt(M_MMAP_THRESHOLD, 2 * HEAP_SIZE);
	mallopt(M_TRIM_THRESHOLD, 4 * HEAP_SIZE);
	room = malloc(HEAP_SIZE);
	free(room);
	end = sbrk(0);
	size = mallinfo2().arena;
	mlock(end - size, size);
}

/*
 * All memory, where the limit allows it, as the module sees to where it can; else heap and stack:
 * passwords lie nowhere else.
 */
static void keep_out_of_swap(void)
{
	struct rlimit limit = { 0 };

	if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY &&
	    mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0)
		return;
	lock_heap();
	lock_stack();
}

bool kt_confine(void)
{
	static const struct rlimit no_core = { 0, 0 };

	umask(077);
	drop_environment();
	if (!is_the_users() || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &no_core) != 0)
		return false;
	keep_out_of_swap();
	return true;
}
