/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/json.h"
#include "keyring/wiping.h"

/* Whole numbers beyond this are not exact in cJSON's double. */
#define LARGEST_WHOLE 9007199254740991.0

/* cJSON prints no more digits of a number than these, and takes what it then reads for equal. */
#define FIFTEEN_DIGITS 1000000000000000

#define MEMBERS 1024

struct kt_json {
	cJSON node;
};

static void use_wiping_allocator(void)
{
	cJSON_Hooks hooks = { kt_wiping_malloc, kt_wiping_free };

	cJSON_InitHooks(&hooks);
}

static struct kt_json *wrap(cJSON *node)
{
	return (struct kt_json *)node;
}

static cJSON *unwrap(const struct kt_json *json)
{
	return (cJSON *)json;
}

static cJSON *member(const struct kt_json *json, const char *name)
{
	return json ? cJSON_GetObjectItemCaseSensitive(unwrap(json), name) : NULL;
}

/*
 * Refuses JSON that cJSON would let pass: too deep, with NUL (in clear or as an escape) or
 * another control character in a string, or with bytes that are not UTF-8.
 */
static bool check_bounds(const char *bytes, size_t length, int maximum, struct kt_error *error)
{
	bool in_string = false;
	int depth = 0;

	if (!kt_characters_are_utf8(bytes, length))
		return kt_fail(error, KT_ERROR_SERVER, "JSON is not UTF-8");
	for (size_t i = 0; i < length; i++) {
		char byte = bytes[i];

		if (byte == '\0' || (in_string && (unsigned char)byte < 0x20))
			return kt_fail(error, KT_ERROR_SERVER, "JSON holds a control character");
		if (in_string && byte == '\\') {
			if (length - i > 5 && memcmp(bytes + i, "\\u0000", 6) == 0)
				return kt_fail(error, KT_ERROR_SERVER, "JSON holds a NUL");
			i++;
		} else if (byte == '"') {
			in_string = !in_string;
		} else if (!in_string && (byte == '{' || byte == '[')) {
			if (++depth > maximum)
				return kt_fail(error, KT_ERROR_SERVER, "JSON is nested too deeply");
		} else if (!in_string && (byte == '}' || byte == ']')) {
			depth--;
		}
	}
	return true;
}

/* Every key is compared with every other: a bound on them bounds the time. */
static bool has_too_many_members(const cJSON *node)
{
	int count = 0;

	for (const cJSON *item = node->child; item; item = item->next)
		if (++count > MEMBERS || has_too_many_members(item))
			return true;
	return false;
}

static bool has_duplicate_keys(const cJSON *node)
{
	for (const cJSON *item = node->child; item; item = item->next) {
		if (has_duplicate_keys(item))
			return true;
		for (const cJSON *later = item->next; cJSON_IsObject(node) && later; later = later->next)
			if (strcmp(item->string, later->string) == 0)
				return true;
	}
	return false;
}

/* Parses one value with nothing but blanks behind it. */
static cJSON *parse(const char *bytes, size_t length, int depth, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret copy = { 0 };
	const char *end = NULL;
	cJSON *node;

	use_wiping_allocator();
	if (!check_bounds(bytes, length, depth, error) ||
	    !kt_secret_append(&copy, bytes, length, error))
		return NULL;
	node = cJSON_ParseWithLengthOpts(kt_secret_reveal(&copy), length + 1, &end, true);
	if (!node) {
		kt_fail(error, KT_ERROR_SERVER, "this is not well-formed JSON");
		return NULL;
	}
	if (has_too_many_members(node) || has_duplicate_keys(node)) {
		kt_fail(error, KT_ERROR_SERVER, "JSON holds a key twice, or too many members");
		cJSON_Delete(node);
		return NULL;
	}
	return node;
}

static bool parse_object(struct kt_json **json, const char *bytes, size_t length, int depth,
                         struct kt_error *error)
{
	cJSON *node = parse(bytes, length, depth, error);

	if (!node)
		return false;
	if (!cJSON_IsObject(node)) {
		cJSON_Delete(node);
		return kt_fail(error, KT_ERROR_SERVER, "JSON is not an object");
	}
	kt_json_free(json);
	*json = wrap(node);
	return true;
}

bool kt_json_parse(struct kt_json **json, const char *bytes, size_t length,
                   struct kt_error *error)
{
	return parse_object(json, bytes, length, KT_JSON_DEPTH, error);
}

bool kt_json_parse_file(struct kt_json **json, const char *bytes, size_t length,
                        struct kt_error *error)
{
	return parse_object(json, bytes, length, KT_JSON_FILE_DEPTH, error);
}

bool kt_json_create(struct kt_json **json, struct kt_error *error)
{
	cJSON *node;

	use_wiping_allocator();
	node = cJSON_CreateObject();
	if (!node)
		return kt_fail_memory(error);
	kt_json_free(json);
	*json = wrap(node);
	return true;
}

void kt_json_free(struct kt_json **json)
{
	if (*json)
		cJSON_Delete(unwrap(*json));
	*json = NULL;
}

bool kt_json_has(const struct kt_json *json, const char *name)
{
	return member(json, name) != NULL;
}

const char *kt_json_text(const struct kt_json *json, const char *name)
{
	return cJSON_GetStringValue(member(json, name));
}

bool kt_json_is_exact(int64_t number)
{
	return number <= (int64_t)LARGEST_WHOLE && number >= -(int64_t)LARGEST_WHOLE;
}

static bool to_whole_number(const cJSON *item, int64_t *number)
{
	double value;

	if (!cJSON_IsNumber(item))
		return false;
	value = item->valuedouble;
	if (!(fabs(value) <= LARGEST_WHOLE) || value != floor(value))
		return false;
	*number = (int64_t)value;
	return true;
}

