/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "helper/keeper/account/idn.h"
#include "helper/keeper/account/secret_word.h"
#include "helper/keeper/account/service.h"
#include "helper/request.h"
#include "helper/url.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/suggestion.h"
#include "keyring/text.h"

#define SITE_MAXIMUM 256

/* The two sites of Coze. Accounts, apps and tokens of one are unknown to the other. */
static const struct site {
	const char *name;
	const char *api;  /* host */
	const char *www;  /* the console's */
} sites[] = {
	{ "coze.cn", "api.coze.cn", "https://www.coze.cn" },
	{ "coze.com", "api.coze.com", "https://www.coze.com" },
};

static const struct site *site_of_host(const char *host)
{
	for (size_t i = 0; i < KT_COUNT(sites); i++)
		if (kt_text_is_equal(sites[i].api, host))
			return &sites[i];
	return NULL;
}

static const struct site *site_named(const char *name)
{
	for (size_t i = 0; i < KT_COUNT(sites); i++)
		if (strcmp(sites[i].name, name) == 0)
			return &sites[i];
	return NULL;
}

const char *kt_service_site(const struct kt_identity *service)
{
	const struct site *site = site_of_host(service->host);

	return site ? site->name : NULL;
}

const char *kt_service_other_site(const struct kt_identity *service)
{
	const struct site *site = site_of_host(service->host);

	return site ? sites[site == &sites[0] ? 1 : 0].name : NULL;
}

const char *kt_service_host_of_site(const char *name)
{
	const struct site *site = site_named(name);

	return site ? site->api : NULL;
}

bool kt_service_console(const struct kt_credential *credential, char **base,
                        struct kt_error *error)
{
	const struct site *site = site_of_host(credential->identity.host);

	if (credential->www_base || site)
		return kt_text_set(base, credential->www_base ? credential->www_base : site->www,
		                   error);
	return kt_service_format(&credential->identity, base, error);
}

bool kt_service_set_console(struct kt_identity *identity, const char *url, bool *found,
                            struct kt_error *error)
{
	KT_CLEANUP(kt_identity_clear) struct kt_identity www = { 0 };
	KT_CLEANUP(kt_text_free) char *base = NULL;

	*found = false;
	if (!kt_service_set_base(&www, url, error) || !kt_service_format(&www, &base, error))
		return false;
	for (size_t i = 0; i < KT_COUNT(sites); i++) {
		if (kt_text_is_equal(sites[i].www, base)) {
			*found = true;
			return kt_service_set_site(identity, sites[i].name, error);
		}
	}
	return true;
}

bool kt_service_websocket(const struct kt_identity *identity, char **address,
                          struct kt_error *error)
{
	const char *site = kt_service_site(identity);
	const char *path = kt_text_or_empty(identity->path);

	if (site)
		return kt_text_format(address, error, "wss://ws.%s", site);
	return kt_text_format(address, error, "%s://%s%s%s",
	                      kt_text_is_equal(identity->protocol, "http") ? "ws" : "wss",
	                      identity->host, *path ? "/" : "", path);
}

bool kt_service_page(const struct kt_identity *service, enum kt_kind kind, char **page,
                     struct kt_error *error)
{
	const struct site *site = site_of_host(service->host);
	const char *list = kind == KT_KIND_PAT ? "pats" : kind == KT_KIND_SAT ? "sats" : "apps";

	kt_text_free(page);
	return !site || kind == KT_KIND_PASSWORD ||
	       kt_text_format(page, error, "%s/open/oauth/%s", site->www, list);
}

bool kt_service_format(const struct kt_identity *identity, char **service,
                       struct kt_error *error)
{
	const char *path = kt_text_or_empty(identity->path);

	if (!*kt_text_or_empty(identity->host)) {
		kt_text_free(service);
		return true;
	}
	return kt_text_format(service, error, "%s://%s%s%s", identity->protocol, identity->host,
	                      *path ? "/" : "", path);
}

