/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "pam/unlock/session.h"

int kt_session_time_left(const struct kt_session *session)
{
	return kt_local_socket_time_left(session->deadline);
}

enum kt_status kt_session_status(enum kt_contact contact)
{
	static const enum kt_status statuses[] = {
		[KT_CONTACT_MADE] = KT_STATUS_OPENED,
		[KT_CONTACT_DENIED] = KT_STATUS_DENIED,
		[KT_CONTACT_FAILED] = KT_STATUS_FAILED,
		[KT_CONTACT_ABSENT] = KT_STATUS_ABSENT,
		[KT_CONTACT_SILENT] = KT_STATUS_SILENT,
		[KT_CONTACT_UNSAFE] = KT_STATUS_UNSAFE,
	};

	return statuses[contact];
}

enum kt_unlock_outcome kt_session_outcome(enum kt_status status)
{
	switch (status) {
	case KT_STATUS_OPENED:
		return KT_UNLOCK_OUTCOME_OPENED;
	case KT_STATUS_NOTED:
		return KT_UNLOCK_OUTCOME_NO_PASSWORD;
	case KT_STATUS_DENIED:
		return KT_UNLOCK_OUTCOME_PASSWORDS_DIFFER;
	case KT_STATUS_FAILED:
	case KT_STATUS_ABSENT:
	case KT_STATUS_SILENT:
	case KT_STATUS_UNSAFE:
		return KT_UNLOCK_OUTCOME_NO_DAEMON;
	case KT_STATUS_NO_COLLECTION:
		return KT_UNLOCK_OUTCOME_NO_LOGIN_KEYRING;
	default:
		return KT_UNLOCK_OUTCOME_NONE;
	}
}
