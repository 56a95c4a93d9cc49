/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/courier.h"
#include "helper/keeper/login/metadata.h"
#include "helper/keeper/login/resource.h"
#include "helper/report.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"

#define WELL_KNOWN "/.well-known/oauth-protected-resource"
#define ADDRESSES 3
#define SCOPE_MAXIMUM 2048

/* The resource and the search for its metadata. */
struct search {
	const char *resource;
	struct kt_credential credential; /* nothing but the CA */
	struct kt_errand challenge;      /* the resource's answer to a request without a token */
	struct kt_errand document;
	char *address;
	char *found;                     /* the name of another resource, in metadata found here */
};

static void clear_search(struct search *search)
{
	kt_credential_clear(&search->credential);
	kt_errand_clear(&search->challenge);
	kt_errand_clear(&search->document);
	kt_text_free(&search->address);
	kt_text_free(&search->found);
}

/* Scheme, host and port. */
static size_t origin_length(const char *url)
{
	const char *host = strstr(url, "://") + 3;

	return (size_t)(host - url) + strcspn(host, "/?");
}

/*
 * The addresses at which metadata may be: as the resource itself says; RFC 9728, 3.1, between its
 * host and its path; and where a host has one resource alone. NULL: the same as an earlier one.
 */
static bool make_address(struct search *search, size_t form, struct kt_error *error)
{
	const char *url = search->resource;
	const char *said = kt_errand_text(&search->challenge, "challenge.resource_metadata");
	int origin = (int)origin_length(url);
	const char *rest = url + origin;

	kt_text_free(&search->address);
	if (rest[0] == '/' && (rest[1] == '\0' || rest[1] == '?'))
		rest++;
	if (form == 0)
		return kt_text_set(&search->address, said, error);
	if (form == 1)
		return kt_text_format(&search->address, error, "%.*s" WELL_KNOWN "%s", origin, url, rest);
	return !*rest || kt_text_format(&search->address, error, "%.*s" WELL_KNOWN, origin, url);
}

static bool advise_issuer(const struct search *search, struct kt_error *error)
{
	struct kt_shell_word word;

	return kt_advise(error, "name its authorization server: --issuer URL --resource %s --host HOST",
	                 kt_shell_word(&word, search->resource, "URL"));
}

static bool fail_mismatch(const struct search *search, struct kt_error *error)
{
	const char *url = search->resource;
	size_t origin = origin_length(url);
	struct kt_shell_word word;

	kt_fail(error, KT_ERROR_UNSAFE, "the metadata of %.*s are of another resource: %.*s",
	        kt_characters_fit(url, 120), url, kt_characters_fit(search->found, 120), search->found);
	if (strncmp(url, search->found, origin) == 0 && origin_length(search->found) == origin &&
	    kt_metadata_is_safe(search->found))
		return kt_advise(error, "if that is the resource you mean, log in with: --resource %s",
		                 kt_shell_word(&word, search->found, "URL"));
	return advise_issuer(search, error);
}

static bool fail_nowhere(const struct search *search, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_SERVER, "%.*s does not say which authorization server gives tokens for "
	        "it", kt_characters_fit(search->resource, 150), search->resource);
	return advise_issuer(search, error);
}

static bool fail_unreached(const struct search *search, struct kt_error *error)
{
	const char *reason = kt_text_or_empty(kt_courier_reason(&search->challenge));

	kt_fail(error, KT_ERROR_NETWORK, "%.*s cannot be asked: %.*s",
	        kt_characters_fit(search->resource, 120), search->resource,
	        kt_characters_fit(reason, 120), reason);
	return kt_advise(error, "check --resource, and --ca-file where its certificate is a private "
	                 "one");
}

