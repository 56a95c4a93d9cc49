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
#include "keyring/kernel_key.h"
#include "keyring/text.h"

/* Longer than anybody could take to put one key in another's place. */
#define ARBITER_SECONDS 10

/*
 * Bytes that a link takes of a keyring's quota, and the excess from which on it is worth to put
 * the quota right.
 */
#define LINK_BYTES 4
#define LEAST_LEAK 2000

static const char key_type[] = "user";

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

bool kt_kernel_key_update(int32_t serial, const void *payload, size_t length,
                          unsigned int timeout)
{
	return keyctl(KEYCTL_UPDATE, serial, (long)payload, (long)length, 0) == 0 &&
	       keyctl(KEYCTL_SET_TIMEOUT, serial, (long)timeout, 0, 0) == 0;
}

bool kt_kernel_key_expire(int32_t serial, unsigned int seconds)
{
	return keyctl(KEYCTL_SET_TIMEOUT, serial, (long)seconds, 0, 0) == 0;
}

/*
 * Not KEYCTL_INVALIDATE: a key that the collector clears away still counts in the keyring's
 * quota.
 */
void kt_kernel_key_drop(int32_t serial)
{
	unlink_from(KEY_SPEC_USER_KEYRING, serial);
	keyctl(KEYCTL_REVOKE, serial, 0, 0, 0);
}

/* The serials in @u, freed by the caller; NULL where there are none. */
static int32_t *list_keys(size_t *count)
{
	long size = keyctl(KEYCTL_READ, KEY_SPEC_USER_KEYRING, 0, 0, 0);

	while (size > 0) {
		int32_t *serials = malloc((size_t)size);
		long got;

		if (!serials)
			return NULL;
		got = keyctl(KEYCTL_READ, KEY_SPEC_USER_KEYRING, (long)serials, size, 0);
		if (got >= 0 && got <= size) {
			*count = (size_t)got / sizeof(*serials);
			return serials;
		}
		free(serials);
		size = got;
	}
	return NULL;
}

/*
 * The key's own description (behind "type;uid;gid;permission;"), or NULL: not a user key, not
 * ours to see, or dead.
 */
static const char *describe(int32_t serial, char *buffer, size_t size)
{
	long length = keyctl(KEYCTL_DESCRIBE, serial, (long)buffer, (long)size, 0);
	const char *description = buffer;

	if (length <= 0 || (size_t)length > size || !kt_text_has_prefix(buffer, "user;"))
		return NULL;
	for (int fields = 0; fields < 4 && description; fields++) {
		description = strchr(description, ';');
		description = description ? description + 1 : NULL;
	}
	return description;
}

static void free_serials(int32_t **serials)
{
	free(*serials);
}

void kt_kernel_key_each(const char *prefix,
                        void (*visit)(void *context, int32_t serial, const char *description),
                        void *context)
{
	size_t count = 0;
	KT_CLEANUP(free_serials) int32_t *serials = list_keys(&count);
	char buffer[KT_KERNEL_KEY_DESCRIPTION_MAXIMUM + 64];

	for (size_t i = 0; i < count; i++) {
		const char *description = describe(serials[i], buffer, sizeof(buffer));

		if (description && kt_text_has_prefix(description, prefix))
			visit(context, serials[i], description);
	}
}

/* Adds the bytes that a live key in @u takes of the quota: description, payload and a link. */
static void add_size(void *context, int32_t serial, const char *description)
{
	int64_t *sum = context;
	long length = keyctl(KEYCTL_READ, serial, 0, 0, 0);

	*sum += (int64_t)strlen(description) + 1 + (length > 0 ? length : 0) + LINK_BYTES;
}

/* The bytes that this user is charged with for keys; 0 where it cannot be read. */
static int64_t charged_bytes(void)
{
	char text[16384];
	char user[16];
	int descriptor = open("/proc/key-users", O_RDONLY | O_CLOEXEC);
	ssize_t length = descriptor < 0 ? 0 : read(descriptor, text, sizeof(text) - 1);
	const char *line;
	int64_t bytes = 0;

	if (descriptor >= 0)
		close(descriptor);
	text[length > 0 ? length : 0] = '\0';
	snprintf(user, sizeof(user), "%5u:", (unsigned)geteuid());
	for (line = text; line && !kt_text_has_prefix(line, user);) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	/* "UID: USAGE KEYS/INSTANTIATED KEYS/MAXIMUM BYTES/MAXIMUM" */
	if (!line)
		return 0;
	line += strlen(user);
	for (int word = 0; word < 3; word++) {
		line += strspn(line, " ");
		line += strcspn(line, " ");
	}
	line += strspn(line, " ");
	return kt_text_to_number(line, strcspn(line, "/"), 0, INT32_MAX, &bytes) ? bytes : 0;
}

/*
 * For a key that expires, and is collected minutes later, its link stays on @u's account (4
 * bytes, seen with Linux 6.18): in weeks that fills an ordinary user's quota with nothing. An
 * emptied keyring owes nothing; the live keys are held meanwhile, and linked again.
 */
static bool reclaim(void)
{
	size_t count = 0;
	KT_CLEANUP(free_serials) int32_t *serials = list_keys(&count);
	int64_t live = 0;

	kt_kernel_key_each("", add_size, &live);
	if (!serials || charged_bytes() < 2 * live + LEAST_LEAK)
		return false;
	for (size_t i = 0; i < count; i++)
		if (keyctl(KEYCTL_LINK, serials[i], KEY_SPEC_THREAD_KEYRING, 0, 0) != 0 &&
		    errno != EKEYEXPIRED && errno != EKEYREVOKED && errno != ENOKEY)
			return false;
	if (keyctl(KEYCTL_CLEAR, KEY_SPEC_USER_KEYRING, 0, 0, 0) != 0)
		return false;
	for (size_t i = 0; i < count; i++)
		keyctl(KEYCTL_LINK, serials[i], KEY_SPEC_USER_KEYRING, 0, 0);
	keyctl(KEYCTL_CLEAR, KEY_SPEC_THREAD_KEYRING, 0, 0, 0);
	return true;
}

static int32_t put(const char *description, const void *payload, size_t length,
                   unsigned int timeout)
{
	int32_t replaced = kt_kernel_key_find(description);
	int32_t serial = make_key(description, payload, length, timeout);
	int problem;

	if (!serial)
		return 0;
	/* A link displaces the key that has the same type and description. */
	if (keyctl(KEYCTL_LINK, serial, KEY_SPEC_USER_KEYRING, 0, 0) == 0) {
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

int32_t kt_kernel_key_put(const char *description, const void *payload, size_t length,
                          unsigned int timeout)
{
	int32_t serial = put(description, payload, length, timeout);

	if (serial || errno != EDQUOT)
		return serial;
	if (reclaim())
		return put(description, payload, length, timeout);
	errno = EDQUOT;
	return 0;
}

static bool move_exclusively(int32_t serial)
{
	return syscall(SYS_keyctl, KEYCTL_MOVE, serial, KEY_SPEC_THREAD_KEYRING,
	               KEY_SPEC_USER_KEYRING, KEYCTL_MOVE_EXCL) == 0;
}

/*
 * Makes a key and puts it into @u, unless one of its description is there, dead or alive. Its
 * serial, or 0.
 */
static int32_t put_first(const char *description, unsigned int timeout)
{
	int32_t serial = make_key(description, "1", 1, timeout);

	if (!serial || move_exclusively(serial))
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
	          kt_kernel_key_put(description, "1", 1, timeout) != 0;
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
