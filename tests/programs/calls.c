/* SPDX-License-Identifier: MIT */
#include "config.h"

/*
 * calls [WATCHED...]
 *
 * The door and the keeper in one process, which forks for each burst of calls: what a start of
 * the programs costs is paid once, so that a test can make hundreds of thousands of calls. A
 * call is the door's main(); where the door becomes the keeper, the keeper's goes on in its place.
 *
 * On stdin, in numbers of 32 bits: how many calls are in the burst; for each, how many texts it
 * has; then each text, its length and its bytes: what stands on the call's stdin, a variable as
 * NAME=VALUE (or nothing), and the arguments from the program's name on. On stdout, for each
 * call: its exit status, whether one of the files WATCHED is not as it was at the call before,
 * how long its output and its stderr are, and these. Where the process of a burst dies, the
 * call's status is 256 and what waitpid(2) said, and the others of that burst have none. A burst
 * that has no end is killed.
 */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "helper/libexec.h"

#define SECONDS 120
#define TEXTS 64
#define BURST 64
#define TEXT_MAXIMUM (1u << 20)

int door_main(int count, char **arguments);
int keeper_main(int argc, char **argv);
int __wrap_execve(const char *path, char *const arguments[], char *const environment[]);
int __real_execve(const char *path, char *const arguments[], char *const environment[]);

struct call {
	uint32_t count;
	char *texts[TEXTS + 1]; /* each ends in NUL; the last one is NULL */
	uint32_t length;        /* of the first */
};

struct burst {
	uint32_t count;
	struct call calls[BURST];
	int watched;
	char **paths;
};

/* Files without names, emptied between calls. */
struct ends {
	int input;
	int output;
	int said;
};

static void die(const char *what)
{
	perror(what);
	exit(2);
}

/* Where a call goes on behind the keeper's main(). */
static jmp_buf behind;
static int keeper_status;

/* Only the door's own way to the keeper stays in the process. */
int __wrap_execve(const char *path, char *const arguments[], char *const environment[])
{
	int count = 0;

	if (strcmp(path, kt_libexec_path(KT_LIBEXEC_KEEPER)) != 0)
		return __real_execve(path, arguments, environment);
	while (arguments[count])
		count++;
	keeper_status = keeper_main(count, (char **)(uintptr_t)arguments);
	longjmp(behind, 1);
}

/* False at the end of stdin. */
static bool read_bytes(void *bytes, size_t length)
{
	return fread(bytes, 1, length, stdin) == length;
}

static void read_call(struct call *call)
{
	*call = (struct call){ 0 };
	if (!read_bytes(&call->count, sizeof(call->count)) || call->count < 3 || call->count > TEXTS)
		die("the call's texts");
	for (uint32_t i = 0; i < call->count; i++) {
		uint32_t length;

		if (!read_bytes(&length, sizeof(length)) || length > TEXT_MAXIMUM)
			die("a text's length");
		call->texts[i] = calloc(1, length + 1);
		if (!call->texts[i] || !read_bytes(call->texts[i], length))
			die("a text");
		if (i == 0)
			call->length = length;
	}
}

static void clear_call(struct call *call)
{
	for (uint32_t i = 0; i < call->count; i++)
		free(call->texts[i]);
}

static void empty(int descriptor)
{
	if (ftruncate(descriptor, 0) != 0 || lseek(descriptor, 0, SEEK_SET) != 0)
		die("a file without a name");
}

static void make_ends(struct ends *ends)
{
	ends->input = memfd_create("stdin", MFD_CLOEXEC);
	ends->output = memfd_create("stdout", MFD_CLOEXEC);
	ends->said = memfd_create("stderr", MFD_CLOEXEC);
	if (ends->input < 0 || ends->output < 0 || ends->said < 0)
		die("memfd_create");
}

