/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The ways to a keyring, one file each. Each answers OPENED, DENIED, FAILED, ABSENT, SILENT,
 * UNSAFE or NO_COLLECTION. The first two lead to the desktop's keyring and need a runtime
 * directory; the third to keyturn's own vault, which a login opens besides.
 */

#include "keyring/secret.h"
#include "pam/unlock/login_session.h"
#include "pam/unlock_request.h"

struct kt_unlock_backend {
	enum kt_unlock_status (*unlock)(const struct kt_login_session *session,
	                                const struct kt_secret *password);
	enum kt_unlock_status (*change)(const struct kt_login_session *session,
	                                const struct kt_secret *old_password,
	                                const struct kt_secret *new_password);
};

extern const struct kt_unlock_backend kt_unlock_backend_control;
extern const struct kt_unlock_backend kt_unlock_backend_dbus;
extern const struct kt_unlock_backend kt_unlock_backend_vault;
