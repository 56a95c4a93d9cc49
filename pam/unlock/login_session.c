/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "pam/unlock/login_session.h"

int kt_login_session_time_left(const struct kt_login_session *session)
{
	return kt_local_socket_time_left(session->deadline);
}

enum kt_unlock_status kt_login_session_status(enum kt_contact contact)
{
	static const enum kt_unlock_status statuses[] = {
		[KT_CONTACT_MADE] = KT_UNLOCK_OPENED,
		[KT_CONTACT_DENIED] = KT_UNLOCK_DENIED,
		[KT_CONTACT_FAILED] = KT_UNLOCK_FAILED,
		[KT_CONTACT_ABSENT] = KT_UNLOCK_ABSENT,
		[KT_CONTACT_SILENT] = KT_UNLOCK_SILENT,
		[KT_CONTACT_UNSAFE] = KT_UNLOCK_UNSAFE,
	};

	return statuses[contact];
}

enum kt_unlock_outcome kt_login_session_outcome(enum kt_unlock_status status)
{
	switch (status) {
	case KT_UNLOCK_OPENED:
		return KT_UNLOCK_OUTCOME_OPENED;
	case KT_UNLOCK_NOTED:
		return KT_UNLOCK_OUTCOME_NO_PASSWORD;
	case KT_UNLOCK_DENIED:
	case KT_UNLOCK_KEPT_OLD:
		return KT_UNLOCK_OUTCOME_PASSWORDS_DIFFER;
	case KT_UNLOCK_FAILED:
	case KT_UNLOCK_ABSENT:
	case KT_UNLOCK_SILENT:
	case KT_UNLOCK_UNSAFE:
		return KT_UNLOCK_OUTCOME_NO_DAEMON;
	case KT_UNLOCK_NO_COLLECTION:
		return KT_UNLOCK_OUTCOME_NO_LOGIN_KEYRING;
	default:
		return KT_UNLOCK_OUTCOME_NONE;
	}
}
