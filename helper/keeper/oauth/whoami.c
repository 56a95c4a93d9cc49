/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "helper/keeper/account/service.h"
#include "helper/keeper/courier.h"
#include "helper/keeper/oauth/grant.h"
#include "helper/keeper/oauth/whoami.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"
#include "keyring/translate.h"

#define PATH "/v1/users/me"
/* Coze Studio has no such path, and answers what it does not have as if the token were wrong. */
#define PATH_OF_STUDIO "/v1/bots/0"

/* docs/coze.md, 8.2: the envelope's codes; 4101 may also be a foreign token. */
#define CODE_INVALID 4100
#define CODE_NO_PERMISSION 4101
#define CODE_EXPIRED 700012006

/* The service's answer. */
struct reply {
	const struct kt_errand *answer;
	int64_t status; /* HTTP; 0: none */
	int64_t code;   /* of Coze's envelope; -1: none */
};

static struct reply read_reply(const struct kt_errand *answer)
{
	struct reply reply = { .answer = answer, .code = -1 };

	kt_errand_number(answer, "status", &reply.status);
	kt_errand_number(answer, "n.code", &reply.code);
	return reply;
}

/* Words of the service in a message, with its NUL. */
#define WORDS_MAXIMUM 160

/*
 * The answer in the service's own words: "4100: authentication is invalid, log id "
                                          "2026A", as far as
 * it said so.
 */
static const char *write_answer(const struct reply *reply, char words[static WORDS_MAXIMUM])
{
	const char *text = kt_text_or_empty(kt_errand_text(reply->answer, "s.msg"));
	const char *logid = kt_errand_text(reply->answer, "s.detail.logid");
	long long code = (long long)(reply->code > 0 ? reply->code : reply->status);
	int most = kt_characters_fit(text, 80);

	logid = kt_text_or_empty(logid ? logid : kt_errand_text(reply->answer, "logid"));
	if (*text && *logid)
		snprintf(words, WORDS_MAXIMUM, "%lld: %.*s, log id %.40s", code, most, text, logid);
	else if (*text)
		snprintf(words, WORDS_MAXIMUM, "%lld: %.*s", code, most, text);
	else if (*logid)
		snprintf(words, WORDS_MAXIMUM, "%lld, log id %.40s", code, logid);
	else
		snprintf(words, WORDS_MAXIMUM, "%lld", code);
	return words;
}

/* A PAT, SAT or app of Coze; every other service tells its userinfo endpoint. */
static bool is_coze(const struct kt_credential *credential)
{
	return !kt_kind_is_standard(credential->kind);
}

bool kt_whoami_is_known(const struct kt_credential *credential)
{
	return is_coze(credential) || credential->userinfo_endpoint;
}

static bool ask(const struct kt_credential *credential, const struct kt_secret *token,
                const char *url, int64_t timeout, struct kt_errand *answer,
                struct kt_error *error)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand errand = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret header = { 0 };

	kt_errand_clear(answer);
	return kt_secret_append_text(&header, "Bearer ", error) &&
	       kt_secret_append(&header, kt_secret_reveal(token), kt_secret_length(token), error) &&
	       kt_grant_begin_get(url, credential, timeout, &errand, error) &&
	       kt_errand_add_secret(&errand, "authorization", &header, error) &&
	       kt_courier_ask(&errand, answer, error);
}

static bool ask_path(const struct kt_credential *credential, const struct kt_secret *token,
                     const char *path, int64_t timeout, struct kt_errand *answer,
                     struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *url = NULL;

	return kt_service_format(&credential->identity, &url, error) &&
	       kt_text_format(&url, error, "%s%s", url, path) &&
	       ask(credential, token, url, timeout, answer, error);
}

static bool has_ended(const struct kt_credential *credential)
{
	return kt_kind_is_fixed(credential->kind) && credential->expires &&
	       credential->expires <= kt_clock_wall();
}

/* An expired token, one of the other site, one that was revoked: told apart as far as can be. */
static void refuse(struct kt_whoami *whoami, const struct kt_credential *credential,
                   const struct reply *reply)
{
	const char *host = credential->identity.host;
	const char *other = kt_service_other_site(&credential->identity);
	bool is_fixed = kt_kind_is_fixed(credential->kind);
	struct kt_shell_word word;
	const char *name = kt_shell_word(&word, credential->identity.username, "ACCOUNT");
	char words[WORDS_MAXIMUM];

	write_answer(reply, words);
	whoami->verdict = KT_WHOAMI_REFUSED;
	if (has_ended(credential) || (reply->code == CODE_EXPIRED && other)) {
		kt_fail(&whoami->reason, KT_ERROR_REFUSED, "%s does not take this token: it has "
		        "expired (it answered %s)", host, words);
		kt_advise(&whoami->reason, is_fixed ? "make a new one, then: keyturn login %s "
		          "--with-token" : KT_TEXT("run: keyturn refresh %s"), name);
	} else if (is_fixed && other) {
		kt_fail(&whoami->reason, KT_ERROR_REFUSED, "%s does not know this token: it was made at "
		        "%s, or it is revoked (it answered %s)", host, other, words);
		kt_advise(&whoami->reason, "if it was made at %s: keyturn login %s --site %s "
		          "--with-token", other, name, other);
	} else {
		kt_fail(&whoami->reason, KT_ERROR_REFUSED, "%s does not take this token: it is revoked "
		        "(it answered %s)", host, words);
		if (is_fixed)
			kt_advise(&whoami->reason, "make a new one, then: keyturn login %s --with-token", name);
		else
			kt_advise(&whoami->reason, "run: keyturn refresh %s; if that fails, log in again: "
			          "keyturn login %s", name, name);
	}
}

