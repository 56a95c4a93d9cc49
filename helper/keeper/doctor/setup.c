/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/doctor/doctor.h"
#include "helper/keeper/setup/setup.h"
#include "keyring/cleanup.h"

/* git's own check tells that it asks keyturn, for the directory it is called in. */
static void check_tool(struct kt_findings *findings, const struct kt_setup_tool *tool,
                       struct kt_keeper *keeper)
{
	KT_CLEANUP(kt_setup_plan_clear) struct kt_setup_plan plan = { 0 };
	struct kt_error unread = { 0 };
	struct kt_error lost = { 0 };

	if (!kt_setup_plan_look(&plan, tool, keeper, &unread) || !plan.is_asked)
		return;
	if (plan.is_lost && tool->libexec) {
		kt_setup_fail_lost(tool, &lost);
		kt_findings_add_error(findings, tool->name, KT_FINDING_WARNING, &lost);
	} else if (plan.is_lost) {
		kt_findings_add(findings, tool->name, KT_FINDING_WARNING,
		                "put the directory of keyturn into PATH, also for programs that the "
		                "desktop starts",
		                "%s is to ask keyturn, and does not find %s: it is in no directory of "
		                "PATH", tool->name, tool->program);
	} else if (plan.has_rivals) {
		kt_findings_add(findings, tool->name, KT_FINDING_WARNING, "run: keyturn setup git",
		                "%s asks other helpers beside keyturn, and gives them each of its "
		                "tokens to keep", tool->name);
	} else if (tool != &kt_setup_git) {
		kt_findings_add(findings, tool->name, KT_FINDING_OK, NULL, "%s asks keyturn",
		                tool->name);
	}
}

void kt_doctor_check_setup(struct kt_findings *findings, struct kt_keeper *keeper)
{
	size_t count;
	const struct kt_setup_tool *const *tools = kt_setup_tools(&count);

	for (size_t i = 0; i < count; i++)
		check_tool(findings, tools[i], keeper);
}
