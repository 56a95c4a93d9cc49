/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/kernel_key.h"
#include "keyring/text.h"

/* A page of the smallest size, keyctl(2). */
#define UPDATE_MAXIMUM 4096

/* Longer than anybody could take to put one key in another's place. */
#define ARBITER_SECONDS 10

/* Bytes that a link takes of a keyring's quota. */
#define LINK_BYTES 4

/*
 * The keyring in @u that holds the disposable keys, one for each day. When a key expires, the
 * kernel gives back all but its link (4 bytes, Linux 6.18); in weeks such links would fill a
 * user's quota. All that a day leaves behind goes with its keyring.
 */
#define POOL "keyturn:disposable:"
#define POOL_SECONDS 172800
#define DAY 86400

/* Milliseconds and times to wait for the kernel to give back what was revoked. */
#define PAUSE 5
#define PAUSES 20

/* No disposable key is larger: description, and an answer with its head. */
#define LARGEST (KT_KERNEL_KEY_DESCRIPTION_MAXIMUM + 20480)

/* An ordinary user's quota, where it cannot be read. */
#define USUAL_BYTES 20000
#define USUAL_KEYS 200

static const char key_type[] = "user";
static const char keyring_type[] = "keyring";

static long keyctl(int operation, long second, long third, long fourth, long fifth)
{
	return syscall(SYS_keyctl, operation, second, third, fourth, fifth);
}

bool kt_kernel_key_is_usable(void)
{
	return keyctl(KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 0, 0, 0) >= 0;
}

int32_t kt_kernel_key_find(const char *description)
{
	long serial = keyctl(KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, (long)key_type,
	                     (long)description, 0);

	return serial > 0 ? (int32_t)serial : 0;
}

bool kt_kernel_key_read(int32_t serial, void *buffer, size_t size, size_t *length)
{
	long got = keyctl(KEYCTL_READ, serial, (long)buffer, (long)size, 0);

	/* Into a buffer that is too small the kernel copies nothing and tells the length. */
	if (got < 0 || (size_t)got > size)
		return false;
	*length = (size_t)got;
	return true;
}

bool kt_kernel_key_read_secret(int32_t serial, struct kt_secret *payload, size_t limit)
{
	struct kt_error ignored = { 0 };
	char *buffer = malloc(limit);
	size_t length = 0;
	bool done;

	if (!buffer)
		return false;
	done = kt_kernel_key_read(serial, buffer, limit, &length) &&
	       kt_secret_set(payload, buffer, length, &ignored);
	explicit_bzero(buffer, length);
	free(buffer);
	return done;
}

static void unlink_from(int32_t keyring, int32_t serial)
{
	keyctl(KEYCTL_UNLINK, serial, keyring, 0, 0);
}

/* A new key in the thread keyring, finished but for its place; 0 with errno. */
static int32_t make_key(const char *description, const void *payload, size_t length,
                        unsigned int timeout)
{
	int32_t serial = (int32_t)syscall(SYS_add_key, key_type, description, payload, length,
	                                  KEY_SPEC_THREAD_KEYRING);

	if (serial <= 0)
		return 0;
	if (keyctl(KEYCTL_SET_TIMEOUT, serial, (long)timeout, 0, 0) == 0 &&
	    keyctl(KEYCTL_SETPERM, serial, (long)KT_KERNEL_KEY_PERMISSION, 0, 0) == 0)
		return serial;
	keyctl(KEYCTL_REVOKE, serial, 0, 0, 0);
	unlink_from(KEY_SPEC_THREAD_KEYRING, serial);
	return 0;
}

/* The serials in a keyring, freed by the caller; NULL where there are none. */
static int32_t *list_keys(int32_t keyring, size_t *count)
{
	long size = keyctl(KEYCTL_READ, keyring, 0, 0, 0);

	while (size > 0) {
		int32_t *serials = malloc((size_t)size);
		long got;

		if (!serials)
			return NULL;
		got = keyctl(KEYCTL_READ, keyring, (long)serials, size, 0);
		if (got >= 0 && got <= size) {
			*count = (size_t)got / sizeof(*serials);
			return serials;
		}
		free(serials);
		size = got;
	}
	return NULL;
}

