/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "helper/answer.h"
#include "helper/report.h"
#include "helper/wrap.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/json.h"
#include "keyring/translate.h"

/* Set once by kt_report_start(): 0 means no trace. */
static int trace_descriptor;

/* The columns of the terminal that the descriptor is; 0 for anything else. */
static size_t columns_of(int descriptor)
{
	struct winsize size = { 0 };

	return isatty(descriptor) && ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

__attribute__((format(printf, 3, 0))) static void say(int descriptor, const char *prefix,
                                                      const char *format, va_list arguments)
{
	/* An address to open in a browser has to be whole. */
	char text[4096];
	char line[4160];
	char lines[8192];
	size_t length;

	vsnprintf(text, sizeof(text), format, arguments);
	text[kt_characters_fit(text, sizeof(text) - 5)] = '\0';
	kt_characters_make_printable(text);
	snprintf(line, sizeof(line), "%s: %s", prefix, text);
	length = kt_wrap(line, columns_of(descriptor), lines, sizeof(lines) - 1);
	lines[length++] = '\n';
	/* Nobody is left to tell where it fails. A trace waits for no one who does not read it. */
	if (descriptor == STDERR_FILENO)
		kt_answer_write(descriptor, lines, length);
	else
		(void)!write(descriptor, lines, length);
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

bool kt_report_lines(const struct kt_secret *lines, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret output = { 0 };
	size_t columns = columns_of(STDOUT_FILENO);
	const char *text = kt_secret_reveal(lines);

	if (columns == 0)
		return kt_answer_send(STDOUT_FILENO, lines, error);
	while (*text) {
		char line[4160];
		char wrapped[8192];
		size_t length = strcspn(text, "\n");

		snprintf(line, sizeof(line), "%.*s", (int)length, text);
		kt_wrap(line, columns, wrapped, sizeof(wrapped));
		if (!kt_secret_append_text(&output, wrapped, error) ||
		    !kt_secret_append_text(&output, "\n", error))
			return false;
		text += length + (text[length] == '\n');
	}
	return kt_answer_send(STDOUT_FILENO, &output, error);
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
