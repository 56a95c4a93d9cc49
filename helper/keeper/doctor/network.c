/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "helper/keeper/account/facts.h"
#include "helper/keeper/account/lifetime.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/courier.h"
#include "helper/keeper/doctor/doctor.h"
#include "helper/keeper/oauth/grant.h"
#include "helper/keeper/token/state.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/environment.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"
#include "keyring/translate.h"

#define SERVICES 8
#define ANSWER_MILLISECONDS 4000
#define GRACE_MILLISECONDS 700
/* A token's life is counted by the server's clock; more than this misleads people. */
#define CLOCK_SECONDS 60

/* A token endpoint, asked without any secret; all are asked at once. */
struct visit {
	const char *url;
	struct kt_courier courier;
	struct kt_errand answer;
};

struct visits {
	struct visit items[SERVICES];
	size_t count;
};

static void clear_visits(struct visits *visits)
{
	for (size_t i = 0; i < visits->count; i++) {
		kt_courier_end(&visits->items[i].courier);
		kt_errand_clear(&visits->items[i].answer);
	}
}

static bool is_visited(const struct visits *visits, const char *url)
{
	for (size_t i = 0; i < visits->count; i++)
		if (strcmp(visits->items[i].url, url) == 0)
			return true;
	return false;
}

static void set_out(struct visits *visits, const struct kt_credential *credential)
{
	KT_CLEANUP(kt_errand_clear) struct kt_errand errand = { 0 };
	struct visit *visit = &visits->items[visits->count];
	struct kt_error ignored = { 0 };

	if (!credential->token_endpoint || visits->count == SERVICES ||
	    is_visited(visits, credential->token_endpoint))
		return;
	*visit = (struct visit){ .url = credential->token_endpoint };
	if (kt_grant_begin_get(visit->url, credential, ANSWER_MILLISECONDS, &errand, &ignored) &&
	    kt_courier_start(&visit->courier, &ignored) &&
	    !kt_courier_send(&visit->courier, &errand, &ignored))
		kt_courier_end(&visit->courier);
	visits->count++;
}

static const char *remedy_for(const char *cause)
{
	static const struct {
		const char *cause;
		const char *remedy;
	} remedies[] = {
		{ "dns", KT_TEXT("check the network, and the name server in /etc/resolv.conf") },
		{ "certificate", KT_TEXT("check this machine's clock; a private CA is given by: keyturn "
		                         "login --ca-file") },
		{ "tls", KT_TEXT("find out what stands between here and the service, and breaks TLS") },
	};

	for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++)
		if (cause && strcmp(remedies[i].cause, cause) == 0)
			return remedies[i].remedy;
	return KT_TEXT("check the network, the firewall and the proxy (https_proxy, no_proxy)");
}

static void report_silence(struct kt_findings *findings, const struct visit *visit)
{
	const char *reason = kt_courier_reason(&visit->answer);
	struct kt_error error = { 0 };

	if (reason)
		kt_fail(&error, KT_ERROR_NETWORK, "%s does not answer: %s", visit->url, reason);
	else
		kt_fail(&error, KT_ERROR_NETWORK, "%s does not answer", visit->url);
	kt_advise(&error, "%s",
	          kt_translate(remedy_for(kt_errand_text(&visit->answer, "cause"))));
	kt_findings_add_error(findings, "network", KT_FINDING_FAILED, &error);
}

static void report_answer(struct kt_findings *findings, const struct visit *visit)
{
	int64_t status = 0;

	kt_errand_number(&visit->answer, "status", &status);
	if (status >= 500) {
		kt_findings_add(findings, "network", KT_FINDING_WARNING,
		                "nothing is to be done here: try again later", "%s answers %lld",
		                visit->url, (long long)status);
	} else if (status > 0) {
		kt_findings_add(findings, "network", KT_FINDING_OK, NULL, "%s answers", visit->url);
	} else {
		report_silence(findings, visit);
	}
}

/* One clock is enough: the first that an answer tells. */
static void report_clock(struct kt_findings *findings, const struct visits *visits)
{
	for (size_t i = 0; i < visits->count; i++) {
		int64_t date;
		int64_t ahead;

		if (!kt_errand_number(&visits->items[i].answer, "date", &date))
			continue;
		ahead = kt_clock_wall() - date;
		if (ahead <= CLOCK_SECONDS && ahead >= -CLOCK_SECONDS)
			kt_findings_add(findings, "clock", KT_FINDING_OK, NULL,
			                "this machine's clock and the service's agree");
		else if (ahead > 0)
			kt_findings_add(findings, "clock", KT_FINDING_WARNING,
			                "set the clock: timedatectl set-ntp true",
			                "this machine's clock is %lld s ahead of the service's",
			                (long long)ahead);
		else
			kt_findings_add(findings, "clock", KT_FINDING_WARNING,
			                "set the clock: timedatectl set-ntp true",
			                "this machine's clock is %lld s behind the service's",
			                (long long)-ahead);
		return;
	}
}