/* "type;uid;gid;permission;description" of a key that is ours to see, and not dead. */
static bool read_description(int32_t serial, char *buffer, size_t size)
{
	long length = keyctl(KEYCTL_DESCRIBE, serial, (long)buffer, (long)size, 0);

	return length > 0 && (size_t)length <= size;
}

/* The description of what was read, if it is a key of that type. */
static const char *description_of(const char *buffer, const char *type)
{
	const char *description = buffer;

	if (!kt_text_has_prefix(buffer, type) || buffer[strlen(type)] != ';')
		return NULL;
	for (int fields = 0; fields < 4 && description; fields++) {
		description = strchr(description, ';');
		description = description ? description + 1 : NULL;
	}
	return description;
}

/* The key's own description, or NULL: of another type, not ours to see, or dead. */
static const char *describe(int32_t serial, const char *type, char *buffer, size_t size)
{
	return read_description(serial, buffer, size) ? description_of(buffer, type) : NULL;
}

/* NULL for another program's keyring or type. */
static const char *describe_key_or_pool(int32_t serial, bool *is_pool, char *buffer, size_t size)
{
	const char *pool;

	if (!read_description(serial, buffer, size))
		return NULL;
	pool = description_of(buffer, keyring_type);
	*is_pool = pool && kt_text_has_prefix(pool, POOL);
	return *is_pool ? pool : description_of(buffer, key_type);
}

static void free_serials(int32_t **serials)
{
	free(*serials);
}

static void name_pool(char name[40])
{
	snprintf(name, 40, POOL "%lld", (long long)(kt_clock_wall() / DAY));
}

/* Today's pool, or 0. */
static int32_t find_pool(void)
{
	char name[40];
	long serial;

	name_pool(name);
	serial = keyctl(KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, (long)keyring_type, (long)name, 0);
	return serial > 0 ? (int32_t)serial : 0;
}

static void revoke_all(int32_t keyring)
{
	size_t count = 0;
	KT_CLEANUP(free_serials) int32_t *serials = list_keys(keyring, &count);

	for (size_t i = 0; i < count; i++)
		keyctl(KEYCTL_REVOKE, serials[i], 0, 0, 0);
}

/* Dead keys stay behind. */
static void move_all(int32_t from, int32_t to)
{
	size_t count = 0;
	KT_CLEANUP(free_serials) int32_t *serials = list_keys(from, &count);

	for (size_t i = 0; i < count; i++)
		syscall(SYS_keyctl, KEYCTL_MOVE, serials[i], from, to, KEYCTL_MOVE_EXCL);
}

/*
 * Every pool but one goes; what lives in them goes on in that one or, without one, goes as well.
 * Nothing but ours is ever in a pool.
 */
static void drop_pools(int32_t kept)
{
	size_t count = 0;
	KT_CLEANUP(free_serials) int32_t *serials = list_keys(KEY_SPEC_USER_KEYRING, &count);
	char buffer[KT_KERNEL_KEY_DESCRIPTION_MAXIMUM + 64];

	for (size_t i = 0; i < count; i++) {
		const char *description = describe(serials[i], keyring_type, buffer, sizeof(buffer));

		if (serials[i] == kept || !description || !kt_text_has_prefix(description, POOL))
			continue;
		if (kept)
			move_all(serials[i], kept);
		revoke_all(serials[i]);
		unlink_from(KEY_SPEC_USER_KEYRING, serials[i]);
		keyctl(KEYCTL_REVOKE, serials[i], 0, 0, 0);
	}
}

static bool move_exclusively(int32_t serial, int32_t keyring)
{
	return syscall(SYS_keyctl, KEYCTL_MOVE, serial, KEY_SPEC_THREAD_KEYRING, keyring,
	               KEYCTL_MOVE_EXCL) == 0;
}

