/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pam/stash.h"

#define STASH_MAGIC 0x4b545354u

bool kt_stash_is_keepable(const char *password)
{
	return password != NULL && password[0] != '\0' &&
	       strnlen(password, KT_UNLOCK_PASSWORD_MAX + 1) <= KT_UNLOCK_PASSWORD_MAX;
}

struct kt_stash *kt_stash_new(uid_t uid, const char *password, bool *locked)
{
	struct kt_stash *stash = mmap(NULL, sizeof(*stash), PROT_READ | PROT_WRITE,
	                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (stash == MAP_FAILED)
		return NULL;
	*locked = mlock(stash, sizeof(*stash)) == 0;
	/* An old kernel may know neither; the pid below catches forked children there. */
	madvise(stash, sizeof(*stash), MADV_DONTDUMP);
	madvise(stash, sizeof(*stash), MADV_WIPEONFORK);
	stash->magic = STASH_MAGIC;
	stash->uid = uid;
	stash->pid = getpid();
	stash->new_length = strlen(password);
	memcpy(stash->new_password, password, stash->new_length);
	return stash;
}

void kt_stash_change(struct kt_stash *stash, const char *old_password, const char *new_password)
{
	explicit_bzero(stash->new_password, sizeof(stash->new_password));
	stash->old_length = strlen(old_password);
	memcpy(stash->old_password, old_password, stash->old_length);
	stash->new_length = strlen(new_password);
	memcpy(stash->new_password, new_password, stash->new_length);
}

bool kt_stash_is_for(const struct kt_stash *stash, uid_t uid)
{
	return stash->magic == STASH_MAGIC && stash->pid == getpid() && stash->uid == uid;
}

void kt_stash_free(struct kt_stash *stash)
{
	if (!stash)
		return;
	explicit_bzero(stash, sizeof(*stash));
	munlock(stash, sizeof(*stash));
	munmap(stash, sizeof(*stash));
}
