/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/account/answer.h"
#include "helper/keeper/account/lifetime.h"
#include "helper/keeper/account/service.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

static const char *git_username(const struct kt_credential *credential)
{
	return credential->git_username ? credential->git_username
	                                : credential->identity.username;
}

bool kt_answer_from_credential(const struct kt_credential *credential, struct kt_answer *answer,
                               struct kt_error *error)
{
	answer->is_token = credential->kind != KT_KIND_PASSWORD;
	answer->is_bearer = kt_text_is_equal(credential->authtype, "bearer");
	answer->obtained = credential->created;
	if (kt_kind_is_grant(credential->kind)) {
		answer->expires = kt_lifetime_wall_end(credential);
		answer->obtained = credential->issued;
	} else if (!answer->is_token) {
		answer->expires = credential->expires;
		if (!kt_secret_copy(&answer->oauth_refresh_token, &credential->refresh_token, error))
			return false;
	}
	return kt_text_set(&answer->account, credential->identity.username, error) &&
	       kt_text_set(&answer->username, git_username(credential), error) &&
	       kt_text_set(&answer->kind, kt_kind_name(credential->kind), error) &&
	       kt_service_format(&credential->identity, &answer->service, error) &&
	       kt_secret_copy(&answer->secret, &credential->token, error);
}
