/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "helper/allow_rule.h"
#include "helper/proxy/judge.h"
#include "helper/proxy/page.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

static bool refuse(struct kt_refusal *refusal, int status, const char *rule)
{
	*refusal = (struct kt_refusal){ .status = status, .rule = rule };
	return false;
}

static bool is_absolute(struct kt_slice target)
{
	return target.length > 7 && strncasecmp(target.bytes, "http://", 7) == 0;
}

static struct kt_slice authority_of(struct kt_slice target)
{
	size_t length = 7;

	while (length < target.length && !strchr("/?", target.bytes[length]))
		length++;
	return (struct kt_slice){ target.bytes + 7, length - 7 };
}

struct kt_slice kt_judge_target(const struct kt_head *head)
{
	struct kt_slice target = head->target;
	size_t authority;

	if (!is_absolute(target))
		return target;
	authority = 7 + authority_of(target).length;
	target.bytes += authority;
	target.length -= authority;
	return target.length > 0 && target.bytes[0] == '/' ? target : (struct kt_slice){ "/", 1 };
}

struct kt_slice kt_judge_path(const struct kt_head *head)
{
	struct kt_slice path = kt_judge_target(head);
	const char *query = memchr(path.bytes, '?', path.length);

	if (query)
		path.length = (size_t)(query - path.bytes);
	return path;
}

/* The names under which COMMAND knows us: any other was looked up (DNS rebinding). */
static bool is_own_host(const struct kt_room_settings *settings, struct kt_slice host)
{
	static const char *const names[] = { "127.0.0.1", "localhost", "[::1]" };
	char text[32];

	for (size_t i = 0; i < KT_COUNT(names); i++) {
		snprintf(text, sizeof(text), "%s:%d", names[i], (int)settings->port);
		if (kt_slice_is(host, text) ||
		    (settings->port == 80 && kt_slice_is(host, names[i])))
			return true;
	}
	return false;
}

static bool judge_host(const struct kt_room_settings *settings, const struct kt_head *head,
                       struct kt_refusal *refusal)
{
	size_t count;
	const struct kt_field *host = kt_head_find(head, "Host", &count);

	if (count != 1)
		return refuse(refusal, 400, "Host does not stand there once");
	if (settings->port != 0 && !is_own_host(settings, host->value))
		return refuse(refusal, 421, "Host is none of this port's own");
	if (is_absolute(head->target) &&
	    (settings->port == 0 || !is_own_host(settings, authority_of(head->target)) ||
	     strncasecmp(authority_of(head->target).bytes, host->value.bytes,
	                 host->value.length) != 0 ||
	     authority_of(head->target).length != host->value.length))
		return refuse(refusal, 421, "the target names another server");
	return true;
}

static bool judge_target(const struct kt_head *head, struct kt_refusal *refusal)
{
	static const char *const methods[] = { "CONNECT", "TRACE", "TRACK" };
	size_t authority = is_absolute(head->target) ? 7 + authority_of(head->target).length : 0;

	for (size_t i = 0; i < KT_COUNT(methods); i++)
		if (kt_slice_is(head->method, methods[i]))
			return refuse(refusal, 405, "this method is not passed on");
	/* Of "http://host?query" no path would be left, and servers differ about what it is. */
	if (authority < head->target.length && head->target.bytes[authority] != '/')
		return refuse(refusal, 400, "the target is no path");
	return true;
}

static bool judge_connection(const struct kt_head *head, struct kt_refusal *refusal)
{
	static const char *const names[] = { "authorization", "host", "content-length",
		                             "transfer-encoding", "cookie", "expect",
		                             "content-type", "content-encoding" };

	for (size_t i = 0; i < KT_COUNT(names); i++)
		if (kt_head_lists(head, "Connection", names[i]))
			return refuse(refusal, 400, "Connection names a field that has to arrive");
	return true;
}

static bool judge_upgrade(const struct kt_head *head, struct kt_request_facts *facts,
                          struct kt_refusal *refusal)
{
	size_t count;
	const struct kt_field *upgrade = kt_head_find(head, "Upgrade", &count);

	/* Java's client offers h2c with every request. It may be ignored: RFC 9110, 7.8. */
	if (!upgrade || (count == 1 && kt_slice_is(upgrade->value, "h2c")))
		return true;
	facts->is_websocket = count == 1 && kt_slice_is(upgrade->value, "websocket") &&
	                      facts->is_get && facts->framing == KT_FRAMING_NONE &&
	                      kt_head_lists(head, "Connection", "upgrade");
	return facts->is_websocket ||
	       refuse(refusal, 400, "Upgrade is for a websocket alone, on a GET without a body");
}

