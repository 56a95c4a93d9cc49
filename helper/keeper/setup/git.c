/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/keeper/setup/edit.h"
#include "helper/keeper/setup/git_file.h"
#include "helper/keeper/setup/git_helper.h"
#include "helper/keeper/setup/git_path.h"
#include "helper/keeper/setup/setup.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"

/*
 * git asks the first helper first, and gives every one of them whatever the first answered, to
 * keep it. Beside another helper each token of keyturn would be written down there. So keyturn is
 * the only one for general addresses: helpers in the same file become comments, those of other
 * files are ended by an empty line. Helpers for single addresses are a choice of the user's; the
 * new line stands before them, so that an empty line of theirs ends keyturn there.
 */

#define HELPER "helper = keyturn"
#define RESET "helper ="
#define MARK "# keyturn setup: "

/* The file, what git makes of it, and what is to be done. */
struct survey {
	struct kt_setup_plan *plan;
	struct kt_git_file file;
	struct kt_git_helpers helpers;
	size_t first;            /* general helpers before this one are ended by an empty line */
	bool is_asked;           /* keyturn */
	bool is_by_name;         /* which git looks for in PATH */
	size_t others;           /* general ones beside it */
	bool has_foreign;        /* in another file */
	bool is_included;        /* from a file that this one includes */
	const char *line_end;
};

static void survey_clear(struct survey *survey)
{
	kt_git_file_clear(&survey->file);
	kt_git_helpers_clear(&survey->helpers);
}

/* git-config(1), FILES: what "git config --global" writes. */
static bool locate(char **path, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *other = NULL;
	const char *given = kt_environment_get("GIT_CONFIG_GLOBAL");
	const char *home = kt_environment_home();
	const char *directory = kt_environment_get("XDG_CONFIG_HOME");
	char here[PATH_MAX];

	if (given && given[0] == '/')
		return kt_text_set(path, given, error);
	if (given && getcwd(here, sizeof(here)))
		return kt_text_format(path, error, "%s/%s", here, given);
	if (!home) {
		kt_fail(error, KT_ERROR_USAGE, "git has no home directory here: HOME is not set");
		return kt_advise(error, "set HOME, or GIT_CONFIG_GLOBAL");
	}
	if (!kt_text_format(path, error, "%s/.gitconfig", home) ||
	    !kt_text_format(&other, error, "%s%s/git/config", directory ? directory : home,
	                    directory ? "" : "/.config"))
		return false;
	return access(*path, R_OK) == 0 || access(other, R_OK) != 0 ||
	       kt_text_set(path, other, error);
}

static bool is_reset(const struct kt_git_entry *entry)
{
	return entry->is_helper && entry->section == KT_GIT_CREDENTIAL && !*entry->value;
}

/* A line of a general helper that is not keyturn as it should be. */
static bool is_other(const struct kt_git_entry *entry)
{
	return entry->is_helper && entry->section == KT_GIT_CREDENTIAL && *entry->value &&
	       !kt_git_helper_is_keyturn(entry->value);
}

static bool is_url_helper(const struct kt_git_entry *entry)
{
	return entry->is_helper && entry->section == KT_GIT_CREDENTIAL_URL;
}

static bool has_includes(const struct kt_git_file *file)
{
	for (size_t i = 0; i < file->count; i++)
		if (file->entries[i].section == KT_GIT_INCLUDE && !file->entries[i].is_heading)
			return true;
	return false;
}

static void weigh(struct survey *survey)
{
	const struct kt_git_helpers *helpers = &survey->helpers;
	bool may_include = has_includes(&survey->file);

	for (size_t i = 0; i < helpers->count; i++) {
		const struct kt_git_helper *helper = &helpers->helpers[i];
		bool is_foreign = !helper->file ||
		                  !kt_setup_target_is(&survey->plan->target, helper->file);

		if (helper->url)
			continue;
		if (is_foreign && may_include && kt_text_is_equal(helper->scope, "global"))
			survey->is_included = true;
		if (!*helper->value) {
			survey->first = i + 1;
			survey->is_asked = survey->has_foreign = survey->is_by_name = false;
			survey->others = 0;
		} else if (kt_git_helper_is_keyturn(helper->value)) {
			survey->is_asked = true;
			survey->is_by_name = survey->is_by_name || !strchr("/!", *helper->value);
		} else {
			survey->others++;
			survey->has_foreign = survey->has_foreign || is_foreign;
		}
	}
}

