/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <dirent.h>
#include <string.h>

#include "helper/keeper/doctor/doctor.h"
#include "helper/keeper/doctor/pam_stack.h"
#include "helper/keeper/doctor/pam_walk.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"
#include "keyring/translate.h"

#define MODULE "pam_keyturn.so"
#define SERVICES_MAXIMUM 256

enum problem {
	PROBLEM_NONE,
	PROBLEM_SHUT_OUT,
	PROBLEM_LETS_IN,
	PROBLEM_NO_AUTH,
	PROBLEM_AUTH_EARLY,
	PROBLEM_AUTH_MISSED,
	PROBLEM_AUTH_MISSED_DOMAIN,
	PROBLEM_AUTH_UNCHECKED,
	PROBLEM_NO_SESSION,
	PROBLEM_SESSION_EARLY,
	PROBLEM_SESSION_MISSED,
	PROBLEM_NO_PASSWORD,
	PROBLEM_PASSWORD_EARLY,
	PROBLEM_PASSWORD_MISSED,
	PROBLEM_PASSWORD_MISSED_DOMAIN,
	PROBLEM_FINGER,
	PROBLEMS,
};

static const struct {
	enum kt_finding_level level;
	const char *sentence; /* the names of the services follow it */
	const char *remedy;
} problems[PROBLEMS] = {
	[PROBLEM_NONE] = {
		KT_FINDING_OK,
		KT_TEXT("login opens the keyring"),
		NULL,
	},
	[PROBLEM_SHUT_OUT] = {
		KT_FINDING_FAILED,
		KT_TEXT("nobody can log in any more, whatever the password: a line behind the one that "
		        "checked it refuses"),
		KT_TEXT("before anything else open a root shell, and keep it; in it put the files of "
		        "PAM back as they were before (Debian: pam-auth-update --disable keyturn; "
		        "Fedora: authselect select the profile of before; else take the line out "
		        "again), then see \"Where to put it\" in pam_keyturn(8)"),
	},
	[PROBLEM_LETS_IN] = {
		KT_FINDING_FAILED,
		KT_TEXT("a wrong password is let in"),
		KT_TEXT("before anything else open a root shell, and keep it; in it put the files of "
		        "PAM back as they were before (Debian: pam-auth-update --disable keyturn; "
		        "Fedora: authselect select the profile of before; else take the line out "
		        "again), then see \"Where to put it\" in pam_keyturn(8)"),
	},
	[PROBLEM_NO_AUTH] = {
		KT_FINDING_WARNING,
		KT_TEXT("no auth line names pam_keyturn.so, so it sees no password"),
		KT_TEXT("see \"Where to put it\" in pam_keyturn(8)"),
	},
	[PROBLEM_AUTH_EARLY] = {
		KT_FINDING_WARNING,
		KT_TEXT("the auth line of pam_keyturn.so comes before any module that asks for the "
		        "password, so there is none yet"),
		KT_TEXT("move it after the module that asks; see \"Where to put it\" in pam_keyturn(8)"),
	},
	[PROBLEM_AUTH_MISSED] = {
		KT_FINDING_WARNING,
		KT_TEXT("a module before the auth line of pam_keyturn.so ends the stack where it lets "
		        "somebody in (sufficient?), so that the line is never called"),
		KT_TEXT("leave that module's line as it is, and have the line of pam_keyturn.so behind a "
		"substack that takes it in; see \"Where to put it\" in pam_keyturn(8)"),
	},
	[PROBLEM_AUTH_MISSED_DOMAIN] = {
		KT_FINDING_WARNING,
		KT_TEXT("users of a directory service do not come to the auth line of pam_keyturn.so, "
		        "as a module before it ends the stack"),
		KT_TEXT("have it behind a substack that takes that module in; see \"Where to put it\" in "
		"pam_keyturn(8)"),
	},
	[PROBLEM_AUTH_UNCHECKED] = {
		KT_FINDING_WARNING,
		KT_TEXT("a wrong password reaches the auth line of pam_keyturn.so, which a careless "
		        "program could send on"),
		KT_TEXT("see \"Where to put it\" in pam_keyturn(8)"),
	},
	[PROBLEM_NO_SESSION] = {
		KT_FINDING_WARNING,
		KT_TEXT("no session line names pam_keyturn.so, so that nothing is opened"),
		KT_TEXT("add as the last line: session optional pam_keyturn.so"),
	},
	[PROBLEM_SESSION_EARLY] = {
		KT_FINDING_WARNING,
		KT_TEXT("the session line of pam_keyturn.so comes before pam_systemd.so, so there is no "
		        "runtime directory yet"),
		KT_TEXT("move it to the end; see \"Where to put it\" in pam_keyturn(8)"),
	},
	[PROBLEM_SESSION_MISSED] = {
		KT_FINDING_WARNING,
		KT_TEXT("a module before the session line of pam_keyturn.so ends the stack or jumps "
		        "over it"),
		KT_TEXT("move it; see \"Where to put it\" in pam_keyturn(8)"),
	},
	[PROBLEM_NO_PASSWORD] = {
		KT_FINDING_WARNING,
		KT_TEXT("no password line names pam_keyturn.so, so that a keyring keeps its old "
		        "password when the login's is changed"),
		KT_TEXT("after such a change, run: keyturn unlock --resync; to mend it, see \"Where to "
		        "put it\" in pam_keyturn(8)"),
	},
	[PROBLEM_PASSWORD_EARLY] = {
		KT_FINDING_WARNING,
		KT_TEXT("the password line of pam_keyturn.so comes before any module that sets the new "
		        "password"),
		KT_TEXT("move it after the module that sets it; see \"Where to put it\" in "
		        "pam_keyturn(8)"),
	},
	[PROBLEM_PASSWORD_MISSED] = {
		KT_FINDING_WARNING,
		KT_TEXT("a module before the password line of pam_keyturn.so ends the stack where it "
		        "changes the password (sufficient?), so that the keyring keeps the old one"),
		KT_TEXT("leave that module's line as it is; after such a change, run: keyturn unlock "
		        "--resync"),
	},
	[PROBLEM_PASSWORD_MISSED_DOMAIN] = {
		KT_FINDING_WARNING,
		KT_TEXT("a new password of a user of a directory service does not come to the password "
		        "line of pam_keyturn.so, so that the keyring keeps the old one"),
		KT_TEXT("after such a change, run: keyturn unlock --resync"),
	},
	[PROBLEM_FINGER] = {
		KT_FINDING_OK,
		KT_TEXT("who is let in without a password (a fingerprint, a key, a card) finds the "
		        "keyring locked"),
		KT_TEXT("then, run: keyturn unlock"),
	},
};