static void say_unanswered(struct kt_whoami *whoami, const struct kt_credential *credential,
                           const struct reply *reply)
{
	const char *reason = kt_courier_reason(reply->answer);

	whoami->verdict = KT_WHOAMI_UNANSWERED;
	if (reason)
		kt_fail(&whoami->reason, KT_ERROR_NETWORK, "%s did not answer: %.*s",
		        credential->identity.host, kt_characters_fit(reason, 200), reason);
	else
		kt_fail(&whoami->reason, KT_ERROR_NETWORK, "%s did not answer",
		        credential->identity.host);
}

/* docs/coze.md, 8.2: a permission, a workspace that is not ticked, a token of the other site. */
static void advise_permission(struct kt_whoami *whoami, const struct kt_credential *credential)
{
	KT_CLEANUP(kt_text_free) char *page = NULL;
	struct kt_error ignored = { 0 };

	if (kt_service_page(&credential->identity, credential->kind, &page, &ignored) && page)
		kt_advise(&whoami->reason, "if ordinary calls fail too, give it the permission and "
		          "the workspace, or a token of the right site: %s", page);
}

static void say_unknown(struct kt_whoami *whoami, const struct kt_credential *credential,
                        const struct reply *reply)
{
	const char *host = credential->identity.host;
	char words[WORDS_MAXIMUM];

	write_answer(reply, words);
	whoami->verdict = KT_WHOAMI_UNKNOWN;
	if (reply->code == CODE_NO_PERMISSION || (reply->code == -1 && reply->status == 403)) {
		kt_fail(&whoami->reason, KT_ERROR_SERVER, "%s cannot tell: this token has no permission "
		        "for that question (it answered %s)", host, words);
		advise_permission(whoami, credential);
	} else {
		kt_fail(&whoami->reason, KT_ERROR_SERVER, "%s cannot tell: it answered %s", host, words);
	}
}

static bool work(struct kt_whoami *whoami, const struct reply *reply, struct kt_error *error)
{
	static const char *const names[] = {
		"s.data.user_name", "s.preferred_username", "s.login", "s.username", "s.email",
		"s.name", "s.sub",
	};

	whoami->verdict = KT_WHOAMI_WORKS;
	for (size_t i = 0; i < KT_COUNT(names); i++)
		if (kt_errand_text(reply->answer, names[i]))
			return kt_text_set(&whoami->user_name,
			                   kt_errand_text(reply->answer, names[i]), error);
	return true;
}

static bool judge(struct kt_whoami *whoami, const struct kt_credential *credential,
                  const struct reply *reply, struct kt_error *error)
{
	bool is_ok = reply->status >= 200 && reply->status < 300;

	if (is_ok && reply->code == (is_coze(credential) ? 0 : -1) &&
	    !kt_errand_is(reply->answer, "b.ok", "false"))
		return work(whoami, reply, error);
	if (reply->code == CODE_INVALID || reply->code == CODE_EXPIRED ||
	    (reply->status == 401 && reply->code == -1)) {
		refuse(whoami, credential, reply);
		return true;
	}
	if (reply->status == 0)
		say_unanswered(whoami, credential, reply);
	else
		say_unknown(whoami, credential, reply);
	kt_advise(&whoami->reason, "the token stays as it is; try again, or see what an ordinary "
	                           "call says");
	return true;
}

bool kt_whoami_read(struct kt_whoami *whoami, const struct kt_credential *credential,
                    const struct kt_errand *answer, struct kt_error *error)
{
	const struct reply reply = read_reply(answer);

	return judge(whoami, credential, &reply, error);
}

/* Where another path is asked, any answer of the API's own but "invalid" is one to a good token. */
static bool read_studio(struct kt_whoami *whoami, const struct kt_credential *credential,
                        const struct kt_errand *answer, struct kt_error *error)
{
	const struct reply reply = read_reply(answer);

	if (reply.code == -1 || reply.status == 401 || reply.code == CODE_INVALID ||
	    reply.code == CODE_EXPIRED || reply.code == CODE_NO_PERMISSION)
		return judge(whoami, credential, &reply, error);
	return work(whoami, &reply, error);
}

/* A server of somebody's own that answers as if it had no such path. */
static bool may_be_studio(const struct kt_credential *credential, const struct kt_errand *answer)
{
	const struct reply reply = read_reply(answer);

	return !kt_service_site(&credential->identity) &&
	       (reply.code == CODE_EXPIRED || (reply.status == 404 && reply.code == -1));
}

bool kt_whoami_ask(struct kt_whoami *whoami, const struct kt_credential *credential,
                   const struct kt_secret *token, int64_t timeout, struct kt_error *error)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand answer = { 0 };

	if (!kt_whoami_is_known(credential)) {
		whoami->verdict = KT_WHOAMI_UNKNOWN;
		kt_fail(&whoami->reason, KT_ERROR_SERVER, "%s cannot be asked: it has no userinfo "
		        "endpoint that is known", credential->identity.host);
		kt_advise(&whoami->reason, "see what an ordinary call says");
		return true;
	}
	if (!is_coze(credential))
		return ask(credential, token, credential->userinfo_endpoint, timeout, &answer, error) &&
		       kt_whoami_read(whoami, credential, &answer, error);
	if (!ask_path(credential, token, PATH, timeout, &answer, error))
		return false;
	if (!may_be_studio(credential, &answer))
		return kt_whoami_read(whoami, credential, &answer, error);
	return ask_path(credential, token, PATH_OF_STUDIO, timeout, &answer, error) &&
	       read_studio(whoami, credential, &answer, error);
}

void kt_whoami_clear(struct kt_whoami *whoami)
{
	kt_text_free(&whoami->user_name);
	*whoami = (struct kt_whoami){ 0 };
}
