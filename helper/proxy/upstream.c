/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include <curl/curl.h>

#include "helper/proxy/tls.h"
#include "helper/proxy/upstream.h"
#include "helper/transfer.h"
#include "keyring/clock.h"

#define CONNECT_MILLISECONDS 10000L

/*
 * While it connects libcurl has a buffer of this size for each connection, afterwards none: then it
 * is how much is read at once.
 */
#define BUFFER_TO_CONNECT 2048L
#define BUFFER 65536L

struct kt_upstreams {
	CURLM *multi;
	struct kt_watch *watch;
	struct kt_tls tls;
	int64_t due; /* by kt_clock_monotonic(); -1: none */
};

struct kt_upstream {
	struct kt_upstreams *upstreams;
	CURL *handle;
	void *owner;
	struct kt_tls_session session;
	int descriptor; /* -1 until it is connected */
	bool is_cut;
};

/* A socket that is ours by now is none of libcurl's, which would else take it out of the watch. */
static int take_interest(CURL *handle, curl_socket_t descriptor, int what, void *context,
                         void *per_socket)
{
	struct kt_upstreams *upstreams = context;
	uint32_t events = (what & CURL_POLL_IN ? EPOLLIN : 0) |
	                  (what & CURL_POLL_OUT ? EPOLLOUT : 0);

	(void)handle;
	(void)per_socket;
	if (kt_watch_find(upstreams->watch, descriptor).kind == KT_WATCH_SERVER)
		return 0;
	if (what == CURL_POLL_REMOVE)
		kt_watch_drop(upstreams->watch, descriptor);
	else
		kt_watch_set(upstreams->watch, descriptor, KT_WATCH_CONNECT, NULL, events);
	return 0;
}

static int take_time(CURLM *multi, long milliseconds, void *context)
{
	struct kt_upstreams *upstreams = context;

	(void)multi;
	upstreams->due = milliseconds < 0 ? -1 : kt_clock_monotonic() + milliseconds;
	return 0;
}

struct kt_upstreams *kt_upstreams_open(struct kt_watch *watch, struct kt_error *error)
{
	struct kt_upstreams *upstreams = calloc(1, sizeof(*upstreams));

	if (!upstreams) {
		kt_fail_memory(error);
		return NULL;
	}
	*upstreams = (struct kt_upstreams){ .multi = curl_multi_init(), .watch = watch, .due = -1 };
	if (upstreams->multi &&
	    curl_multi_setopt(upstreams->multi, CURLMOPT_SOCKETFUNCTION, take_interest) == CURLM_OK &&
	    curl_multi_setopt(upstreams->multi, CURLMOPT_SOCKETDATA, upstreams) == CURLM_OK &&
	    curl_multi_setopt(upstreams->multi, CURLMOPT_TIMERFUNCTION, take_time) == CURLM_OK &&
	    curl_multi_setopt(upstreams->multi, CURLMOPT_TIMERDATA, upstreams) == CURLM_OK)
		return upstreams;
	curl_multi_cleanup(upstreams->multi);
	free(upstreams);
	kt_fail(error, KT_ERROR_INTERNAL, "libcurl cannot be set up");
	return NULL;
}

