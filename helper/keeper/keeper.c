/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/keeper/keeper.h"
#include "helper/keeper/terminal.h"
#include "helper/libexec.h"
#include "helper/report.h"
#include "keyring/environment.h"
#include "keyring/translate.h"
#include "keyring/text.h"

static bool may_prompt(const struct kt_keeper *keeper)
{
	return !keeper->never_prompts &&
	       !kt_text_is_equal(kt_environment_get("KEYTURN_PROMPT"), "0");
}

/* Programs that read what we say have no use for it. */
static void tell(const char *line)
{
	if (isatty(STDERR_FILENO))
		kt_report_note("%s", kt_translate(line));
}

struct kt_security_keys kt_keeper_security_keys(bool has_terminal)
{
	struct kt_security_keys keys = { .module = kt_libexec_path(KT_LIBEXEC_FIDO2) };

	if (has_terminal) {
		keys.ask_pin = kt_terminal_ask_pin;
		keys.tell = kt_terminal_tell;
	}
	return keys;
}

struct kt_keyring *kt_keeper_keyring(struct kt_keeper *keeper, struct kt_error *error)
{
	struct kt_keyring_options options;
	bool asks;
	bool has_terminal;

	if (keeper->keyring.backend)
		return &keeper->keyring;
	asks = may_prompt(keeper);
	has_terminal = asks && kt_terminal_is_there();
	options = (struct kt_keyring_options){
		.keyring = kt_environment_get("KEYTURN_KEYRING"),
		.secret_service = kt_libexec_path(KT_LIBEXEC_SECRET_SERVICE),
		.may_prompt = asks,
		.ignore_dismissed = keeper->ignores_dismissed,
		.security_keys = kt_keeper_security_keys(has_terminal),
		.tell = tell,
		.translate = kt_translate,
		.trace = kt_report_trace_line,
	};
	if (has_terminal)
		options.ask_passphrase = kt_terminal_ask_vault_passphrase;
	if (!kt_keyring_open(&keeper->keyring, &options, error))
		return NULL;
	kt_report_trace("keyring: %s", kt_keyring_name(&keeper->keyring));
	return &keeper->keyring;
}

struct kt_keyring *kt_keeper_enter(struct kt_keeper *keeper, bool *waited,
                                   struct kt_error *error)
{
	struct kt_keyring *keyring = kt_keeper_keyring(keeper, error);

	return keyring && kt_keyring_enter(keyring, waited, error) ? keyring : NULL;
}

void kt_keeper_leave(struct kt_keyring **keyring)
{
	if (*keyring)
		kt_keyring_leave(*keyring);
	*keyring = NULL;
}

const struct kt_cache *kt_keeper_cache(struct kt_keeper *keeper)
{
	if (keeper->cache.tag[0] == '\0')
		kt_cache_open(&keeper->cache, environ);
	return &keeper->cache;
}

void kt_keeper_start_courier(struct kt_keeper *keeper)
{
	struct kt_error ignored = { 0 };

	if (!kt_courier_is_started(&keeper->courier))
		kt_courier_start(&keeper->courier, &ignored);
}

void kt_keeper_expect(struct kt_keeper *keeper, uint64_t stamp, bool is_due)
{
	keeper->stamp = stamp;
	if (is_due)
		kt_keeper_start_courier(keeper);
}

void kt_keeper_clear(struct kt_keeper *keeper)
{
	kt_courier_end(&keeper->courier);
	kt_keyring_close(&keeper->keyring);
	/* run makes it the environment of the command that it becomes. */
	if (keeper->environment != environ)
		free(keeper->environment);
	keeper->environment = NULL;
}
