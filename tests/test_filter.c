/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "helper/seal/filter.h"
#include "tests/lib/skip.h"

/*
 * The filter as the kernel has it, read out of a process by ptrace(2), and asked about calls that
 * this machine cannot make: those of 32-bit and x32 programs.
 */

#define STEPS_MAXIMUM 4096

static struct sock_filter steps[STEPS_MAXIMUM];
static long step_count;

/* A jump's target when the comparison has the answer. */
static unsigned jump(const struct sock_filter *step, uint32_t accumulator)
{
	bool holds = false;

	switch (BPF_OP(step->code)) {
	case BPF_JA:
		return step->k;
	case BPF_JEQ:
		holds = accumulator == step->k;
		break;
	case BPF_JGT:
		holds = accumulator > step->k;
		break;
	case BPF_JGE:
		holds = accumulator >= step->k;
		break;
	case BPF_JSET:
		holds = (accumulator & step->k) != 0;
		break;
	}
	return holds ? step->jt : step->jf;
}

/* The answer of the filter to a call: SECCOMP_RET_ALLOW, or the error number. */
static uint32_t ask(uint32_t architecture, int number, uint64_t first, uint64_t second,
                    uint64_t third)
{
	const struct seccomp_data data = { .nr = number, .arch = architecture,
		                           .args = { first, second, third } };
	uint32_t accumulator = 0;

	for (long i = 0; i < step_count; i++) {
		const struct sock_filter *step = &steps[i];

		switch (BPF_CLASS(step->code)) {
		case BPF_LD:
			assert_true(step->k + sizeof(accumulator) <= sizeof(data));
			memcpy(&accumulator, (const char *)&data + step->k, sizeof(accumulator));
			break;
		case BPF_ALU:
			assert_int_equal(BPF_OP(step->code), BPF_AND);
			accumulator &= step->k;
			break;
		case BPF_JMP:
			i += (long)jump(step, accumulator);
			break;
		case BPF_RET:
			return (step->k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO
			               ? step->k & SECCOMP_RET_DATA
			               : step->k;
		default:
			fail_msg("a step that no filter of libseccomp has");
		}
	}
	fail_msg("the filter has no end");
	return 0;
}

/* Only root may read a filter, and not in every container. */
static void read_filter(bool denies_unix)
{
	pid_t child = fork();
	struct kt_error error = { 0 };

	if (child == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (!kt_filter_enter(denies_unix, &error))
			_exit(1);
		raise(SIGSTOP);
		_exit(0);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	step_count = ptrace(PTRACE_SECCOMP_GET_FILTER, child, 0, steps);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	if (step_count < 0)
		skip_because("needs root, to read the filter of another process");
	assert_true(step_count > 0 && step_count <= STEPS_MAXIMUM);
}

#if defined(__x86_64__)

/* The same calls as they are numbered for both kinds of programs. */
static const struct {
	const char *name;
	int wide;
	int narrow;
	uint32_t answer;
} calls[] = {
	{ "add_key", 248, 286, EPERM },
	{ "request_key", 249, 287, EPERM },
	{ "keyctl", 250, 288, EPERM },
	{ "bpf", 321, 357, EPERM },
	{ "perf_event_open", 298, 336, EPERM },
	{ "userfaultfd", 323, 374, EPERM },
	{ "open_by_handle_at", 304, 342, EPERM },
	{ "io_uring_setup", 425, 425, ENOSYS },
	{ "io_uring_enter", 426, 426, ENOSYS },
	{ "io_uring_register", 427, 427, ENOSYS },
	{ "init_module", 175, 128, EPERM },
	{ "read", 0, 3, SECCOMP_RET_ALLOW },
	{ "execve", 59, 11, SECCOMP_RET_ALLOW },
	{ "ptrace", 101, 26, SECCOMP_RET_ALLOW },
	{ "unshare", 272, 310, SECCOMP_RET_ALLOW },
};

static void calls_are_refused_alike_to_32_bit_programs(void **state)
{
	(void)state;
	read_filter(false);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (ask(AUDIT_ARCH_X86_64, calls[i].wide, 0, 0, 0) != calls[i].answer ||
		    ask(AUDIT_ARCH_I386, calls[i].narrow, 0, 0, 0) != calls[i].answer)
			fail_msg("%s has another answer", calls[i].name);
	}
}

static void other_architectures_have_no_calls(void **state)
{
	(void)state;
	read_filter(false);
	assert_int_equal(ask(AUDIT_ARCH_X86_64, 0x40000000 | 250, 0, 0, 0), ENOSYS);
	assert_int_equal(ask(AUDIT_ARCH_X86_64, 0x40000000, 0, 0, 0), ENOSYS);
	assert_int_equal(ask(AUDIT_ARCH_AARCH64, 63, 0, 0, 0), ENOSYS);
}

static void arguments_are_compared_as_the_kernel_reads_them(void **state)
{
	const uint64_t high = UINT64_C(1) << 32;

	(void)state;
	read_filter(true);
	assert_int_equal(ask(AUDIT_ARCH_X86_64, SYS_ioctl, 0, TIOCSTI, 0), EPERM);
	assert_int_equal(ask(AUDIT_ARCH_X86_64, SYS_ioctl, 0, high | TIOCSTI, 0), EPERM);
	assert_int_equal(ask(AUDIT_ARCH_X86_64, SYS_ioctl, 0, 0x541c, 0), EPERM);
	assert_int_equal(ask(AUDIT_ARCH_I386, 54, 0, TIOCSTI, 0), EPERM);
	assert_int_equal(ask(AUDIT_ARCH_X86_64, SYS_ioctl, 0, TCGETS, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(AUDIT_ARCH_X86_64, SYS_socket, high | AF_ALG, 0, 0), EAFNOSUPPORT);
	assert_int_equal(ask(AUDIT_ARCH_X86_64, SYS_socket, high | AF_UNIX, 0, 0), EAFNOSUPPORT);
	assert_int_equal(ask(AUDIT_ARCH_X86_64, SYS_socket, AF_INET, 0, 0), SECCOMP_RET_ALLOW);
	/* socketcall(2) hides its arguments. */
	assert_int_equal(ask(AUDIT_ARCH_I386, 102, 1, 0, 0), EAFNOSUPPORT);
	assert_int_equal(ask(AUDIT_ARCH_I386, 359, AF_ALG, 0, 0), EAFNOSUPPORT);
	assert_int_equal(ask(AUDIT_ARCH_X86_64, SYS_prlimit64, 1, 0, 1), EPERM);
	assert_int_equal(ask(AUDIT_ARCH_X86_64, SYS_prlimit64, 0, 0, 1), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(AUDIT_ARCH_X86_64, SYS_prlimit64, 1, 0, 0), SECCOMP_RET_ALLOW);
}

static void unix_sockets_are_refused_only_when_they_must(void **state)
{
	(void)state;
	read_filter(false);
	assert_int_equal(ask(AUDIT_ARCH_X86_64, SYS_socket, AF_UNIX, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(AUDIT_ARCH_X86_64, SYS_socket, AF_ALG, 0, 0), EAFNOSUPPORT);
}

#endif

int main(void)
{
#if defined(__x86_64__)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_are_refused_alike_to_32_bit_programs),
		cmocka_unit_test(other_architectures_have_no_calls),
		cmocka_unit_test(arguments_are_compared_as_the_kernel_reads_them),
		cmocka_unit_test(unix_sockets_are_refused_only_when_they_must),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
#else
	return 77;
#endif
}
