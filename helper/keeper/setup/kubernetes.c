/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/setup/block.h"
#include "helper/keeper/setup/edit.h"
#include "helper/keeper/setup/setup.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/text.h"

/*
 * kubectl and client-go read a kubeconfig: an entry of its list of users may start a program.
 * kubectl writes the list in one form, a line "users:" and entries of lines; any other one is left
 * to a person.
 */

#define LIST "users:"
#define HEAD "apiVersion: v1\nkind: Config\n"
#define BLANKS " \t\r"

static bool locate(char **path, struct kt_error *error)
{
	const char *given = kt_environment_get("KUBECONFIG");
	KT_CLEANUP(kt_text_free) char *first = NULL;

	if (!given || !*given)
		return kt_setup_locate(path, NULL, NULL, ".kube/config", error);
	/* A list of files: kubectl writes what is new into the first one. */
	if (!kt_text_format(&first, error, "%.*s", (int)strcspn(given, ":"), given))
		return false;
	if (*first == '/')
		return kt_text_set(path, first, error);
	kt_fail(error, KT_ERROR_USAGE, "KUBECONFIG is no absolute path");
	return kt_advise(error, "unset it, or make it one");
}

static bool make(struct kt_setup_plan *plan, struct kt_error *error)
{
	return kt_setup_plan_add(plan, error,
	                         "- name: %s\n"
	                         "  user:\n"
	                         "    exec:\n"
	                         "      apiVersion: client.authentication.k8s.io/v1\n"
	                         "      command: keyturn\n"
	                         "      args:\n"
	                         "      - kubernetes\n"
	                         "      - %s\n"
	                         "      interactiveMode: Never\n",
	                         plan->account->label, plan->account->name);
}

/* The line of the list: where it begins, and where the next one does. False: there is none. */
static bool find_list(const char *text, size_t *start, size_t *next)
{
	for (size_t place = 0; text[place]; place = *next) {
		*next = place + strcspn(text + place, "\n");
		*next += text[*next] == '\n';
		*start = place;
		if (kt_text_has_prefix(text + place, LIST))
			return true;
	}
	return false;
}

/* What stands behind the list's name, without blanks: nothing, or a list in brackets. */
static size_t rest_length(const char *text, size_t start, const char **rest)
{
	size_t length;

	*rest = text + start + strlen(LIST);
	*rest += strspn(*rest, BLANKS);
	length = strcspn(*rest, "\n");
	while (length > 0 && strchr(BLANKS, (*rest)[length - 1]))
		length--;
	return length;
}

/* The entry with the indentation that entries have here. */
static bool indent(const char *block, size_t blanks, struct kt_secret *entry,
                   struct kt_error *error)
{
	while (*block) {
		size_t length = strcspn(block, "\n") + 1;

		for (size_t i = 0; i < blanks; i++)
			if (!kt_secret_append_text(entry, " ", error))
				return false;
		if (!kt_secret_append(entry, block, length, error))
			return false;
		block += length;
	}
	return true;
}

/* The list has an entry of that name: "- name: NAME", or "  name: NAME" under another key. */
static bool has_user(const char *list, const char *label)
{
	while (*list && (*list == '-' || strchr(" \t\r\n#", *list))) {
		size_t length = strcspn(list, "\n");
		const char *name = list + strspn(list, " -");

		if (kt_text_has_prefix(name, "name: ")) {
			name += strlen("name: ");
			name += strspn(name, " \"'");
			if (strncmp(name, label, strlen(label)) == 0 &&
			    strchr(" \t\r\n\"'", name[strlen(label)]))
				return true;
		}
		list += length + (list[length] == '\n');
	}
	return false;
}

static bool add(struct kt_setup_plan *plan, size_t start, size_t next, struct kt_edits *edits,
                struct kt_error *error)
{
	const struct kt_secret *content = &plan->target.content;
	const char *text = kt_secret_reveal(content);
	KT_CLEANUP(kt_secret_clear) struct kt_secret entry = { 0 };
	const char *rest;
	size_t length = rest_length(text, start, &rest);
	size_t blanks = strspn(text + next, " ");

	if (length > 0 && strncmp(rest, "[]", length) != 0 && strncmp(rest, "null", length) != 0)
		return kt_setup_block_refuse(plan, error);
	if (has_user(text + next, plan->account->label))
		return kt_setup_block_refuse(plan, error);
	if (!indent(kt_secret_reveal(&plan->block), text[next + blanks] == '-' ? blanks : 0, &entry,
	            error))
		return false;
	return (length == 0 || kt_edits_add(edits, (size_t)(rest - text), length, "", error)) &&
	       kt_edits_add_lines(edits, content, next, kt_secret_reveal(&entry), error);
}

static bool change(struct kt_setup_plan *plan, struct kt_edits *edits, struct kt_error *error)
{
	const struct kt_secret *content = &plan->target.content;
	const char *text = kt_secret_reveal(content);
	KT_CLEANUP(kt_text_free) char *lines = NULL;
	size_t start;
	size_t next;

	if (text[strspn(text, BLANKS "\n")] == '{' || strstr(text, "\n---"))
		return kt_setup_block_refuse(plan, error);
	if (find_list(text, &start, &next))
		return add(plan, start, next, edits, error);
	return kt_text_format(&lines, error, "%s" LIST "\n%s", *text ? "" : HEAD,
	                      kt_secret_reveal(&plan->block)) &&
	       kt_edits_add_lines(edits, content, kt_secret_length(content), lines, error);
}

static bool wire(struct kt_setup_plan *plan, struct kt_keeper *keeper, struct kt_error *error)
{
	KT_CLEANUP(kt_edits_clear) struct kt_edits edits = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret lines = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret deep = { 0 };
	const struct kt_secret *content = &plan->target.content;
	const char *block = kt_secret_reveal(&plan->block);
	size_t place;

	(void)keeper;
	if (plan->is_look) {
		kt_setup_block_look(plan);
		return true;
	}
	if (!kt_setup_block_for(content, block, &lines, error) || !indent(block, 2, &deep, error))
		return false;
	plan->is_asked = kt_setup_block_find(content, kt_secret_reveal(&lines), &place) ||
	                 kt_setup_block_find(content, kt_secret_reveal(&deep), &place);
	if (plan->is_asked)
		return true;
	plan->is_change = true;
	return change(plan, &edits, error) &&
	       kt_edits_apply(&edits, content, &plan->content, error) &&
	       kt_setup_plan_note(plan, error, "to use it: kubectl config set-context --current "
	                          "--user=%s", plan->account->label);
}

/* The entry may be indented in the list. */
static bool unwire(struct kt_setup_plan *plan, struct kt_keeper *keeper, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret lines = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret deep = { 0 };
	const struct kt_secret *content = &plan->target.content;
	size_t place;

	if (!indent(kt_secret_reveal(&plan->block), 2, &deep, error) ||
	    !kt_setup_block_for(content, kt_secret_reveal(&deep), &lines, error))
		return false;
	if (!kt_secret_is_empty(&lines) &&
	    kt_setup_block_find(content, kt_secret_reveal(&lines), &place) &&
	    !kt_secret_copy(&plan->block, &deep, error))
		return false;
	return kt_setup_block_unwire(plan, keeper, error);
}

const struct kt_setup_tool kt_setup_kubernetes = {
	.name = "kubernetes",
	.summary = "kubectl, helm have a user of the account's name: ~/.kube/config",
	.program = "keyturn",
	.mark = "command: keyturn",
	.takes_account = true,
	.mode = 0600,
	.locate = locate,
	.make = make,
	.wire = wire,
	.unwire = unwire,
};