static bool judge_browser(const struct kt_room_settings *settings, const struct kt_head *head,
                          struct kt_request_facts *facts, struct kt_refusal *refusal)
{
	size_t sites;
	size_t origins;
	const struct kt_field *site = kt_head_find(head, "Sec-Fetch-Site", &sites);
	const struct kt_field *origin = kt_head_find(head, "Origin", &origins);

	facts->is_page = settings->page && origins == 1 && sites <= 1 &&
	                 kt_slice_is_exactly(origin->value, settings->page);
	facts->is_preflight = facts->is_page && facts->framing == KT_FRAMING_NONE &&
	                      kt_page_is_preflight(head);
	if (facts->is_page)
		return true;
	if (origins > 0 || sites > 1 ||
	    (site && !kt_slice_is(site->value, "none") && !kt_slice_is(site->value, "same-origin")))
		return refuse(refusal, 403, "the request comes from a page in a browser");
	return true;
}

static bool is_same(struct kt_slice bytes, const char *text, size_t length)
{
	unsigned char difference = 0;

	if (bytes.length != length)
		return false;
	for (size_t i = 0; i < length; i++)
		difference |= (unsigned char)(bytes.bytes[i] ^ text[i]);
	return difference == 0;
}

bool kt_judge_is_placeholder(const struct kt_room_settings *settings, struct kt_slice bytes)
{
	const struct kt_secret *placeholder = &settings->placeholder;

	if (kt_secret_is_empty(placeholder))
		return kt_slice_is_exactly(bytes, KT_JUDGE_NO_TOKEN);
	return is_same(bytes, kt_secret_reveal(placeholder), kt_secret_length(placeholder));
}

static bool judge_placeholder(const struct kt_room_settings *settings, const struct kt_head *head,
                              struct kt_refusal *refusal)
{
	size_t count;
	const struct kt_field *field = kt_head_find(head, "Authorization", &count);
	struct kt_slice value = field ? field->value : (struct kt_slice){ "", 0 };

	if (count == 0 && kt_secret_is_empty(&settings->placeholder))
		return true;
	if (count == 1 && value.length > 7 && strncasecmp(value.bytes, "Bearer ", 7) == 0) {
		value.bytes += 7;
		value.length -= 7;
		if (kt_judge_is_placeholder(settings, value))
			return true;
	}
	return refuse(refusal, 401, count == 0 ? "Authorization is missing"
	                                       : "Authorization is not the token of this address");
}

/* Decodes each %XX within text, once; true if there was any. */
static bool decode(char *text)
{
	char *target = text;
	bool is_changed = false;

	for (const char *source = text; *source; source++) {
		int value = kt_characters_percent_value(source, strnlen(source, 3));

		*target++ = value > 0 ? (char)value : *source;
		source += value > 0 ? 2 : 0;
		is_changed = is_changed || value > 0;
	}
	*target = '\0';
	return is_changed;
}

/* Some servers read %u0061, which no standard has; %00 ends the path of some. */
static bool has_odd_escape(const char *text)
{
	for (const char *at = strchr(text, '%'); at; at = strchr(at + 1, '%'))
		if (strncmp(at, "%00", 3) == 0 ||
		    ((at[1] == 'u' || at[1] == 'U') && strspn(at + 2, "0123456789abcdefABCDEF") >= 4))
			return true;
	return false;
}

static bool is_text(const char *text)
{
	return kt_characters_are_clean(text, strlen(text)) &&
	       kt_characters_are_utf8(text, strlen(text)) && !has_odd_escape(text);
}

/*
 * The path as a server has it that decodes it as often as it can. *is_plain: once was enough.
 * False: it is no text, or can be read in two ways.
 */
static bool unfold(struct kt_slice path, char text[static KT_HEAD_MAXIMUM], bool *is_plain)
{
	size_t length = path.length < KT_HEAD_MAXIMUM ? path.length : KT_HEAD_MAXIMUM - 1;

	memcpy(text, path.bytes, length);
	text[length] = '\0';
	decode(text);
	*is_plain = !strchr(text, '%');
	if (!is_text(text))
		return false;
	for (int times = 0; times < 4 && decode(text); times++)
		continue;
	return is_text(text);
}

/* Cuts the path's next segment off, without its parameters. Empty ones and "." are left out. */
static bool next_segment(char **path, const char **segment)
{
	for (;;) {
		size_t length;

		*path += strspn(*path, "/\\");
		if (!**path)
			return false;
		length = strcspn(*path, "/\\");
		*segment = *path;
		*path += length + ((*path)[length] != '\0');
		((char *)*segment)[length] = '\0';
		((char *)*segment)[strcspn(*segment, ";")] = '\0';
		if (**segment && strcmp(*segment, ".") != 0)
			return true;
	}
}

