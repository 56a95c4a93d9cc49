/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/keeper/proxy.h"
#include "helper/libexec.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"

#define SAY_TIME 5000
#define BACKLOG 512

static bool advise_limits(struct kt_error *error)
{
	return kt_advise(error, "look at the limits of this session: ulimit -a");
}

static bool listen_on_port(struct kt_proxy *proxy, struct kt_error *error)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		                       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	proxy->descriptors.listener = listener;
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) != 0 ||
	    listen(listener, BACKLOG) != 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &length) != 0)
		return kt_fail(error, KT_ERROR_UNAVAILABLE, "no port of 127.0.0.1 can be had: %s",
		               strerror(errno)) ||
	       advise_limits(error);
	proxy->port = ntohs(address.sin_port);
	return true;
}

/* A directory in which another user could put a socket of his own is refused. */
static bool check_directory(const char *path, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *directory = NULL;
	struct kt_shell_word word;
	const char *slash = strrchr(path, '/');
	struct stat status;

	if (!kt_text_format(&directory, error, "%.*s",
	                    slash ? (int)(slash - path) + (slash == path) : 1, slash ? path : "."))
		return false;
	if (stat(directory, &status) != 0)
		return kt_fail(error, KT_ERROR_USAGE, "the socket's directory is not there: %s",
		               strerror(errno)) ||
		       kt_advise(error, "make it first: mkdir -p -m 700 %s",
		                 kt_shell_word(&word, directory, "DIRECTORY"));
	if (status.st_uid == geteuid() && !(status.st_mode & (S_IWGRP | S_IWOTH)))
		return true;
	kt_fail(error, KT_ERROR_UNSAFE, "others could change the socket's directory");
	return kt_advise(error, "put it into a directory of your own, for example under "
	                 "$XDG_RUNTIME_DIR");
}

/* Of a socket that nobody answers the name alone is left. */
static bool remove_stale(const char *path, const struct sockaddr_un *address,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_descriptor_close) int trial = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat status;

	if (lstat(path, &status) != 0)
		return true;
	if (!S_ISSOCK(status.st_mode) || status.st_uid != geteuid())
		return kt_fail(error, KT_ERROR_UNSAFE,
		               "a file that is no socket of yours has the socket's name") ||
		       kt_advise(error, "choose another name for --socket");
	if (trial < 0 || connect(trial, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
	    errno != ECONNREFUSED)
		return kt_fail(error, KT_ERROR_BUSY, "somebody answers at this socket already") ||
		       kt_advise(error, "choose another name for --socket, or end that one first");
	return unlink(path) == 0 ||
	       kt_fail(error, KT_ERROR_UNAVAILABLE, "the old socket cannot be removed: %s",
	               strerror(errno)) ||
	       advise_limits(error);
}

static bool listen_on_socket(struct kt_proxy *proxy, const char *path, mode_t mode,
                             struct kt_error *error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mask;
	int listener;
	bool is_bound;

	if (strlen(path) >= sizeof(address.sun_path))
		return kt_fail(error, KT_ERROR_USAGE, "the socket's path is longer than %zu bytes",
		               sizeof(address.sun_path) - 1) ||
		       kt_advise(error, "choose a shorter one");
	memcpy(address.sun_path, path, strlen(path));
	if (!check_directory(path, error) || !remove_stale(path, &address, error))
		return false;
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	proxy->descriptors.listener = listener;
	mask = umask(~mode & ACCESSPERMS);
	is_bound = listener >= 0 &&
	           bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0;
	umask(mask);
	return (is_bound && listen(listener, BACKLOG) == 0) ||
	       kt_fail(error, KT_ERROR_UNAVAILABLE, "the socket cannot be made: %s",
	               strerror(errno)) ||
	       advise_limits(error);
}