bool kt_service_full_name(const struct kt_identity *identity, char **name,
                          struct kt_error *error)
{
	const char *site = kt_service_site(identity);

	return kt_text_format(name, error, "%s@%s", identity->username,
	                      site ? site : identity->host);
}

/* The host in what people have for a site: without scheme, path and the part before the site. */
static void cut_host(const char *text, char host[static SITE_MAXIMUM])
{
	static const char *const before[] = { "https://", "http://", "www.", "api.", "ws." };
	size_t length;

	snprintf(host, SITE_MAXIMUM, "%s", text);
	kt_characters_fold_width(host);
	for (char *byte = host; *byte; byte++)
		*byte = *byte >= 'A' && *byte <= 'Z' ? (char)(*byte - 'A' + 'a') : *byte;
	for (size_t i = 0; i < KT_COUNT(before); i++)
		if (kt_text_has_prefix(host, before[i]))
			memmove(host, host + strlen(before[i]), strlen(host + strlen(before[i])) + 1);
	length = strcspn(host, "/?#: ");
	while (length > 0 && host[length - 1] == '.')
		length--;
	host[length] = '\0';
}

const char *kt_service_site_meant(const char *text)
{
	char host[SITE_MAXIMUM];

	cut_host(text, host);
	for (size_t i = 0; i < KT_COUNT(sites); i++)
		if (strcmp(host, sites[i].name) == 0 ||
		    strcmp(host, strchr(sites[i].name, '.') + 1) == 0)
			return sites[i].name;
	return NULL;
}

bool kt_service_set_site(struct kt_identity *identity, const char *site, struct kt_error *error)
{
	const char *meant = kt_service_site_meant(site);
	struct kt_suggestion suggestion = { 0 };
	char host[SITE_MAXIMUM];

	if (!meant) {
		cut_host(site, host);
		for (size_t i = 0; i < KT_COUNT(sites); i++)
			kt_suggestion_consider(&suggestion, host, sites[i].name);
		if (kt_secret_word_is_likely(site))
			kt_fail(error, KT_ERROR_USAGE, "--site: known are coze.cn and coze.com");
		else
			kt_fail(error, KT_ERROR_USAGE, "--site %.*s: known are coze.cn and coze.com",
			        kt_characters_fit(site, 100), site);
		if (suggestion.word)
			return kt_advise(error, "did you mean --site %s?", suggestion.word);
		return kt_advise(error, "for another server give its address: --api-base URL");
	}
	return kt_text_set(&identity->protocol, "https", error) &&
	       kt_text_set(&identity->host, kt_service_host_of_site(meant), error) &&
	       kt_text_set(&identity->path, "", error);
}

/*
 * The name of this machine is taken as its address: nothing that resolves it, here or in a program
 * that gets the base, can lead a token elsewhere.
 */
static bool take_localhost(struct kt_identity *parsed, struct kt_error *error)
{
	static const char name[] = "localhost";
	KT_CLEANUP(kt_text_free) char *address = NULL;
	const char *port;

	if (!kt_text_is_equal(parsed->protocol, "http") || !kt_text_has_prefix(parsed->host, name))
		return true;
	port = parsed->host + strlen(name);
	return (*port != '\0' && *port != ':') ||
	       (kt_text_format(&address, error, "127.0.0.1%s", port) &&
	        kt_text_set(&parsed->host, address, error));
}

static bool fail_base(struct kt_error *error)
{
	kt_fail(error, KT_ERROR_USAGE, "a base URL is https://HOST[:PORT][/PATH]");
	return kt_advise(error, "give the address as the service's guide has it, such as "
	                 "https://api.coze.cn");
}

