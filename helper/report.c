/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "helper/answer.h"
#include "helper/report.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/json.h"
#include "keyring/translate.h"

/* Set once by kt_report_start(): 0 means no trace. */
static int trace_descriptor;

__attribute__((format(printf, 3, 0))) static void say(int descriptor, const char *prefix,
                                                      const char *format, va_list arguments)
{
	/* An address to open in a browser has to be whole. */
	char text[4096];
	char line[4160];
	int length;

	vsnprintf(text, sizeof(text), format, arguments);
	text[kt_characters_fit(text, sizeof(text) - 5)] = '\0';
	kt_characters_make_printable(text);
	length = snprintf(line, sizeof(line), "%s: %s\n", prefix, text);
	if (length <= 0)
		return;
	/* Nobody is left to tell where it fails. A trace waits for no one who does not read it. */
	if (descriptor == STDERR_FILENO)
		kt_answer_write(descriptor, line, (size_t)length);
	else
		(void)!write(descriptor, line, (size_t)length);
}

void kt_report_start(const char *trace)
{
	if (!trace)
		return;
	trace_descriptor = STDERR_FILENO;
	if (strcmp(trace, "1") != 0)
		trace_descriptor = open(trace, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC |
		                        O_NOFOLLOW | O_NONBLOCK, 0600);
	if (trace_descriptor < 0) {
		trace_descriptor = 0;
		kt_report_note("KEYTURN_TRACE names a file that cannot be written: no trace");
	}
}

static bool write_json(const struct kt_error *error, struct kt_secret *text)
{
	KT_CLEANUP(kt_json_free) struct kt_json *json = NULL;
	KT_CLEANUP(kt_json_free) struct kt_json *body = NULL;
	struct kt_error ignored = { 0 };

	return kt_json_create(&json, &ignored) && kt_json_create(&body, &ignored) &&
	       kt_json_add_text(body, "code", kt_error_name(error->code), &ignored) &&
	       kt_json_add_text(body, "message", error->message, &ignored) &&
	       kt_json_add_text(body, "remedy", error->remedy, &ignored) &&
	       kt_json_add_number(json, "version", 1, &ignored) &&
	       kt_json_add_object(json, "error", &body, &ignored) &&
	       kt_json_print(json, text, &ignored) &&
	       kt_secret_append_text(text, "\n", &ignored) &&
	       kt_answer_send(STDOUT_FILENO, text, &ignored);
}

void kt_report_failure(const struct kt_error *error, bool json)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };

	/* A command that told its findings itself leaves the code alone. */
	if (!error->message[0] || (json && write_json(error, &text)))
		return;
	kt_report_note("%s", error->message);
	if (error->remedy[0])
		kt_report_note("%s", error->remedy);
}

void kt_report_note(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(STDERR_FILENO, "keyturn", kt_translate(format), arguments);
	va_end(arguments);
}

void kt_report_trace(const char *format, ...)
{
	va_list arguments;

	if (trace_descriptor <= 0)
		return;
	va_start(arguments, format);
	say(trace_descriptor, "keyturn trace", format, arguments);
	va_end(arguments);
}

void kt_report_trace_line(const char *line)
{
	kt_report_trace("%s", line);
}
