/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keyring/cleanup.h"
#include "keyring/secret_file.h"

static enum kt_secret_file look(const struct stat *status, const struct kt_secret_file_rule *rule)
{
	if (rule->may_be_pipe && !S_ISREG(status->st_mode))
		return KT_SECRET_FILE_OPENED;
	if (!S_ISREG(status->st_mode))
		return KT_SECRET_FILE_IRREGULAR;
	if (status->st_uid != geteuid() && !(rule->may_be_roots && status->st_uid == 0))
		return KT_SECRET_FILE_ANOTHERS;
	if (status->st_mode & rule->forbidden)
		return KT_SECRET_FILE_SHARED;
	if (status->st_size < (off_t)rule->least || status->st_size > (off_t)rule->most)
		return KT_SECRET_FILE_SIZE;
	return KT_SECRET_FILE_OPENED;
}

enum kt_secret_file kt_secret_file_open(const char *path, const struct kt_secret_file_rule *rule,
                                        int *descriptor, mode_t *others)
{
	int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | (rule->may_be_pipe ? 0 : O_NONBLOCK);
	KT_CLEANUP(kt_descriptor_close) int opened = open(path, flags);
	enum kt_secret_file verdict;
	struct stat status;

	if (opened < 0 || fstat(opened, &status) != 0)
		return KT_SECRET_FILE_UNREADABLE;
	verdict = look(&status, rule);
	if (verdict != KT_SECRET_FILE_OPENED)
		return verdict;
	if (others)
		*others = status.st_mode & (S_IRWXG | S_IRWXO);
	*descriptor = opened;
	opened = -1;
	return verdict;
}
