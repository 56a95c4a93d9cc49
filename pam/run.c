/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "keyring/cleanup.h"
#include "keyring/text.h"
#include "pam/run.h"

/* Where 16-bit ids came first, the calls for today's have names of their own. */
#ifdef SYS_setresuid32
#define CALL_SETGROUPS SYS_setgroups32
#define CALL_SETRESGID SYS_setresgid32
#define CALL_SETRESUID SYS_setresuid32
#define CALL_SETUID SYS_setuid32
#else
#define CALL_SETGROUPS SYS_setgroups
#define CALL_SETRESGID SYS_setresgid
#define CALL_SETRESUID SYS_setresuid
#define CALL_SETUID SYS_setuid
#endif

#define RUNTIME_DIR_NAME "XDG_RUNTIME_DIR="
#define RUNTIME_DIR_COUNT 2
#define ENVIRONMENT_COUNT 6
#define KEYRING_COUNT 2

/* Milliseconds for the group database, which may be a server far away. */
#define GROUPS_PATIENCE 300
#define GROUPS_MAX 1024

/* Seconds for what is done behind the login: a key derivation on a slow processor. */
#define DERIVATION_SECONDS 60

/* Above this, descriptors are left to close-on-exec where the kernel has no close_range. */
#define DESCRIPTOR_LIMIT 65536

/* All that the child needs, made before it exists: it must not allocate. */
struct child {
	int socket;
	bool has_rights_to_drop;
	bool may_come_later;
	const char *user;
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* room for GROUPS_MAX */
	int group_count;
	char *runtime_dirs[RUNTIME_DIR_COUNT]; /* "XDG_RUNTIME_DIR=..."; best first */
	char *environment[ENVIRONMENT_COUNT + 2]; /* a place for the chosen one, and NULL */
	char *keyrings[KEYRING_COUNT]; /* files one of which is there if any can be opened; or NULL */
	struct itimerval life;
};

static void child_clear(struct child *child)
{
	free(child->groups);
	for (size_t i = 0; i < RUNTIME_DIR_COUNT; i++)
		free(child->runtime_dirs[i]);
	for (size_t i = 0; i < ENVIRONMENT_COUNT; i++)
		free(child->environment[i]);
	for (size_t i = 0; i < KEYRING_COUNT; i++)
		free(child->keyrings[i]);
	kt_descriptor_close(&child->socket);
}

/* ---- in the child: system calls alone, and none that looks at other threads ---- */

static _Noreturn void child_exit(void)
{
	for (;;)
		syscall(SYS_exit_group, 0);
}

static _Noreturn void child_fail(int descriptor, enum kt_unlock_status status)
{
	unsigned char answer = (unsigned char)status;

	send(descriptor, &answer, sizeof(answer), MSG_NOSIGNAL | MSG_DONTWAIT);
	child_exit();
}

static void close_from(int first)
{
	struct rlimit limit;

	if (syscall(SYS_close_range, first, ~0U, 0) == 0)
		return;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > DESCRIPTOR_LIMIT)
		limit.rlim_cur = DESCRIPTOR_LIMIT;
	for (int descriptor = first; descriptor < (int)limit.rlim_cur; descriptor++)
		close(descriptor);
}

/* The socket becomes 0 and 1, nothing 2, and everything else is closed. */
static bool take_descriptors(int socket)
{
	/* Its caller may run with 0 to 2 closed, and the socket have got one of these. */
	int high = fcntl(socket, F_DUPFD, 3);
	int nothing = open("/dev/null", O_RDWR);

	if (high < 0 || nothing < 0)
		return false;
	if (nothing != 2 && dup2(nothing, 2) != 2)
		return false;
	if (dup2(high, 0) != 0 || dup2(high, 1) != 1)
		return false;
	close_from(3);
	return true;
}

/*
 * All of them: libc's sigaction() leaves out the two that it uses itself, and a caller may have
 * inherited these ignored. The kernel's struct differs by architecture, but zeros are SIG_DFL
 * in each.
 */
static void reset_signals(void)
{
	static const unsigned long standard[16];

	for (int number = 1; number < NSIG; number++)
		syscall(SYS_rt_sigaction, number, standard, NULL, (size_t)NSIG / 8);
}

/*
 * fork() without an exit signal and without atfork handlers: the caller's SIGCHLD handler and
 * its wait() for any child never see this one. All arguments are 0, so the order in which an
 * architecture takes them does not matter.
 */