int kt_upstreams_wait(const struct kt_upstreams *upstreams)
{
	int64_t left = upstreams->due - kt_clock_monotonic();

	if (upstreams->due < 0)
		return -1;
	return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

void kt_upstreams_step(struct kt_upstreams *upstreams, int descriptor, unsigned events)
{
	int mask = (events & EPOLLIN ? CURL_CSELECT_IN : 0) |
	           (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
	           (events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
	int running;

	if (descriptor < 0) {
		if (upstreams->due < 0 || upstreams->due > kt_clock_monotonic())
			return;
		upstreams->due = -1;
		descriptor = CURL_SOCKET_TIMEOUT;
		mask = 0;
	}
	curl_multi_socket_action(upstreams->multi, descriptor, mask, &running);
}

bool kt_upstreams_next(struct kt_upstreams *upstreams, struct kt_upstream_result *result)
{
	CURLMsg *message;
	struct kt_upstream *upstream = NULL;
	curl_socket_t descriptor = CURL_SOCKET_BAD;
	int left;

	do
		message = curl_multi_info_read(upstreams->multi, &left);
	while (message && message->msg != CURLMSG_DONE);
	if (!message ||
	    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &upstream) != CURLE_OK)
		return false;
	*result = (struct kt_upstream_result){ .owner = upstream->owner };
	if (message->data.result == CURLE_OK &&
	    curl_easy_getinfo(upstream->handle, CURLINFO_ACTIVESOCKET, &descriptor) == CURLE_OK &&
	    descriptor != CURL_SOCKET_BAD &&
	    curl_easy_setopt(upstream->handle, CURLOPT_BUFFERSIZE, BUFFER) == CURLE_OK) {
		upstream->descriptor = descriptor;
		return true;
	}
	result->is_late = message->data.result == CURLE_OPERATION_TIMEDOUT;
	result->reason = kt_transfer_diagnose(upstream->handle, (int)message->data.result,
	                                      false).reason;
	return true;
}

/* As the courier has it: what does not leave this machine takes no proxy. */
static bool is_local(const char *url)
{
	const char *host = strstr(url, "://") + 3;

	return (strcspn(host, ":") == 9 && strncmp(host, "127.0.0.1", 9) == 0) ||
	       strncmp(host, "[::1]", 5) == 0;
}

static bool set_up(struct kt_upstream *upstream, const struct kt_origin *origin,
                   const struct kt_secret *authority)
{
	CURL *handle = upstream->handle;

	if (kt_secret_is_empty(authority))
		authority = NULL;
	return kt_transfer_set_rules(handle) &&
	       (kt_tls_share(&upstream->upstreams->tls, handle, authority, &upstream->session) ||
	        kt_transfer_set_trust(handle, authority)) &&
	       /* Else it would be closed as soon as it is made. */
	       curl_easy_setopt(handle, CURLOPT_FORBID_REUSE, 0L) == CURLE_OK &&
	       curl_easy_setopt(handle, CURLOPT_URL, origin->url) == CURLE_OK &&
	       curl_easy_setopt(handle, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK &&
	       curl_easy_setopt(handle, CURLOPT_SSL_ENABLE_ALPN, 0L) == CURLE_OK &&
	       curl_easy_setopt(handle, CURLOPT_BUFFERSIZE, BUFFER_TO_CONNECT) == CURLE_OK &&
	       curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK &&
	       curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MILLISECONDS) == CURLE_OK &&
	       (!is_local(origin->url) ||
	        curl_easy_setopt(handle, CURLOPT_PROXY, "") == CURLE_OK) &&
	       curl_easy_setopt(handle, CURLOPT_PRIVATE, upstream) == CURLE_OK;
}

struct kt_upstream *kt_upstream_open(struct kt_upstreams *upstreams, const struct kt_origin *origin,
                                     const struct kt_secret *authority, void *owner)
{
	struct kt_upstream *upstream = calloc(1, sizeof(*upstream));

	if (!upstream)
		return NULL;
	*upstream = (struct kt_upstream){
		.upstreams = upstreams,
		.handle = curl_easy_init(),
		.owner = owner,
		.descriptor = -1,
	};
	if (upstream->handle && set_up(upstream, origin, authority) &&
	    curl_multi_add_handle(upstreams->multi, upstream->handle) == CURLM_OK)
		return upstream;
	curl_easy_cleanup(upstream->handle);
	free(upstream);
	return NULL;
}

int kt_upstream_descriptor(const struct kt_upstream *upstream)
{
	return upstream->descriptor;
}

ssize_t kt_upstream_send(struct kt_upstream *upstream, const char *bytes, size_t length)
{
	size_t sent = 0;
	CURLcode code = curl_easy_send(upstream->handle, bytes, length, &sent);

	if (code == CURLE_AGAIN)
		return 0;
	return code == CURLE_OK ? (ssize_t)sent : -1;
}

bool kt_upstream_is_cut(const struct kt_upstream *upstream)
{
	return upstream->is_cut;
}

ssize_t kt_upstream_receive(struct kt_upstream *upstream, char *bytes, size_t capacity)
{
	size_t received = 0;
	CURLcode code = curl_easy_recv(upstream->handle, bytes, capacity, &received);

	if (code == CURLE_AGAIN || (code == CURLE_OK && received < capacity))
		kt_tls_release(&upstream->session);
	if (code == CURLE_AGAIN)
		return 0;
	upstream->is_cut = code != CURLE_OK;
	return code == CURLE_OK && received > 0 ? (ssize_t)received : -1;
}

void kt_upstream_close(struct kt_upstream **upstream)
{
	struct kt_upstream *closed = *upstream;

	*upstream = NULL;
	if (!closed)
		return;
	if (closed->descriptor >= 0)
		kt_watch_drop(closed->upstreams->watch, closed->descriptor);
	curl_multi_remove_handle(closed->upstreams->multi, closed->handle);
	curl_easy_cleanup(closed->handle);
	free(closed);
}
