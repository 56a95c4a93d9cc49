/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "helper/keeper/doctor/pam_walk.h"
#include "keyring/text.h"

#define BLANKS " \t"

/* The few answers of modules that stacks tell apart, by their names in pam.conf(5). */
enum code {
	CODE_SUCCESS,
	CODE_AUTH_ERR,
	CODE_USER_UNKNOWN,
	CODE_AUTHINFO_UNAVAIL,
	CODE_PERM_DENIED,
	CODE_IGNORE,
};

static const char *const code_names[] = {
	"success", "auth_err", "user_unknown", "authinfo_unavail", "perm_denied", "ignore",
};

enum action {
	ACTION_IGNORE,
	ACTION_OK,
	ACTION_DONE,
	ACTION_BAD,
	ACTION_DIE,
	ACTION_RESET,
	ACTION_JUMP,
};

enum impression {
	IMPRESSION_NONE,
	IMPRESSION_POSITIVE,
	IMPRESSION_NEGATIVE,
};

/* One of the names, which end in NULL? */
static bool is_one_of(const struct kt_pam_line *line, const char *const *names)
{
	for (; line->module && *names; names++)
		if (strcmp(line->module, *names) == 0)
			return true;
	return false;
}

static bool is_local(const struct kt_pam_line *line)
{
	static const char *const names[] = { "pam_unix.so", "pam_unix2.so", "pam_tcb.so",
		                             "pam_extrausers.so", NULL };

	return is_one_of(line, names);
}

bool kt_pam_walk_is_domain(const struct kt_pam_line *line)
{
	static const char *const names[] = { "pam_sss.so", "pam_winbind.so", "pam_ldap.so",
		                             "pam_krb5.so", NULL };

	return is_one_of(line, names);
}

bool kt_pam_walk_is_finger(const struct kt_pam_line *line)
{
	static const char *const names[] = { "pam_fprintd.so", "pam_u2f.so", "pam_pkcs11.so",
		                             "pam_p11.so", "pam_ssh_agent_auth.so", "pam_howdy.so",
		                             "pam_sss_gss.so", NULL };

	return is_one_of(line, names);
}

/* A whole word of the arguments. */
static bool has_argument(const struct kt_pam_line *line, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = line->arguments; *at != '\0'; at += strcspn(at, BLANKS)) {
		at += strspn(at, BLANKS);
		if (strncmp(at, word, length) == 0 && strcspn(at, BLANKS) == length)
			return true;
	}
	return false;
}

/* pam_sss looks for a card here, and asks for no password. */
static bool is_for_card(const struct kt_pam_line *line)
{
	return has_argument(line, "try_cert_auth") || has_argument(line, "require_cert_auth");
}

bool kt_pam_walk_is_asking(const struct kt_pam_line *line)
{
	return is_local(line) || (kt_pam_walk_is_domain(line) && !is_for_card(line)) ||
	       (line->module && strcmp(line->module, "pam_systemd_home.so") == 0);
}

/*
 * Controls.
 */

/* The value of name= in "[name=value ...]", else NULL. */
static const char *bracket_value(const char *control, const char *name)
{
	size_t length = strlen(name);

	for (const char *word = control + 1; *word != '\0';) {
		word += strspn(word, BLANKS);
		if (strncmp(word, name, length) == 0 && word[length] == '=')
			return word + length + 1;
		word += strcspn(word, BLANKS);
	}
	return NULL;
}

static enum action bracket_action(const char *control, enum code code, size_t *jump)
{
	static const char *const names[] = { "ignore", "ok", "done", "bad", "die", "reset" };
	const char *value = bracket_value(control, code_names[code]);
	int64_t number;

	if (!value)
		value = bracket_value(control, "default");
	for (size_t i = 0; value && i < sizeof(names) / sizeof(names[0]); i++)
		if (kt_text_has_prefix(value, names[i]))
			return (enum action)i;
	if (value && kt_text_to_number(value, strspn(value, "0123456789"), 1,
	                               KT_PAM_STACK_MAXIMUM, &number)) {
		*jump = (size_t)number;
		return ACTION_JUMP;
	}
	return ACTION_BAD;
}

static enum action action_of(const struct kt_pam_line *line, enum code code, size_t *jump)
{
	if (line->control[0] == '[')
		return bracket_action(line->control, code, jump);
	if (strcmp(line->control, "sufficient") == 0)
		return code == CODE_SUCCESS ? ACTION_DONE : ACTION_IGNORE;
	if (strcmp(line->control, "optional") == 0)
		return code == CODE_SUCCESS ? ACTION_OK : ACTION_IGNORE;
	if (code == CODE_SUCCESS)
		return ACTION_OK;
	if (strcmp(line->control, "requisite") == 0)
		return code == CODE_IGNORE ? ACTION_IGNORE : ACTION_DIE;
	return strcmp(line->control, "required") == 0 && code == CODE_IGNORE ? ACTION_IGNORE
	                                                                    : ACTION_BAD;
}