static pid_t clone_silently(void)
{
	return (pid_t)syscall(SYS_clone, 0UL, 0UL, 0UL, 0UL, 0UL);
}

/* Asks the group database, which takes as long as it takes, and writes what it says. */
static _Noreturn void tell_groups(struct child *child, int descriptor)
{
	int count = GROUPS_MAX;
	size_t length;

	if (getgrouplist(child->user, child->gid, child->groups, &count) >= 0) {
		length = (size_t)count * sizeof(*child->groups);
		if (write(descriptor, child->groups, length) != (ssize_t)length)
			child_exit();
	}
	child_exit();
}

/*
 * The user's groups, from a process of its own: it may allocate, where other threads of the caller
 * are stopped in the middle of something, and so may never end. Without an answer in time the user
 * has the one group of the passwd entry.
 */
static void find_groups(struct child *child)
{
	struct pollfd waiting = { .events = POLLIN };
	ssize_t length = 0;
	int ends[2];
	pid_t teller;

	child->group_count = 1;
	child->groups[0] = child->gid;
	if (pipe(ends) != 0)
		return;
	teller = clone_silently();
	if (teller == 0)
		tell_groups(child, ends[1]);
	close(ends[1]);
	waiting.fd = ends[0];
	/* One write, and far below a pipe's size. */
	if (teller > 0 && poll(&waiting, 1, GROUPS_PATIENCE) > 0)
		length = read(ends[0], child->groups, GROUPS_MAX * sizeof(*child->groups));
	close(ends[0]);
	if (teller > 0) {
		kill(teller, SIGKILL);
		waitpid(teller, NULL, __WALL);
	}
	if (length > 0)
		child->group_count = (int)((size_t)length / sizeof(*child->groups));
}

/*
 * libc's own functions would wait for the caller's other threads, which this process has not.
 * The last call proves that no way back is left.
 */
static bool drop_rights(const struct child *child)
{
	if (child->has_rights_to_drop &&
	    syscall(CALL_SETGROUPS, child->group_count, child->groups) != 0)
		return false;
	if (syscall(CALL_SETRESGID, child->gid, child->gid, child->gid) != 0 ||
	    syscall(CALL_SETRESUID, child->uid, child->uid, child->uid) != 0)
		return false;
	return child->uid == 0 || syscall(CALL_SETUID, 0) != 0;
}

/*
 * As the user, and no deeper than the directory itself: the path may come from the user, and
 * lead to a file system of theirs.
 */
static enum kt_unlock_status check_runtime_dir(const char *path, uid_t uid)
{
	struct stat status;

	if (lstat(path, &status) != 0)
		return KT_UNLOCK_NO_RUNTIME_DIR;
	if (!S_ISDIR(status.st_mode) || status.st_uid != uid || (status.st_mode & 077) != 0)
		return KT_UNLOCK_UNSAFE_RUNTIME_DIR;
	return KT_UNLOCK_OPENED;
}

/* Puts the first good one into the environment's free place. */
static enum kt_unlock_status choose_runtime_dir(struct child *child)
{
	enum kt_unlock_status worst = KT_UNLOCK_NO_RUNTIME_DIR;

	for (size_t i = 0; i < RUNTIME_DIR_COUNT; i++) {
		enum kt_unlock_status status;

		if (!child->runtime_dirs[i])
			continue;
		status = check_runtime_dir(child->runtime_dirs[i] + sizeof(RUNTIME_DIR_NAME) - 1,
		                           child->uid);
		if (status == KT_UNLOCK_OPENED) {
			size_t place = 0;

			while (child->environment[place] != NULL)
				place++;
			child->environment[place] = child->runtime_dirs[i];
			return status;
		}
		if (status == KT_UNLOCK_UNSAFE_RUNTIME_DIR)
			worst = status;
	}
	return worst;
}

/* As the user. A program that would find nothing is not started while a login waits. */
static bool has_keyring(const struct child *child)
{
	for (size_t i = 0; i < KEYRING_COUNT; i++) {
		if (!child->keyrings[i] || access(child->keyrings[i], F_OK) == 0)
			return true;
	}
	return false;
}

