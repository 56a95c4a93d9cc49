/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/account/service.h"
#include "helper/keeper/courier.h"
#include "helper/keeper/oauth/grant.h"
#include "helper/keeper/oauth/whoami.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"

#define PATH "/v1/users/me"

/* docs/coze.md, 8.2: the envelope's codes; 4101 may also be a missing permission. */
#define CODE_INVALID 4100
#define CODE_EXPIRED 700012006

static bool ask(const struct kt_credential *credential, const struct kt_secret *token,
                int64_t timeout, struct kt_errand *answer, struct kt_error *error)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand errand = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret header = { 0 };
	KT_CLEANUP(kt_text_free) char *url = NULL;

	return kt_service_format(&credential->identity, &url, error) &&
	       kt_text_format(&url, error, "%s%s", url, PATH) &&
	       kt_secret_append_text(&header, "Bearer ", error) &&
	       kt_secret_append(&header, kt_secret_reveal(token), kt_secret_length(token), error) &&
	       kt_grant_begin_get(url, credential, timeout, &errand, error) &&
	       kt_errand_add_secret(&errand, "authorization", &header, error) &&
	       kt_courier_ask(&errand, answer, error);
}

static bool refused(struct kt_whoami *whoami, const struct kt_credential *credential)
{
	const char *other = kt_service_other_site(&credential->identity);
	struct kt_shell_word word;
	const char *name = kt_shell_word(&word, credential->identity.username, "ACCOUNT");

	whoami->verdict = KT_WHOAMI_REFUSED;
	kt_fail(&whoami->reason, KT_ERROR_REFUSED, "%s does not take this token",
	        credential->identity.host);
	if (other)
		return kt_advise(&whoami->reason,
		                 "if it was made at %s: keyturn login %s --site %s "
		                 "--with-token",
		                 other, name, other);
	return kt_advise(&whoami->reason, "log in again: keyturn login %s", name);
}

bool kt_whoami_ask(struct kt_whoami *whoami, const struct kt_credential *credential,
                   const struct kt_secret *token, int64_t timeout, struct kt_error *error)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand answer = { 0 };
	const char *reason;
	int64_t status = 0;
	int64_t code = -1;

	if (!ask(credential, token, timeout, &answer, error))
		return false;
	kt_errand_number(&answer, "status", &status);
	kt_errand_number(&answer, "n.code", &code);
	reason = kt_errand_text(&answer, "reason");
	if (status >= 200 && status < 300 && code == 0) {
		whoami->verdict = KT_WHOAMI_WORKS;
		return kt_text_set(&whoami->user_name, kt_errand_text(&answer, "s.data.user_name"),
		                   error);
	}
	if (code == CODE_INVALID || code == CODE_EXPIRED || (status == 401 && code == -1)) {
		refused(whoami, credential);
		return true;
	}
	whoami->verdict = KT_WHOAMI_UNKNOWN;
	if (status == 0 && reason)
		kt_fail(&whoami->reason, KT_ERROR_NETWORK, "%s did not answer: %.*s",
		        credential->identity.host, kt_characters_fit(reason, 200), reason);
	else if (status == 0)
		kt_fail(&whoami->reason, KT_ERROR_NETWORK, "%s did not answer",
		        credential->identity.host);
	else if (code > 0)
		kt_fail(&whoami->reason, KT_ERROR_SERVER,
		        "%s cannot tell: it answered %lld with a code of its own",
		        credential->identity.host, (long long)status);
	else
		kt_fail(&whoami->reason, KT_ERROR_SERVER, "%s cannot tell: it answered %lld",
		        credential->identity.host, (long long)status);
	kt_advise(&whoami->reason,
	          "the token stays as it is; try again, or see what an ordinary call "
	          "says");
	return true;
}

void kt_whoami_clear(struct kt_whoami *whoami)
{
	kt_text_free(&whoami->user_name);
	*whoami = (struct kt_whoami){ 0 };
}
