/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper/landlock.h"
#include "helper/sandbox.h"
#include "keyring/cleanup.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/* A caller that reads our parent's output to its end must not have to wait for us. */
static bool silence_standard_descriptors(void)
{
	int null = open("/dev/null", O_RDWR);

	for (int descriptor = 0; descriptor <= STDERR_FILENO; descriptor++)
		if (null < 0 || dup2(null, descriptor) != descriptor)
			return false;
	if (null > STDERR_FILENO)
		close(null);
	return true;
}

/*
 * A caller may have left these signals ignored or blocked. The courier could then neither end
 * nor keep time.
 */
static bool reset_signals(void)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGALRM, SIGCHLD };
	sigset_t none;

	for (size_t i = 0; i < ELEMENTS(numbers); i++)
		signal(numbers[i], SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	return sigemptyset(&none) == 0 && sigprocmask(SIG_SETMASK, &none, NULL) == 0;
}

static bool is_proxy_setting(const char *entry)
{
	static const char *const names[] = { "https_proxy=", "HTTPS_PROXY=", "http_proxy=",
		                             "HTTP_PROXY=", "all_proxy=", "ALL_PROXY=", "no_proxy=",
		                             "NO_PROXY=" };

	for (size_t i = 0; i < ELEMENTS(names); i++)
		if (strncmp(entry, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static void keep_proxies_of_environment(void)
{
	char **kept = environ;

	if (!environ)
		return;
	for (char **entry = environ; *entry; entry++)
		if (is_proxy_setting(*entry))
			*kept++ = *entry;
	*kept = NULL;
}

bool kt_sandbox_enter(int keep)
{
	const struct rlimit none = { 0, 0 };

	if (getauxval(AT_SECURE) || !silence_standard_descriptors())
		return false;
	/* A failure of either does no harm: the keeper's descriptors are close-on-exec anyway. */
	close_range((unsigned)keep + 1, ~0u, 0);
	setsid();
	umask(S_IRWXG | S_IRWXO);
	keep_proxies_of_environment();
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
	       prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       setrlimit(RLIMIT_CORE, &none) == 0 && chdir("/") == 0 && reset_signals();
}

static void allow_reading(int ruleset, const char *path)
{
	KT_CLEANUP(kt_descriptor_close) int directory = open(path, O_PATH | O_CLOEXEC);

	if (directory >= 0)
		kt_landlock_allow(ruleset, directory,
		                  KT_LANDLOCK_READ_FILE | KT_LANDLOCK_READ_DIRECTORY);
}

/*
 * TLS and the name service read their settings, the places to which these point (resolv.conf is
 * often a link, and in WSL one to /mnt), the modules of nsswitch.conf, and trust anchors.
 */
static void allow_reading_system(int ruleset)
{
	static const char *const paths[] = {
		"/etc", "/usr", "/lib", "/lib32", "/lib64", "/opt", "/nix/store", "/gnu/store",
		"/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager", "/run/connman",
		"/run/nscd", "/mnt/wsl", "/var/lib/sss", "/var/lib/ca-certificates",
	};

	for (size_t i = 0; i < ELEMENTS(paths); i++)
		allow_reading(ruleset, paths[i]);
}

static void confine_files_and_network(enum kt_sandbox_network network)
{
	const struct kt_landlock_rights rights = {
		.files = KT_LANDLOCK_FILES,
		.network = KT_LANDLOCK_BIND_TCP |
		           (network == KT_SANDBOX_ACCEPT ? KT_LANDLOCK_CONNECT_TCP : 0),
		.scoped = KT_LANDLOCK_ABSTRACT_SOCKETS | KT_LANDLOCK_SIGNALS,
	};
	KT_CLEANUP(kt_descriptor_close) int ruleset = kt_landlock_create(&rights);

	if (ruleset < 0)
		return;
	if (network == KT_SANDBOX_CONNECT)
		allow_reading_system(ruleset);
	kt_landlock_enter(ruleset);
}

#if defined(__x86_64__) && defined(__LP64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_X86_64
/* The numbers of the x32 calls begin here. */
#define FOREIGN_CALLS 0x40000000u
#elif defined(__aarch64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_AARCH64
#define FOREIGN_CALLS UINT32_MAX
#endif

#ifdef NATIVE_ARCHITECTURE

static void forbid_calls(void)
{
	static const unsigned calls[] = {
		SYS_execve, SYS_execveat, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev,
		SYS_pidfd_getfd, SYS_add_key, SYS_request_key, SYS_keyctl, SYS_bpf,
		SYS_perf_event_open, SYS_userfaultfd, SYS_io_uring_setup, SYS_setns, SYS_unshare,
		SYS_mount, SYS_umount2, SYS_kexec_load, SYS_init_module, SYS_finit_module,
		SYS_open_by_handle_at,
	};
	const struct sock_filter refuse =
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	struct sock_filter steps[ELEMENTS(calls) * 2 + 7] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCHITECTURE, 1, 0),
		refuse,
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FOREIGN_CALLS, 0, 1),
		refuse,
	};
	struct sock_fprog program = { .len = ELEMENTS(steps), .filter = steps };
	struct sock_filter *step = steps + 6;

	for (size_t i = 0; i < ELEMENTS(calls); i++) {
		*step++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i], 0, 1);
		*step++ = refuse;
	}
	*step = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

#else

/* No filter for this machine: Landlock and no_new_privs remain. */
static void forbid_calls(void)
{
}

#endif

void kt_sandbox_confine(enum kt_sandbox_network network)
{
	confine_files_and_network(network);
	forbid_calls();
}