/* Where services are; names in use; and for each problem, the services that have it. */
struct survey {
	const char *const *directories;
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

static bool is_listed(const struct survey *survey, const char *service)
{
	for (size_t i = 0; i < survey->count; i++)
		if (strcmp(survey->services[i], service) == 0)
			return true;
	return false;
}

static bool list_services(struct survey *survey, const char *path, struct kt_error *error)
{
	KT_CLEANUP(kt_directory_close) DIR *directory = opendir(path);
	const struct dirent *entry;

	while (directory && survey->count < SERVICES_MAXIMUM &&
	       (entry = readdir(directory)) != NULL) {
		if (strchr(entry->d_name, '.') || strchr(entry->d_name, '~') ||
		    is_listed(survey, entry->d_name))
			continue;
		if (!kt_text_set(&survey->services[survey->count], entry->d_name, error))
			return false;
		survey->count++;
	}
	return true;
}

/*
 * A file that others include is judged where it is included. A screen lock may have the auth lines
 * of login, which is a service all the same: nobody takes in its session lines.
 */
static bool is_part(const struct survey *survey, const char *service, bool has_session)
{
	for (size_t i = 0; i < survey->count; i++)
		if (kt_pam_stack_is_included(survey->directories, survey->services[i], service,
		                             has_session ? "session" : NULL))
			return true;
	return false;
}

/* Programs that ask for a password, and after which no session comes. */
static bool is_for_login(const char *service, const struct kt_pam_stack *auth,
                         const struct kt_pam_stack *session)
{
	static const char *const names[] = { "passwd", "chfn", "chsh", "chpasswd", "newusers" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], service) == 0)
			return false;
	for (size_t i = 0; session->count > 0 && i < auth->count; i++)
		if (kt_pam_walk_is_asking(&auth->lines[i]))
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

static bool has(const struct kt_pam_stack *stack,
                bool (*is_such)(const struct kt_pam_line *))
{
	for (size_t i = 0; i < stack->count; i++)
		if (is_such(&stack->lines[i]))
			return true;
	return false;
}

static bool is_named(const struct kt_pam_stack *stack)
{
	return kt_pam_stack_find(stack, MODULE) < stack->count;
}