static bool look(struct survey *survey, struct kt_setup_plan *plan,
                 struct kt_keeper *keeper, struct kt_error *error)
{
	survey->plan = plan;
	survey->line_end = kt_edits_line_end(&plan->target.content);
	if (!kt_git_helpers_read(&survey->helpers, keeper->environment, error) ||
	    !kt_git_file_parse(&survey->file, &plan->target.content, error))
		return false;
	weigh(survey);
	return true;
}

static size_t line_start(const char *text, size_t place)
{
	while (place > 0 && text[place - 1] != '\n')
		place--;
	return place;
}

/* Only blanks stand before it in its line. */
static bool is_first_in_line(const char *text, size_t place)
{
	size_t start = line_start(text, place);

	return start + strspn(text + start, " \t") == place;
}

/* Behind this place a line is not ended any more by what stands in the file. */
static size_t lower_bound(const struct survey *survey)
{
	const struct kt_git_file *file = &survey->file;
	const char *text = kt_secret_reveal(&survey->plan->target.content);
	bool is_include = false;
	size_t bound = 0;

	for (size_t i = 0; i < file->count; i++) {
		const struct kt_git_entry *entry = &file->entries[i];

		if (is_include && entry->is_heading)
			bound = line_start(text, entry->start);
		if (is_reset(entry))
			bound = entry->end;
		if (entry->is_heading || entry->section == KT_GIT_INCLUDE)
			is_include = survey->is_included && entry->section == KT_GIT_INCLUDE &&
			             !entry->is_heading;
	}
	return is_include ? kt_secret_length(&survey->plan->target.content) : bound;
}

/* The heading of the first section behind the bound that has a helper for one address. */
static const struct kt_git_entry *find_url_heading(const struct kt_git_file *file, size_t bound)
{
	const struct kt_git_entry *heading = NULL;

	for (size_t i = 0; i < file->count; i++) {
		const struct kt_git_entry *entry = &file->entries[i];

		if (entry->is_heading)
			heading = entry;
		else if (heading && heading->start >= bound && is_url_helper(entry))
			return heading;
	}
	return NULL;
}

/* The first line behind the bound of a helper that becomes a comment. */
static const struct kt_git_entry *find_other(const struct kt_git_file *file, size_t bound)
{
	for (size_t i = 0; i < file->count; i++)
		if (file->entries[i].start >= bound && is_other(&file->entries[i]))
			return &file->entries[i];
	return NULL;
}

/* The end of a general section's last line, between bound and limit. */
static bool find_section_end(const struct survey *survey, size_t bound, size_t limit, size_t *place)
{
	const struct kt_git_file *file = &survey->file;
	const char *text = kt_secret_reveal(&survey->plan->target.content);

	for (size_t i = 0; i < file->count; i++) {
		const struct kt_git_entry *heading = &file->entries[i];
		size_t end = heading->end;

		if (!heading->is_heading || heading->section != KT_GIT_CREDENTIAL)
			continue;
		end += strcspn(text + end, "\n");
		end -= end > 0 && text[end - 1] == '\r';
		for (size_t j = i + 1; j < file->count && !file->entries[j].is_heading; j++)
			end = file->entries[j].end;
		/* Another heading in the same line. */
		if (i + 1 < file->count && file->entries[i + 1].is_heading &&
		    file->entries[i + 1].start < end)
			continue;
		if (end >= bound && end <= limit) {
			*place = end;
			return true;
		}
	}
	return false;
}

