/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/kernel_cache.h"
#include "keyring/kernel_key.h"
#include "keyring/text.h"

#define PREFIX KT_KERNEL_KEY_ANSWERS
#define VERSION 2
/* Milliseconds by which wall and boot clock may part before an entry counts as out of time. */
#define CLOCK_TOLERANCE 5000
/* A user's keys are 200 at most where a quota can be full (kernel.keys.maxkeys). */
#define EVICTIONS 200

/* The parts of a description behind its tag. */
enum part {
	PART_FORM,
	PART_PROTOCOL,
	PART_HOST,
	PART_PATH,
	PART_USERNAME,
	PART_ACCOUNT,
	PART_VARIANT,
	PART_TOOL,
	PARTS, /* a binding stands behind them where one is stated */
};

/* An entry's payload begins with this (times are milliseconds); behind it the packed answer. */
struct head {
	uint64_t checksum; /* of the description and of everything behind this member */
	uint32_t version;
	uint32_t length;   /* of the answer */
	int64_t stored_wall;
	int64_t stored_boot;
	int64_t until_wall;
	int64_t until_boot;
	int64_t renew;
	int64_t generation;
};

struct payload {
	struct head head;
	char answer[KT_CACHE_ANSWER_MAXIMUM];
};

struct description {
	char text[KT_KERNEL_KEY_DESCRIPTION_MAXIMUM + 1];
	size_t length;
	bool is_too_long;
};

static const char *const form_names[] = {
	[KT_CACHE_GET] = "get",
	[KT_CACHE_HOST] = "host",
	[KT_CACHE_TOKEN] = "token",
	[KT_CACHE_ACCOUNT] = "account",
};

/* FNV-1a: finds damage and tells stores apart; it protects from nobody. */
static uint64_t hash(uint64_t state, const void *bytes, size_t length)
{
	const unsigned char *input = bytes;

	for (size_t i = 0; i < length; i++)
		state = (state ^ input[i]) * 0x100000001b3u;
	return state;
}

#define HASH_START 0xcbf29ce484222325u

static void write_hex(char *text, uint64_t number)
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 15; i >= 0; i--) {
		text[i] = digits[number & 0xf];
		number >>= 4;
	}
	text[16] = '\0';
}

static int64_t read_seconds(const char *text)
{
	int64_t seconds;

	if (!kt_text_to_number(text, strlen(text), 0, INT32_MAX, &seconds))
		return 0;
	return seconds;
}

/* The variables that select the store; the last one tells how long it keeps an answer. */
static const char *const variables[] = {
	"HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "KEYTURN_KEYRING",
	"KEYTURN_VAULT", "KEYTURN_VAULT_KEY_FILE", "CREDENTIALS_DIRECTORY",
	"DBUS_SESSION_BUS_ADDRESS", "KEYTURN_CACHE",
};

#define SELECTING (KT_COUNT(variables) - 1)

static uint32_t letter(const char *text)
{
	return UINT32_C(1) << (text[0] & 31);
}

/* Of a variable that is there twice the first counts, as the C library has it. */
static void read_variable(const char *entry, const char *values[])
{
	for (size_t i = 0; i < KT_COUNT(variables); i++) {
		size_t length;

		if (values[i] || entry[0] != variables[i][0])
			continue;
		length = strlen(variables[i]);
		if (strncmp(entry, variables[i], length) == 0 && entry[length] == '=')
			values[i] = entry + length + 1;
	}
}

/* Most entries are others, which their first letter tells. */
static void read_variables(char *const environment[], const char *values[])
{
	uint32_t letters = 0;

	for (size_t i = 0; i < KT_COUNT(variables); i++)
		letters |= letter(variables[i]);
	for (; *environment; environment++)
		if (letters & letter(*environment))
			read_variable(*environment, values);
}

void kt_cache_open(struct kt_cache *cache, char *const environment[])
{
	const char *values[KT_COUNT(variables)] = { NULL };
	const char *setting;
	uint64_t state = HASH_START;

	read_variables(environment, values);
	for (size_t i = 0; i < SELECTING; i++) {
		const char *value = kt_text_or_empty(values[i]);

		state = hash(state, value, strlen(value) + 1);
	}
	setting = values[SELECTING] && values[SELECTING][0] ? values[SELECTING] : NULL;
	write_hex(cache->tag, state);
	cache->seconds = setting ? read_seconds(setting) : KT_CACHE_SECONDS;
	cache->limit = setting ? cache->seconds : INT32_MAX;
}

