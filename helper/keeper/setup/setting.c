/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/setup/edit.h"
#include "helper/keeper/setup/setting.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

#define BLANKS " \t\r"
#define WAS "was:"

/* Where the line stands in the text; 0 for each place that is not there. */
struct places {
	bool has_section;
	size_t section; /* behind the line of its heading */
	size_t line;
	size_t value;
	size_t value_end;
	size_t line_end; /* behind its end */
	bool is_there;
	bool is_odd;     /* written in another way */
};

/* The line sets this name: its value's places. */
static bool read_line(const char *text, size_t line, const char *name, struct places *places)
{
	size_t place = line + strspn(text + line, "\"");
	size_t length = strlen(name);

	if (strncmp(text + place, name, length) != 0)
		return false;
	place += length;
	place += strspn(text + place, "\"" BLANKS);
	if (text[place] != '=' && text[place] != ':')
		return false;
	place++;
	place += strspn(text + place, BLANKS);
	places->is_odd = places->is_odd || places->is_there;
	places->is_there = true;
	places->line = line;
	places->value = place;
	places->value_end = place + strcspn(text + place, " \t\r\n#;");
	place += strcspn(text + place, "\n");
	places->line_end = place + (text[place] == '\n');
	return true;
}

static void find_places(const struct kt_secret *content, const struct kt_setup_setting *setting,
                        struct places *places)
{
	const char *text = kt_secret_reveal(content);
	bool is_inside = !setting->section;

	/* TOML's texts of several lines may hold anything. */
	*places = (struct places){ .has_section = is_inside,
		                   .is_odd = is_inside && (strstr(text, "\"\"\"") ||
		                                           strstr(text, "'''")) };
	for (size_t place = 0; place < kt_secret_length(content);) {
		/* Of an INI file, a line that begins with a blank goes on with the one before. */
		size_t first = place + (setting->section ? 0 : strspn(text + place, BLANKS));
		size_t next = place + strcspn(text + place, "\n");

		next += text[next] == '\n';
		if (text[first] == '[') {
			is_inside = setting->section &&
			            strncmp(text + first, setting->section, strlen(setting->section)) == 0;
			places->is_odd = places->is_odd || (is_inside && places->has_section);
			places->has_section = places->has_section || is_inside;
			if (is_inside)
				places->section = next;
		} else if (is_inside) {
			read_line(text, first, setting->name, places);
		}
		place = next;
	}
}

static bool fail_odd(const struct kt_setup_plan *plan, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_USAGE, "%s is written in a way that setup does not change",
	        plan->target.file);
	return kt_advise(error, "see the lines to add to it: keyturn setup %s%s%s --print",
	                 plan->tool->name, plan->account ? " --account " : "",
	                 plan->account ? plan->account->name : "");
}

static bool has_value(const struct kt_setup_plan *plan, const struct kt_setup_setting *setting,
                      const struct places *places)
{
	size_t length = places->value_end - places->value;
	const char *text = kt_secret_reveal(&plan->target.content);

	return places->is_there && length == strlen(setting->value) &&
	       strncmp(text + places->value, setting->value, length) == 0;
}

/* Another value gives way, and is noted in the record. */
static bool replace(struct kt_setup_plan *plan, const struct kt_setup_setting *setting,
                    const struct places *places, struct kt_edits *edits, struct kt_error *error)
{
	const char *old = kt_secret_reveal(&plan->target.content) + places->value;
	int length = (int)(places->value_end - places->value);
	int shown = length > 100 ? 100 : length;
	KT_CLEANUP(kt_text_free) char *word = NULL;

	return kt_text_format(&word, error, WAS "%.*s", length, old) &&
	       kt_setup_plan_set_made(plan, word, error) &&
	       kt_setup_plan_note(plan, error, "%s was %.*s", setting->name, shown, old) &&
	       kt_edits_add(edits, places->value, (size_t)length, setting->value, error);
}

static bool change(struct kt_setup_plan *plan, const struct kt_setup_setting *setting,
                   const struct places *places, struct kt_edits *edits, struct kt_error *error)
{
	const struct kt_secret *content = &plan->target.content;
	KT_CLEANUP(kt_text_free) char *line = NULL;

	if (places->is_there)
		return replace(plan, setting, places, edits, error);
	if (places->has_section)
		return kt_setup_plan_set_made(plan, "line", error) &&
		       kt_text_format(&line, error, "%s = %s\n", setting->name, setting->value) &&
		       kt_edits_add_lines(edits, content, places->section, line, error);
	return kt_setup_plan_set_made(plan, "section", error) &&
	       kt_edits_add_lines(edits, content, kt_secret_length(content), plan->tool->block, error);
}

bool kt_setup_setting_wire(struct kt_setup_plan *plan, struct kt_keeper *keeper,
                           struct kt_error *error)
{
	const struct kt_setup_setting *setting = plan->tool->setting;
	KT_CLEANUP(kt_edits_clear) struct kt_edits edits = { 0 };
	struct places places;

	(void)keeper;
	find_places(&plan->target.content, setting, &places);
	if (places.is_odd)
		return fail_odd(plan, error);
	plan->is_asked = has_value(plan, setting, &places);
	plan->is_lost = plan->is_asked && !kt_setup_finds_program(plan->tool);
	if (plan->is_asked)
		return true;
	plan->is_change = true;
	return change(plan, setting, &places, &edits, error) &&
	       kt_edits_apply(&edits, &plan->target.content, &plan->content, error);
}

/* The value of before, as the record's words have it; NULL: the line was none. */
static bool find_old(const struct kt_setup_plan *plan, char **value, struct kt_error *error)
{
	const char *word = plan->has_record ? strstr(kt_text_or_empty(plan->record.made), WAS) : NULL;

	if (!word)
		return true;
	word += strlen(WAS);
	return kt_text_format(value, error, "%.*s", (int)strcspn(word, " "), word);
}

bool kt_setup_setting_unwire(struct kt_setup_plan *plan, struct kt_keeper *keeper,
                             struct kt_error *error)
{
	const struct kt_setup_setting *setting = plan->tool->setting;
	KT_CLEANUP(kt_edits_clear) struct kt_edits edits = { 0 };
	KT_CLEANUP(kt_text_free) char *old = NULL;
	const char *text = kt_secret_reveal(&plan->target.content);
	struct places places;
	size_t start;

	(void)keeper;
	find_places(&plan->target.content, setting, &places);
	if (places.is_odd)
		return fail_odd(plan, error);
	if (!has_value(plan, setting, &places))
		return true;
	plan->is_change = true;
	if (!find_old(plan, &old, error))
		return false;
	start = places.line;
	/* The heading is ours too, where nothing else stands below it. */
	if (kt_setup_plan_has_made(plan, "section") && start == places.section &&
	    (!text[places.line_end] || strchr("[\r\n", text[places.line_end])))
		while (start > 0 && text[start] != '[')
			start--;
	return (old ? kt_edits_add(&edits, places.value, places.value_end - places.value, old, error)
	            : kt_edits_add(&edits, start, places.line_end - start, "", error)) &&
	       kt_edits_apply(&edits, &plan->target.content, &plan->content, error);
}