/* The comment above a heading belongs to it. */
static size_t above_comment(const char *text, size_t place)
{
	while (place > 0) {
		size_t before = line_start(text, place - 1);
		size_t blanks = strspn(text + before, " \t");

		if (text[before + blanks] != '#' && text[before + blanks] != ';')
			break;
		place = before;
	}
	return place;
}

/* One line or two before that of another helper, with its indentation. */
static bool add_before(const struct survey *survey, struct kt_edits *edits, size_t place,
                       const char *first, const char *second, struct kt_error *error)
{
	const char *text = kt_secret_reveal(&survey->plan->target.content);
	const char *end = survey->line_end;
	size_t start = line_start(text, place);
	KT_CLEANUP(kt_text_free) char *indent = NULL;
	KT_CLEANUP(kt_text_free) char *lines = NULL;
	bool is_first = is_first_in_line(text, place);

	if (!kt_text_set_bytes(&indent, is_first ? text + start : "\t", is_first ? place - start : 1,
	                       error))
		return false;
	/* Behind a heading, in its line: a line of its own. */
	return kt_text_format(&lines, error, "%s%s%s%s%s%s%s%s", is_first ? "" : end,
	                      is_first ? "" : indent, first, end, indent, second ? second : "",
	                      second ? end : "", second ? indent : "") &&
	       kt_edits_add(edits, place, 0, lines, error);
}

static bool add_section(const struct survey *survey, struct kt_edits *edits, bool has_reset,
                        const struct kt_git_entry *heading, struct kt_error *error)
{
	const struct kt_secret *content = &survey->plan->target.content;
	const char *text = kt_secret_reveal(content);
	size_t place = heading ? above_comment(text, line_start(text, heading->start))
	                       : kt_secret_length(content);

	return kt_setup_plan_set_made(survey->plan, "section", error) &&
	       kt_edits_add_lines(edits, content, place,
	                          has_reset ? "[credential]\n\t" RESET "\n\t" HELPER "\n"
	                                    : "[credential]\n\t" HELPER "\n", error);
}

/* keyturn's own line, in the place where it is asked first and others' resets do not end it. */
static bool add_line(const struct survey *survey, struct kt_edits *edits, bool has_reset,
                     struct kt_error *error)
{
	size_t bound = lower_bound(survey);
	const struct kt_git_entry *heading = find_url_heading(&survey->file, bound);
	const struct kt_git_entry *other = find_other(&survey->file, bound);
	const char *text = kt_secret_reveal(&survey->plan->target.content);
	const char *end = survey->line_end;
	size_t limit = heading ? heading->start : kt_secret_length(&survey->plan->target.content);
	KT_CLEANUP(kt_text_free) char *lines = NULL;
	size_t place;

	if (other && other->start <= limit)
		return add_before(survey, edits, other->start, has_reset ? RESET : HELPER,
		                  has_reset ? HELPER : NULL, error);
	if (find_section_end(survey, bound, limit, &place))
		return kt_text_format(&lines, error, "%s%s%s\t" HELPER, has_reset ? end : "",
		                      has_reset ? "\t" RESET : "", end) &&
		       kt_edits_add(edits, place, 0, lines, error);
	if (heading && !is_first_in_line(text, heading->start))
		heading = NULL;
	return add_section(survey, edits, has_reset, heading, error);
}

/* Makes a comment of a setting; one that goes on in further lines has a mark in each. */
static bool add_mark(const struct survey *survey, struct kt_edits *edits,
                     const struct kt_git_entry *entry, struct kt_error *error)
{
	const char *text = kt_secret_reveal(&survey->plan->target.content);

	if (!kt_edits_add(edits, entry->start, 0, MARK, error))
		return false;
	for (size_t i = entry->start; i < entry->end; i++)
		if (text[i] == '\n' && i + 1 < entry->end &&
		    !kt_edits_add(edits, i + 1, 0, MARK, error))
			return false;
	return true;
}