/*
 * A server may fold a path before it looks: whatever this one could be folded to, tokens are made
 * and revoked below it.
 */
static bool makes_tokens(char *path)
{
	const char *segments[256];
	size_t count = 0;
	const char *segment;

	while (next_segment(&path, &segment)) {
		if (strcmp(segment, "..") == 0)
			count -= count > 0;
		else if (count < KT_COUNT(segments))
			segments[count++] = segment;
	}
	for (size_t i = 1; i < count; i++)
		if (strcasecmp(segments[i - 1], "api") == 0 &&
		    strcasecmp(segments[i], "permission") == 0)
			return true;
	return false;
}

/* The base's path or one below it, also to a server that folds no "..". */
static bool is_below(const char *base, const char *path)
{
	char text[KT_HEAD_MAXIMUM];
	char *rest = text;
	const char *segment;
	size_t depth = 0;

	memcpy(text, path, strlen(path) + 1);
	while (next_segment(&rest, &segment)) {
		size_t length = strlen(segment);
		bool is_up = strcmp(segment, "..") == 0;

		if (*base) {
			if (is_up || strncmp(base + 1, segment, length) != 0 ||
			    (base[1 + length] && base[1 + length] != '/'))
				return false;
			base += 1 + length;
		} else if (is_up && depth-- == 0) {
			return false;
		} else {
			depth += !is_up;
		}
	}
	return !*base;
}

/* A path that a server may take for another one. */
static bool is_ambiguous(struct kt_slice path)
{
	static const char *const parts[] = { "//", "\\", ";", "%2f", "%2F", "%5c", "%5C", "%2e", "%2E",
		                             "/./", "/../", "%3b", "%3B" };

	for (size_t i = 0; i < KT_COUNT(parts); i++)
		if (memmem(path.bytes, path.length, parts[i], strlen(parts[i])))
			return true;
	return (path.length >= 2 && memcmp(path.bytes + path.length - 2, "/.", 2) == 0) ||
	       (path.length >= 3 && memcmp(path.bytes + path.length - 3, "/..", 3) == 0);
}

static bool judge_rules(const struct kt_room_settings *settings, const struct kt_head *head,
                        struct kt_refusal *refusal)
{
	struct kt_slice path = kt_judge_path(head);
	bool is_allowed = !settings->rules[0];
	bool is_named = false;
	bool is_plain;
	char text[KT_HEAD_MAXIMUM];

	if (!unfold(path, text, &is_plain) || (settings->rules[0] && !is_plain))
		return refuse(refusal, 403, "a server could read the path in two ways: escape it once, as "
		              "UTF-8");
	if (*kt_text_or_empty(settings->base) && !is_below(settings->base, text))
		return refuse(refusal, 403, "the account's service has a path, and this one is not below "
		              "it");
	if (settings->rules[0] && is_ambiguous(path))
		return refuse(refusal, 403, "with --allow a path has to be plain");
	for (size_t i = 0; settings->rules[i]; i++) {
		if (!kt_allow_rule_is_match(settings->rules[i], head->method.bytes,
		                            head->method.length, path.bytes, path.length))
			continue;
		is_allowed = true;
		is_named |= kt_allow_rule_names(settings->rules[i], path.bytes, path.length);
	}
	if (!is_allowed)
		return refuse(refusal, 403, "no --allow names this method and path");
	return is_named || !makes_tokens(text) ||
	       refuse(refusal, 403, "tokens are made and changed there: only an --allow of this path "
	              "opens it");
}

bool kt_judge_request(const struct kt_room_settings *settings, const struct kt_head *head,
                      struct kt_request_facts *facts, struct kt_refusal *refusal)
{
	const struct kt_field *expect = kt_head_find(head, "Expect", NULL);

	*facts = (struct kt_request_facts){
		.is_head = kt_slice_is_exactly(head->method, "HEAD"),
		.is_get = kt_slice_is_exactly(head->method, "GET"),
		.wants_close = kt_head_lists(head, "Connection", "close"),
		.expects = expect != NULL,
	};
	if (expect && !kt_slice_is(expect->value, "100-continue"))
		return refuse(refusal, 417, "Expect is for 100-continue alone");
	return judge_target(head, refusal) && judge_host(settings, head, refusal) &&
	       kt_head_request_framing(head, &facts->framing, &facts->length, refusal) &&
	       judge_connection(head, refusal) && judge_upgrade(head, facts, refusal) &&
	       judge_browser(settings, head, facts, refusal) &&
	       (facts->is_preflight || (judge_placeholder(settings, head, refusal) &&
	                                judge_rules(settings, head, refusal)));
}
