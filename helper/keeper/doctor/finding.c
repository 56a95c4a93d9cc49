/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdarg.h>

#include "helper/keeper/doctor/finding.h"
#include "keyring/text.h"
#include "keyring/translate.h"

static struct kt_finding *next(struct kt_findings *findings, const char *layer,
                               enum kt_finding_level level)
{
	static struct kt_finding surplus;
	struct kt_finding *finding = findings->count < KT_FINDINGS_MAXIMUM
		? &findings->findings[findings->count++] : &surplus;

	*finding = (struct kt_finding){ .layer = layer, .level = level };
	return finding;
}

void kt_findings_add(struct kt_findings *findings, const char *layer, enum kt_finding_level level,
                     const char *remedy, const char *format, ...)
{
	struct kt_finding *finding = next(findings, layer, level);
	va_list arguments;

	va_start(arguments, format);
	kt_error_write(finding->detail.message, kt_translate(format), arguments);
	va_end(arguments);
	if (remedy)
		kt_advise(&finding->detail, "%s", kt_translate(remedy));
}

void kt_findings_add_error(struct kt_findings *findings, const char *layer,
                           enum kt_finding_level level, const struct kt_error *error)
{
	next(findings, layer, level)->detail = *error;
}