/* Today's pool, made if need be: of callers who come at once all get the same. 0 with errno. */
static int32_t open_pool(void)
{
	int32_t serial = find_pool();
	char name[40];
	int problem;

	if (serial)
		return serial;
	name_pool(name);
	serial = (int32_t)syscall(SYS_add_key, keyring_type, name, NULL, 0,
	                          KEY_SPEC_THREAD_KEYRING);
	if (serial <= 0)
		return 0;
	if (keyctl(KEYCTL_SET_TIMEOUT, serial, POOL_SECONDS, 0, 0) == 0 &&
	    keyctl(KEYCTL_SETPERM, serial, (long)KT_KERNEL_KEY_PERMISSION, 0, 0) == 0 &&
	    move_exclusively(serial, KEY_SPEC_USER_KEYRING)) {
		drop_pools(serial);
		return serial;
	}
	problem = errno;
	keyctl(KEYCTL_REVOKE, serial, 0, 0, 0);
	unlink_from(KEY_SPEC_THREAD_KEYRING, serial);
	errno = problem;
	return find_pool();
}

static bool is_in(int32_t keyring, int32_t serial)
{
	size_t count = 0;
	KT_CLEANUP(free_serials) int32_t *serials = list_keys(keyring, &count);

	for (size_t i = 0; i < count; i++)
		if (serials[i] == serial)
			return true;
	return false;
}

/*
 * Not KEYCTL_INVALIDATE: a key that the collector clears away still counts in the keyring's
 * quota. Unlinked where it is: the kernel goes by description, and another may have the same.
 */
void kt_kernel_key_drop(int32_t serial)
{
	int32_t pool = find_pool();

	unlink_from(pool && is_in(pool, serial) ? pool : KEY_SPEC_USER_KEYRING, serial);
	keyctl(KEYCTL_REVOKE, serial, 0, 0, 0);
}

/* KEYCTL_UPDATE takes a page at most; add_key() updates the key of this description. */
static bool update_large(int32_t serial, const void *payload, size_t length)
{
	char buffer[KT_KERNEL_KEY_DESCRIPTION_MAXIMUM + 64];
	const char *description = describe(serial, key_type, buffer, sizeof(buffer));
	int32_t pool = find_pool();
	int32_t keyring = pool && is_in(pool, serial) ? pool : KEY_SPEC_USER_KEYRING;

	return description && is_in(keyring, serial) &&
	       syscall(SYS_add_key, key_type, description, payload, length, keyring) == serial;
}

bool kt_kernel_key_update(int32_t serial, const void *payload, size_t length,
                          unsigned int timeout)
{
	bool is_updated = length <= UPDATE_MAXIMUM
	                          ? keyctl(KEYCTL_UPDATE, serial, (long)payload, (long)length, 0) == 0
	                          : update_large(serial, payload, length);

	return is_updated && keyctl(KEYCTL_SET_TIMEOUT, serial, (long)timeout, 0, 0) == 0;
}

bool kt_kernel_key_retire(int32_t serial, unsigned int seconds)
{
	int32_t pool = open_pool();

	return pool && keyctl(KEYCTL_SET_TIMEOUT, serial, (long)seconds, 0, 0) == 0 &&
	       syscall(SYS_keyctl, KEYCTL_MOVE, serial, KEY_SPEC_USER_KEYRING, pool, 0) == 0;
}

static void visit_in(int32_t keyring, const char *prefix,
                     void (*visit)(void *context, int32_t serial, const char *description),
                     void *context)
{
	size_t count = 0;
	KT_CLEANUP(free_serials) int32_t *serials = list_keys(keyring, &count);
	char buffer[KT_KERNEL_KEY_DESCRIPTION_MAXIMUM + 64];

	for (size_t i = 0; i < count; i++) {
		const char *description = describe(serials[i], key_type, buffer, sizeof(buffer));

		if (description && kt_text_has_prefix(description, prefix))
			visit(context, serials[i], description);
	}
}

