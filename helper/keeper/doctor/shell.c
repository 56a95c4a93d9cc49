/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/doctor/doctor.h"
#include "helper/keeper/plain/plain.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/translate.h"

static void tell_of_shell(struct kt_findings *findings, const struct kt_plain_place *place)
{
	struct kt_error error = { 0 };

	kt_fail(&error, KT_ERROR_UNSAFE, "line %zu of %s has a token in plain text, which every "
	        "program of yours can read", place->line, place->path);
	kt_advise(&error, "move it into the keyring: keyturn import shell");
	kt_findings_add_error(findings, "shell", KT_FINDING_WARNING, &error);
}

/* The first line of each file of the shell; how many there are of all others. */
static void check_plain(struct kt_findings *findings, const char *home)
{
	KT_CLEANUP(kt_plain_places_clear) struct kt_plain_places places = { 0 };
	const struct kt_plain_visitor visitor = { kt_plain_look_at_file, &places };
	struct kt_error ignored = { 0 };
	size_t others = 0;

	if (!kt_plain_walk_home(home, &visitor, &ignored))
		return;
	for (size_t i = 0; i < places.count; i++) {
		const struct kt_plain_place *place = &places.items[i];

		if (strcmp(place->source, "shell") != 0)
			others++;
		else if (i == 0 || strcmp(place[-1].path, place->path) != 0)
			tell_of_shell(findings, place);
	}
	if (others > 0)
		kt_findings_add(findings, "plain", KT_FINDING_WARNING,
		                "move them into the keyring: keyturn import",
		                others == 1 ? "%zu secret lies in plain text in a tool's file"
		                            : KT_TEXT("%zu secrets lie in plain text in tools' files"),
		                others);
}

static void check_variable(struct kt_findings *findings, const char *name)
{
	const char *value = kt_environment_get(name);

	if (value && *value)
		kt_findings_add(findings, "shell", KT_FINDING_WARNING,
		                "remove it from where it is set; for this shell: unset COZE_API_TOKEN",
		                "%s is exported: programs that are not started by keyturn run use "
		                "that token, whatever is stored here", name);
}

void kt_doctor_check_shell(struct kt_findings *findings)
{
	const char *home = kt_environment_get("HOME");

	check_variable(findings, "COZE_API_TOKEN");
	if (home)
		check_plain(findings, home);
}
