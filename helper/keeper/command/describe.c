/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/account/expiry.h"
#include "helper/keeper/account/facts.h"
#include "helper/keeper/account/lifetime.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/command/describe.h"
#include "helper/keeper/token/state.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"
#include "keyring/translate.h"

/*
 * The end of the account's secret. For a grant it is the access token's, which is renewed when
 * it is asked for.
 */
static int64_t end_of(const struct kt_credential *credential)
{
	return kt_kind_is_grant(credential->kind) ? kt_lifetime_wall_end(credential)
	                                          : credential->expires;
}

/* The time at which a grant's newest token was got; 0 for other kinds. */
static int64_t renewal_of(const struct kt_credential *credential)
{
	if (!kt_kind_is_grant(credential->kind))
		return 0;
	return credential->issued > credential->refreshed ? credential->issued
	                                                  : credential->refreshed;
}

/* Nobody typed when this token ends, or its service did not tell. */
static bool has_unknown_end(const struct kt_credential *credential)
{
	return credential->end_unknown || (kt_kind_is_fixed(credential->kind) && !credential->expires);
}

bool kt_describe_end(const struct kt_credential *credential, char **text,
                     struct kt_error *error)
{
	if (credential->never_expires)
		return kt_text_set(text, kt_translate("never"), error);
	if (has_unknown_end(credential))
		return kt_text_set(text, kt_translate("unknown"), error);
	return kt_expiry_format(end_of(credential), text, error);
}

bool kt_describe_end_briefly(const struct kt_credential *credential, char **text,
                             struct kt_error *error)
{
	if (credential->never_expires)
		return kt_text_set(text, kt_translate("never"), error);
	if (kt_kind_is_grant(credential->kind) && kt_facts_has_refresh(credential))
		return kt_text_set(text, kt_translate("renews itself"), error);
	if (has_unknown_end(credential) || !end_of(credential))
		return kt_text_set(text, credential->kind == KT_KIND_PASSWORD
		                             ? "-" : kt_translate("unknown"), error);
	return kt_expiry_format_relative(end_of(credential), text, error);
}

int64_t kt_describe_own_end(const struct kt_credential *credential)
{
	if (kt_kind_is_grant(credential->kind))
		return credential->kind == KT_KIND_JWT || kt_facts_has_refresh(credential)
		               ? 0 : kt_lifetime_wall_end(credential);
	return credential->kind == KT_KIND_PASSWORD ? credential->expires
	                                            : kt_expiry_expected(credential);
}

static bool add_time(struct kt_json *json, const char *name, int64_t moment,
                     struct kt_error *error)
{
	return moment ? kt_json_add_number(json, name, moment, error)
	              : kt_json_add_null(json, name, error);
}

bool kt_describe_json(const struct kt_credential *credential, bool is_default,
                      struct kt_json *json, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *service = NULL;

	return kt_service_format(&credential->identity, &service, error) &&
	       kt_json_add_text(json, "account", credential->identity.username, error) &&
	       kt_json_add_text(json, "service", service, error) &&
	       kt_json_add_text(json, "kind", kt_kind_name(credential->kind), error) &&
	       kt_json_add_text(json, "state", kt_token_state(credential), error) &&
	       add_time(json, "expires_at", end_of(credential), error) &&
	       add_time(json, "created_at", credential->created, error) &&
	       add_time(json, "renewed_at", renewal_of(credential), error) &&
	       kt_json_add_boolean(json, "default", is_default, error);
}
