/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/secret_service_cleanup.h"
#include "keyring/secret_service_home.h"
#include "keyring/secret_service_provider.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"
#include "keyring/translate.h"

/* Milliseconds between two looks for what a service makes last. */
#define LOADING_PAUSE 20

/* The object answers, or there is none at its path yet; anything else is an error. */
static bool is_object_there(struct kt_turn *turn, const char *path, bool *there,
                            struct kt_error *error)
{
	KT_CLEANUP(kt_variant_unref) GVariant *reply = NULL;
	struct kt_error cause = { 0 };

	reply = kt_call_send(&turn->call, path, "org.freedesktop.DBus.Properties.GetAll",
	                     g_variant_new("(s)", "org.freedesktop.Secret.Collection"), "(a{sv})",
	                     &cause);
	*there = reply != NULL;
	if (reply || turn->call.is_no_object)
		return true;
	*error = cause;
	return false;
}

static bool wait_for_object(struct kt_turn *turn, const struct kt_provider *provider,
                            struct kt_error *error)
{
	int64_t end = kt_clock_monotonic() + KT_TURN_LIMIT;
	bool there;

	for (;;) {
		if (!is_object_there(turn, provider->loaded, &there, error))
			return false;
		if (there)
			return true;
		if (kt_clock_monotonic() + LOADING_PAUSE >= end)
			break;
		kt_clock_sleep(LOADING_PAUSE);
	}
	kt_fail(error, KT_ERROR_UNAVAILABLE, "the desktop keyring (%s) is still loading its keyrings",
	        provider->name);
	return kt_advise(error, "run the command again");
}

bool kt_home_await(struct kt_turn *turn, bool *is_later, struct kt_error *error)
{
	const struct kt_provider *provider;

	*is_later = false;
	if (turn->is_loaded)
		return true;
	provider = kt_provider_of(turn, error);
	if (!provider)
		return false;
	*is_later = provider->loaded != NULL;
	if (*is_later &&
	    (!wait_for_object(turn, provider, error) || !kt_turn_find_default(turn, error)))
		return false;
	turn->is_loaded = true;
	return true;
}

/* NULL where nothing is known of it. */
static const struct kt_provider *find_recorded(const struct kt_record *record)
{
	const struct kt_provider *provider = kt_providers;

	while (provider->name && !kt_text_is_equal(provider->name, record->provider))
		provider++;
	return provider->name && provider[1].name ? provider : NULL;
}

static bool takes_over(const struct kt_provider *provider, const struct kt_provider *before)
{
	for (size_t i = 0; i < KT_COUNT(provider->takes_over) && provider->takes_over[i]; i++)
		if (kt_text_has_prefix(before->name, provider->takes_over[i]))
			return true;
	return provider == before;
}

bool kt_home_is_elsewhere(struct kt_turn *turn, const struct kt_record *record, bool *elsewhere,
                          struct kt_error *error)
{
	const struct kt_provider *before = find_recorded(record);
	const struct kt_provider *provider;

	*elsewhere = false;
	if (!before || !*record->collections)
		return true;
	provider = kt_provider_of(turn, error);
	if (!provider)
		return false;
	*elsewhere = !takes_over(provider, before);
	return true;
}

static bool fail_elsewhere(const struct kt_turn *turn, const struct kt_record *record,
                           struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *path = NULL;
	struct kt_shell_word word;

	if (!kt_record_path(&path, error))
		return false;
	kt_fail(error, KT_ERROR_UNAVAILABLE, "your logins are in %s, and the desktop keyring that "
	        "answers now is %s", record->provider,
	        kt_text_is_equal(turn->provider->name, "unknown") ? kt_translate("another program's")
	                                                         : turn->provider->name);
	return kt_advise(error, "start %s in its place; to go over to the new one for good, and log in "
	                 "there: rm %s", record->provider, kt_shell_word(&word, path, "FILE"));
}

bool kt_home_check(struct kt_turn *turn, struct kt_error *error)
{
	KT_CLEANUP(kt_record_clear) struct kt_record record = { 0 };
	bool elsewhere;

	kt_record_read(&record);
	return kt_home_is_elsewhere(turn, &record, &elsewhere, error) &&
	       (!elsewhere || fail_elsewhere(turn, &record, error));
}

void kt_home_name_missing(struct kt_error *error)
{
	KT_CLEANUP(kt_record_clear) struct kt_record record = { 0 };

	kt_record_read(&record);
	if (!*record.collections || !find_recorded(&record))
		return;
	kt_error_clear(error);
	kt_fail(error, KT_ERROR_UNAVAILABLE, "no keyring service answers on this session's bus, and "
	        "your logins are in %s", record.provider);
	kt_advise(error, "start %s, then run the command again", record.provider);
}

void kt_home_explain(struct kt_turn *turn, struct kt_error *error)
{
	struct kt_error cause = { 0 };

	/* The bus knows the provider, and answers for itself. */
	kt_call_limit(&turn->call, KT_TURN_REST, KT_TURN_REST);
	if (!kt_home_check(turn, &cause) && turn->provider)
		*error = cause;
}