static void add_byte(struct description *description, char byte)
{
	if (description->length + 1 >= sizeof(description->text)) {
		description->is_too_long = true;
		return;
	}
	description->text[description->length++] = byte;
	description->text[description->length] = '\0';
}

static void add_plain(struct description *description, const char *text)
{
	for (; *text; text++)
		add_byte(description, *text);
}

/* One byte as a description has it; returns how many bytes that takes. */
static size_t encode(char encoded[3], char plain)
{
	static const char digits[] = "0123456789ABCDEF";
	unsigned char byte = (unsigned char)plain;

	encoded[0] = plain;
	if (byte > 0x20 && byte < 0x7f && byte != '%' && byte != ':' && byte != '*')
		return 1;
	encoded[0] = '%';
	encoded[1] = digits[byte >> 4];
	encoded[2] = digits[byte & 0xf];
	return 3;
}

/* A part as a description has it: "*" for one that is not stated. */
static void add_part(struct description *description, const char *text)
{
	char encoded[3];

	if (!text)
		add_byte(description, '*');
	for (; text && *text; text++) {
		size_t used = encode(encoded, *text);

		for (size_t i = 0; i < used; i++)
			add_byte(description, encoded[i]);
	}
}

static bool describe(struct description *description, const struct kt_cache *cache,
                     const struct kt_cache_key *key)
{
	const char *const parts[PARTS] = {
		[PART_FORM] = form_names[key->form],
		[PART_PROTOCOL] = key->protocol,
		[PART_HOST] = key->host,
		[PART_PATH] = key->path,
		[PART_USERNAME] = key->username,
		[PART_ACCOUNT] = key->account,
		[PART_VARIANT] = key->variant,
		[PART_TOOL] = key->tool,
	};

	description->length = 0;
	description->is_too_long = false;
	add_plain(description, PREFIX);
	add_plain(description, cache->tag);
	for (int part = 0; part < PARTS; part++) {
		add_byte(description, ':');
		add_part(description, parts[part]);
	}
	if (key->binding) {
		add_byte(description, ':');
		add_part(description, key->binding);
	}
	return !description->is_too_long;
}

static uint64_t checksum(const char *description, const struct payload *payload)
{
	const char *start = (const char *)payload + sizeof(payload->head.checksum);
	size_t length = sizeof(payload->head) - sizeof(payload->head.checksum) +
	                payload->head.length;

	return hash(hash(HASH_START, description, strlen(description)), start, length);
}

static bool is_sound(const char *description, const struct payload *payload, size_t length)
{
	const struct head *head = &payload->head;

	return length >= sizeof(*head) && head->version == VERSION &&
	       head->length == length - sizeof(*head) &&
	       head->checksum == checksum(description, payload);
}

/* Both clocks must agree that it may be handed out, and with each other. */
static bool is_in_time(const struct kt_cache *cache, const struct head *head)
{
	int64_t wall = kt_clock_wall_milliseconds();
	int64_t boot = kt_clock_boot_milliseconds();
	int64_t parted = (wall - head->stored_wall) - (boot - head->stored_boot);

	return wall < head->until_wall && boot < head->until_boot && boot >= head->stored_boot &&
	       boot - head->stored_boot < cache->limit * 1000 && parted <= CLOCK_TOLERANCE &&
	       parted >= -CLOCK_TOLERANCE;
}

bool kt_cache_find(const struct kt_cache *cache, const struct kt_cache_key *key,
                   struct kt_cache_entry *entry)
{
	struct kt_error ignored = { 0 };
	struct description description;
	struct payload payload;
	size_t length = 0;
	int32_t serial;
	bool is_found;

	if (cache->seconds == 0 || !describe(&description, cache, key))
		return false;
	serial = kt_kernel_key_find(description.text);
	if (!serial || !kt_kernel_key_read(serial, &payload, sizeof(payload), &length))
		return false;
	is_found = is_sound(description.text, &payload, length) && is_in_time(cache, &payload.head) &&
	           kt_secret_set(&entry->answer, payload.answer, payload.head.length, &ignored);
	if (is_found) {
		entry->until = payload.head.until_wall;
		entry->renew = payload.head.renew;
		entry->generation = payload.head.generation;
	}
	explicit_bzero(&payload, sizeof(payload));
	return is_found;
}

struct oldest {
	int32_t serial;
	int64_t stored;
};

