/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <unistd.h>

#include "keyring/control_socket.h"
#include "pam/unlock/backend.h"

/* Asked first, as connecting may already start a daemon. */
static bool may_try(const struct kt_login_session *session)
{
	/* A home that is not there yet may still be mounted, with a keyring in it. */
	return kt_control_socket_has_keyring(session->home) ||
	       (session->may_create && session->home && access(session->home, F_OK) == 0);
}

static enum kt_unlock_status unlock(const struct kt_login_session *session,
                                    const struct kt_secret *password)
{
	if (!may_try(session))
		return KT_UNLOCK_NO_COLLECTION;
	return kt_login_session_status(kt_control_socket_unlock(session->runtime_dir, password,
	                                                        session->deadline));
}

static enum kt_unlock_status change(const struct kt_login_session *session,
                                    const struct kt_secret *old_password,
                                    const struct kt_secret *new_password)
{
	if (!may_try(session))
		return KT_UNLOCK_NO_COLLECTION;
	return kt_login_session_status(kt_control_socket_change(session->runtime_dir, old_password,
	                                                        new_password, session->deadline));
}

const struct kt_unlock_backend kt_unlock_backend_control = { unlock, change };
