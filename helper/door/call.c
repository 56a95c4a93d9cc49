/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "helper/background_renewal.h"
#include "helper/door/call.h"
#include "helper/route.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"

/* Looks at one byte of most entries: the C library's way costs a third. */
const char *kt_call_variable(char *const environment[], const char *name)
{
	size_t length = strlen(name);

	for (; *environment; environment++)
		if ((*environment)[0] == name[0] && strncmp(*environment, name, length) == 0 &&
		    (*environment)[length] == '=' && (*environment)[length + 1] != '\0')
			return *environment + length + 1;
	return NULL;
}

bool kt_call_send(const struct kt_secret *bytes, struct kt_error *error)
{
	/* Not earlier: if we become the keeper, it must find the signal as our caller left it. */
	signal(SIGPIPE, SIG_IGN);
	return kt_answer_send(STDOUT_FILENO, bytes, error);
}

void kt_call_found_clear(struct kt_call_found *found)
{
	kt_answer_clear(&found->answer);
}

/* The entry of the key; where that is routes, the one of the caller's directory. */
static bool find_entry(const struct kt_call *call, const struct kt_cache_key *key,
                       struct kt_cache_entry *entry)
{
	/* Kept to the end: to give the memory back at once would be a system call. */
	KT_CLEANUP(kt_cache_entry_clear) struct kt_cache_entry routes = { 0 };
	struct kt_cache_key bound = *key;
	struct kt_route_place place;
	const char *bytes;
	size_t length;

	if (!kt_cache_find(&call->cache, key, entry))
		return false;
	bytes = kt_secret_reveal(&entry->answer);
	length = kt_secret_length(&entry->answer);
	if (!kt_route_is(bytes, length))
		return true;
	routes = *entry;
	*entry = (struct kt_cache_entry){ 0 };
	kt_route_here(&place);
	if (!kt_route_choose(bytes, length, &place))
		return false;
	bound.binding = place.text;
	return kt_cache_find(&call->cache, &bound, entry);
}

bool kt_call_find(const struct kt_call *call, const struct kt_cache_key *key, int64_t margin,
                  struct kt_call_found *found)
{
	KT_CLEANUP(kt_cache_entry_clear) struct kt_cache_entry entry = { 0 };
	struct kt_error ignored = { 0 };

	if (!find_entry(call, key, &entry))
		return false;
	found->is_none = kt_secret_is_empty(&entry.answer);
	found->renew = entry.renew;
	if (found->is_none)
		return true;
	return kt_answer_unpack(&found->answer, kt_secret_reveal(&entry.answer),
	                        kt_secret_length(&entry.answer), &ignored) &&
	       (found->answer.expires == 0 || found->answer.expires - kt_clock_wall() > margin);
}

void kt_call_renew_ahead(const struct kt_call *call, const struct kt_call_found *found)
{
	const struct kt_answer *answer = &found->answer;

	if (found->renew && kt_clock_wall_milliseconds() >= found->renew)
		kt_background_renewal_start_once(&call->cache, answer->service, answer->account);
}