/* Whether one of the files is another one, or has been written, since the last time. */
static bool is_changed(int count, char **paths)
{
	static struct stat known[TEXTS];
	static bool is_known;
	bool changed = false;

	for (int i = 0; i < count && i < TEXTS; i++) {
		struct stat found = { 0 };

		if (stat(paths[i], &found) == 0)
			changed = changed || found.st_ino != known[i].st_ino ||
			          found.st_size != known[i].st_size ||
			          found.st_mtim.tv_sec != known[i].st_mtim.tv_sec ||
			          found.st_mtim.tv_nsec != known[i].st_mtim.tv_nsec;
		else
			changed = true;
		known[i] = found;
	}
	changed = changed && is_known;
	is_known = true;
	return changed;
}

static void pass_on(int descriptor, uint32_t length)
{
	char bytes[4096];

	for (off_t at = 0; at < (off_t)length;) {
		ssize_t got = pread(descriptor, bytes, sizeof(bytes), at);

		if (got <= 0 || fwrite(bytes, 1, (size_t)got, stdout) != (size_t)got)
			die("an answer");
		at += got;
	}
}

static uint32_t length_of(int descriptor)
{
	struct stat found;

	if (fstat(descriptor, &found) != 0)
		die("an answer's length");
	return (uint32_t)found.st_size;
}

static void reply(int status, bool changed, const struct ends *ends)
{
	const uint32_t head[] = { (uint32_t)status, changed, length_of(ends->output),
	                          length_of(ends->said) };

	if (fwrite(head, sizeof(head), 1, stdout) != 1)
		die("an answer");
	pass_on(ends->output, head[2]);
	pass_on(ends->said, head[3]);
	if (fflush(stdout) != 0)
		die("an answer");
}

/* Returns the exit status. */
static int run(const struct call *call, const struct ends *ends)
{
	char **arguments = (char **)(uintptr_t)call->texts + 2;
	char *variable = call->texts[1];
	size_t name = strcspn(variable, "=");

	empty(ends->input);
	empty(ends->output);
	empty(ends->said);
	if (pwrite(ends->input, call->texts[0], call->length, 0) != (ssize_t)call->length ||
	    dup2(ends->input, STDIN_FILENO) < 0 || dup2(ends->said, STDERR_FILENO) < 0)
		die("a call's ends");
	if (variable[name] == '=') {
		variable[name] = '\0';
		setenv(variable, variable + name + 1, 1);
	}
	if (setjmp(behind) == 0)
		keeper_status = door_main((int)call->count - 2, arguments);
	unsetenv(variable);
	return keeper_status;
}

/* In the burst's own process: stdout is the call's while it runs. */
static void run_all(const struct burst *burst, const struct ends *ends)
{
	int answers = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);

	alarm(SECONDS);
	for (uint32_t i = 0; i < burst->count; i++) {
		int status;

		if (dup2(ends->output, STDOUT_FILENO) < 0)
			die("stdout");
		status = run(&burst->calls[i], ends);
		if (dup2(answers, STDOUT_FILENO) < 0)
			die("stdout");
		reply(status, is_changed(burst->watched, burst->paths), ends);
	}
	exit(0);
}

static void run_burst(const struct burst *burst, const struct ends *ends)
{
	int status = 0;
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid == 0)
		run_all(burst, ends);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			die("waitpid");
	/* At its end, too, sanitizers may have something to say. */
	if (status != 0)
		reply(256 + status, false, ends);
	is_changed(burst->watched, burst->paths);
}

int main(int argc, char **argv)
{
	static struct burst burst;
	struct ends ends;

	burst.watched = argc - 1;
	burst.paths = argv + 1;
	make_ends(&ends);
	is_changed(burst.watched, burst.paths);
	/* OpenSSL looks for its providers here, once; at its end each child would tidy them up. */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
	EVP_MD_free(EVP_MD_fetch(NULL, "SHA256", NULL));
	EVP_CIPHER_free(EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL));
	while (read_bytes(&burst.count, sizeof(burst.count))) {
		if (burst.count > BURST)
			die("the burst's calls");
		for (uint32_t i = 0; i < burst.count; i++)
			read_call(&burst.calls[i]);
		run_burst(&burst, &ends);
		for (uint32_t i = 0; i < burst.count; i++)
			clear_call(&burst.calls[i]);
	}
	return 0;
}