static bool open_log(struct kt_proxy *proxy, const char *log, struct kt_error *error)
{
	if (!log)
		return true;
	/* A pipe that nobody reads is not waited for, neither here nor at a line of the record. */
	proxy->descriptors.log = open(log, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC |
	                              O_NONBLOCK, S_IRUSR | S_IWUSR);
	if (proxy->descriptors.log >= 0)
		return true;
	if (errno == ENXIO)
		return kt_fail(error, KT_ERROR_USAGE, "the file of --log is a pipe that nobody reads") ||
		       kt_advise(error, "start its reader first, or name a file");
	kt_fail(error, KT_ERROR_USAGE, "the file of --log cannot be opened: %s", strerror(errno));
	return kt_advise(error, "name a file of your own in a directory that is there");
}

static bool check_programs(struct kt_error *error)
{
	if (access(kt_libexec_path(KT_LIBEXEC_STEWARD), X_OK) == 0 &&
	    access(kt_libexec_path(KT_LIBEXEC_PROXY), X_OK) == 0)
		return true;
	kt_fail(error, KT_ERROR_INTERNAL, "%s and its steward cannot be run: %s",
	        kt_libexec_path(KT_LIBEXEC_PROXY), strerror(errno));
	return kt_advise(error, "install keyturn again, all of it: make install");
}

bool kt_proxy_open(struct kt_proxy *proxy, const char *path, mode_t mode, const char *log,
                   struct kt_error *error)
{
	int sockets[2];

	*proxy = (struct kt_proxy){
		.is_open = true,
		.descriptors = { .socket = -1, .listener = -1, .command = -1, .log = -1 },
		.steward = -1,
	};
	if (!check_programs(error) || !open_log(proxy, log, error) ||
	    !(path ? listen_on_socket(proxy, path, mode, error) : listen_on_port(proxy, error)))
		return false;
	proxy->descriptors.command = (int)syscall(SYS_pidfd_open, getpid(), 0);
	if (proxy->descriptors.command < 0 || !kt_proxy_start_sockets(sockets))
		return kt_fail(error, KT_ERROR_UNAVAILABLE, "the proxy cannot be started: %s",
		               strerror(errno)) ||
	       advise_limits(error);
	proxy->steward = sockets[0];
	proxy->descriptors.socket = sockets[1];
	return true;
}

bool kt_proxy_start(struct kt_proxy *proxy, struct kt_error *error)
{
	pid_t child = fork();

	if (child == 0) {
		/* A key that interrupts the command is not for them, nor are they its children. */
		setsid();
		if (fork() == 0)
			kt_proxy_start_become(KT_LIBEXEC_STEWARD, &proxy->descriptors);
		_exit(0);
	}
	kt_descriptor_close(&proxy->descriptors.socket);
	proxy->starter = child > 0 ? child : 0;
	return child > 0 ||
	       kt_fail(error, KT_ERROR_UNAVAILABLE, "the proxy cannot be started: %s",
	               strerror(errno)) ||
	       advise_limits(error);
}

/* The command shall have no child that it did not start. */
static void await_starter(struct kt_proxy *proxy)
{
	if (proxy->starter)
		waitpid(proxy->starter, NULL, 0);
	proxy->starter = 0;
}

bool kt_proxy_serve(struct kt_proxy *proxy, const struct kt_errand *message,
                    struct kt_error *error)
{
	await_starter(proxy);
	return kt_errand_send(message, proxy->steward, kt_clock_monotonic() + SAY_TIME, error);
}

bool kt_proxy_become(struct kt_proxy *proxy, const struct kt_errand *message,
                     struct kt_error *error)
{
	if (!kt_proxy_serve(proxy, message, error))
		return false;
	kt_proxy_start_become(KT_LIBEXEC_STEWARD, &proxy->descriptors);
	return kt_fail(error, KT_ERROR_UNAVAILABLE, "the steward cannot be run: %s",
	               strerror(errno)) ||
	       advise_limits(error);
}

void kt_proxy_close(struct kt_proxy *proxy)
{
	if (!proxy->is_open)
		return;
	await_starter(proxy);
	kt_descriptor_close(&proxy->descriptors.socket);
	kt_descriptor_close(&proxy->descriptors.listener);
	kt_descriptor_close(&proxy->descriptors.command);
	kt_descriptor_close(&proxy->descriptors.log);
	kt_descriptor_close(&proxy->steward);
	proxy->is_open = false;
}
