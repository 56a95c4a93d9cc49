/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "helper/peer.h"
#include "keyring/cleanup.h"

struct question {
	struct nlmsghdr header;
	struct inet_diag_req_v2 request;
};

/* The user of the TCP socket whose own address is source; false where there is none. */
static bool find_user(int netlink, const struct sockaddr_in *source,
                      const struct sockaddr_in *target, uid_t *user)
{
	struct question question = {
		.header = { .nlmsg_len = sizeof(question), .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		            .nlmsg_flags = NLM_F_REQUEST },
		.request = {
			.sdiag_family = AF_INET,
			.sdiag_protocol = IPPROTO_TCP,
			.idiag_states = ~0u,
			.id = { .idiag_sport = source->sin_port, .idiag_dport = target->sin_port,
			        .idiag_src = { source->sin_addr.s_addr },
			        .idiag_dst = { target->sin_addr.s_addr },
			        .idiag_cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE } },
		},
	};
	union {
		struct nlmsghdr header;
		char bytes[1024];
	} answer;
	const struct inet_diag_msg *message = NLMSG_DATA(&answer.header);
	ssize_t length;

	if (send(netlink, &question, sizeof(question), 0) != sizeof(question))
		return false;
	length = recv(netlink, &answer, sizeof(answer), 0);
	if (length < (ssize_t)NLMSG_LENGTH(sizeof(*message)) ||
	    answer.header.nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return false;
	*user = message->idiag_uid;
	return true;
}

int kt_peer_prepare(int listener)
{
	struct sockaddr_in address = { 0 };
	const struct sockaddr_in nobody = { .sin_family = AF_INET };
	socklen_t length = sizeof(address);
	uid_t user;
	int netlink;

	if (getsockname(listener, (struct sockaddr *)&address, &length) != 0 ||
	    address.sin_family != AF_INET)
		return -1;
	netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (netlink >= 0 && !find_user(netlink, &address, &nobody, &user))
		kt_descriptor_close(&netlink);
	return netlink;
}

bool kt_peer_is_own(int diagnosis, int client, uid_t guest)
{
	struct sockaddr_storage own = { 0 };
	struct sockaddr_storage other = { 0 };
	socklen_t own_length = sizeof(own);
	socklen_t other_length = sizeof(other);
	struct ucred peer;
	socklen_t length = sizeof(peer);
	uid_t user;

	if (getsockname(client, (struct sockaddr *)&own, &own_length) != 0)
		return false;
	if (own.ss_family == AF_UNIX)
		return getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
		       (peer.uid == geteuid() || peer.uid == 0 || peer.uid == guest);
	if (diagnosis < 0)
		return true;
	return getpeername(client, (struct sockaddr *)&other, &other_length) == 0 &&
	       find_user(diagnosis, (const struct sockaddr_in *)&other,
	                 (const struct sockaddr_in *)&own, &user) &&
	       user == geteuid();
}