/* Three people: each stack is walked for them. */
static struct kt_pam_person local_user(const char *service)
{
	return (struct kt_pam_person){ .service = service, .knows_password = true };
}

static struct kt_pam_person domain_user(const char *service)
{
	return (struct kt_pam_person){ .service = service, .knows_password = true,
		                       .is_of_domain = true };
}

static struct kt_pam_person stranger(const char *service)
{
	return (struct kt_pam_person){ .service = service };
}

/* A substack lets its caller go on: nothing can be put better there. */
static bool is_behind_substack(const struct kt_pam_stack *stack, size_t place)
{
	for (size_t i = 0; i < place; i++)
		if (kt_pam_walk_is_asking(&stack->lines[i]) &&
		    stack->lines[i].level > stack->lines[place].level)
			return true;
	return false;
}

/* Whom the stack lets in. A directory service may be all that it knows. */
static enum problem judge_gate(const struct kt_pam_stack *auth, const char *service)
{
	struct kt_pam_person local = local_user(service);
	struct kt_pam_person domain = domain_user(service);
	struct kt_pam_person wrong = stranger(service);

	if (kt_pam_walk(auth, "auth", &wrong, auth->count).is_let_in)
		return PROBLEM_LETS_IN;
	return kt_pam_walk(auth, "auth", &local, auth->count).is_let_in ||
	                       kt_pam_walk(auth, "auth", &domain, auth->count).is_let_in
	               ? PROBLEM_NONE : PROBLEM_SHUT_OUT;
}

static enum problem judge_auth(const struct kt_pam_stack *stack, const char *service)
{
	size_t place = kt_pam_stack_find(stack, MODULE);
	struct kt_pam_person local = local_user(service);
	struct kt_pam_person domain = domain_user(service);
	struct kt_pam_person wrong = stranger(service);
	enum problem gate = judge_gate(stack, service);
	struct kt_pam_walk walk;

	if (gate != PROBLEM_NONE)
		return gate;
	if (place == stack->count)
		return PROBLEM_NO_AUTH;
	walk = kt_pam_walk(stack, "auth", &local, place);
	if (walk.is_let_in && !walk.is_reached)
		return PROBLEM_AUTH_MISSED;
	if (walk.is_reached && !walk.was_asked)
		return PROBLEM_AUTH_EARLY;
	walk = kt_pam_walk(stack, "auth", &domain, place);
	if (has(stack, kt_pam_walk_is_domain) && walk.is_let_in && !walk.is_reached)
		return PROBLEM_AUTH_MISSED_DOMAIN;
	return kt_pam_walk(stack, "auth", &wrong, place).is_reached &&
	                       !is_behind_substack(stack, place)
	               ? PROBLEM_AUTH_UNCHECKED : PROBLEM_NONE;
}

static enum problem judge_session(const struct kt_pam_stack *stack, const char *service)
{
	size_t place = kt_pam_stack_find(stack, MODULE);
	size_t systemd = kt_pam_stack_find(stack, "pam_systemd.so");
	struct kt_pam_person local = local_user(service);

	if (place == stack->count)
		return PROBLEM_NO_SESSION;
	if (systemd < stack->count && systemd > place)
		return PROBLEM_SESSION_EARLY;
	return kt_pam_walk(stack, "session", &local, place).is_reached ? PROBLEM_NONE
	                                                               : PROBLEM_SESSION_MISSED;
}

static enum problem judge_password(const struct kt_pam_stack *stack, const char *service)
{
	size_t place = kt_pam_stack_find(stack, MODULE);
	struct kt_pam_person local = local_user(service);
	struct kt_pam_person domain = domain_user(service);
	struct kt_pam_walk walk;

	if (place == stack->count)
		return PROBLEM_NO_PASSWORD;
	walk = kt_pam_walk(stack, "password", &local, place);
	if (walk.is_let_in && !walk.is_reached)
		return PROBLEM_PASSWORD_MISSED;
	if (walk.is_reached && !walk.was_asked)
		return PROBLEM_PASSWORD_EARLY;
	walk = kt_pam_walk(stack, "password", &domain, place);
	return has(stack, kt_pam_walk_is_domain) && walk.is_let_in && !walk.is_reached
	               ? PROBLEM_PASSWORD_MISSED_DOMAIN : PROBLEM_NONE;
}

