/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "helper/answer.h"
#include "helper/keeper/account/binding.h"
#include "helper/keeper/account/default.h"
#include "helper/keeper/account/find.h"
#include "helper/keeper/account/idn.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/command/column.h"
#include "helper/keeper/command/command.h"
#include "helper/report.h"
#include "helper/url.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/json.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"
#include "keyring/translate.h"

#define ROWS_MAXIMUM 64

/* One reason that may decide: what it says, and NULL where it says nothing. */
struct row {
	enum kt_account_by by;
	char *says;
	bool is_other; /* it says another account than the one that answers */
};

struct answer {
	struct kt_request request; /* no host: whoever asks for a token alone */
	struct kt_bindings bindings;
	struct kt_credential credential;
	enum kt_account_by by;
	bool found;
	struct kt_error failure;
	struct row rows[ROWS_MAXIMUM];
	size_t count;
};

static void clear_answer(struct answer *answer)
{
	kt_request_clear(&answer->request);
	kt_bindings_clear(&answer->bindings);
	kt_credential_clear(&answer->credential);
	for (size_t i = 0; i < answer->count; i++)
		kt_text_free(&answer->rows[i].says);
}

/* The words of --json, in the order in which the reasons are asked. */
static const char *const names[] = {
	[KT_ACCOUNT_BY_NOTHING] = KT_TEXT("file"),
	[KT_ACCOUNT_BY_NAME] = KT_TEXT("named"),
	[KT_ACCOUNT_BY_VARIABLE] = KT_TEXT("variable"),
	[KT_ACCOUNT_BY_PREFIX] = KT_TEXT("remote"),
	[KT_ACCOUNT_BY_DIRECTORY] = KT_TEXT("directory"),
	[KT_ACCOUNT_BY_ONLY] = KT_TEXT("only"),
	[KT_ACCOUNT_BY_SERVICE_DEFAULT] = KT_TEXT("service default"),
	[KT_ACCOUNT_BY_GENERAL_DEFAULT] = KT_TEXT("default"),
};

static const struct kt_identity *wanted_of(const struct answer *answer)
{
	return answer->request.pattern.host ? &answer->request.pattern : NULL;
}

/* Takes the text over. */
static void add_row(struct answer *answer, enum kt_account_by by, char **says)
{
	if (answer->count == ROWS_MAXIMUM)
		return;
	answer->rows[answer->count++] = (struct row){ .by = by, .says = *says };
	*says = NULL;
}

static bool add_text(struct answer *answer, enum kt_account_by by, const char *text,
                     struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *says = NULL;

	if (!kt_text_set(&says, text, error))
		return false;
	add_row(answer, by, &says);
	return true;
}

static bool is_of_answer(const struct answer *answer, const struct kt_binding *binding)
{
	const struct kt_identity *identity = &answer->credential.identity;

	if (!answer->found)
		return false;
	if (binding->kind != KT_BINDING_ALLOWED)
		return kt_text_is_equal(binding->identity.host, identity->host) &&
		       kt_text_is_equal(binding->identity.username, identity->username);
	return kt_binding_names(binding, identity);
}

static bool add_bound(struct answer *answer, enum kt_account_by by,
                      const struct kt_binding *binding, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;
	KT_CLEANUP(kt_text_free) char *says = NULL;
	size_t index = answer->count;

	if (binding->kind == KT_BINDING_ALLOWED) {
		if (!kt_text_format(&says, error, "%s/%s: %.*s", binding->place, KT_ROUTE_FILE,
		                    (int)strlen(binding->names) - 1, binding->names))
			return false;
		for (char *line = says; *line; line++)
			if (*line == '\n')
				*line = ' ';
	} else if (!kt_service_full_name(&binding->identity, &name, error) ||
	           !kt_text_format(&says, error, "%s: %s", binding->place, name)) {
		return false;
	}
	add_row(answer, by, &says);
	if (answer->count > index)
		answer->rows[index].is_other = !is_of_answer(answer, binding);
	return true;
}

/* The bound directories above the caller's, from the deepest up. */
static bool add_directories(struct answer *answer, struct kt_error *error)
{
	struct kt_route_place place = answer->bindings.place;

	if (!place.text[0])
		return add_text(answer, KT_ACCOUNT_BY_DIRECTORY, NULL, error);
	for (; place.text[0]; kt_bindings_climb(&answer->bindings, &place))
		for (size_t i = 0; i < answer->bindings.count; i++) {
			const struct kt_binding *binding = &answer->bindings.items[i];

			if (kt_binding_is_of(binding, &place) &&
			    !add_bound(answer, KT_ACCOUNT_BY_DIRECTORY, binding, error))
				return false;
		}
	return true;
}

static bool is_obeyed(const struct kt_bindings *bindings, const char *directory)
{
	for (size_t i = 0; i < bindings->count; i++)
		if (bindings->items[i].kind == KT_BINDING_ALLOWED &&
		    bindings->items[i].route == KT_ROUTE_FILED &&
		    strcmp(bindings->items[i].place, directory) == 0)
			return true;
	return false;
}