/* keyturn's line in this file, behind all that would end it. */
static const struct kt_git_entry *find_own(const struct survey *survey)
{
	const struct kt_git_entry *own = NULL;
	size_t bound = lower_bound(survey);

	for (size_t i = 0; i < survey->file.count && !own; i++) {
		const struct kt_git_entry *entry = &survey->file.entries[i];

		if (entry->is_helper && entry->section == KT_GIT_CREDENTIAL && entry->start >= bound &&
		    kt_git_helper_is_keyturn(entry->value))
			own = entry;
	}
	return own;
}

static bool change(const struct survey *survey, struct kt_edits *edits, struct kt_error *error)
{
	const struct kt_git_entry *own = find_own(survey);
	size_t reset = 0;

	if (survey->has_foreign && !kt_setup_plan_set_made(survey->plan, "reset", error))
		return false;
	if (own && survey->has_foreign) {
		if (!add_before(survey, edits, own->start, RESET, NULL, error))
			return false;
	} else if (!survey->is_asked || survey->has_foreign) {
		if (!add_line(survey, edits, survey->has_foreign, error))
			return false;
	}
	for (size_t i = 0; i < survey->file.count; i++)
		if (is_reset(&survey->file.entries[i]))
			reset = i;
	for (size_t i = reset; i < survey->file.count; i++)
		if (is_other(&survey->file.entries[i]) &&
		    !add_mark(survey, edits, &survey->file.entries[i], error))
			return false;
	return true;
}

/* A helper's name as it may be shown: options and snippets can hold anything. */
static int name_length(const char *value)
{
	size_t length = strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                       "0123456789-");

	return length <= 40 && (value[length] == '\0' || value[length] == ' ') ? (int)length : 0;
}

static bool tell_others(const struct survey *survey, struct kt_setup_plan *plan,
                        struct kt_error *error)
{
	bool has_url = false;

	for (size_t i = survey->first; i < survey->helpers.count; i++) {
		const struct kt_git_helper *helper = &survey->helpers.helpers[i];
		int length = name_length(helper->value);

		has_url = has_url || (helper->url && *helper->value &&
		                      !kt_git_helper_is_keyturn(helper->value));
		if (helper->url || !*helper->value || kt_git_helper_is_keyturn(helper->value))
			continue;
		if (kt_git_helper_words(helper->value)
		    ? !kt_setup_plan_note(plan, error, "the line of keyturn with words behind it "
		                          "answers nothing, and gives way to one without")
		    : !kt_setup_plan_note(plan, error, "git no longer asks %.*s, to which it would give "
		                          "each token of keyturn to keep; what it keeps stays there",
		                          length ? length : 14, length ? helper->value
		                                                       : "another helper"))
			return false;
	}
	return !has_url || kt_setup_plan_note(plan, error, "helpers for single addresses stay as they "
	                                      "are; git gives them what keyturn answers there");
}

/* git config writes FILE.lock and renames it; two writers would lose one's change. */
static bool check_lock(const struct kt_setup_plan *plan, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *lock = NULL;
	struct kt_shell_word word;

	if (!kt_text_format(&lock, error, "%s.lock", plan->target.file))
		return false;
	if (access(lock, F_OK) != 0)
		return true;
	kt_fail(error, KT_ERROR_BUSY, "git is changing %s, or was killed while it did",
	        plan->target.file);
	return kt_advise(error, "run the command again; if no git runs, remove %s first",
	                 kt_shell_word(&word, lock, "the lock"));
}

/* The lines for --print, where they are more than the one. */
static bool fill_block(const struct survey *survey, struct kt_setup_plan *plan,
                       const struct kt_secret *sections, struct kt_error *error)
{
	if (!survey->has_foreign && kt_secret_is_empty(sections))
		return true;
	return kt_secret_append_text(&plan->block, survey->has_foreign
	                             ? "[credential]\n\t" RESET "\n\t" HELPER "\n"
	                             : plan->tool->block, error) &&
	       kt_secret_append_text(&plan->block, kt_secret_reveal(sections), error);
}