static bool lets_in_finger(const struct kt_pam_stack *auth, const char *service)
{
	struct kt_pam_person person = { .service = service, .has_finger = true };

	return kt_pam_walk(auth, "auth", &person, auth->count).is_let_in;
}

/* The three stacks of a service. */
struct stacks {
	struct kt_pam_stack auth;
	struct kt_pam_stack session;
	struct kt_pam_stack password;
};

static void clear_stacks(struct stacks *stacks)
{
	kt_pam_stack_clear(&stacks->auth);
	kt_pam_stack_clear(&stacks->session);
	kt_pam_stack_clear(&stacks->password);
}

static bool judge(struct survey *survey, const struct stacks *stacks, const char *service,
                  struct kt_error *error)
{
	bool has_login = is_for_login(service, &stacks->auth, &stacks->session);
	bool is_asking = has(&stacks->auth, kt_pam_walk_is_asking);
	bool has_change = has(&stacks->password, kt_pam_walk_is_asking);
	enum problem found[] = {
		has_login ? judge_auth(&stacks->auth, service) :
		is_asking ? judge_gate(&stacks->auth, service) : PROBLEM_NONE,
		has_login ? judge_session(&stacks->session, service) : PROBLEM_NONE,
		has_change ? judge_password(&stacks->password, service) : PROBLEM_NONE,
	};
	bool is_well = has_login && found[0] == PROBLEM_NONE && found[1] == PROBLEM_NONE;

	for (size_t i = 0; i < sizeof(found) / sizeof(found[0]); i++) {
		if (found[i] != PROBLEM_NONE && !note(survey, found[i], service, error))
			return false;
	}
	if (has_login && found[0] == PROBLEM_NONE && lets_in_finger(&stacks->auth, service) &&
	    !note(survey, PROBLEM_FINGER, service, error))
		return false;
	return !is_well || note(survey, PROBLEM_NONE, service, error);
}

/* Where the module does nothing, it can still be in a file that lets nobody in. */
static bool judge_left_alone(struct survey *survey, const struct stacks *stacks,
                             const char *service, struct kt_error *error)
{
	enum problem found = has(&stacks->auth, kt_pam_walk_is_asking)
	                             ? judge_gate(&stacks->auth, service) : PROBLEM_NONE;

	return found == PROBLEM_NONE || note(survey, found, service, error);
}

/* A service that the module has nothing to do with is passed over. */
static bool survey_service(struct survey *survey, const char *service, struct kt_error *error)
{
	KT_CLEANUP(clear_stacks) struct stacks stacks = { 0 };
	const char *const *directories = survey->directories;

	if (!kt_pam_stack_read(&stacks.auth, directories, service, "auth", error) ||
	    !kt_pam_stack_read(&stacks.session, directories, service, "session", error) ||
	    !kt_pam_stack_read(&stacks.password, directories, service, "password", error))
		return false;
	if (is_part(survey, service, stacks.session.count > 0))
		return true;
	if (!is_named(&stacks.auth) && !is_named(&stacks.session) && !is_named(&stacks.password))
		return true;
	return is_left_alone(service) ? judge_left_alone(survey, &stacks, service, error)
	                              : judge(survey, &stacks, service, error);
}

static bool survey_all(struct survey *survey, struct kt_error *error)
{
	for (size_t i = 0; survey->directories[i]; i++)
		if (!list_services(survey, survey->directories[i], error))
			return false;
	for (size_t i = 0; i < survey->count; i++) {
		if (!survey_service(survey, survey->services[i], error))
			return false;
	}
	return true;
}

void kt_doctor_check_pam(struct kt_findings *findings, const char *const *directories)
{
	KT_CLEANUP(clear_survey) struct survey survey = { .directories = directories };
	struct kt_error error = { 0 };
	bool is_there = false;

	if (!survey_all(&survey, &error)) {
		kt_findings_add_error(findings, "pam", KT_FINDING_FAILED, &error);
		return;
	}
	for (size_t i = 0; i < PROBLEMS; i++) {
		if (!survey.names[i])
			continue;
		is_there = true;
		kt_findings_add(findings, "pam", problems[i].level, problems[i].remedy, "%s (%s)",
		                kt_translate(problems[i].sentence), survey.names[i]);
	}
	if (!is_there)
		kt_findings_add(findings, "pam", KT_FINDING_OK, "if it shall, see pam_keyturn(8)",
		               "login does not open the keyring: nothing in %s names pam_keyturn.so",
		               directories[0]);
}
