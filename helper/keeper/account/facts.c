/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/account/facts.h"
#include "keyring/text.h"

bool kt_facts_has_refresh(const struct kt_credential *credential)
{
	return kt_kind_is_app(credential->kind) || !kt_secret_is_empty(&credential->refresh_token);
}

bool kt_facts_is_renewable(const struct kt_credential *credential)
{
	return kt_facts_has_refresh(credential) && !kt_text_is_equal(credential->state, "dead");
}

bool kt_facts_old_token_lives(const struct kt_credential *credential)
{
	return credential->kind == KT_KIND_JWT || kt_text_is_equal(credential->old_token, "lives");
}

bool kt_facts_can_log_in(const struct kt_credential *credential)
{
	return credential->kind != KT_KIND_OAUTH || credential->issuer ||
	       credential->authorization_endpoint || credential->device_authorization_endpoint;
}

const char *kt_facts_old_token(const struct kt_credential *credential)
{
	if (kt_facts_old_token_lives(credential))
		return "lives";
	return kt_text_is_equal(credential->old_token, "dies") ? "dies" : "unknown";
}

const char *kt_facts_rotation(const struct kt_credential *credential)
{
	if (credential->kind == KT_KIND_JWT)
		return "signed";
	if (kt_kind_is_app(credential->kind))
		return "asked";
	if (kt_secret_is_empty(&credential->refresh_token))
		return "none";
	return credential->rotation ? credential->rotation : "unknown";
}

bool kt_facts_inherit(struct kt_credential *credential, const struct kt_credential *before,
                      struct kt_error *error)
{
	if (!kt_text_is_equal(credential->token_endpoint, before->token_endpoint) ||
	    !kt_text_is_equal(credential->client_id, before->client_id))
		return true;
	credential->reuse_revokes = credential->reuse_revokes || before->reuse_revokes;
	return (credential->old_token ||
	        kt_text_set(&credential->old_token, before->old_token, error)) &&
	       (credential->rotation ||
	        kt_text_set(&credential->rotation, before->rotation, error));
}