/* Sections for hosts whose logins differ by path. */
static bool add_paths(struct kt_setup_plan *plan, const struct kt_secret *sections,
                      struct kt_edits *edits, struct kt_error *error)
{
	const struct kt_secret *content = &plan->target.content;

	return kt_secret_is_empty(sections) ||
	       (kt_edits_add_lines(edits, content, kt_secret_length(content),
	                           kt_secret_reveal(sections), error) &&
	        kt_setup_plan_note(plan, error, "git is made to tell the path where logins of one "
	                           "host differ by it (useHttpPath)"));
}

static bool wire(struct kt_setup_plan *plan, struct kt_keeper *keeper, struct kt_error *error)
{
	KT_CLEANUP(survey_clear) struct survey survey = { 0 };
	KT_CLEANUP(kt_edits_clear) struct kt_edits edits = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret sections = { 0 };
	bool is_wired;

	if (!look(&survey, plan, keeper, error) ||
	    (!plan->is_look && !kt_git_path_append(keeper, &sections, error)))
		return false;
	is_wired = survey.is_asked && survey.others == 0;
	plan->is_asked = survey.is_asked;
	plan->has_rivals = survey.is_asked && survey.others > 0;
	plan->is_lost = survey.is_by_name && !kt_setup_has_program(plan->tool->program);
	plan->is_change = !is_wired || !kt_secret_is_empty(&sections);
	return !plan->is_change ||
	       (check_lock(plan, error) && (is_wired || change(&survey, &edits, error)) &&
	        add_paths(plan, &sections, &edits, error) &&
	        kt_edits_apply(&edits, &plan->target.content, &plan->content, error) &&
	        fill_block(&survey, plan, &sections, error) &&
	        (is_wired || tell_others(&survey, plan, error)));
}

static bool check(struct kt_setup_plan *plan, struct kt_keeper *keeper, struct kt_error *error)
{
	KT_CLEANUP(survey_clear) struct survey survey = { .plan = plan };

	if (!kt_git_helpers_read(&survey.helpers, keeper->environment, error))
		return false;
	weigh(&survey);
	if (survey.is_asked && survey.others == 0)
		return true;
	for (size_t i = survey.first; i < survey.helpers.count; i++) {
		const struct kt_git_helper *helper = &survey.helpers.helpers[i];

		if (!helper->url && !kt_git_helper_is_keyturn(helper->value))
			kt_fail(error, KT_ERROR_USAGE, "git would still ask a helper of %s beside "
			        "keyturn", helper->file ? helper->file : "a variable");
	}
	kt_fail(error, KT_ERROR_USAGE, "git would not ask keyturn with the new %s; the old one is back",
	        plan->target.path);
	return kt_advise(error, "see what git reads: git config --show-origin --get-regexp credential");
}

/* The whole line of a setting, with its LF; only the setting, where a heading stands before it. */
static bool remove_line(const struct survey *survey, struct kt_edits *edits,
                        const struct kt_git_entry *entry, struct kt_error *error)
{
	const char *text = kt_secret_reveal(&survey->plan->target.content);
	size_t start = entry->start;
	size_t end = entry->end;

	if (is_first_in_line(text, start)) {
		start = line_start(text, start);
		end += text[end] == '\r';
		end += text[end] == '\n';
	}
	return kt_edits_add(edits, start, end - start, "", error);
}

static bool remove_marks(const struct survey *survey, struct kt_edits *edits,
                         struct kt_error *error)
{
	const char *text = kt_secret_reveal(&survey->plan->target.content);

	for (const char *mark = strstr(text, MARK); mark; mark = strstr(mark + 1, MARK))
		if (!kt_edits_add(edits, (size_t)(mark - text), strlen(MARK), "", error))
			return false;
	return true;
}

