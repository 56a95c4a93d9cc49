/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "keyring/cleanup.h"
#include "keyring/identity.h"
#include "keyring/text.h"

static const char *const kind_names[] = {
	[KT_KIND_NONE] = "",     [KT_KIND_PAT] = "pat",       [KT_KIND_SAT] = "sat",
	[KT_KIND_WEB] = "web",   [KT_KIND_PKCE] = "pkce",     [KT_KIND_DEVICE] = "device",
	[KT_KIND_JWT] = "jwt",   [KT_KIND_OAUTH] = "oauth",   [KT_KIND_PASSWORD] = "password",
	[KT_KIND_CLIENT_CREDENTIALS] = "client-credentials",
	[KT_KIND_TOKEN_EXCHANGE] = "token-exchange",
};

const char *kt_kind_name(enum kt_kind kind)
{
	return kind_names[kind];
}

enum kt_kind kt_kind_from_name(const char *name)
{
	for (int kind = KT_KIND_PASSWORD; kind > KT_KIND_NONE; kind--)
		if (strcmp(kind_names[kind], name) == 0)
			return (enum kt_kind)kind;
	return KT_KIND_NONE;
}

bool kt_kind_is_grant(enum kt_kind kind)
{
	return kind >= KT_KIND_WEB && kind <= KT_KIND_TOKEN_EXCHANGE;
}

bool kt_kind_is_standard(enum kt_kind kind)
{
	return kind >= KT_KIND_OAUTH && kind <= KT_KIND_TOKEN_EXCHANGE;
}

bool kt_kind_is_app(enum kt_kind kind)
{
	return kind == KT_KIND_JWT || kind == KT_KIND_CLIENT_CREDENTIALS ||
	       kind == KT_KIND_TOKEN_EXCHANGE;
}

bool kt_kind_is_fixed(enum kt_kind kind)
{
	return kind == KT_KIND_PAT || kind == KT_KIND_SAT;
}

static bool is_part_match(const char *wanted, const char *part)
{
	return !wanted || kt_text_is_equal(wanted, part);
}

bool kt_identity_is_match(const struct kt_identity *pattern, const struct kt_identity *identity)
{
	return is_part_match(pattern->protocol, identity->protocol) &&
	       is_part_match(pattern->host, identity->host) &&
	       is_part_match(pattern->path, identity->path) &&
	       is_part_match(pattern->username, identity->username);
}

bool kt_identity_is_equal(const struct kt_identity *identity, const struct kt_identity *other)
{
	return kt_text_is_equal(identity->protocol, other->protocol) &&
	       kt_text_is_equal(identity->host, other->host) &&
	       kt_text_is_equal(identity->path, other->path) &&
	       kt_text_is_equal(identity->username, other->username);
}

bool kt_identity_copy(struct kt_identity *identity, const struct kt_identity *source,
                      struct kt_error *error)
{
	KT_CLEANUP(kt_identity_clear) struct kt_identity copy = { 0 };

	if (!kt_text_set(&copy.protocol, source->protocol, error) ||
	    !kt_text_set(&copy.host, source->host, error) ||
	    !kt_text_set(&copy.path, source->path, error) ||
	    !kt_text_set(&copy.username, source->username, error))
		return false;
	kt_identity_clear(identity);
	*identity = copy;
	copy = (struct kt_identity){ 0 };
	return true;
}

void kt_identity_clear(struct kt_identity *identity)
{
	kt_text_free(&identity->protocol);
	kt_text_free(&identity->host);
	kt_text_free(&identity->path);
	kt_text_free(&identity->username);
}