/* Its value may have a password in it. */
static void report_proxy(struct kt_findings *findings)
{
	static const char *const names[] = { "https_proxy", "HTTPS_PROXY", "all_proxy",
		                             "ALL_PROXY" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = kt_environment_get(names[i]);

		if (value && *value) {
			kt_findings_add(findings, "proxy", KT_FINDING_OK, NULL,
			                "%s names a proxy, and it is used", names[i]);
			return;
		}
	}
}

/* When a renewal comes, and why not sooner (docs/safety.md, 2.5). */
static void report_facts(struct kt_findings *findings, const struct kt_credential *credential,
                         const char *name)
{
	const char *old_token = kt_facts_old_token(credential);

	if (strcmp(old_token, "lives") == 0 && !kt_kind_is_app(credential->kind) &&
	    kt_environment_is_container() && !kt_environment_has_service_manager())
		kt_findings_add(findings, "grant", KT_FINDING_OK, NULL, "%s can be renewed, but not "
		                                                        "ahead "
		                "of time in this container: it may end half-way, since it has no "
		                "service manager; keyturn refresh --due does it", name);
	else if (strcmp(old_token, "lives") == 0)
		kt_findings_add(findings, "grant", KT_FINDING_OK, NULL, "%s can be renewed, and is ahead "
		                "of time", name);
	else if (strcmp(old_token, "dies") == 0)
		kt_findings_add(findings, "grant", KT_FINDING_OK, NULL, "%s can be renewed, and is just "
		                "before its token ends: a renewal ends the token of before", name);
	else
		kt_findings_add(findings, "grant", KT_FINDING_OK, NULL, "%s can be renewed, and is just "
		                "before its token ends: it is not known whether the token of before "
		                "lives on", name);
}

static void report_grant(struct kt_findings *findings, const struct kt_credential *credential)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;
	const char *state = kt_token_state(credential);
	struct kt_error error = { 0 };
	struct kt_shell_word word;
	const char *account;

	if (!kt_service_full_name(&credential->identity, &name, &error))
		return;
	account = kt_shell_word(&word, name, "ACCOUNT");
	if (strcmp(state, "dead") == 0) {
		kt_fail(&error, KT_ERROR_DEAD, "the login of %s is over", name);
		kt_advise(&error, "log in again: keyturn login %s", account);
		kt_findings_add_error(findings, "grant", KT_FINDING_FAILED, &error);
	} else if (strcmp(state, "unsure") == 0) {
		kt_fail(&error, KT_ERROR_NETWORK, "the answer to the last renewal of %s was lost", name);
		if (kt_lifetime_left(credential) > 0)
			kt_advise(&error, "its token is good; nothing is asked again before it ends");
		else
			kt_advise(&error, "run: keyturn refresh %s", account);
		kt_findings_add_error(findings, "grant", KT_FINDING_WARNING, &error);
	} else if (!kt_facts_has_refresh(credential)) {
		kt_findings_add(findings, "grant", KT_FINDING_WARNING, NULL, "%s cannot be renewed: its "
		                "service gave no refresh token; log in again when its token ends",
		                name);
	} else {
		report_facts(findings, credential, name);
	}
}

void kt_doctor_check_network(struct kt_findings *findings, struct kt_keeper *keeper)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials list = { 0 };
	KT_CLEANUP(clear_visits) struct visits visits = { 0 };
	const struct kt_identity anything = { 0 };
	struct kt_error ignored = { 0 };
	struct kt_keyring *keyring = kt_keeper_keyring(keeper, &ignored);
	int64_t deadline = kt_clock_monotonic() + ANSWER_MILLISECONDS + GRACE_MILLISECONDS;

	/* That the keyring cannot be read has been told by its own check. */
	if (!keyring || !kt_keyring_search(keyring, &anything, &list, &ignored))
		return;
	for (size_t i = 0; i < list.count; i++)
		if (kt_kind_is_grant(list.items[i].kind))
			set_out(&visits, &list.items[i]);
	if (visits.count > 0)
		report_proxy(findings);
	for (size_t i = 0; i < visits.count; i++) {
		struct visit *visit = &visits.items[i];

		if (kt_courier_is_started(&visit->courier))
			kt_courier_receive(&visit->courier, &visit->answer, deadline, &ignored);
		report_answer(findings, visit);
	}
	report_clock(findings, &visits);
	for (size_t i = 0; i < list.count; i++)
		if (kt_kind_is_grant(list.items[i].kind))
			report_grant(findings, &list.items[i]);
}
