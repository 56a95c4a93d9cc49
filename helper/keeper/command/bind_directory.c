/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "helper/keeper/account/binding.h"
#include "helper/keeper/account/service.h"
#include "helper/keeper/cache/answers.h"
#include "helper/keeper/command/bind_directory.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

bool kt_bind_find_directory(const char *given, char **directory, struct kt_error *error)
{
	char path[PATH_MAX];
	struct stat status;

	if (realpath(given ? given : ".", path) && stat(path, &status) == 0 &&
	    S_ISDIR(status.st_mode))
		return kt_text_set(directory, path, error);
	if (!given)
		kt_fail(error, KT_ERROR_USAGE, "the working directory is not there any more");
	else
		kt_fail(error, KT_ERROR_USAGE, "%s is no directory", given);
	return kt_advise(error, "name a directory that is there, or a URL: https://HOST/PATH");
}

void kt_bind_forget_answers(void)
{
	const struct kt_identity anything = { 0 };

	kt_answers_forget(&anything);
}

bool kt_bind_directory(const struct kt_identity *account, const char *given,
                       struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *name = NULL;
	KT_CLEANUP(kt_text_free) char *place = NULL;

	if (!kt_bind_find_directory(given, &place, error) ||
	    !kt_service_full_name(account, &name, error) ||
	    !kt_binding_set(KT_BINDING_DIRECTORY, place, account, error))
		return false;
	kt_bind_forget_answers();
	kt_report_note("%s answers in %s and below it", name, place);
	return true;
}
