/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <unistd.h>

#include "helper/answer.h"
#include "helper/keeper/command/column.h"
#include "helper/keeper/command/command.h"
#include "helper/keeper/doctor/doctor.h"
#include "helper/keeper/login/provider_file.h"
#include "helper/keeper/terminal.h"
#include "helper/report.h"
#include "keyring/cleanup.h"
#include "keyring/json.h"
#include "keyring/text.h"
#include "keyring/translate.h"

static const char *const levels[] = {
	[KT_FINDING_OK] = KT_TEXT("ok"),
	[KT_FINDING_WARNING] = KT_TEXT("warning"),
	[KT_FINDING_FAILED] = KT_TEXT("failed"),
};

static bool append_lines(const struct kt_finding *finding, struct kt_secret *output,
                         struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *line = NULL;
	KT_CLEANUP(kt_text_free) char *remedy = NULL;
	size_t columns = kt_terminal_columns();
	bool is_narrow = columns > 0 && columns < 80;

	if (!kt_column_append(output, kt_translate(levels[finding->level]), 8, error) ||
	    !kt_text_format(&line, error, " %-9s %s\n", finding->layer, finding->detail.message) ||
	    !kt_secret_append_text(output, line, error))
		return false;
	if (!finding->detail.remedy[0])
		return true;
	/* Under the message; a narrow terminal would break a command of it in two. */
	return kt_text_format(&remedy, error, "%*s %s\n", is_narrow ? 3 : 18, "",
	                      finding->detail.remedy) &&
	       kt_secret_append_text(output, remedy, error);
}

static bool append_object(const struct kt_finding *finding, struct kt_json *json,
                          struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *object = NULL;

	return kt_json_create(&object, error) &&
	       kt_json_add_text(object, "layer", finding->layer, error) &&
	       kt_json_add_text(object, "level", levels[finding->level], error) &&
	       kt_json_add_text(object, "message", finding->detail.message, error) &&
	       kt_json_add_text(object, "remedy", finding->detail.remedy, error) &&
	       kt_json_append_object(json, "checks", &object, error);
}

static bool print(const struct kt_findings *findings, bool wants_json, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;

	if (!kt_json_create(&json, error) || !kt_json_add_number(json, "version", 1, error))
		return false;
	for (size_t i = 0; i < findings->count; i++) {
		const struct kt_finding *finding = &findings->findings[i];

		if (wants_json ? !append_object(finding, json, error)
		               : !append_lines(finding, &output, error))
			return false;
	}
	if (!wants_json)
		return kt_report_lines(&output, error);
	return kt_json_print(json, &output, error) && kt_secret_append_text(&output, "\n", error) &&
	       kt_answer_send(STDOUT_FILENO, &output, error);
}

/* The files of providers, the user's own among them: what breaks a rule, and their number. */
static void check_providers(struct kt_findings *findings)
{
	KT_CLEANUP(kt_provider_file_names_clear) struct kt_provider_file_names names = { 0 };
	struct kt_error error = { 0 };
	size_t good = 0;

	if (!kt_provider_file_list(&names, &error)) {
		kt_findings_add_error(findings, "providers", KT_FINDING_WARNING, &error);
		return;
	}
	for (size_t i = 0; i < names.count; i++) {
		KT_CLEANUP(kt_provider_file_clear) struct kt_provider_file provider = { 0 };
		KT_CLEANUP(kt_settings_clear) struct kt_settings settings = { 0 };

		if (kt_provider_file_read(&provider, names.names[i], &error) &&
		    kt_provider_file_apply(&provider, "host.example.com", false, &settings, &error))
			good++;
		else
			kt_findings_add_error(findings, "providers", KT_FINDING_WARNING, &error);
	}
	kt_findings_add(findings, "providers", KT_FINDING_OK, NULL,
	                good == 1 ? "%zu file of a service can be read"
	                          : KT_TEXT("%zu files of services can be read"), good);
}

/* Where libpam looks, in its order; the last is openSUSE's. */
static const char *const pam_directories[] = { "/etc/pam.d", "/usr/lib/pam.d", "/usr/etc/pam.d",
	                                       NULL };

static bool run(struct kt_keeper *keeper, int argc, char **argv, struct kt_error *error)
{
	struct kt_findings findings = { 0 };
	const struct kt_option options[] = { KT_OPTION_JSON(keeper) };
	int count;

	if (!kt_command_read_options(options, KT_COUNT(options), argc, argv, &count, error))
		return false;
	if (count > 0)
		return kt_fail(error, KT_ERROR_USAGE, "doctor: it takes no account");
	kt_doctor_check_system(&findings);
	kt_doctor_check_keyring(&findings, keeper);
	kt_doctor_check_vault(&findings);
	kt_doctor_check_kernel(&findings);
	kt_doctor_check_network(&findings, keeper);
	kt_doctor_check_pam(&findings, pam_directories);
	kt_doctor_check_git(&findings, keeper);
	kt_doctor_check_setup(&findings, keeper);
	kt_doctor_check_proxy(&findings);
	kt_doctor_check_shell(&findings);
	kt_doctor_check_seal(&findings);
	check_providers(&findings);
	if (!print(&findings, keeper->wants_json, error))
		return false;
	/* The first failure decides the exit status; it has been told already. */
	for (size_t i = 0; i < findings.count; i++) {
		if (findings.findings[i].level == KT_FINDING_FAILED) {
			error->code = findings.findings[i].detail.code
			                      ? findings.findings[i].detail.code
			                      : KT_ERROR_CORRUPT;
			return false;
		}
	}
	return true;
}

const struct kt_command kt_command_doctor = {
	.name = "doctor",
	.synopsis = "[--json]",
	.summary = "tell what is wrong, in which layer, and what to do",
	.details = "Exit status 0 where nothing failed, else that of the first failure.\n",
	.run = run,
};
