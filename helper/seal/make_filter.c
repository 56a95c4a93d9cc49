/* SPDX-License-Identifier: MIT */

/*
 *	make_filter [ARCHITECTURE]
 *
 * Runs while keyturn is built: prints the seal's filters of system calls as programs for
 * seccomp(2), by libseccomp. At run time neither the library nor its work is needed, which took a
 * third of a seal's start. ARCHITECTURE, where keyturn is built for another machine, is one that
 * has the same numbers of errors, families and terminal requests.
 */

#include "config.h"

#include <errno.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "keyring/cleanup.h"

/* The kernel looks at the low half of such an argument alone, and so must the filter. */
#define LOW_HALF 0xffffffffu

static void release(scmp_filter_ctx *filter)
{
	if (*filter)
		seccomp_release(*filter);
	*filter = NULL;
}

/* A call that this libseccomp does not know is one that this architecture does not have. */
static int forbid(scmp_filter_ctx filter, const char *name, uint16_t answer)
{
	int call = seccomp_syscall_resolve_name(name);

	return call == __NR_SCMP_ERROR ? 0
	                               : seccomp_rule_add(filter, SCMP_ACT_ERRNO(answer), call, 0);
}

/* The kernel keyring is not the namespace's: a key is read by its number. */
static int forbid_calls(scmp_filter_ctx filter)
{
	static const char *const refused[] = {
		"add_key", "keyctl", "request_key", "bpf", "perf_event_open", "userfaultfd",
		"open_by_handle_at", "name_to_handle_at", "kexec_load", "kexec_file_load",
		"init_module", "finit_module", "delete_module",
	};
	/* Programs go on without it. Its calls would pass by this filter. */
	static const char *const absent[] = { "io_uring_setup", "io_uring_enter",
		                              "io_uring_register" };
	int result = 0;

	for (size_t i = 0; i < KT_COUNT(refused) && result == 0; i++)
		result = forbid(filter, refused[i], EPERM);
	for (size_t i = 0; i < KT_COUNT(absent) && result == 0; i++)
		result = forbid(filter, absent[i], ENOSYS);
	return result;
}

/* Bytes for a terminal's input would be typed for whoever reads there next, such as a shell. */
static int forbid_typing(scmp_filter_ctx filter)
{
	static const unsigned long requests[] = { TIOCSTI, 0x541c /* TIOCLINUX */ };
	int result = 0;

	for (size_t i = 0; i < KT_COUNT(requests) && result == 0; i++)
		result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
		                          SCMP_A1(SCMP_CMP_MASKED_EQ, LOW_HALF, requests[i]));
	return result;
}

/* A limit could end other programs of this user, or have them leave their memory in a file. */
static int forbid_limits(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(prlimit64), 2,
	                        SCMP_A0(SCMP_CMP_NE, 0, 0), SCMP_A2(SCMP_CMP_NE, 0, 0));
}

/*
 * AF_ALG takes a key of the kernel keyring by its number, as keyctl would. One answer for both: a
 * 32-bit program asks by socketcall(2), which hides the family that is meant, and gets no socket.
 */
static int forbid_sockets(scmp_filter_ctx filter, bool denies_unix)
{
	static const uint64_t families[] = { AF_ALG, AF_UNIX };
	int result = 0;

	for (size_t i = 0; i < (denies_unix ? 2 : 1) && result == 0; i++)
		result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
		                          SCMP_A0(SCMP_CMP_MASKED_EQ, LOW_HALF, families[i]));
	return result;
}

/* 32-bit programs of the same machine go on, by the same rules. */
static int add_sisters(scmp_filter_ctx filter, uint32_t architecture)
{
	switch (architecture) {
	case SCMP_ARCH_X86_64:
		return seccomp_arch_add(filter, SCMP_ARCH_X86);
	case SCMP_ARCH_AARCH64:
		return seccomp_arch_add(filter, SCMP_ARCH_ARM);
	default:
		return 0;
	}
}

static int set_architecture(scmp_filter_ctx filter, uint32_t architecture)
{
	int result = 0;

	if (architecture != seccomp_arch_native()) {
		result = seccomp_arch_add(filter, architecture);
		if (result == 0)
			result = seccomp_arch_remove(filter, SCMP_ARCH_NATIVE);
	}
	return result == 0 ? add_sisters(filter, architecture) : result;
}

static int compile(scmp_filter_ctx filter, uint32_t architecture, bool denies_unix)
{
	int result = set_architecture(filter, architecture);

	if (result == 0)
		result = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
	if (result == 0)
		result = forbid_calls(filter);
	if (result == 0)
		result = forbid_typing(filter);
	if (result == 0)
		result = forbid_limits(filter);
	return result == 0 ? forbid_sockets(filter, denies_unix) : result;
}

static bool print(FILE *program, const char *name)
{
	struct sock_filter step;

	rewind(program);
	printf("static const struct sock_filter %s[] = {\n", name);
	while (fread(&step, sizeof(step), 1, program) == 1)
		printf("\t{ 0x%02x, %u, %u, 0x%x },\n", (unsigned)step.code, (unsigned)step.jt,
		       (unsigned)step.jf, (unsigned)step.k);
	return puts("};") >= 0 && !ferror(program);
}

static bool make(const char *name, uint32_t architecture, bool denies_unix)
{
	KT_CLEANUP(release) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	FILE *program = tmpfile();
	bool is_made = filter && program && compile(filter, architecture, denies_unix) == 0 &&
	               seccomp_export_bpf(filter, fileno(program)) == 0 && print(program, name);

	if (program)
		fclose(program);
	return is_made;
}

static uint32_t architecture_named(const char *name)
{
	static const char *const names[] = { "aarch64", "riscv64", "x86_64" };

	for (size_t i = 0; i < KT_COUNT(names); i++)
		if (strcmp(name, names[i]) == 0)
			return seccomp_arch_resolve_name(name);
	return 0;
}

int main(int argc, char **argv)
{
	uint32_t architecture = argc > 1 ? architecture_named(argv[1]) : seccomp_arch_native();

	puts("/* Made by helper/seal/make_filter.c. */");
	if (architecture && make("plain", architecture, false) &&
	    make("without_unix", architecture, true) && fflush(stdout) == 0)
		return EXIT_SUCCESS;
	fputs(architecture ? "make_filter: libseccomp cannot make the filter\n"
	                   : "make_filter: no filter can be made here for that architecture: configure "
	                     "--without-seccomp\n",
	      stderr);
	return EXIT_FAILURE;
}