/* Files on the way up that are not obeyed: the person may not know. */
static bool add_files(struct answer *answer, struct kt_error *error)
{
	struct kt_route_place place;

	if (!kt_route_here(&place))
		return true;
	while (place.text[0]) {
		KT_CLEANUP(kt_text_free) char *path = NULL;
		KT_CLEANUP(kt_text_free) char *says = NULL;
		char *slash = strrchr(place.text, '/');
		const char *directory = place.text[1] ? place.text : "";
		struct kt_shell_word word;

		if (!kt_text_format(&path, error, "%s/" KT_ROUTE_FILE, directory))
			return false;
		if (access(path, F_OK) == 0 && !is_obeyed(&answer->bindings, place.text)) {
			if (!kt_text_format(&says, error,
			                    kt_translate("%s is not obeyed; to allow it as it is now: "
			                                 "keyturn allow %s"), path,
			                    kt_shell_word(&word, place.text, "DIR")))
				return false;
			add_row(answer, KT_ACCOUNT_BY_NOTHING, &says);
		}
		if (place.text[1] == '\0')
			break;
		slash[slash == place.text] = '\0';
	}
	return true;
}

static bool add_default(struct answer *answer, const struct kt_identity *service,
                        enum kt_account_by by, struct kt_error *error)
{
	KT_CLEANUP(kt_identity_clear) struct kt_identity identity = { 0 };
	KT_CLEANUP(kt_text_free) char *name = NULL;
	bool found;

	if (!kt_default_get(service, &identity, &found, error) ||
	    (found && !kt_service_full_name(&identity, &name, error)))
		return false;
	add_row(answer, by, &name);
	return true;
}

/* All that may decide, in the order in which it is asked. */
static bool fill_rows(struct answer *answer, struct kt_error *error)
{
	const struct kt_identity *wanted = wanted_of(answer);
	const struct kt_binding *prefix =
		wanted ? kt_bindings_prefix(&answer->bindings, wanted) : NULL;

	if (!add_text(answer, KT_ACCOUNT_BY_NAME, answer->request.pattern.username, error) ||
	    !add_text(answer, KT_ACCOUNT_BY_VARIABLE, kt_environment_get("KEYTURN_ACCOUNT"), error) ||
	    !(prefix ? add_bound(answer, KT_ACCOUNT_BY_PREFIX, prefix, error)
	             : add_text(answer, KT_ACCOUNT_BY_PREFIX, NULL, error)) ||
	    !add_directories(answer, error) || !add_files(answer, error) ||
	    !add_text(answer, KT_ACCOUNT_BY_ONLY,
	              answer->by == KT_ACCOUNT_BY_ONLY ? kt_translate("no other account fits")
	                                               : NULL, error))
		return false;
	return (!wanted || add_default(answer, wanted, KT_ACCOUNT_BY_SERVICE_DEFAULT, error)) &&
	       add_default(answer, NULL, KT_ACCOUNT_BY_GENERAL_DEFAULT, error);
}

/* True if the account is the one that there is: that goes before its being the default. */
static bool is_only(struct kt_keeper *keeper)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials list = { 0 };
	const struct kt_identity anything = { 0 };
	struct kt_error ignored = { 0 };

	return kt_account_list(keeper, &anything, KT_ACCOUNT_TOKEN, &list, &ignored) &&
	       list.count == 1;
}

/* A failure to choose is an answer too; any other is not. */
static bool find(struct kt_keeper *keeper, struct answer *answer, struct kt_error *error)
{
	struct kt_error *failure = &answer->failure;

	if (!kt_bindings_read(&answer->bindings, error))
		return false;
	if (wanted_of(answer)) {
		if (kt_account_find_for_request(keeper, &answer->request, &answer->bindings,
		                                &answer->credential, &answer->found, &answer->by,
		                                failure) && !answer->found) {
			kt_fail(failure, KT_ERROR_NOT_FOUND, "no account of %s is stored",
			        answer->request.pattern.host);
			kt_advise(failure, "see what is: keyturn list");
		}
	} else {
		answer->found = kt_account_find_bound(keeper, NULL, &answer->bindings,
		                                      KT_ACCOUNT_TOKEN, &answer->credential,
		                                      &answer->by, failure);
		if (answer->by == KT_ACCOUNT_BY_GENERAL_DEFAULT && is_only(keeper))
			answer->by = KT_ACCOUNT_BY_ONLY;
	}
	answer->found = answer->found && failure->code == KT_ERROR_NONE;
	if (answer->found || failure->code == KT_ERROR_NOT_FOUND ||
	    failure->code == KT_ERROR_ACCOUNT_NEEDED)
		return true;
	*error = *failure;
	return false;
}

/* The row that decides: the first of its reason that says the account; the count for none. */
static size_t decisive(const struct answer *answer)
{
	for (size_t i = 0; answer->found && i < answer->count; i++)
		if (answer->rows[i].by == answer->by && answer->rows[i].says &&
		    !answer->rows[i].is_other)
			return i;
	return answer->count;
}

