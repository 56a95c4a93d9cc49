/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/setup/json_text.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

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

		if (depth == 0 && (byte == ',' || byte == '}' || byte == ']'))
			break;
		depth += byte == '{' || byte == '[';
		depth -= byte == '}' || byte == ']';
		place = byte == '"' ? skip_string(text, place) : place + 1;
		if (!strchr(KT_JSON_BLANKS, byte))
			end = place;
	}
	return end;
}

/* Behind the comment that begins here; the same place where none does. */
static size_t skip_comment(const char *text, size_t place)
{
	const char *end;

	if (text[place] == '/' && text[place + 1] == '/')
		return place + strcspn(text + place, "\n");
	if (text[place] != '/' || text[place + 1] != '*')
		return place;
	end = strstr(text + place + 2, "*/");
	return end ? (size_t)(end - text) + 2 : place + strlen(text + place);
}

/* A comma behind the last member, with nothing but blanks and comments before the brace. */
static bool is_last_comma(const char *text, size_t place)
{
	size_t next;

	for (place++;; place = next) {
		place += strspn(text + place, KT_JSON_BLANKS);
		next = skip_comment(text, place);
		if (next == place)
			return text[place] == '}' || text[place] == ']';
	}
}

static bool add_blanks(struct kt_secret *strict, const char *text, size_t start, size_t end,
                       struct kt_error *error)
{
	for (; start < end; start++)
		if (!kt_secret_append(strict, text[start] == '\n' ? "\n" : " ", 1, error))
			return false;
	return true;
}

bool kt_json_text_append_strict(struct kt_secret *strict, const struct kt_secret *content,
                                struct kt_error *error)
{
	const char *text = kt_secret_reveal(content);
	size_t done = 0;
	size_t place = 0;

	while (text[place]) {
		size_t next = skip_comment(text, place);

		if (text[place] == '"') {
			place = skip_string(text, place);
			continue;
		}
		if (next == place && text[place] == ',' && is_last_comma(text, place))
			next = place + 1;
		if (next == place) {
			place++;
			continue;
		}
		if (!kt_secret_append(strict, text + done, place - done, error) ||
		    !add_blanks(strict, text, place, next, error))
			return false;
		done = place = next;
	}
	return kt_secret_append(strict, text + done, place - done, error);
}

bool kt_json_text_parse(const struct kt_secret *content, const char *file, struct kt_json **json,
                        struct kt_error *error)
{
	struct kt_error broken = { 0 };

	if (kt_json_parse_file(json, kt_secret_reveal(content), kt_secret_length(content), &broken))
		return true;
	kt_fail(error, KT_ERROR_USAGE, "%s is no JSON object that can be read: %s", file,
	        broken.message);
	return kt_advise(error, "mend it: python3 -m json.tool says where it breaks");
}

bool kt_json_text_next(const char *text, size_t object, struct kt_json_member *member)
{
	size_t place = member->key ? member->end : object + 1;

	place += strspn(text + place, KT_JSON_BLANKS ",");
	if (text[place] != '"')
		return false;
	member->key = place;
	place = skip_string(text, place);
	place += strspn(text + place, KT_JSON_BLANKS ":");
	member->value = place;
	member->end = skip_value(text, place);
	return true;
}

bool kt_json_text_next_element(const char *text, size_t list, struct kt_json_member *element)
{
	size_t place = element->key ? element->end : list + 1;

	place += strspn(text + place, KT_JSON_BLANKS ",");
	if (text[place] != '"')
		return false;
	element->key = element->value = place;
	element->end = skip_value(text, place);
	return true;
}

bool kt_json_text_is_named(const char *text, const struct kt_json_member *member,
                           const char *name)
{
	size_t length = skip_string(text, member->key) - member->key - 2;

	return strlen(name) == length && strncmp(text + member->key + 1, name, length) == 0;
}

bool kt_json_text_find(const char *text, size_t object, const char *name,
                       struct kt_json_member *member)
{
	*member = (struct kt_json_member){ 0 };
	while (kt_json_text_next(text, object, member))
		if (kt_json_text_is_named(text, member, name))
			return true;
	return false;
}

bool kt_json_text_value(const char *text, const struct kt_json_member *member,
                        struct kt_secret *value, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret object = { 0 };
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;

	kt_secret_clear(value);
	return text[member->value] != '"' ||
	       (kt_secret_append_text(&object, "{\"v\":", error) &&
	        kt_secret_append(&object, text + member->value, member->end - member->value,
	                         error) &&
	        kt_secret_append_text(&object, "}", error) &&
	        kt_json_parse(&json, kt_secret_reveal(&object), kt_secret_length(&object), error) &&
	        kt_secret_append_text(value, kt_text_or_empty(kt_json_text(json, "v")), error));
}

bool kt_json_text_remove(const char *text, const struct kt_json_member *member,
                         struct kt_edits *edits, struct kt_error *error)
{
	size_t start = member->key;
	size_t end = member->end + strspn(text + member->end, KT_JSON_BLANKS);

	if (text[end] == ',')
		return kt_edits_add(edits, start,
		                    end + 1 + strspn(text + end + 1, KT_JSON_BLANKS) - start, "",
		                    error);
	while (strchr(KT_JSON_BLANKS, text[start - 1]))
		start--;
	start -= text[start - 1] == ',';
	return kt_edits_add(edits, start, member->end - start, "", error);
}