bool kt_json_number(const struct kt_json *json, const char *name, int64_t *number)
{
	return to_whole_number(member(json, name), number);
}

bool kt_json_is_true(const struct kt_json *json, const char *name)
{
	return cJSON_IsTrue(member(json, name));
}

const struct kt_json *kt_json_object(const struct kt_json *json, const char *name)
{
	cJSON *item = member(json, name);

	return cJSON_IsObject(item) ? wrap(item) : NULL;
}

size_t kt_json_list_length(const struct kt_json *json, const char *name)
{
	cJSON *item = member(json, name);

	return cJSON_IsArray(item) ? (size_t)cJSON_GetArraySize(item) : 0;
}

const char *kt_json_list_text(const struct kt_json *json, const char *name, size_t index)
{
	return cJSON_GetStringValue(cJSON_GetArrayItem(member(json, name), (int)index));
}

const struct kt_json *kt_json_list_object(const struct kt_json *json, const char *name,
                                          size_t index)
{
	cJSON *item = cJSON_GetArrayItem(member(json, name), (int)index);

	return cJSON_IsObject(item) ? wrap(item) : NULL;
}

static bool print(const cJSON *item, struct kt_secret *text, struct kt_error *error)
{
	char *printed = cJSON_PrintUnformatted(item);
	bool done;

	if (!printed)
		return kt_fail_memory(error);
	done = kt_secret_append_text(text, printed, error);
	kt_wiping_free(printed);
	return done;
}

bool kt_json_raw(const struct kt_json *json, const char *name, struct kt_secret *text,
                 struct kt_error *error)
{
	cJSON *item = member(json, name);

	return item ? print(item, text, error) : true;
}

bool kt_json_each(const struct kt_json *json,
                  bool (*visit)(void *context, const char *name, char type, const char *value,
                                struct kt_error *error),
                  void *context, struct kt_error *error)
{
	for (const cJSON *item = unwrap(json)->child; item; item = item->next) {
		char digits[32];
		bool done = true;

		if (cJSON_IsString(item)) {
			done = visit(context, item->string, 's', item->valuestring, error);
		} else if (cJSON_IsBool(item)) {
			done = visit(context, item->string, 'b', cJSON_IsTrue(item) ? "true" : "false",
			             error);
		} else if (cJSON_IsNumber(item)) {
			snprintf(digits, sizeof(digits), "%.17g", item->valuedouble);
			done = visit(context, item->string, 'n', digits, error);
		}
		if (!done)
			return false;
	}
	return true;
}

/* Adds item, which may be NULL after a failed allocation, and takes it over in any case. */
static bool add(struct kt_json *json, const char *name, cJSON *item, struct kt_error *error)
{
	if (item && cJSON_AddItemToObject(unwrap(json), name, item))
		return true;
	cJSON_Delete(item);
	return kt_fail_memory(error);
}

bool kt_json_add_text(struct kt_json *json, const char *name, const char *text,
                      struct kt_error *error)
{
	return add(json, name, text ? cJSON_CreateString(text) : cJSON_CreateNull(), error);
}

bool kt_json_add_number(struct kt_json *json, const char *name, int64_t number,
                        struct kt_error *error)
{
	char digits[24];

	if (number < FIFTEEN_DIGITS && number > -FIFTEEN_DIGITS)
		return add(json, name, cJSON_CreateNumber((double)number), error);
	snprintf(digits, sizeof(digits), "%lld", (long long)number);
	return add(json, name, cJSON_CreateRaw(digits), error);
}

bool kt_json_add_boolean(struct kt_json *json, const char *name, bool value,
                         struct kt_error *error)
{
	return add(json, name, cJSON_CreateBool(value), error);
}

bool kt_json_add_null(struct kt_json *json, const char *name, struct kt_error *error)
{
	return add(json, name, cJSON_CreateNull(), error);
}

bool kt_json_add_raw(struct kt_json *json, const char *name, const char *raw, size_t length,
                     struct kt_error *error)
{
	cJSON *item = parse(raw, length, KT_JSON_DEPTH, error);

	return item && add(json, name, item, error);
}

bool kt_json_add_object(struct kt_json *json, const char *name, struct kt_json **object,
                        struct kt_error *error)
{
	cJSON *item = unwrap(*object);

	*object = NULL;
	return add(json, name, item, error);
}

bool kt_json_add_list(struct kt_json *json, const char *name, struct kt_error *error)
{
	return add(json, name, cJSON_CreateArray(), error);
}

static bool append(struct kt_json *json, const char *name, cJSON *item, struct kt_error *error)
{
	cJSON *list = member(json, name);

	if (!list) {
		list = cJSON_CreateArray();
		if (!list || !cJSON_AddItemToObject(unwrap(json), name, list)) {
			cJSON_Delete(list);
			cJSON_Delete(item);
			return kt_fail_memory(error);
		}
	}
	if (item && cJSON_AddItemToArray(list, item))
		return true;
	cJSON_Delete(item);
	return kt_fail_memory(error);
}

bool kt_json_append_object(struct kt_json *json, const char *name, struct kt_json **object,
                           struct kt_error *error)
{
	cJSON *item = unwrap(*object);

	*object = NULL;
	return append(json, name, item, error);
}

bool kt_json_append_text(struct kt_json *json, const char *name, const char *text,
                         struct kt_error *error)
{
	return append(json, name, cJSON_CreateString(text), error);
}

void kt_json_remove(struct kt_json *json, const char *name)
{
	cJSON_DeleteItemFromObjectCaseSensitive(unwrap(json), name);
}

bool kt_json_print(const struct kt_json *json, struct kt_secret *text, struct kt_error *error)
{
	return print(unwrap(json), text, error);
}
