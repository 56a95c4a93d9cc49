/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "helper/background_renewal.h"
#include "helper/cache_key.h"
#include "helper/door/hot.h"
#include "helper/protocol/protocol.h"
#include "helper/route.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/text.h"

/* One call: the command's arguments and where to look. */
struct call {
	int count;
	char **arguments;
	const char *account; /* KEYTURN_ACCOUNT or NULL */
	struct kt_cache cache;
	struct kt_secret *input;
};

static bool send(const struct kt_secret *bytes, struct kt_error *error)
{
	/* Not earlier: if we become the keeper, it must find the signal as our caller left it. */
	signal(SIGPIPE, SIG_IGN);
	return kt_answer_send(STDOUT_FILENO, bytes, error);
}

/* A result of the cache: an answer, or the knowledge that there is none. */
struct found {
	struct kt_answer answer;
	bool is_none;
	int64_t renew; /* from then on a renewal is due; 0 never */
};

static void clear_found(struct found *found)
{
	kt_answer_clear(&found->answer);
}

/* The entry of the key; where that is routes, the one of the caller's directory. */
static bool find_entry(const struct call *call, const struct kt_cache_key *key,
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

/* An answer that ends within margin seconds counts as not found. */
static bool find(const struct call *call, const struct kt_cache_key *key,
                 int64_t margin, struct found *found)
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

/* Starts a renewal for later callers; our own has its answer. */
static void renew_ahead(const struct call *call, const struct found *found)
{
	const struct kt_answer *answer = &found->answer;

	if (found->renew && kt_clock_wall_milliseconds() >= found->renew)
		kt_background_renewal_start_once(&call->cache, answer->service, answer->account);
}

/*
 * A request that cannot be read whole is refused here: the keeper would take its first half for
 * a whole one.
 */
static bool read_request(const struct call *call, struct kt_request *request,
                         struct kt_error *error)
{
	struct kt_error ignored = { 0 };

	return call->count == 2 && kt_request_read_git(call->input, STDIN_FILENO, error) &&
	       kt_request_parse_git(request, kt_secret_reveal(call->input),
	                            kt_secret_length(call->input), &ignored);
}

static bool answer_request(const struct call *call, const struct kt_protocol *protocol,
                           struct kt_error *error)
{
	KT_CLEANUP(kt_request_clear) struct kt_request request = { 0 };
	KT_CLEANUP(clear_found) struct found found = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
	struct kt_error ignored = { 0 };
	struct kt_cache_key key;

	if (!read_request(call, &request, error))
		return false;
	if (request.is_foreign)
		return true;
	key = kt_cache_key_of_get(&request, call->account);
	if (!find(call, &key, 0, &found))
		return false;
	if (found.is_none)
		return true;
	if (!protocol->answer(&request, &found.answer, &bytes, &ignored) ||
	    !send(&bytes, error))
		return false;
	renew_ahead(call, &found);
	return true;
}

/* True if the request repeats our own answer, as git does, and a program added nothing to it. */
static bool is_same(const struct kt_request *request, const struct kt_answer *answer)
{
	const struct kt_secret *secret = request->authtype ? &request->credential
	                                                   : &request->password;

	return !request->kind && !request->client_id && !request->token_endpoint &&
	       !request->session_name && kt_secret_is_empty(&request->client_secret) &&
	       kt_secret_is_empty(&request->oauth_refresh_token) &&
	       (!request->has_expiry || request->expiry == answer->expires) &&
	       (request->authtype || kt_text_is_equal(request->pattern.username, answer->username)) &&
	       !kt_secret_is_empty(secret) && kt_secret_is_equal(secret, &answer->secret);
}

/*
 * git sends a store after every use of an answer. A store of our own answer changes nothing,
 * and an ephemeral one is never kept.
 */
static bool answer_store(const struct call *call, struct kt_error *error)
{
	KT_CLEANUP(kt_request_clear) struct kt_request request = { 0 };
	struct kt_cache_key key;

	if (!read_request(call, &request, error))
		return false;
	if (request.is_ephemeral || request.is_foreign)
		return true;
	key = kt_cache_key_of_get(&request, call->account);
	for (int with_username = 1; with_username >= 0; with_username--) {
		KT_CLEANUP(clear_found) struct found found = { 0 };

		if (!with_username)
			key.username = NULL;
		if (find(call, &key, 0, &found) && !found.is_none &&
		    is_same(&request, &found.answer))
			return true;
	}
	return false;
}

/* [ACCOUNT] [--min-valid SECONDS] [--json] in any order, and nothing else. */
static bool read_token_arguments(const struct call *call, const char **account, int64_t *valid,
                                 const char **json)
{
	static const char option[] = "--min-valid";

	for (int i = 2; i < call->count; i++) {
		const char *argument = call->arguments[i];
		const char *value = NULL;

		if (strcmp(argument, option) == 0)
			value = call->arguments[++i];
		else if (kt_text_has_prefix(argument, option) && argument[sizeof(option) - 1] == '=')
			value = argument + sizeof(option);
		else if (strcmp(argument, "--json") == 0)
			*json = argument;
		else if (argument[0] == '-' || argument[0] == '\0' || *account)
			return false;
		else
			*account = argument;
		if (value && !kt_text_to_number(value, strlen(value), 0, INT32_MAX, valid))
			return false;
		if (i >= call->count)
			return false;
	}
	return true;
}

static bool answer_account(const struct call *call, struct kt_error *error)
{
	const struct kt_protocol *protocol;
	KT_CLEANUP(clear_found) struct found found = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret bytes = { 0 };
	struct kt_error ignored = { 0 };
	struct kt_cache_key key;
	const char *account = NULL;
	const char *json = NULL;
	int64_t valid = 0;

	if (!read_token_arguments(call, &account, &valid, &json))
		return false;
	protocol = kt_protocol_of_verb(call->arguments[1], json);
	if (!protocol)
		return false;
	key = kt_cache_key_of_token(account, call->account);
	if (!find(call, &key, valid, &found) || found.is_none || !found.answer.is_token ||
	    !protocol->answer(NULL, &found.answer, &bytes, &ignored) || !send(&bytes, error))
		return false;
	renew_ahead(call, &found);
	return true;
}

/*
 * An empty variable counts as absent. Looks at one byte of most entries: the C library's way costs
 * a third.
 */
static const char *variable(char *const environment[], const char *name)
{
	size_t length = strlen(name);

	for (; *environment; environment++)
		if ((*environment)[0] == name[0] && strncmp(*environment, name, length) == 0 &&
		    (*environment)[length] == '=' && (*environment)[length + 1] != '\0')
			return *environment + length + 1;
	return NULL;
}

/* True if a tool other than git started us by its own name: its words are the keeper's. */
static bool is_tool(const char *program)
{
	static const char end[] = "-keyturn";
	const char *slash = strrchr(program, '/');
	const char *name = slash ? slash + 1 : program;
	size_t length = strlen(name);

	return length >= sizeof(end) && strcmp(name + length - (sizeof(end) - 1), end) == 0 &&
	       strcmp(name, "git-credential-keyturn") != 0;
}

bool kt_hot_answer(int count, char **arguments, char *const environment[],
                   struct kt_secret *input, struct kt_error *error)
{
	struct call call = { .count = count, .arguments = arguments, .input = input };
	const struct kt_protocol *protocol;

	/* Only the keeper writes a trace. */
	if (count < 2 || is_tool(arguments[0]) || variable(environment, "KEYTURN_TRACE"))
		return false;
	kt_cache_open(&call.cache, environment);
	if (call.cache.seconds == 0)
		return false;
	call.account = variable(environment, "KEYTURN_ACCOUNT");
	if (strcmp(arguments[1], "store") == 0)
		return answer_store(&call, error);
	protocol = kt_protocol_of_verb(arguments[1], NULL);
	if (!protocol)
		return false;
	return protocol->reads_request ? answer_request(&call, protocol, error)
	                               : answer_account(&call, error);
}