bool kt_service_set_base(struct kt_identity *identity, const char *url, struct kt_error *error)
{
	KT_CLEANUP(kt_identity_clear) struct kt_identity parsed = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret password = { 0 };
	KT_CLEANUP(kt_text_free) char *whole = NULL;
	KT_CLEANUP(kt_text_free) char *ascii = NULL;
	KT_CLEANUP(kt_text_free) char *folded = NULL;
	bool has_scheme;
	size_t length;

	/* An input method makes colons and letters of double width. */
	if (!kt_text_set(&folded, url, error))
		return false;
	kt_characters_fold_width(folded);
	has_scheme = strstr(folded, "://") != NULL;
	/* A single word is a slip and not the name of a server, nor is one with a scheme before it. */
	if (!has_scheme && (!strpbrk(folded, ".:[") || kt_text_has_prefix(folded, "http:") ||
	                    kt_text_has_prefix(folded, "https:")))
		return fail_base(error);
	if (!kt_text_format(&whole, error, "%s%s", has_scheme ? "" : "https://", folded) ||
	    !kt_idn_url(&ascii, whole, error) ||
	    !kt_url_parse(&parsed, &password, ascii, strlen(ascii), error))
		return false;
	if (!parsed.host || !*parsed.host || parsed.username || !kt_secret_is_empty(&password))
		return fail_base(error);
	if (!take_localhost(&parsed, error))
		return false;
	if (!kt_url_is_safe_for_tokens(&parsed)) {
		kt_fail(error, KT_ERROR_UNSAFE,
		        "tokens are sent over https only, or to 127.0.0.1 and [::1]");
		return kt_advise(error, "give its https:// address; one without TLS can be brought here: "
		                 "ssh -L 8080:HOST:PORT ..., then http://127.0.0.1:8080");
	}
	if (!parsed.path && !kt_text_set(&parsed.path, "", error))
		return false;
	length = strlen(parsed.path);
	while (length > 0 && parsed.path[length - 1] == '/')
		parsed.path[--length] = '\0';
	return kt_text_set(&identity->protocol, parsed.protocol, error) &&
	       kt_text_set(&identity->host, parsed.host, error) &&
	       kt_text_set(&identity->path, parsed.path, error);
}

bool kt_service_split_site(const char *account, char **name, const char **site,
                           struct kt_error *error)
{
	const char *at = strrchr(account, '@');

	*site = NULL;
	if (at && at != account && site_named(at + 1)) {
		*site = at + 1;
		return kt_text_set_bytes(name, account, (size_t)(at - account), error);
	}
	return kt_text_set(name, account, error);
}

bool kt_service_check_name(const char *name, struct kt_error *error)
{
	size_t length = strlen(name);

	if (kt_secret_word_is_token(name)) {
		kt_fail(error, KT_ERROR_USAGE, "the name looks like a token, and a name is shown");
		return kt_advise(error, "choose a name such as work; the token is asked for by itself");
	}
	if (length >= 1 && length <= 255 && name[0] != '-' &&
	    kt_characters_are_utf8(name, length) && kt_characters_are_clean(name, length))
		return true;
	kt_fail(error, KT_ERROR_USAGE, "an account name is 1 to 255 bytes of text without control "
	        "characters and does not begin with '-'");
	return kt_advise(error, "choose a name such as work");
}

bool kt_service_read_host(struct kt_identity *service, const char *text, const char *option,
                          struct kt_error *error)
{
	const char *protocol;

	if (kt_service_site_meant(text))
		return kt_service_set_site(service, text, error);
	/* Refusals name the host. A token has none of a host's dots. */
	if (!strchr(text, '.') && kt_secret_word_is_likely(text)) {
		kt_fail(error, KT_ERROR_USAGE, "%s looks like a token, not like a host", option);
		return kt_advise(error, "give a site or a host: coze.cn, coze.com, git.example.com");
	}
	/* A server of this machine: without TLS. */
	if (kt_text_has_prefix(text, "http://") || kt_text_has_prefix(text, "https://"))
		return kt_service_set_base(service, text, error);
	protocol = kt_text_has_prefix(text, "127.0.0.1") || kt_text_has_prefix(text, "[::1]")
		? "http" : "https";
	return kt_text_set(&service->protocol, protocol, error) &&
	       kt_url_normal_host(&service->host, protocol, text, strlen(text), error);
}
