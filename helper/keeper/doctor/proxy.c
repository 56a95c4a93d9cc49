/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "helper/keeper/doctor/doctor.h"
#include "helper/keeper/proxy.h"
#include "helper/peer.h"
#include "keyring/cleanup.h"

void kt_doctor_check_proxy(struct kt_findings *findings)
{
	KT_CLEANUP(kt_proxy_close) struct kt_proxy proxy = { 0 };
	KT_CLEANUP(kt_descriptor_close) int diagnosis = -1;
	struct kt_error error = { 0 };

	if (!kt_proxy_open(&proxy, NULL, 0, NULL, &error)) {
		kt_findings_add_error(findings, "proxy", KT_FINDING_WARNING, &error);
		return;
	}
	diagnosis = kt_peer_prepare(proxy.descriptors.listener);
	if (diagnosis >= 0)
		kt_findings_add(findings, "proxy", KT_FINDING_OK, NULL,
		                "run --proxy works here, and the kernel tells whose a connection is");
	else
		kt_findings_add(findings, "proxy", KT_FINDING_WARNING,
		                "load the kernel's module: sudo modprobe tcp_diag",
		                "run --proxy works here, but the kernel does not tell whose a "
		                "connection is: its placeholder alone keeps other users out");
}
