/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/setup/json_text.h"
#include "helper/keeper/setup/member.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

bool kt_setup_member_read(const struct kt_setup_plan *plan, struct kt_json **json,
                          struct kt_error *error)
{
	const char *bytes = kt_secret_reveal(&plan->target.content);

	return strspn(bytes, KT_JSON_BLANKS) == kt_secret_length(&plan->target.content) ||
	       kt_json_text_parse(&plan->target.content, plan->target.file, json, error);
}

/* As the first member of the object, with the blanks that the first one has. */
static bool insert(const char *text, size_t object, const char *name, const char *value,
                   struct kt_edits *edits, struct kt_error *error)
{
	size_t place = object + 1;
	size_t blanks = strspn(text + place, KT_JSON_BLANKS);
	KT_CLEANUP(kt_text_free) char *member = NULL;
	const char *blank = memchr(text + place, '\n', blanks) ? " " : "";

	if (text[place + blanks] == '}')
		return kt_text_format(&member, error, "\n\t\"%s\": \"%s\"\n", name, value) &&
		       kt_edits_add(edits, place, blanks, member, error);
	return kt_text_format(&member, error, "%.*s\"%s\":%s\"%s\",", (int)blanks, text + place,
	                      name, blank, value) &&
	       kt_edits_add(edits, place, 0, member, error);
}

bool kt_setup_member_set_in(struct kt_setup_plan *plan, size_t object, const char *name,
                            const char *value, struct kt_error *error)
{
	KT_CLEANUP(kt_edits_clear) struct kt_edits edits = { 0 };
	KT_CLEANUP(kt_text_free) char *whole = NULL;
	const struct kt_secret *content = &plan->target.content;
	const char *text = kt_secret_reveal(content);
	struct kt_json_member member;

	plan->is_change = true;
	if (!kt_json_text_find(text, object, name, &member))
		return insert(text, object, name, value, &edits, error) &&
		       kt_edits_apply(&edits, content, &plan->content, error);
	return kt_text_format(&whole, error, "\"%s\"", value) &&
	       kt_edits_add(&edits, member.value, member.end - member.value, whole, error) &&
	       kt_edits_apply(&edits, content, &plan->content, error);
}

bool kt_setup_member_set(struct kt_setup_plan *plan, const char *name, const char *value,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *whole = NULL;
	const struct kt_secret *content = &plan->target.content;
	const char *text = kt_secret_reveal(content);

	if (strspn(text, KT_JSON_BLANKS) != kt_secret_length(content))
		return kt_setup_member_set_in(plan, strcspn(text, "{"), name, value, error);
	plan->is_change = true;
	return kt_text_format(&whole, error, "{\n\t\"%s\": \"%s\"\n}\n", name, value) &&
	       kt_secret_append_text(&plan->content, whole, error);
}

/*
 * The name of before, where setup wrote ours over it: the record has the bytes in which the two
 * differ. NULL: there was none, or it cannot be told.
 */
static bool find_old(const struct kt_setup_plan *plan, const char *now, char **value,
                     struct kt_error *error)
{
	const char *new = kt_secret_reveal(&plan->record.new);
	const char *place = *new ? strstr(now, new) : NULL;

	if (!plan->has_record || kt_secret_is_empty(&plan->record.old) || !place ||
	    strstr(place + 1, new))
		return true;
	return kt_text_format(value, error, "\"%.*s%s%s\"", (int)(place - now), now,
	                      kt_secret_reveal(&plan->record.old), place + strlen(new));
}

bool kt_setup_member_take_back(struct kt_setup_plan *plan, const char *name, const char *value,
                               struct kt_error *error)
{
	const char *text = kt_secret_reveal(&plan->target.content);

	return kt_setup_member_take_back_in(plan, strcspn(text, "{"), name, value, error);
}

bool kt_setup_member_take_back_in(struct kt_setup_plan *plan, size_t object, const char *name,
                                  const char *value, struct kt_error *error)
{
	KT_CLEANUP(kt_edits_clear) struct kt_edits edits = { 0 };
	KT_CLEANUP(kt_text_free) char *old = NULL;
	const char *text = kt_secret_reveal(&plan->target.content);
	struct kt_json_member member;

	if (!kt_json_text_find(text, object, name, &member))
		return true;
	plan->is_change = true;
	if (!find_old(plan, value, &old, error) ||
	    (old ? !kt_edits_add(&edits, member.value, member.end - member.value, old, error)
	         : !kt_json_text_remove(text, &member, &edits, error)))
		return false;
	return kt_edits_apply(&edits, &plan->target.content, &plan->content, error);
}

bool kt_setup_member_tell(struct kt_setup_plan *plan, const char *command, struct kt_error *error)
{
	return !command || !*command ||
	       kt_setup_plan_note(plan, error, "the command of before is no longer run: %.100s",
	                          command);
}