/* Metadata that are not this resource's do not end the search. */
static bool find_document(struct search *search, struct kt_error *error)
{
	for (size_t form = 0; form < ADDRESSES; form++) {
		const char *said;

		kt_errand_clear(&search->document);
		if (!make_address(search, form, error))
			return false;
		if (!search->address)
			continue;
		if (!kt_metadata_is_safe_below(search->address, search->resource))
			return kt_fail(error, KT_ERROR_UNSAFE, "%.*s names metadata that are at no https "
			               "address", kt_characters_fit(search->resource, 150),
			               search->resource) ||
			       advise_issuer(search, error);
		if (!kt_metadata_ask(search->address, &search->credential, &search->document, error))
			return false;
		said = kt_errand_text(&search->document, "s.resource");
		if (kt_metadata_status(&search->document) != 200 || !said)
			continue;
		/* RFC 9728, 3.3. */
		if (kt_metadata_is_same(search->resource, said))
			return true;
		if (!search->found && !kt_text_set(&search->found, said, error))
			return false;
	}
	return search->found && strstr(search->found, "://") ? fail_mismatch(search, error)
	                                                     : fail_nowhere(search, error);
}

/* The first server; where there are several, the person is told. */
static bool take_issuer(struct search *search, struct kt_settings *settings,
                        struct kt_error *error)
{
	const char *list = kt_text_or_empty(kt_errand_text(&search->document,
	                                                   "l.authorization_servers"));
	size_t length = strcspn(list, "\n");
	const char *host = strstr(search->resource, "://") + 3;

	if (length == 0)
		return fail_nowhere(search, error);
	if (!kt_text_set_bytes(&settings->issuer, list, length, error))
		return false;
	if (!kt_metadata_is_safe_below(settings->issuer, search->resource))
		return kt_fail(error, KT_ERROR_UNSAFE, "the authorization server of %.*s is at no https "
		               "address", kt_characters_fit(search->resource, 150), search->resource) ||
		       advise_issuer(search, error);
	settings->issuer_found = true;
	if (!list[length])
		return true;
	kt_report_note("%.*s has several authorization servers: %.*s is taken",
	               kt_characters_fit(search->resource, 120), search->resource,
	               kt_characters_fit(settings->issuer, 120), settings->issuer);
	kt_report_note("for another one add: --issuer URL --host %.*s", (int)strcspn(host, "/?"), host);
	return true;
}

/* The scope of the challenge goes before all the scopes that the resource lists. */
static bool take_scope(const struct search *search, struct kt_settings *settings,
                       struct kt_error *error)
{
	const char *scope = kt_errand_text(&search->challenge, "challenge.scope");

	if (settings->scope)
		return true;
	if (!scope)
		scope = kt_errand_text(&search->document, "l.scopes_supported");
	if (!scope || !*scope || strlen(scope) > SCOPE_MAXIMUM)
		return true;
	if (!kt_text_set(&settings->scope, scope, error))
		return false;
	for (char *byte = settings->scope; *byte; byte++)
		if (*byte == '\n')
			*byte = ' ';
	settings->scope_found = true;
	return true;
}

bool kt_resource_check(const char *resource, struct kt_error *error)
{
	if (kt_metadata_is_safe(resource))
		return true;
	kt_fail(error, KT_ERROR_UNSAFE, "login: --resource is no https address without fragment, so "
	        "that it cannot be asked who gives tokens for it");
	return kt_advise(error, "name its authorization server too: --issuer URL");
}

bool kt_resource_find_issuer(struct kt_settings *settings, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *resource = NULL;
	KT_CLEANUP(clear_search) struct search search = { 0 };

	if (!kt_resource_check(settings->resource, error) ||
	    !kt_text_set(&resource, settings->resource, error) ||
	    !kt_text_set(&search.credential.ca, settings->ca, error))
		return false;
	search.resource = resource;
	if (!kt_metadata_ask(resource, &search.credential, &search.challenge, error))
		return false;
	if (kt_metadata_status(&search.challenge) == 0)
		return fail_unreached(&search, error);
	return find_document(&search, error) && take_issuer(&search, settings, error) &&
	       take_scope(&search, settings, error) &&
	       kt_text_set(&settings->resource, kt_errand_text(&search.document, "s.resource"), error);
}
