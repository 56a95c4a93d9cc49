/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper/background_renewal.h"
#include "helper/libexec.h"
#include "keyring/cleanup.h"
#include "keyring/kernel_key.h"
#include "keyring/text.h"

/*
 * Seconds. A renewal ends before LONGEST. If it is killed, nobody waits for it any longer than
 * that.
 */
#define LONGEST 40
#define AFTER_SUCCESS 1
#define FIRST_PAUSE 2
#define LONGEST_PAUSE 300
#define NICENESS 10

extern char **environ;

/* A service has no blank, so that no two accounts share a key. */
static bool name_key(char **name, const char *kind, const struct kt_cache *cache,
                     const char *service, const char *account)
{
	struct kt_error ignored = { 0 };

	return cache->seconds > 0 && service && account &&
	       kt_text_format(name, &ignored, "keyturn:%s:%s %s %s", kind, cache->tag, service,
	                      account) &&
	       strlen(*name) <= KT_KERNEL_KEY_DESCRIPTION_MAXIMUM;
}

bool kt_background_renewal_claim(const struct kt_cache *cache, const char *service,
                                 const char *account)
{
	KT_CLEANUP(kt_text_free) char *marker = NULL;

	return name_key(&marker, "renewal", cache, service, account) &&
	       kt_kernel_key_claim(marker, LONGEST);
}

/*
 * Closes the caller's pipes, so that nobody waits on them for the renewal to end. Runs at low
 * priority: there is a fifth of the token's life to do it in.
 */
static void let_go_of_everything(void)
{
	setpriority(PRIO_PROCESS, 0, NICENESS);
	if (syscall(SYS_close_range, 0, ~0u, 0) != 0)
		for (int descriptor = 0; descriptor < 1024; descriptor++)
			close(descriptor);
	for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++)
		if (open("/dev/null", O_RDWR) != descriptor)
			_exit(1);
	if (setsid() < 0 || chdir("/") != 0)
		_exit(1);
}

void kt_background_renewal_start(const char *service, const char *account)
{
	const char *path = kt_libexec_path(KT_LIBEXEC_KEEPER);
	char *arguments[] = { (char *)path, KT_BACKGROUND_RENEWAL_COMMAND, (char *)service,
		              (char *)account, NULL };

	if (fork() != 0)
		return;
	let_go_of_everything();
	execve(path, arguments, environ);
	_exit(1);
}

void kt_background_renewal_start_once(const struct kt_cache *cache, const char *service,
                                      const char *account)
{
	if (kt_background_renewal_claim(cache, service, account))
		kt_background_renewal_start(service, account);
}

static unsigned int pause_after(const char *failures)
{
	int32_t serial = kt_kernel_key_find(failures);
	unsigned char count = 0;
	unsigned int pause = FIRST_PAUSE;
	size_t length;

	if (serial)
		kt_kernel_key_read(serial, &count, sizeof(count), &length);
	for (int i = 0; i < count && pause < LONGEST_PAUSE; i++)
		pause *= 2;
	pause = pause < LONGEST_PAUSE ? pause : LONGEST_PAUSE;
	count = count < UINT8_MAX ? (unsigned char)(count + 1) : count;
	kt_kernel_key_put_disposable(failures, &count, sizeof(count), pause + LONGEST_PAUSE);
	return pause;
}

void kt_background_renewal_end(const struct kt_cache *cache, const char *service,
                               const char *account, bool is_done)
{
	KT_CLEANUP(kt_text_free) char *marker = NULL;
	KT_CLEANUP(kt_text_free) char *failures = NULL;
	int32_t serial;

	if (!name_key(&marker, "renewal", cache, service, account) ||
	    !name_key(&failures, "renewal-failures", cache, service, account))
		return;
	if (!is_done) {
		kt_kernel_key_put_disposable(marker, "1", 1, pause_after(failures));
		return;
	}
	serial = kt_kernel_key_find(failures);
	if (serial)
		kt_kernel_key_drop(serial);
	kt_kernel_key_put_disposable(marker, "1", 1, AFTER_SUCCESS);
}