/* An entry without our head counts as the oldest of all. */
static void note_oldest(void *context, int32_t serial, const char *description)
{
	struct oldest *oldest = context;
	struct payload payload;
	int64_t stored = -1;
	size_t length;

	(void)description;
	if (kt_kernel_key_read(serial, &payload, sizeof(payload), &length) &&
	    length >= sizeof(payload.head) && payload.head.version == VERSION)
		stored = payload.head.stored_boot;
	explicit_bzero(&payload, sizeof(payload));
	if (!oldest->serial || stored < oldest->stored)
		*oldest = (struct oldest){ serial, stored };
}

static bool evict_oldest(void)
{
	struct oldest oldest = { 0 };

	kt_kernel_key_each(PREFIX, note_oldest, &oldest);
	if (oldest.serial)
		kt_kernel_key_drop(oldest.serial);
	return oldest.serial != 0;
}

static bool put_evicting(const struct description *description, const struct payload *payload,
                         unsigned int timeout)
{
	size_t length = sizeof(payload->head) + payload->head.length;

	if (!kt_kernel_key_could_share(description->length, length))
		return false;
	for (int evicted = 0; evicted <= EVICTIONS; evicted++) {
		bool has_share = kt_kernel_key_has_share(description->length, length);

		if (has_share &&
		    kt_kernel_key_put_disposable(description->text, payload, length, timeout))
			return true;
		if ((has_share && errno != EDQUOT) || !evict_oldest())
			return false;
	}
	return false;
}

static int64_t life_of(const struct kt_cache *cache, const struct kt_cache_entry *entry,
                       int64_t wall)
{
	int64_t life = entry->until > wall ? entry->until - wall : 0;

	if (kt_secret_is_empty(&entry->answer) && life > KT_CACHE_NONE_SECONDS * 1000)
		life = KT_CACHE_NONE_SECONDS * 1000;
	return life < cache->limit * 1000 ? life : cache->limit * 1000;
}

/* A payload for this description; false where it would be nothing to keep. */
static bool fill(struct payload *payload, const struct kt_cache *cache, const char *description,
                 const struct kt_cache_entry *entry)
{
	size_t length = kt_secret_length(&entry->answer);
	int64_t wall = kt_clock_wall_milliseconds();
	int64_t boot = kt_clock_boot_milliseconds();
	int64_t life = life_of(cache, entry, wall);

	if (life <= 0 || length > sizeof(payload->answer))
		return false;
	payload->head = (struct head){
		.version = VERSION,
		.length = (uint32_t)length,
		.stored_wall = wall,
		.stored_boot = boot,
		.until_wall = wall + life,
		.until_boot = boot + life,
		.renew = entry->renew,
		.generation = entry->generation,
	};
	memcpy(payload->answer, kt_secret_reveal(&entry->answer), length);
	payload->head.checksum = checksum(description, payload);
	return true;
}

/* In seconds, the first of which may be nearly over: the kernel counts full ones. */
static unsigned int timeout_of(const struct payload *payload)
{
	int64_t life = payload->head.until_boot - payload->head.stored_boot;

	return (unsigned int)((life + 999) / 1000 + 1);
}

bool kt_cache_put(const struct kt_cache *cache, const struct kt_cache_key *key,
                  const struct kt_cache_entry *entry)
{
	struct description description;
	struct payload payload = { 0 };
	bool is_put;

	if (cache->seconds == 0 || !describe(&description, cache, key) ||
	    !fill(&payload, cache, description.text, entry))
		return false;
	is_put = put_evicting(&description, &payload, timeout_of(&payload));
	explicit_bzero(&payload, sizeof(payload));
	return is_put;
}

/* The parts of a description behind its tag. */
struct parts {
	const char *text[PARTS];
	size_t length[PARTS];
};

/* False where there are not as many as we write. */
static bool cut(struct parts *parts, const char *description)
{
	const char *rest = strchr(description + strlen(PREFIX), ':');

	for (int part = 0; part < PARTS; part++) {
		if (!rest)
			return false;
		parts->text[part] = rest + 1;
		rest = strchr(rest + 1, ':');
		parts->length[part] = rest ? (size_t)(rest - parts->text[part])
		                           : strlen(parts->text[part]);
	}
	return !rest || !strchr(rest + 1, ':');
}

/* The rest of this part after text; NULL if the part does not begin with text. */
static const char *skip(const struct parts *parts, enum part part, const char *text)
{
	const char *at = parts->text[part];
	const char *end = at + parts->length[part];
	char encoded[3];

	for (; *text; text++) {
		size_t used = encode(encoded, *text);

		if ((size_t)(end - at) < used || memcmp(at, encoded, used) != 0)
			return NULL;
		at += used;
	}
	return at;
}

/* The part is this text; NULL is any. */
static bool is_part(const struct parts *parts, enum part part, const char *text)
{
	return !text || skip(parts, part, text) == parts->text[part] + parts->length[part];
}

