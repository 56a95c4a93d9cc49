/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "helper/allow_rule.h"
#include "helper/proxy/settings.h"
#include "keyring/text.h"

static bool read_origin(struct kt_origin *origin, const char *url, struct kt_error *error)
{
	const char *host = url ? strstr(url, "://") : NULL;

	if (!host || (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0))
		return kt_fail(error, KT_ERROR_INTERNAL, "the room got no address of a server");
	host += 3;
	return kt_text_set_bytes(&origin->host, host, strcspn(host, "/"), error) &&
	       kt_text_set_bytes(&origin->url, url,
	                         (size_t)(host - url) + strcspn(host, "/"), error);
}

/* The path of the service's address, which both servers have. */
static bool read_base(struct kt_room_settings *settings, const char *url, struct kt_error *error)
{
	const char *path = strchr(strstr(url, "://") + 3, '/');

	return kt_text_set(&settings->base, path && path[1] ? path : "", error);
}

static bool read_rules(struct kt_room_settings *settings, const struct kt_errand *message,
                       struct kt_error *error)
{
	for (int i = 0; i < KT_SETTINGS_RULES - 1; i++) {
		char name[24];
		const char *rule;

		snprintf(name, sizeof(name), "allow.%d", i);
		rule = kt_errand_text(message, name);
		if (!rule)
			break;
		if (!kt_allow_rule_check(rule, error) ||
		    !kt_text_set(&settings->rules[i], rule, error))
			return false;
	}
	return true;
}

static bool copy_if_there(const struct kt_errand *message, const char *name,
                          struct kt_secret *secret, struct kt_error *error)
{
	const struct kt_secret *value = kt_errand_secret(message, name);

	return !value || kt_secret_copy(secret, value, error);
}

bool kt_room_settings_read(struct kt_room_settings *settings, const struct kt_errand *message,
                           struct kt_error *error)
{
	kt_errand_number(message, "port", &settings->port);
	kt_errand_number(message, "most", &settings->most);
	kt_errand_number(message, "end", &settings->end);
	kt_errand_number(message, "guest", &settings->guest);
	settings->is_standard = kt_errand_is(message, "standard", "1");
	return read_origin(&settings->api, kt_errand_text(message, "api"), error) &&
	       read_base(settings, kt_errand_text(message, "api"), error) &&
	       read_origin(&settings->websocket, kt_errand_text(message, "websocket"), error) &&
	       copy_if_there(message, "ca", &settings->authority, error) &&
	       copy_if_there(message, "placeholder", &settings->placeholder, error) &&
	       kt_text_set(&settings->page, kt_errand_text(message, "page"), error) &&
	       kt_text_set(&settings->account, kt_errand_text(message, "account"), error) &&
	       read_rules(settings, message, error);
}

void kt_room_settings_clear(struct kt_room_settings *settings)
{
	kt_text_free(&settings->api.url);
	kt_text_free(&settings->api.host);
	kt_text_free(&settings->websocket.url);
	kt_text_free(&settings->websocket.host);
	kt_text_free(&settings->base);
	kt_secret_clear(&settings->authority);
	kt_secret_clear(&settings->placeholder);
	kt_text_free(&settings->page);
	kt_text_free(&settings->account);
	for (size_t i = 0; i < KT_SETTINGS_RULES; i++)
		kt_text_free(&settings->rules[i]);
}