/* Would its success alone let somebody in, without the modules after it? */
static bool lets_in_alone(const struct kt_pam_line *line)
{
	size_t jump;
	enum action action = action_of(line, CODE_SUCCESS, &jump);

	return action == ACTION_DONE || action == ACTION_JUMP;
}

/*
 * Answers of modules.
 */

/* Does the list with colons have this word? */
static bool list_has(const char *list, size_t length, const char *word)
{
	for (size_t at = 0; at < length;) {
		size_t entry = strcspn(list + at, ": \t");

		if (entry == strlen(word) && strncmp(list + at, word, entry) == 0)
			return true;
		at += entry + 1;
	}
	return false;
}

/* Decides the conditions by service. For all others the person is an ordinary user. */
static enum code succeed_if(const struct kt_pam_line *line, const char *service)
{
	const char *at = strstr(line->arguments, "service ");
	size_t operation;
	const char *value;
	bool is_negative, has;

	if (strstr(line->arguments, "uid = 0") || strstr(line->arguments, "uid < 1000") ||
	    strstr(line->arguments, "user = root"))
		return CODE_AUTH_ERR;
	if (!at)
		return CODE_SUCCESS;
	at += strlen("service ");
	operation = strcspn(at, BLANKS);
	value = at + operation + strspn(at + operation, BLANKS);
	is_negative = at[0] == '!' || kt_text_has_prefix(at, "notin");
	if (at[operation > 0 ? operation - 1 : 0] == '~')
		has = strncmp(value, service, strcspn(value, "* \t")) == 0;
	else
		has = list_has(value, strcspn(value, BLANKS), service);
	return has != is_negative ? CODE_SUCCESS : CODE_AUTH_ERR;
}

static enum code asked(const struct kt_pam_line *line, const char *type,
                       const struct kt_pam_person *person)
{
	bool is_auth = strcmp(type, "auth") == 0;
	bool is_password = strcmp(type, "password") == 0;

	if (!is_local(line) && !kt_pam_walk_is_domain(line))
		return CODE_USER_UNKNOWN;
	if (!is_auth && !is_password && is_local(line))
		return CODE_SUCCESS;
	if (is_local(line) == person->is_of_domain)
		return CODE_USER_UNKNOWN;
	return !is_auth || person->knows_password ? CODE_SUCCESS : CODE_AUTH_ERR;
}

/* A second factor is taken to agree. */
static enum code finger(const struct kt_pam_line *line, const struct kt_pam_person *person)
{
	if (person->has_finger || !lets_in_alone(line))
		return CODE_SUCCESS;
	return has_argument(line, "nouserok") ? CODE_IGNORE : CODE_AUTHINFO_UNAVAIL;
}

/* Modules that in auth only prepare something, and have no word in who is let in. */
static bool is_silent(const struct kt_pam_line *line)
{
	static const char *const names[] = {
		"pam_env.so", "pam_faildelay.so", "pam_nologin.so", "pam_cap.so", "pam_group.so",
		"pam_keyinit.so", "pam_selinux_permit.so", "pam_sepermit.so", "pam_issue.so",
		"pam_motd.so", "pam_kwallet5.so", "pam_fscrypt.so", NULL,
	};

	return is_one_of(line, names);
}

static enum code answer_of_auth(const struct kt_pam_line *line,
                                const struct kt_pam_person *person)
{
	if (is_silent(line))
		return CODE_IGNORE;
	if (kt_pam_walk_is_finger(line))
		return finger(line, person);
	if (strcmp(line->module, "pam_faillock.so") == 0)
		return has_argument(line, "authfail") ? CODE_AUTH_ERR : CODE_SUCCESS;
	if (strcmp(line->module, "pam_rootok.so") == 0 ||
	    strcmp(line->module, "pam_debug.so") == 0)
		return CODE_AUTH_ERR;
	return lets_in_alone(line) ? CODE_AUTHINFO_UNAVAIL : CODE_SUCCESS;
}

