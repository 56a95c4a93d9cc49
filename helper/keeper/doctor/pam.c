/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <dirent.h>
#include <string.h>

#include "helper/keeper/doctor/doctor.h"
#include "helper/keeper/doctor/pam_stack.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

#define MODULE "pam_keyturn.so"
#define SERVICES_MAXIMUM 128
#define SEE "see \"Where to put it\" in pam_keyturn(8)"

enum problem {
	PROBLEM_NONE,
	PROBLEM_NO_AUTH,
	PROBLEM_AUTH_EARLY,
	PROBLEM_AUTH_MISSED,
	PROBLEM_AUTH_UNCHECKED,
	PROBLEM_NO_SESSION,
	PROBLEM_SESSION_EARLY,
	PROBLEM_SESSION_MISSED,
	PROBLEM_NO_PASSWORD,
	PROBLEM_PASSWORD_EARLY,
	PROBLEM_PASSWORD_MISSED,
	PROBLEMS,
};

static const struct {
	const char *sentence; /* the names of the services follow it */
	const char *remedy;
} problems[PROBLEMS] = {
	[PROBLEM_NONE] = { "login opens the keyring", NULL },
	[PROBLEM_NO_AUTH] = { "no auth line names " MODULE ", so it sees no password",
	                      "add: auth optional " MODULE "; " SEE },
	[PROBLEM_AUTH_EARLY] = { "the auth line of " MODULE " comes before any module that asks "
	                         "for the password, so there is none yet",
	                         "move it after pam_unix.so; " SEE },
	[PROBLEM_AUTH_MISSED] = { "a module before the auth line of " MODULE " ends the stack or "
	                          "jumps over it (sufficient?), so it is never called",
	                          "give that module [success=N default=ignore]; " SEE },
	[PROBLEM_AUTH_UNCHECKED] = { "a wrong password reaches the auth line of " MODULE ", which "
	                             "a careless program could send on",
	                             "make the module that checks it requisite; " SEE },
	[PROBLEM_NO_SESSION] = { "no session line names " MODULE ", so that nothing is opened",
	                         "add as the last line: session optional " MODULE },
	[PROBLEM_SESSION_EARLY] = { "the session line of " MODULE " comes before pam_systemd.so, "
	                            "so there is no runtime directory yet",
	                            "move it to the end; " SEE },
	[PROBLEM_SESSION_MISSED] = { "a module before the session line of " MODULE " ends the "
	                             "stack or jumps over it", "move it; " SEE },
	[PROBLEM_NO_PASSWORD] = { "no password line names " MODULE ", so that a keyring keeps its "
	                          "old password when the login's is changed",
	                          "add: password optional " MODULE "; " SEE },
	[PROBLEM_PASSWORD_EARLY] = { "the password line of " MODULE " comes before any module that "
	                             "sets the new password",
	                             "move it after pam_unix.so; " SEE },
	[PROBLEM_PASSWORD_MISSED] = { "a module before the password line of " MODULE " ends the "
	                              "stack or jumps over it (sufficient?)",
	                              "give that module [success=N default=ignore]; " SEE },
};

/* Names in use; and for each problem, the services that have it. */
struct survey {
	char *services[SERVICES_MAXIMUM];
	size_t count;
	char *names[PROBLEMS];
};

static void clear_survey(struct survey *survey)
{
	for (size_t i = 0; i < survey->count; i++)
		kt_text_free(&survey->services[i]);
	for (size_t i = 0; i < PROBLEMS; i++)
		kt_text_free(&survey->names[i]);
}

static void close_directory(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

/*
 * Services in which the module does nothing unless told to (pam/module_options.c), or nobody logs
 * in.
 */
static bool is_left_alone(const char *service)
{
	static const char *const names[] = {
		"sudo", "sudo-i", "su", "su-l", "runuser", "runuser-l", "cron", "crond", "atd",
		"systemd-user", "polkit-1", "other",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], service) == 0)
			return true;
	return false;
}

static bool list_services(struct survey *survey, const char *path, struct kt_error *error)
{
	KT_CLEANUP(close_directory) DIR *directory = opendir(path);
	const struct dirent *entry;

	while (directory && survey->count < SERVICES_MAXIMUM &&
	       (entry = readdir(directory)) != NULL) {
		if (strchr(entry->d_name, '.') || strchr(entry->d_name, '~'))
			continue;
		if (!kt_text_set(&survey->services[survey->count], entry->d_name, error))
			return false;
		survey->count++;
	}
	return true;
}

/* A file that others include is judged where it is included. */
static bool is_part(const struct survey *survey, const char *path, const char *service)
{
	for (size_t i = 0; i < survey->count; i++)
		if (kt_pam_stack_is_included(path, survey->services[i], service))
			return true;
	return false;
}

static bool note(struct survey *survey, enum problem problem, const char *service,
                 struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *before = survey->names[problem];

	survey->names[problem] = NULL;
	return kt_text_format(&survey->names[problem], error, "%s%s%s", before ? before : "",
	                      before ? ", " : "", service);
}

