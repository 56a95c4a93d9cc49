/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "helper/sandbox.h"
#include "tests/lib/skip.h"

/* Whether this kernel has what is tested: without it the sandbox is silent about it. */
static bool has_landlock(int abi)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, 1 /* its version */) >= abi;
}

static bool has_filter(void)
{
#if defined(__x86_64__) || defined(__aarch64__)
	const uint32_t action = SECCOMP_RET_ERRNO;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
#else
	return false;
#endif
}

/* Runs steps in a child, which ends with the number of the line that does not hold. */
#define HOLDS(condition) \
	do { \
		if (!(condition)) \
			_exit(__LINE__ % 250 + 1); \
	} while (false)

static void run(void (*steps)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		steps();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("line %d (modulo 250) of this file does not hold",
		         WEXITSTATUS(status) - 1);
}

static bool is_null(int descriptor)
{
	struct stat status;

	return fstat(descriptor, &status) == 0 && S_ISCHR(status.st_mode) &&
	       status.st_rdev == makedev(1, 3);
}

static void check_entry(void)
{
	struct rlimit core;
	sigset_t blocked;
	char directory[16];
	int extra = open("/dev/null", O_RDONLY);

	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	setenv("https_proxy", "http://proxy.example:1", true);
	setenv("NO_PROXY", "a.example", true);
	setenv("SSL_CERT_FILE", "/tmp/a", true);
	setenv("SSLKEYLOGFILE", "/tmp/b", true);
	setenv("HOME", "/tmp", true);
	signal(SIGALRM, SIG_IGN);
	sigfillset(&blocked);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	HOLDS(extra > STDERR_FILENO);

	HOLDS(kt_sandbox_enter(STDERR_FILENO));

	HOLDS(is_null(STDIN_FILENO) && is_null(STDOUT_FILENO) && is_null(STDERR_FILENO));
	HOLDS(fcntl(extra, F_GETFD) < 0);
	HOLDS(strcmp(getenv("https_proxy"), "http://proxy.example:1") == 0);
	HOLDS(strcmp(getenv("NO_PROXY"), "a.example") == 0);
	HOLDS(environ[0] && environ[1] && !environ[2]);
	HOLDS(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
	HOLDS(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	HOLDS(getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 && core.rlim_max == 0);
	HOLDS(umask(0) == 077);
	HOLDS(getsid(0) == getpid());
	HOLDS(getcwd(directory, sizeof(directory)) && strcmp(directory, "/") == 0);
	HOLDS(signal(SIGALRM, SIG_DFL) == SIG_DFL && signal(SIGPIPE, SIG_DFL) == SIG_IGN);
	HOLDS(sigprocmask(SIG_SETMASK, NULL, &blocked) == 0 && !sigismember(&blocked, SIGALRM));
}

static void entering_leaves_only_what_is_needed(void **state)
{
	(void)state;
	run(check_entry);
}

static void check_files(void)
{
	const char *argv[] = { "/bin/true", NULL };

	HOLDS(kt_sandbox_enter(STDERR_FILENO));
	kt_sandbox_confine(KT_SANDBOX_CONNECT);
	HOLDS(open("/etc/passwd", O_RDONLY) >= 0);
	HOLDS(opendir("/etc/ssl/certs"));
	HOLDS(open("/tmp/keyturn-sandbox-test", O_WRONLY | O_CREAT, 0600) < 0 && errno == EACCES);
	HOLDS(open("/dev/null", O_WRONLY) < 0 && errno == EACCES);
	HOLDS(open("/proc/self/maps", O_RDONLY) < 0);
	HOLDS(!opendir("/home") && !opendir("/root"));
	HOLDS(execv(argv[0], (char *const *)argv) < 0);
}

static void no_file_is_written_and_few_are_read(void **state)
{
	(void)state;
	if (!has_landlock(1))
		skip_because("needs Landlock 1 or newer");
	run(check_files);
}

static void check_no_files(void)
{
	HOLDS(kt_sandbox_enter(STDERR_FILENO));
	kt_sandbox_confine(KT_SANDBOX_ACCEPT);
	HOLDS(open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES);
}

static void who_only_accepts_reads_none(void **state)
{
	(void)state;
	if (!has_landlock(1))
		skip_because("needs Landlock 1 or newer");
	run(check_no_files);
}

/* errno of binding to, or connecting to, a port of this machine where nobody listens. */
static int attempt(int (*call)(int, const struct sockaddr *, socklen_t), uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		                       .sin_port = htons(port),
		                       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int result = call(client, (const struct sockaddr *)&address, sizeof(address)) ? errno : 0;

	close(client);
	return result;
}

static void check_connecting(void)
{
	HOLDS(kt_sandbox_enter(STDERR_FILENO));
	HOLDS(attempt(bind, 0) == 0);
	kt_sandbox_confine(KT_SANDBOX_CONNECT);
	HOLDS(attempt(bind, 0) == EACCES);
	HOLDS(attempt(connect, 1) == ECONNREFUSED);
}

static void check_accepting(void)
{
	HOLDS(kt_sandbox_enter(STDERR_FILENO));
	kt_sandbox_confine(KT_SANDBOX_ACCEPT);
	HOLDS(attempt(bind, 0) == EACCES);
	HOLDS(attempt(connect, 1) == EACCES);
}

static void ports_are_for_one_purpose(void **state)
{
	(void)state;
	if (!has_landlock(4))
		skip_because("needs Landlock 4 or newer");
	run(check_connecting);
	run(check_accepting);
}

static void check_signals(void)
{
	HOLDS(kt_sandbox_enter(STDERR_FILENO));
	HOLDS(kill(getppid(), 0) == 0);
	kt_sandbox_confine(KT_SANDBOX_CONNECT);
	HOLDS(kill(getppid(), 0) < 0 && errno == EPERM);
}

static void others_get_no_signals(void **state)
{
	(void)state;
	if (!has_landlock(6))
		skip_because("needs Landlock 6 or newer");
	run(check_signals);
}

static void check_calls(void)
{
	HOLDS(kt_sandbox_enter(STDERR_FILENO));
	kt_sandbox_confine(KT_SANDBOX_ACCEPT);
	HOLDS(syscall(SYS_keyctl, 0, -3, 0) < 0 && errno == EPERM);
	HOLDS(ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 && errno == EPERM);
	HOLDS(syscall(SYS_execve, "/bin/true", NULL, NULL) < 0 && errno == EPERM);
	HOLDS(syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0) < 0 && errno == EPERM);
	HOLDS(getppid() > 0);
}

static void no_keyring_and_no_other_program(void **state)
{
	(void)state;
	if (!has_filter())
		skip_because("needs a seccomp filter");
	run(check_calls);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entering_leaves_only_what_is_needed),
		cmocka_unit_test(no_file_is_written_and_few_are_read),
		cmocka_unit_test(who_only_accepts_reads_none),
		cmocka_unit_test(ports_are_for_one_purpose),
		cmocka_unit_test(others_get_no_signals),
		cmocka_unit_test(no_keyring_and_no_other_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