/* A section that setup added goes with the lines in it, unless others came meanwhile. */
static bool remove_section(const struct survey *survey, struct kt_edits *edits, size_t heading,
                           size_t gone, struct kt_error *error)
{
	const struct kt_git_file *file = &survey->file;
	size_t next = heading + 1;

	while (next < file->count && !file->entries[next].is_heading)
		next++;
	if (!kt_setup_plan_has_made(survey->plan, "section") || next - heading - 1 != gone)
		return true;
	return remove_line(survey, edits, &file->entries[heading], error);
}

static bool remove_lines(const struct survey *survey, struct kt_edits *edits,
                         struct kt_error *error)
{
	const struct kt_git_file *file = &survey->file;
	size_t heading = 0;
	size_t gone = 0;

	for (size_t i = 0; i <= file->count; i++) {
		const struct kt_git_entry *entry = i < file->count ? &file->entries[i] : NULL;
		const struct kt_git_entry *next = i + 1 < file->count ? entry + 1 : NULL;
		bool is_own = entry && entry->is_helper && entry->section == KT_GIT_CREDENTIAL &&
		              kt_git_helper_is_keyturn(entry->value);
		bool is_lead = entry && is_reset(entry) && next && next->is_helper &&
		               kt_git_helper_is_keyturn(next->value) &&
		               kt_setup_plan_has_made(survey->plan, "reset");

		if (!entry || entry->is_heading) {
			if (gone && !remove_section(survey, edits, heading, gone, error))
				return false;
			heading = i;
			gone = 0;
		} else if (is_own || is_lead) {
			gone++;
			if (!remove_line(survey, edits, entry, error))
				return false;
		}
	}
	return true;
}

/* The sections for hosts that came with setup, where they stand as they came. */
static bool remove_paths(const struct survey *survey, struct kt_edits *edits,
                         struct kt_error *error)
{
	static const char start[] = "[credential \"";
	static const char end[] = "useHttpPath = true";
	const struct kt_setup_plan *plan = survey->plan;
	const char *text = kt_secret_reveal(&plan->target.content);
	const char *section = plan->has_record ? kt_secret_reveal(&plan->record.new) : "";

	while ((section = strstr(section, start)) != NULL) {
		KT_CLEANUP(kt_text_free) char *whole = NULL;
		const char *last = strstr(section, end);
		const char *found;
		size_t length;

		if (!last || !kt_text_set_bytes(&whole, section,
		                                (size_t)(last - section) + strlen(end), error))
			return last == NULL;
		section = last;
		/* Another one's section may stand between, with a helper of its own. */
		found = strstr(whole + 1, "\n[") ? NULL : strstr(text, whole);
		if (!found)
			continue;
		length = strlen(whole);
		length += found[length] == '\r';
		length += found[length] == '\n';
		if (!kt_edits_add(edits, (size_t)(found - text), length, "", error))
			return false;
	}
	return true;
}

static bool unwire(struct kt_setup_plan *plan, struct kt_keeper *keeper, struct kt_error *error)
{
	KT_CLEANUP(survey_clear) struct survey survey = { 0 };
	KT_CLEANUP(kt_edits_clear) struct kt_edits edits = { 0 };

	if (!look(&survey, plan, keeper, error) || !remove_lines(&survey, &edits, error) ||
	    !remove_marks(&survey, &edits, error) || !remove_paths(&survey, &edits, error))
		return false;
	plan->is_change = edits.count > 0;
	if (plan->is_change && !check_lock(plan, error))
		return false;
	if (!plan->is_change && survey.is_asked) {
		kt_fail(error, KT_ERROR_USAGE, "the line by which git asks keyturn is not in %s",
		        plan->target.path);
		return kt_advise(error, "see where it is: git config --show-origin --get-all "
		                 "credential.helper");
	}
	return kt_edits_apply(&edits, &plan->target.content, &plan->content, error);
}

const struct kt_setup_tool kt_setup_git = {
	.name = "git",
	.summary = "git asks for user names and passwords: ~/.gitconfig",
	.program = "git-credential-keyturn",
	.block = "[credential]\n\t" HELPER "\n",
	.mode = 0644,
	.locate = locate,
	.wire = wire,
	.unwire = unwire,
	.check = check,
};
