/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/cache_key.h"

struct kt_cache_key kt_cache_key_of_get(const struct kt_request *request,
                                        const char *variable)
{
	return (struct kt_cache_key){
		.form = KT_CACHE_GET,
		.protocol = request->pattern.protocol,
		.host = request->pattern.host,
		.path = request->pattern.path,
		.username = request->pattern.username,
		.account = variable,
		.variant = request->session_name,
		.tool = request->tool,
	};
}

bool kt_cache_key_of_host(const struct kt_request *request, const char *variable,
                          struct kt_cache_key *key)
{
	const struct kt_identity *pattern = &request->pattern;

	if (!pattern->path || pattern->path[0] == '\0' || pattern->username)
		return false;
	*key = kt_cache_key_of_get(request, variable);
	key->form = KT_CACHE_HOST;
	key->path = NULL;
	return true;
}

struct kt_cache_key kt_cache_key_of_token(const char *argument, const char *variable)
{
	return (struct kt_cache_key){
		.form = KT_CACHE_TOKEN,
		.account = argument ? argument : variable,
	};
}