static _Noreturn void become_helper(struct child *child)
{
	static const struct rlimit no_core = { 0, 0 };
	static const struct rlimit no_limit = { RLIM_INFINITY, RLIM_INFINITY };
	char *arguments[] = { (char[]){ "keyturn-unlock" }, NULL };
	enum kt_unlock_status status;
	sigset_t none;

	setsid();
	if (!take_descriptors(child->socket))
		child_fail(child->socket, KT_UNLOCK_NOT_RUN);
	reset_signals();
	/* It is on before anything here can take long. */
	setitimer(ITIMER_REAL, &child->life, NULL);
	if (child->has_rights_to_drop) {
		find_groups(child);
		/* So that the program can keep all its memory out of swap. */
		setrlimit(RLIMIT_MEMLOCK, &no_limit);
	}
	if (!drop_rights(child))
		child_fail(0, KT_UNLOCK_NOT_DROPPED);
	status = choose_runtime_dir(child);
	if (status != KT_UNLOCK_OPENED &&
	    (status != KT_UNLOCK_NO_RUNTIME_DIR || child->may_come_later))
		child_fail(0, status);
	if (child->may_come_later && !has_keyring(child))
		child_fail(0, KT_UNLOCK_NO_COLLECTION);

	setrlimit(RLIMIT_CORE, &no_core);
	umask(077);
	if (chdir("/") != 0)
		child_fail(0, KT_UNLOCK_NOT_RUN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(KEYTURN_UNLOCK_PATH, arguments, child->environment);
	child_fail(0, KT_UNLOCK_NOT_RUN);
}

/* ---- in the caller ---- */

/* The first child ends at once; the second belongs to init and is nobody's to reap. */
static bool start(struct child *child)
{
	sigset_t all, saved;
	int is_subreaper = 0;
	pid_t first;

	/* Who collects orphans would get the second child, and with it a SIGCHLD. */
	prctl(PR_GET_CHILD_SUBREAPER, &is_subreaper, 0, 0, 0);
	if (is_subreaper)
		prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
	/* No handler of the caller's may run in the children. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &saved);
	first = clone_silently();
	if (first == 0) {
		pid_t second = clone_silently();

		if (second == 0)
			become_helper(child);
		if (second < 0)
			child_fail(child->socket, KT_UNLOCK_NOT_FORKED);
		child_exit();
	}
	if (first > 0) {
		while (waitpid(first, NULL, __WALL) < 0 && errno == EINTR)
			;
	}
	pthread_sigmask(SIG_SETMASK, &saved, NULL);
	if (is_subreaper)
		prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	return first > 0;
}

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void send_request(int socket, const struct kt_run *run, int64_t deadline)
{
	int64_t left = deadline - now();

	struct kt_unlock_request request = {
		.magic = KT_UNLOCK_MAGIC,
		.op = (uint32_t)run->op,
		.flags = (run->options->create ? (uint32_t)KT_UNLOCK_FLAG_CREATE : 0) |
		         (run->options->prefetch ? (uint32_t)KT_UNLOCK_FLAG_PREFETCH : 0) |
		         (run->options->quiet ? (uint32_t)KT_UNLOCK_FLAG_QUIET : 0) |
		         (run->is_by_ssh_key ? (uint32_t)KT_UNLOCK_FLAG_SSH_KEY : 0),
		.timeout = left > 0 ? (uint32_t)left : 1,
		.grace = run->options->grace,
		.old_length = (uint32_t)run->old_password.iov_len,
		.new_length = (uint32_t)run->new_password.iov_len,
	};
	struct iovec parts[] = {
		{ &request, sizeof(request) }, run->old_password, run->new_password
	};
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 3 };

	for (size_t i = 0; i < KT_UNLOCK_BACKENDS_MAX; i++)
		request.backends[i] = run->options->backends[i];
	/* Far below any socket's buffer, so it all goes or the child has ended, saying why. */
	sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* The program's next byte; 0 if none came in time, -1 if none will. */
static int receive_byte(int socket, int64_t deadline)
{
	unsigned char byte;

	for (;;) {
		struct pollfd waiting = { .fd = socket, .events = POLLIN };
		int64_t left = deadline - now();
		int ready;

		if (left <= 0)
			return 0;
		ready = poll(&waiting, 1, (int)left);
		if (ready < 0 && errno != EINTR)
			return -1;
		if (ready > 0)
			break;
	}
	return recv(socket, &byte, sizeof(byte), MSG_DONTWAIT) == 1 ? byte : -1;
}

/* The password goes only to a program that nobody can look into any more. */
static enum kt_unlock_status converse(int socket, const struct kt_run *run, int64_t deadline)
{
	int byte = receive_byte(socket, deadline);

	if (byte == (int)KT_UNLOCK_READY) {
		send_request(socket, run, deadline);
		byte = receive_byte(socket, deadline);
	}
	if (byte == 0)
		return KT_UNLOCK_SILENT;
	return byte < KT_UNLOCK_OPENED || byte > KT_UNLOCK_NOT_RUN
	               ? KT_UNLOCK_NOT_RUN : (enum kt_unlock_status)byte;
}

static bool set_environment(struct child *child, const struct kt_run *run)
{
	struct kt_error error = { 0 };
	char **place = child->environment;

	if (!kt_text_format(place++, &error, "HOME=%s", run->user->pw_dir) ||
	    !kt_text_format(place++, &error, "USER=%s", run->user->pw_name) ||
	    !kt_text_format(place++, &error, "LOGNAME=%s", run->user->pw_name) ||
	    !kt_text_format(place++, &error, "PATH=/usr/local/bin:/usr/bin:/bin"))
		return false;
	if (run->bus_address != NULL &&
	    !kt_text_format(place++, &error, "DBUS_SESSION_BUS_ADDRESS=%s", run->bus_address))
		return false;
	if (run->ignores_runtime_dir)
		return true;
	if (run->runtime_dir != NULL && run->runtime_dir[0] == '/' &&
	    !kt_text_format(&child->runtime_dirs[0], &error, RUNTIME_DIR_NAME "%s",
	                    run->runtime_dir))
		return false;
	return kt_text_format(&child->runtime_dirs[1], &error,
	                      RUNTIME_DIR_NAME "/run/user/%ju",
	                      (uintmax_t)run->user->pw_uid);
}

/* Where the way to a keyring is another than to gnome-keyring's file, the program has to look. */
static bool set_keyrings(struct child *child, const struct kt_run *run)
{
	struct kt_error error = { 0 };
	const char *home = run->user->pw_dir;

	if (run->op != KT_UNLOCK_OP_UNLOCK || run->options->create ||
	    run->options->backends[0] == KT_UNLOCK_BACKEND_DBUS)
		return true;
	return kt_text_format(&child->keyrings[0], &error,
	                      "%s/.local/share/keyrings/login.keyring", home) &&
	       kt_text_format(&child->keyrings[1], &error,
	                      "%s/.local/share/keyturn/vault/vault.json", home);
}

static bool prepare(struct child *child, const struct kt_run *run)
{
	const struct kt_module_options *options = run->options;

	child->has_rights_to_drop = geteuid() == 0;
	child->may_come_later = run->may_come_later;
	child->uid = run->user->pw_uid;
	/* Without rights no other group can be taken; newgrp(1) may have set this one. */
	child->gid = child->has_rights_to_drop ? run->user->pw_gid : getgid();
	child->user = run->user->pw_name;
	child->life.it_value.tv_sec =
		(time_t)(options->timeout / 1000 + options->grace + DERIVATION_SECONDS);
	child->groups = calloc(GROUPS_MAX, sizeof(*child->groups));
	return child->groups && set_environment(child, run) && set_keyrings(child, run);
}

/* Only a program of root, or of the user who runs a screen locker's unprivileged test. */
static bool helper_is_trustworthy(void)
{
	struct stat status;

	return stat(KEYTURN_UNLOCK_PATH, &status) == 0 && S_ISREG(status.st_mode) &&
	       (status.st_uid == 0 || status.st_uid == geteuid()) &&
	       (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

enum kt_unlock_status kt_run(const struct kt_run *run)
{
	KT_CLEANUP(child_clear) struct child child = { .socket = -1 };
	KT_CLEANUP(kt_descriptor_close) int ours = -1;
	int64_t deadline = now() + run->options->timeout;
	int pair[2];

	if (!helper_is_trustworthy() || !prepare(&child, run))
		return KT_UNLOCK_NOT_RUN;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return KT_UNLOCK_NOT_RUN;
	ours = pair[0];
	child.socket = pair[1];
	if (!start(&child))
		return KT_UNLOCK_NOT_FORKED;
	kt_descriptor_close(&child.socket);
	return converse(ours, run, deadline);
}
