/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/setup/edit.h"
#include "helper/keeper/setup/setup.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/json.h"
#include "keyring/text.h"

/*
 * docker, podman, skopeo and oras read config.json: credsStore names the helper of all registries
 * that have none of their own in credHelpers. The member alone is written; the rest of the file
 * keeps its form.
 */

#define MEMBER "credsStore"
#define VALUE "keyturn"
#define BLANKS " \t\r\n"

/* A member of the outermost object, as places in the text. */
struct member {
	size_t key;
	size_t value;
	size_t end; /* of the value */
};

static bool locate(char **path, struct kt_error *error)
{
	const char *directory = kt_environment_get("DOCKER_CONFIG");
	const char *home = kt_environment_home();

	if (directory && directory[0] == '/')
		return kt_text_format(path, error, "%s/config.json", directory);
	if (directory) {
		kt_fail(error, KT_ERROR_USAGE, "DOCKER_CONFIG is no absolute path");
		return kt_advise(error, "unset it, or make it one");
	}
	if (home)
		return kt_text_format(path, error, "%s/.docker/config.json", home);
	kt_fail(error, KT_ERROR_USAGE, "docker has no home directory here: HOME is not set");
	return kt_advise(error, "set HOME, or DOCKER_CONFIG");
}

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

static bool is_blank(const struct kt_secret *text)
{
	const char *bytes = kt_secret_reveal(text);

	return strspn(bytes, BLANKS) == kt_secret_length(text);
}

/* As the first member, with the blanks that the first one has. */
static bool insert(const char *text, struct kt_edits *edits, struct kt_error *error)
{
	size_t place = strcspn(text, "{") + 1;
	size_t blanks = strspn(text + place, BLANKS);
	KT_CLEANUP(kt_text_free) char *member = NULL;
	const char *blank = memchr(text + place, '\n', blanks) ? " " : "";

	if (text[place + blanks] == '}')
		return kt_edits_add(edits, place, blanks,
		                    "\n\t\"" MEMBER "\": \"" VALUE "\"\n", error);
	return kt_text_format(&member, error, "%.*s\"" MEMBER "\":%s\"" VALUE "\",", (int)blanks,
	                      text + place, blank) &&
	       kt_edits_add(edits, place, 0, member, error);
}

static bool has_passwords(const struct kt_json *json)
{
	const struct kt_json *auths = kt_json_object(json, "auths");
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	struct kt_error ignored = { 0 };

	return auths && kt_json_print(auths, &text, &ignored) &&
	       (strstr(kt_secret_reveal(&text), "\"auth\"") ||
	        strstr(kt_secret_reveal(&text), "\"identitytoken\""));
}

static bool tell(struct kt_setup_plan *plan, const struct kt_json *json, struct kt_error *error)
{
	const char *old = kt_json_text(json, MEMBER);

	if (old && *old &&
	    !kt_setup_plan_note(plan, error, "docker no longer asks %.40s; what it keeps stays there",
	                        old))
		return false;
	if (kt_json_object(json, "credHelpers") &&
	    !kt_setup_plan_note(plan, error, "registries with a helper of their own (credHelpers) keep "
	                        "it"))
		return false;
	return !has_passwords(json) ||
	       kt_setup_plan_note(plan, error, "passwords lie in %s in plain text, and are not used "
	                          "any more: docker logout and docker login bring each into the "
	                          "keyring",
	                          plan->target.file);
}

static bool wire(struct kt_setup_plan *plan, struct kt_keeper *keeper,
                 struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	KT_CLEANUP(kt_edits_clear) struct kt_edits edits = { 0 };
	const char *text = kt_secret_reveal(&plan->target.content);
	struct member member = { 0 };

	(void)keeper;
	if (is_blank(&plan->target.content)) {
		plan->is_change = true;
		return kt_secret_append_text(&plan->content, plan->tool->block, error);
	}
	if (!parse(plan, &json, error))
		return false;
	plan->is_asked = kt_text_is_equal(kt_json_text(json, MEMBER), VALUE);
	plan->is_lost = plan->is_asked && !kt_setup_has_program(plan->tool->program);
	if (plan->is_asked)
		return true;
	plan->is_change = true;
	if (find_member(text, MEMBER, &member)
	    ? !kt_edits_add(&edits, member.value, member.end - member.value, "\"" VALUE "\"", error)
	    : !insert(text, &edits, error))
		return false;
	return kt_edits_apply(&edits, &plan->target.content, &plan->content, error) &&
	       tell(plan, json, error);
}

/*
 * The name of before, where setup wrote ours over it: the record has the bytes in which the two
 * differ. NULL: there was none, or it cannot be told.
 */
static bool find_old(const struct kt_setup_plan *plan, char **value, struct kt_error *error)
{
	const char *new = kt_secret_reveal(&plan->record.new);
	const char *place = *new ? strstr(VALUE, new) : NULL;

	if (!plan->has_record || kt_secret_is_empty(&plan->record.old) || !place ||
	    strstr(place + 1, new))
		return true;
	return kt_text_format(value, error, "\"%.*s%s%s\"", (int)(place - VALUE), VALUE,
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

static bool unwire(struct kt_setup_plan *plan, struct kt_keeper *keeper,
                   struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	KT_CLEANUP(kt_edits_clear) struct kt_edits edits = { 0 };
	KT_CLEANUP(kt_text_free) char *old = NULL;
	const char *text = kt_secret_reveal(&plan->target.content);
	struct member member = { 0 };

	(void)keeper;
	if (is_blank(&plan->target.content))
		return true;
	if (!parse(plan, &json, error))
		return false;
	if (!kt_text_is_equal(kt_json_text(json, MEMBER), VALUE) ||
	    !find_member(text, MEMBER, &member))
		return true;
	plan->is_change = true;
	if (!find_old(plan, &old, error) ||
	    (old ? !kt_edits_add(&edits, member.value, member.end - member.value, old, error)
	         : !remove_member(text, &member, &edits, error)))
		return false;
	return kt_edits_apply(&edits, &plan->target.content, &plan->content, error);
}

const struct kt_setup_tool kt_setup_docker = {
	.name = "docker",
	.summary = "docker, podman, skopeo, oras ask for registries: ~/.docker/config.json",
	.program = "docker-credential-keyturn",
	.block = "{\n\t\"" MEMBER "\": \"" VALUE "\"\n}\n",
	.mode = 0600,
	.locate = locate,
	.wire = wire,
	.unwire = unwire,
};