static bool is_stated(const struct parts *parts, enum part part)
{
	return parts->length[part] != 1 || parts->text[part][0] != '*';
}

/* NAME, or NAME@ and anything: ACCOUNT as a caller writes an account of this name. */
static bool may_name_account(const struct parts *parts, const char *name)
{
	const char *rest = name ? skip(parts, PART_ACCOUNT, name) : NULL;
	const char *end = parts->text[PART_ACCOUNT] + parts->length[PART_ACCOUNT];

	return !name || (rest && (rest == end || *rest == '@'));
}

struct forgetting {
	const struct kt_identity *pattern;
	const char *variant;
};

/*
 * git is told a name that need not be the account's, and an absent path matches any. So only
 * protocol and host decide which answers to get are forgotten.
 */
static bool is_concerned(const struct forgetting *forgetting, const char *description)
{
	const struct kt_identity *pattern = forgetting->pattern;
	const char *variant = forgetting->variant;
	struct parts parts;
	bool is_service;

	if (!cut(&parts, description))
		return true;
	is_service = is_part(&parts, PART_PROTOCOL, pattern->protocol) &&
	             is_part(&parts, PART_HOST, pattern->host);
	if (is_part(&parts, PART_FORM, form_names[KT_CACHE_ACCOUNT]))
		return is_service && is_part(&parts, PART_PATH, pattern->path) &&
		       is_part(&parts, PART_USERNAME, pattern->username) &&
		       is_part(&parts, PART_VARIANT, variant);
	if (variant && variant[0] != '\0')
		return false;
	if (is_part(&parts, PART_FORM, form_names[KT_CACHE_GET]) ||
	    is_part(&parts, PART_FORM, form_names[KT_CACHE_HOST]))
		return is_service;
	return !is_stated(&parts, PART_ACCOUNT) || may_name_account(&parts, pattern->username);
}

static void forget_concerned(void *context, int32_t serial, const char *description)
{
	if (is_concerned(context, description))
		kt_kernel_key_drop(serial);
}

void kt_cache_forget(const struct kt_identity *pattern, const char *variant)
{
	struct forgetting forgetting = { pattern, variant };

	kt_kernel_key_each(PREFIX, forget_concerned, &forgetting);
}

struct renewing {
	struct forgetting forgetting;
	const struct kt_cache *cache;
	bool (*is_same)(void *context, const char *answer, size_t length);
	void *context;
	const struct kt_cache_entry *fresh;
};

/* False: it is no answer of the credential, and stays. */
static bool is_to_be_renewed(const struct renewing *renewing, int32_t serial,
                             const char *description)
{
	struct payload payload;
	size_t length = 0;
	struct parts parts;
	bool is_same;

	if (!cut(&parts, description) || is_stated(&parts, PART_VARIANT) ||
	    !kt_kernel_key_read(serial, &payload, sizeof(payload), &length))
		return false;
	is_same = is_sound(description, &payload, length) && payload.head.length > 0 &&
	          renewing->is_same(renewing->context, payload.answer, payload.head.length);
	explicit_bzero(&payload, sizeof(payload));
	return is_same;
}

static void renew_concerned(void *context, int32_t serial, const char *description)
{
	const struct renewing *renewing = context;
	struct payload payload = { 0 };
	bool is_ours = kt_text_has_prefix(description + strlen(PREFIX), renewing->cache->tag);

	if (!is_concerned(&renewing->forgetting, description) ||
	    (is_ours && !is_to_be_renewed(renewing, serial, description)))
		return;
	if (!is_ours || !fill(&payload, renewing->cache, description, renewing->fresh) ||
	    !kt_kernel_key_update(serial, &payload, sizeof(payload.head) + payload.head.length,
	                          timeout_of(&payload)))
		kt_kernel_key_drop(serial);
	explicit_bzero(&payload, sizeof(payload));
}

void kt_cache_renew(const struct kt_cache *cache, const struct kt_identity *pattern,
                    const struct kt_cache_entry *fresh,
                    bool (*is_same)(void *context, const char *answer, size_t length),
                    void *context)
{
	struct renewing renewing = {
		.forgetting = { pattern, "" },
		.cache = cache,
		.is_same = is_same,
		.context = context,
		.fresh = fresh,
	};

	kt_kernel_key_each(PREFIX, renew_concerned, &renewing);
}

void kt_cache_entry_clear(struct kt_cache_entry *entry)
{
	kt_secret_clear(&entry->answer);
	*entry = (struct kt_cache_entry){ 0 };
}