static bool has_asking(const struct kt_pam_stack *stack)
{
	for (size_t i = 0; i < stack->count; i++)
		if (kt_pam_stack_is_asking(&stack->lines[i]))
			return true;
	return false;
}

static bool is_named(const struct kt_pam_stack *stack)
{
	return kt_pam_stack_find(stack, MODULE) < stack->count;
}

static bool is_in_substack(const struct kt_pam_stack *stack, size_t before)
{
	for (size_t i = 0; i < before; i++)
		if (kt_pam_stack_is_asking(&stack->lines[i]) && stack->lines[i].end <= before)
			return true;
	return false;
}

static enum problem judge_auth(const struct kt_pam_stack *stack)
{
	size_t place = kt_pam_stack_find(stack, MODULE);
	bool asked;

	if (place == stack->count)
		return has_asking(stack) ? PROBLEM_NO_AUTH : PROBLEM_NONE;
	if (!kt_pam_stack_reaches(stack, place, true, &asked))
		return PROBLEM_AUTH_MISSED;
	if (!asked)
		return PROBLEM_AUTH_EARLY;
	/* A substack always lets its caller go on: nothing can be put better there. */
	return kt_pam_stack_reaches(stack, place, false, &asked) && !is_in_substack(stack, place)
	               ? PROBLEM_AUTH_UNCHECKED : PROBLEM_NONE;
}

static enum problem judge_session(const struct kt_pam_stack *stack)
{
	size_t place = kt_pam_stack_find(stack, MODULE);
	size_t systemd = kt_pam_stack_find(stack, "pam_systemd.so");
	bool ignored;

	if (place == stack->count)
		return PROBLEM_NO_SESSION;
	if (systemd < stack->count && systemd > place)
		return PROBLEM_SESSION_EARLY;
	return kt_pam_stack_reaches(stack, place, true, &ignored) ? PROBLEM_NONE
	                                                          : PROBLEM_SESSION_MISSED;
}

static enum problem judge_password(const struct kt_pam_stack *stack)
{
	size_t place = kt_pam_stack_find(stack, MODULE);
	bool asked;

	if (place == stack->count)
		return has_asking(stack) ? PROBLEM_NO_PASSWORD : PROBLEM_NONE;
	if (!kt_pam_stack_reaches(stack, place, true, &asked))
		return PROBLEM_PASSWORD_MISSED;
	return asked ? PROBLEM_NONE : PROBLEM_PASSWORD_EARLY;
}

/* A service that the module has nothing to do with is passed over. */
static bool survey_service(struct survey *survey, const char *path, const char *service,
                           struct kt_error *error)
{
	KT_CLEANUP(kt_pam_stack_clear) struct kt_pam_stack auth = { 0 };
	KT_CLEANUP(kt_pam_stack_clear) struct kt_pam_stack session = { 0 };
	KT_CLEANUP(kt_pam_stack_clear) struct kt_pam_stack password = { 0 };
	enum problem found[3];
	bool is_well = true;

	if (!kt_pam_stack_read(&auth, path, service, "auth", error) ||
	    !kt_pam_stack_read(&session, path, service, "session", error) ||
	    !kt_pam_stack_read(&password, path, service, "password", error))
		return false;
	if (!is_named(&auth) && !is_named(&session) && !is_named(&password))
		return true;
	found[0] = judge_auth(&auth);
	found[1] = has_asking(&auth) ? judge_session(&session) : PROBLEM_NONE;
	found[2] = judge_password(&password);
	for (size_t i = 0; i < 3; i++) {
		is_well = is_well && found[i] == PROBLEM_NONE;
		if (found[i] != PROBLEM_NONE && !note(survey, found[i], service, error))
			return false;
	}
	/* passwd and the like have no login. */
	return !is_well || !has_asking(&auth) || note(survey, PROBLEM_NONE, service, error);
}

static bool survey_all(struct survey *survey, const char *path, struct kt_error *error)
{
	if (!list_services(survey, path, error))
		return false;
	for (size_t i = 0; i < survey->count; i++) {
		const char *service = survey->services[i];

		if (!is_left_alone(service) && !is_part(survey, path, service) &&
		    !survey_service(survey, path, service, error))
			return false;
	}
	return true;
}

void kt_doctor_check_pam(struct kt_findings *findings, const char *directory)
{
	KT_CLEANUP(clear_survey) struct survey survey = { 0 };
	struct kt_error error = { 0 };
	bool is_there = false;

	if (!survey_all(&survey, directory, &error)) {
		kt_findings_add_error(findings, "pam", KT_FINDING_FAILED, &error);
		return;
	}
	for (size_t i = 0; i < PROBLEMS; i++) {
		if (!survey.names[i])
			continue;
		is_there = true;
		kt_findings_add(findings, "pam",
		                i == PROBLEM_NONE ? KT_FINDING_OK : KT_FINDING_WARNING,
		                problems[i].remedy, "%s (%s)", problems[i].sentence,
		                survey.names[i]);
	}
	if (!is_there)
		kt_findings_add(findings, "pam", KT_FINDING_OK, "if it shall, see pam_keyturn(8)",
		                "login does not open the keyring: nothing in %s names " MODULE,
		                directory);
}