static void set_timeout(void *context, int32_t serial, const char *description)
{
	const unsigned int *seconds = context;

	(void)description;
	keyctl(KEYCTL_SET_TIMEOUT, serial, (long)*seconds, 0, 0);
}

void kt_kernel_key_prolong(const char *prefix, unsigned int seconds)
{
	int32_t pool = find_pool();

	if (pool)
		visit_in(pool, prefix, set_timeout, &seconds);
}

void kt_kernel_key_each(const char *prefix,
                        void (*visit)(void *context, int32_t serial, const char *description),
                        void *context)
{
	size_t count = 0;
	KT_CLEANUP(free_serials) int32_t *serials = list_keys(KEY_SPEC_USER_KEYRING, &count);
	char buffer[KT_KERNEL_KEY_DESCRIPTION_MAXIMUM + 64];

	for (size_t i = 0; i < count; i++) {
		bool is_pool = false;
		const char *description = describe_key_or_pool(serials[i], &is_pool, buffer,
		                                               sizeof(buffer));

		if (description && is_pool)
			visit_in(serials[i], prefix, visit, context);
		else if (description && kt_text_has_prefix(description, prefix))
			visit(context, serials[i], description);
	}
}

/*
 * The quota.
 */

struct usage {
	int64_t keys;
	int64_t bytes;
};

/* A live key's share: description, payload and a link. */
static void add_size(void *context, int32_t serial, const char *description)
{
	struct usage *usage = context;
	long length = keyctl(KEYCTL_READ, serial, 0, 0, 0);

	usage->keys++;
	usage->bytes += (int64_t)strlen(description) + 1 + (length > 0 ? length : 0) + LINK_BYTES;
}

static int64_t read_setting(const char *name, int64_t usual)
{
	char path[64];
	char text[24];
	int64_t number = 0;
	ssize_t length;
	int descriptor;

	snprintf(path, sizeof(path), "/proc/sys/kernel/keys/%s%s", geteuid() == 0 ? "root_" : "",
	         name);
	descriptor = open(path, O_RDONLY | O_CLOEXEC);
	length = descriptor < 0 ? 0 : read(descriptor, text, sizeof(text));
	kt_descriptor_close(&descriptor);
	while (length > 0 && text[length - 1] == '\n')
		length--;
	return length > 0 && kt_text_to_number(text, (size_t)length, 0, INT32_MAX, &number) ? number
	                                                                                    : usual;
}

/* What one key takes of the quota. */
static int64_t size_of(size_t description_length, size_t length)
{
	return (int64_t)(description_length + 1 + length + LINK_BYTES);
}

bool kt_kernel_key_could_share(size_t description_length, size_t length)
{
	return size_of(description_length, length) <= read_setting("maxbytes", USUAL_BYTES) / 2;
}

bool kt_kernel_key_has_share(size_t description_length, size_t length)
{
	const int64_t bytes = read_setting("maxbytes", USUAL_BYTES) / 2;
	const int64_t keys = read_setting("maxkeys", USUAL_KEYS) / 2;
	struct usage usage = { .keys = 1 };
	int32_t pool = find_pool();
	long links = pool ? keyctl(KEYCTL_READ, pool, 0, 0, 0) / (long)sizeof(int32_t) : 0;

	usage.bytes = size_of(description_length, length);
	/* Where all could be of the largest size, their sizes need not be asked for. */
	if (links < keys && links * LARGEST + usage.bytes <= bytes)
		return true;
	if (pool)
		visit_in(pool, "", add_size, &usage);
	return usage.bytes <= bytes && usage.keys <= keys;
}

/*
 * Putting.
 */