static const char *outcome_of(const struct answer *answer, size_t index)
{
	size_t first = decisive(answer);

	if (answer->rows[index].by == KT_ACCOUNT_BY_NOTHING)
		return KT_TEXT("not allowed");
	if (index == first)
		return KT_TEXT("decides");
	if (!answer->rows[index].says)
		return KT_TEXT("none");
	return index > first ? KT_TEXT("not asked") : KT_TEXT("does not fit");
}

static bool print_lines(const struct answer *answer, struct kt_secret *output,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;

	if (answer->found && (!kt_service_full_name(&answer->credential.identity, &name, error) ||
	                      !kt_secret_append_text(output, name, error) ||
	                      !kt_secret_append_text(output, "\n", error)))
		return false;
	for (size_t i = 0; i < answer->count; i++) {
		const struct row *row = &answer->rows[i];
		KT_CLEANUP(kt_text_free) char *line = NULL;

		if (!kt_text_set(&line, kt_text_or_empty(row->says), error))
			return false;
		kt_characters_make_printable(line);
		if (!kt_secret_append_text(output, i == decisive(answer) ? "* " : "  ", error) ||
		    !kt_column_append(output, kt_translate(names[row->by]), 17, error) ||
		    !kt_column_append(output, kt_translate(outcome_of(answer, i)), *line ? 14 : 0,
		                      error) ||
		    !kt_secret_append_text(output, line, error) ||
		    !kt_secret_append_text(output, "\n", error))
			return false;
	}
	return true;
}

static bool add_answer(const struct answer *answer, struct kt_json *json, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *service = NULL;
	KT_CLEANUP(kt_json_free) struct kt_json *failure = NULL;
	const struct kt_identity *identity = &answer->credential.identity;

	if (answer->found)
		return kt_service_format(identity, &service, error) &&
		       kt_json_add_text(json, "account", identity->username, error) &&
		       kt_json_add_text(json, "service", service, error) &&
		       kt_json_add_text(json, "reason", names[answer->by], error);
	return kt_json_create(&failure, error) &&
	       kt_json_add_text(failure, "code", kt_error_name(answer->failure.code), error) &&
	       kt_json_add_text(failure, "message", answer->failure.message, error) &&
	       kt_json_add_text(failure, "remedy", answer->failure.remedy, error) &&
	       kt_json_add_null(json, "account", error) &&
	       kt_json_add_object(json, "error", &failure, error);
}

static bool print_json(const struct answer *answer, struct kt_secret *output,
                       struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;

	if (!kt_json_create(&json, error) || !kt_json_add_number(json, "version", 1, error) ||
	    !add_answer(answer, json, error) || !kt_json_add_list(json, "reasons", error))
		return false;
	for (size_t i = 0; i < answer->count; i++) {
		KT_CLEANUP(kt_json_free) struct kt_json *object = NULL;
		const struct row *row = &answer->rows[i];

		if (!kt_json_create(&object, error) ||
		    !kt_json_add_text(object, "reason", names[row->by], error) ||
		    !kt_json_add_text(object, "outcome", outcome_of(answer, i), error) ||
		    !(row->says ? kt_json_add_text(object, "says", row->says, error)
		                : kt_json_add_null(object, "says", error)) ||
		    !kt_json_append_object(json, "reasons", &object, error))
			return false;
	}
	return kt_json_print(json, output, error) && kt_secret_append_text(output, "\n", error);
}

/* As git asks for it. */
static bool read_url(struct answer *answer, const char *url, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret password = { 0 };
	KT_CLEANUP(kt_text_free) char *ascii = NULL;

	if (!url)
		return true;
	if (!strstr(url, "://")) {
		kt_fail(error, KT_ERROR_USAGE, "which: a URL begins with its protocol");
		return kt_advise(error, "give the address of the remote, with https://");
	}
	return kt_idn_url(&ascii, url, error) &&
	       kt_url_parse(&answer->request.pattern, &password, ascii, strlen(ascii), error);
}

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	KT_CLEANUP(clear_answer) struct answer answer = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };
	const struct kt_option options[] = { KT_OPTION_JSON(keeper) };
	const char *url;

	if (!kt_command_read_account(options, KT_COUNT(options), argc, argv, &url, error) ||
	    !read_url(&answer, url, error) || !find(keeper, &answer, error) ||
	    !fill_rows(&answer, error))
		return false;
	if (!(keeper->wants_json ? print_json(&answer, &output, error) &&
	                                   kt_answer_send(STDOUT_FILENO, &output, error)
	                         : print_lines(&answer, &output, error) &&
	                                   kt_report_lines(&output, error)))
		return false;
	if (answer.found)
		return true;
	*error = answer.failure;
	/* In JSON it has been told in its place: the code is for the exit status alone. */
	if (keeper->wants_json)
		error->message[0] = '\0';
	return false;
}

const struct kt_command kt_command_which = {
	.name = "which",
	.synopsis = "[URL] [--json]",
	.summary = "tell which account answers here, and why",
	.details = "With URL: to a request for it, as git makes one. All reasons are listed in the\n"
	           "order in which they are asked; a * marks the one that decides.\n"
	           "--json  one object\n",
	.run = run,
};
