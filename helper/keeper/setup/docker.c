/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "helper/keeper/setup/member.h"
#include "helper/keeper/setup/setup.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/json.h"
#include "keyring/text.h"

/*
 * docker, oras and crane read config.json: credsStore names the helper of all registries
 * that have none of their own in credHelpers. The member alone is written; the rest of the file
 * keeps its form.
 */

#define MEMBER "credsStore"
#define VALUE "keyturn"

/* The helper whose items import finds in the keyring: helper/keeper/import/desktop.c. */
#define DESKTOP "secretservice"

static bool locate(char **path, struct kt_error *error)
{
	const char *directory = kt_environment_get("DOCKER_CONFIG");
	const char *home = kt_environment_home();

	if (directory && directory[0] == '/')
		return kt_text_format(path, error, "%s/config.json", directory);
	if (directory) {
		kt_fail(error, KT_ERROR_USAGE, "DOCKER_CONFIG is no absolute path");
		return kt_advise(error, "unset it, or make it one");
	}
	if (home)
		return kt_text_format(path, error, "%s/.docker/config.json", home);
	kt_fail(error, KT_ERROR_USAGE, "docker has no home directory here: HOME is not set");
	return kt_advise(error, "set HOME, or DOCKER_CONFIG");
}

static bool has_passwords(const struct kt_json *json)
{
	const struct kt_json *auths = kt_json_object(json, "auths");
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	struct kt_error ignored = { 0 };

	return auths && kt_json_print(auths, &text, &ignored) &&
	       (strstr(kt_secret_reveal(&text), "\"auth\"") ||
	        strstr(kt_secret_reveal(&text), "\"identitytoken\""));
}

static bool tell_old(struct kt_setup_plan *plan, const char *old, struct kt_error *error)
{
	if (kt_text_is_equal(old, DESKTOP))
		return kt_setup_plan_note(plan, error, "docker no longer asks %s; to move what it still "
		                          "keeps, run: keyturn import desktop", old);
	return !*kt_text_or_empty(old) ||
	       kt_setup_plan_note(plan, error, "docker no longer asks %.40s; what it keeps stays there",
	                          old);
}

static bool tell(struct kt_setup_plan *plan, const struct kt_json *json, struct kt_error *error)
{
	if (!tell_old(plan, kt_json_text(json, MEMBER), error))
		return false;
	if (kt_json_object(json, "credHelpers") &&
	    !kt_setup_plan_note(plan, error, "registries with a helper of their own (credHelpers) keep "
	                        "it"))
		return false;
	return !has_passwords(json) ||
	       kt_setup_plan_note(plan, error, "passwords lie in %s in plain text, and are not used "
	                          "any more; to move them, run: keyturn import docker",
	                          plan->target.file);
}

static bool wire(struct kt_setup_plan *plan, struct kt_keeper *keeper,
                 struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;

	(void)keeper;
	if (!kt_setup_member_read(plan, &json, error))
		return false;
	plan->is_asked = json && kt_text_is_equal(kt_json_text(json, MEMBER), VALUE);
	plan->is_lost = plan->is_asked && !kt_setup_has_program(plan->tool->program);
	return plan->is_asked || (kt_setup_member_set(plan, MEMBER, VALUE, error) &&
	                          (!json || tell(plan, json, error)));
}

static bool unwire(struct kt_setup_plan *plan, struct kt_keeper *keeper,
                   struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;

	(void)keeper;
	if (!kt_setup_member_read(plan, &json, error))
		return false;
	return !json || !kt_text_is_equal(kt_json_text(json, MEMBER), VALUE) ||
	       kt_setup_member_take_back(plan, MEMBER, VALUE, error);
}

const struct kt_setup_tool kt_setup_docker = {
	.name = "docker",
	.summary = "docker, oras, crane ask for registries: ~/.docker/config.json",
	.program = "docker-credential-keyturn",
	.block = "{\n\t\"" MEMBER "\": \"" VALUE "\"\n}\n",
	.mode = 0600,
	.locate = locate,
	.wire = wire,
	.unwire = unwire,
};