/* Into a keyring, in place of the key of this description that is there. 0 with errno. */
static int32_t put(int32_t keyring, const char *description, const void *payload, size_t length,
                   unsigned int timeout)
{
	int32_t replaced = kt_kernel_key_find(description);
	int32_t serial = make_key(description, payload, length, timeout);
	int problem;

	if (!serial)
		return 0;
	/* A link displaces the key that has the same type and description. */
	if (keyctl(KEYCTL_LINK, serial, keyring, 0, 0) == 0) {
		unlink_from(KEY_SPEC_THREAD_KEYRING, serial);
		if (replaced)
			keyctl(KEYCTL_REVOKE, replaced, 0, 0, 0);
		return serial;
	}
	problem = errno;
	keyctl(KEYCTL_REVOKE, serial, 0, 0, 0);
	unlink_from(KEY_SPEC_THREAD_KEYRING, serial);
	errno = problem;
	return 0;
}

void kt_kernel_key_drop_disposable(void)
{
	drop_pools(0);
}

static void drop_one(void *context, int32_t serial, const char *description)
{
	(void)context;
	(void)description;
	kt_kernel_key_drop(serial);
}

/* A new key and the one it replaces need room for both; where there is none, the old one's. */
static int32_t put_in_place(const char *description, const void *payload, size_t length,
                            unsigned int timeout)
{
	int32_t serial = kt_kernel_key_find(description);

	if (serial && kt_kernel_key_update(serial, payload, length, timeout))
		return serial;
	errno = EDQUOT;
	return 0;
}

int32_t kt_kernel_key_put(const char *description, const void *payload, size_t length,
                          unsigned int timeout)
{
	int32_t serial = put(KEY_SPEC_USER_KEYRING, description, payload, length, timeout);

	if (serial || errno != EDQUOT)
		return serial;
	drop_pools(0);
	/* An earlier keyturn kept its answers in @u itself. */
	visit_in(KEY_SPEC_USER_KEYRING, KT_KERNEL_KEY_ANSWERS, drop_one, NULL);
	for (int i = 0; i < PAUSES && !serial && errno == EDQUOT; i++) {
		/* The kernel gives back a part of it beside us. */
		kt_clock_sleep(i ? PAUSE : 0);
		serial = put(KEY_SPEC_USER_KEYRING, description, payload, length, timeout);
	}
	if (serial || errno != EDQUOT)
		return serial;
	return put_in_place(description, payload, length, timeout);
}

int32_t kt_kernel_key_put_disposable(const char *description, const void *payload,
                                     size_t length, unsigned int timeout)
{
	int32_t pool = open_pool();

	return pool ? put(pool, description, payload, length, timeout) : 0;
}

/*
 * Makes a key and puts it into the pool, unless one of its description is there, dead or alive. Its
 * serial, or 0.
 */
static int32_t put_first(const char *description, unsigned int timeout)
{
	int32_t pool = open_pool();
	int32_t serial = pool ? make_key(description, "1", 1, timeout) : 0;

	if (!serial || move_exclusively(serial, pool))
		return serial;
	keyctl(KEYCTL_REVOKE, serial, 0, 0, 0);
	unlink_from(KEY_SPEC_THREAD_KEYRING, serial);
	return 0;
}

/*
 * A dead key stands in the way until the kernel collects it, and a key put in its place would
 * displace a live one as well. So only one caller at a time may do that: the one that holds a
 * second key, the arbiter.
 */
static bool replace_dead(const char *description, unsigned int timeout)
{
	char name[KT_KERNEL_KEY_DESCRIPTION_MAXIMUM + 32];
	int32_t arbiter;
	bool is_ours;

	snprintf(name, sizeof(name), "%s:arbiter", description);
	arbiter = put_first(name, ARBITER_SECONDS);
	if (!arbiter)
		return false;
	is_ours = !kt_kernel_key_find(description) &&
	          kt_kernel_key_put_disposable(description, "1", 1, timeout) != 0;
	kt_kernel_key_drop(arbiter);
	return is_ours;
}

bool kt_kernel_key_claim(const char *description, unsigned int timeout)
{
	if (kt_kernel_key_find(description))
		return false;
	if (put_first(description, timeout))
		return true;
	return !kt_kernel_key_find(description) && replace_dead(description, timeout);
}