static enum code answer_of(const struct kt_pam_line *line, const char *type,
                           const struct kt_pam_person *person)
{
	if (strcmp(line->module, "pam_permit.so") == 0)
		return CODE_SUCCESS;
	if (strcmp(line->module, "pam_deny.so") == 0)
		return CODE_AUTH_ERR;
	if (strcmp(line->module, "pam_keyturn.so") == 0)
		return strcmp(type, "session") == 0 ? CODE_SUCCESS : CODE_IGNORE;
	if (strcmp(line->module, "pam_localuser.so") == 0)
		return person->is_of_domain ? CODE_PERM_DENIED : CODE_SUCCESS;
	if (strcmp(line->module, "pam_usertype.so") == 0)
		return has_argument(line, "issystem") ? CODE_PERM_DENIED : CODE_SUCCESS;
	if (strcmp(line->module, "pam_succeed_if.so") == 0)
		return succeed_if(line, person->service);
	if (is_for_card(line))
		return CODE_AUTHINFO_UNAVAIL;
	if (kt_pam_walk_is_asking(line))
		return asked(line, type, person);
	return strcmp(type, "auth") == 0 ? answer_of_auth(line, person) : CODE_SUCCESS;
}

/*
 * Walking.
 */

struct state {
	const struct kt_pam_stack *stack;
	enum impression impression;
	bool is_success; /* the answer so far; libpam's is a refusal at first */
	struct {
		enum impression impression;
		bool is_success;
	} at_entry[KT_PAM_STACK_MAXIMUM]; /* of each level, for "reset" */
	size_t at;
};

/* The last line of the (sub)stack that the line at hand belongs to. */
static void go_to_end(struct state *state)
{
	size_t level = state->stack->lines[state->at].level;

	while (state->at + 1 < state->stack->count &&
	       state->stack->lines[state->at + 1].level >= level)
		state->at++;
}

/* Over so many modules, a substack counting as one. Further than the (sub)stack is a failure. */
static void leap(struct state *state, size_t jump)
{
	const struct kt_pam_line *lines = state->stack->lines;
	size_t level = lines[state->at].level;

	while (jump > 0 && state->at + 1 < state->stack->count &&
	       lines[state->at + 1].level >= level) {
		do
			state->at++;
		while (state->at + 1 < state->stack->count && lines[state->at + 1].level > level);
		jump--;
	}
	if (jump > 0) {
		state->impression = IMPRESSION_NEGATIVE;
		state->is_success = false;
	}
}

static bool is_open(const struct state *state)
{
	return state->impression == IMPRESSION_NONE ||
	       (state->impression == IMPRESSION_POSITIVE && state->is_success);
}

/* True where the action ended the (sub)stack. */
static bool act(struct state *state, enum action action, enum code code, size_t jump)
{
	size_t level = state->stack->lines[state->at].level;

	switch (action) {
	case ACTION_OK:
	case ACTION_DONE:
		if (is_open(state) && code != CODE_IGNORE) {
			if (state->impression == IMPRESSION_NONE && code == CODE_SUCCESS)
				state->impression = IMPRESSION_POSITIVE;
			state->is_success = code == CODE_SUCCESS;
		}
		return state->impression == IMPRESSION_POSITIVE && action == ACTION_DONE;
	case ACTION_BAD:
	case ACTION_DIE:
		state->impression = IMPRESSION_NEGATIVE;
		state->is_success = false;
		return action == ACTION_DIE;
	case ACTION_RESET:
		state->impression = state->at_entry[level].impression;
		state->is_success = state->at_entry[level].is_success;
		return false;
	case ACTION_JUMP:
		leap(state, jump);
		return false;
	case ACTION_IGNORE:
		break;
	}
	return false;
}

static void visit(struct state *state, const char *type, const struct kt_pam_person *person,
                  struct kt_pam_walk *walk)
{
	size_t place = state->at;
	const struct kt_pam_line *line = &state->stack->lines[place];
	size_t jump = 0;
	enum code code;
	enum action action;

	if (!line->module) {
		state->at_entry[line->level + 1].impression = state->impression;
		state->at_entry[line->level + 1].is_success = state->is_success;
		return;
	}
	code = answer_of(line, type, person);
	action = action_of(line, code, &jump);
	walk->is_asked = walk->is_asked || kt_pam_walk_is_asking(line);
	if (act(state, action, code, jump)) {
		walk->decided_by = place;
		go_to_end(state);
	} else if (code == CODE_SUCCESS && action != ACTION_IGNORE &&
	           (kt_pam_walk_is_asking(line) || kt_pam_walk_is_finger(line))) {
		walk->decided_by = place;
	}
}

struct kt_pam_walk kt_pam_walk(const struct kt_pam_stack *stack, const char *type,
                               const struct kt_pam_person *person, size_t place)
{
	struct kt_pam_walk walk = { .decided_by = stack->count };
	struct state state = { .stack = stack };

	for (; state.at < stack->count; state.at++) {
		if (state.at == place) {
			walk.is_reached = true;
			walk.was_asked = walk.is_asked;
		}
		visit(&state, type, person, &walk);
	}
	walk.is_let_in = state.is_success && state.impression == IMPRESSION_POSITIVE;
	return walk;
}
