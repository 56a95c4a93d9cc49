/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/setup/edit.h"
#include "helper/keeper/setup/member.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

#define BLANKS " \t\r\n"

/* A member of the outermost object, as places in the text. */
struct member {
	size_t key;
	size_t value;
	size_t end; /* of the value */
};

/* Behind the string that begins here. */
static size_t skip_string(const char *text, size_t place)
{
	for (place++; text[place] && text[place] != '"'; place++)
		place += text[place] == '\\' && text[place + 1];
	return place + (text[place] == '"');
}

/* Behind the value that begins here: up to the comma or brace that ends it. */
static size_t skip_value(const char *text, size_t place)
{
	size_t end = place;
	size_t depth = 0;

	while (text[place]) {
		char byte = text[place];

		if (depth == 0 && (byte == ',' || byte == '}'))
			break;
		depth += byte == '{' || byte == '[';
		depth -= byte == '}' || byte == ']';
		place = byte == '"' ? skip_string(text, place) : place + 1;
		if (!strchr(BLANKS, byte))
			end = place;
	}
	return end;
}

/* The text is one JSON object already. Finds the member; name NULL: the first one. */
static bool find_member(const char *text, const char *name, struct member *member)
{
	size_t place = strcspn(text, "{") + 1;

	for (;;) {
		size_t length;

		place += strspn(text + place, BLANKS ",");
		if (text[place] != '"')
			return false;
		member->key = place;
		place = skip_string(text, place);
		length = place - member->key - 2;
		place += strspn(text + place, BLANKS ":");
		member->value = place;
		member->end = place = skip_value(text, place);
		if (!name || (strlen(name) == length &&
		              strncmp(text + member->key + 1, name, length) == 0))
			return true;
		place += strspn(text + place, BLANKS);
	}
}

static bool parse(const struct kt_setup_plan *plan, struct kt_json **json, struct kt_error *error)
{
	struct kt_error broken = { 0 };

	if (kt_json_parse(json, kt_secret_reveal(&plan->target.content),
	                  kt_secret_length(&plan->target.content), &broken))
		return true;
	kt_fail(error, KT_ERROR_USAGE, "%s is no JSON object that can be read", plan->target.file);
	return kt_advise(error, "mend it: python3 -m json.tool says where it breaks");
}

bool kt_setup_member_read(const struct kt_setup_plan *plan, struct kt_json **json,
                          struct kt_error *error)
{
	const char *bytes = kt_secret_reveal(&plan->target.content);

	return strspn(bytes, BLANKS) == kt_secret_length(&plan->target.content) ||
	       parse(plan, json, error);
}

/* As the first member, with the blanks that the first one has. */
static bool insert(const char *text, const char *name, const char *value, struct kt_edits *edits,
                   struct kt_error *error)
{
	size_t place = strcspn(text, "{") + 1;
	size_t blanks = strspn(text + place, BLANKS);
	KT_CLEANUP(kt_text_free) char *member = NULL;
	const char *blank = memchr(text + place, '\n', blanks) ? " " : "";

	if (text[place + blanks] == '}')
		return kt_text_format(&member, error, "\n\t\"%s\": \"%s\"\n", name, value) &&
		       kt_edits_add(edits, place, blanks, member, error);
	return kt_text_format(&member, error, "%.*s\"%s\":%s\"%s\",", (int)blanks, text + place,
	                      name, blank, value) &&
	       kt_edits_add(edits, place, 0, member, error);
}

bool kt_setup_member_set(struct kt_setup_plan *plan, const char *name, const char *value,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_edits_clear) struct kt_edits edits = { 0 };
	KT_CLEANUP(kt_text_free) char *whole = NULL;
	const struct kt_secret *content = &plan->target.content;
	const char *text = kt_secret_reveal(content);
	struct member member = { 0 };

	plan->is_change = true;
	if (strspn(text, BLANKS) == kt_secret_length(content))
		return kt_text_format(&whole, error, "{\n\t\"%s\": \"%s\"\n}\n", name, value) &&
		       kt_secret_append_text(&plan->content, whole, error);
	if (!find_member(text, name, &member))
		return insert(text, name, value, &edits, error) &&
		       kt_edits_apply(&edits, content, &plan->content, error);
	return kt_text_format(&whole, error, "\"%s\"", value) &&
	       kt_edits_add(&edits, member.value, member.end - member.value, whole, error) &&
	       kt_edits_apply(&edits, content, &plan->content, error);
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

/* The member, its comma, and the blanks up to its neighbour. */
static bool remove_member(const char *text, const struct member *member, struct kt_edits *edits,
                          struct kt_error *error)
{
	size_t start = member->key;
	size_t end = member->end + strspn(text + member->end, BLANKS);

	if (text[end] == ',')
		return kt_edits_add(edits, start, end + 1 + strspn(text + end + 1, BLANKS) - start, "",
		                    error);
	while (strchr(BLANKS, text[start - 1]))
		start--;
	start -= text[start - 1] == ',';
	return kt_edits_add(edits, start, member->end - start, "", error);
}

bool kt_setup_member_take_back(struct kt_setup_plan *plan, const char *name, const char *value,
                               struct kt_error *error)
{
	KT_CLEANUP(kt_edits_clear) struct kt_edits edits = { 0 };
	KT_CLEANUP(kt_text_free) char *old = NULL;
	const char *text = kt_secret_reveal(&plan->target.content);
	struct member member = { 0 };

	if (!find_member(text, name, &member))
		return true;
	plan->is_change = true;
	if (!find_old(plan, value, &old, error) ||
	    (old ? !kt_edits_add(&edits, member.value, member.end - member.value, old, error)
	         : !remove_member(text, &member, &edits, error)))
		return false;
	return kt_edits_apply(&edits, &plan->target.content, &plan->content, error);
}
