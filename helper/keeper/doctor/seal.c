/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/keeper/doctor/doctor.h"
#include "helper/landlock.h"
#include "helper/libexec.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"
#include "keyring/translate.h"

#define LAYER "seal"
/* A place of the home that does not answer, such as a server's, holds doctor up no longer. */
#define SECONDS 5

/* The words in front of the seal's cause and of its remedy. */
static const char prefix[] = "keyturn: ";

static void become_trial(const char *kind, int output)
{
	const char *path = kt_libexec_path(KT_LIBEXEC_SEAL);
	char *arguments[] = { (char *)path, (char *)"--try", (char *)kind, NULL };
	int null = open("/dev/null", O_RDWR);

	alarm(SECONDS);
	if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(null, STDOUT_FILENO) >= 0 &&
	    dup2(output, STDERR_FILENO) >= 0)
		execv(path, arguments);
	_exit(1);
}

/* Makes a seal in a process that then ends. What it says is in text. */
static bool try(const char *kind, char *text, size_t size)
{
	KT_CLEANUP(kt_descriptor_close) int reader = -1;
	KT_CLEANUP(kt_descriptor_close) int writer = -1;
	int ends[2];
	size_t length = 0;
	ssize_t part;
	int status = 0;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	reader = ends[0];
	writer = ends[1];
	child = fork();
	if (child == 0)
		become_trial(kind, writer);
	kt_descriptor_close(&writer);
	while (length < size - 1 && ((part = read(reader, text + length, size - 1 - length)) > 0 ||
	                             (part < 0 && errno == EINTR)))
		length += part > 0 ? (size_t)part : 0;
	text[length] = '\0';
	return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

/* The next line, without its prefix; "" where there is none. */
static const char *take_line(char **text)
{
	char *line = *text;

	*text += strcspn(line, "\n");
	if (**text)
		*(*text)++ = '\0';
	return kt_text_has_prefix(line, prefix) ? line + strlen(prefix) : line;
}

static void tell_failure(struct kt_findings *findings, char *text)
{
	const char *cause = take_line(&text);
	const char *remedy = take_line(&text);
	char ignored[2];

	kt_findings_add(findings, LAYER, KT_FINDING_OK, *remedy ? remedy : NULL, "%s",
	                *cause ? cause : kt_translate("run --sealed does not work here"));
	if (try("--basic", ignored, sizeof(ignored)))
		kt_findings_add(findings, LAYER, KT_FINDING_OK, NULL,
		                "run --sealed=basic works here (seccomp, Landlock %d)",
		                kt_landlock_version());
}

void kt_doctor_check_seal(struct kt_findings *findings)
{
	int landlock = kt_landlock_version();
	char text[2 * KT_ERROR_SENTENCE + 40];

	if (access(kt_libexec_path(KT_LIBEXEC_SEAL), X_OK) != 0)
		kt_findings_add(findings, LAYER, KT_FINDING_OK,
		                "build it with libseccomp (Debian: libseccomp-dev)",
		                "run --sealed does not work: this keyturn was built without it");
	else if (geteuid() == 0)
		kt_findings_add(findings, LAYER, KT_FINDING_OK, NULL,
		                "run --sealed is for every user but root");
	else if (!try(NULL, text, sizeof(text)))
		tell_failure(findings, text);
	else if (landlock >= KT_LANDLOCK_HAS_SCOPES)
		kt_findings_add(findings, LAYER, KT_FINDING_OK, NULL, "run --sealed works here "
		                "(user namespaces, seccomp, Landlock %d)", landlock);
	else
		kt_findings_add(findings, LAYER, KT_FINDING_OK, "Linux 6.12 or newer can forbid that",
		                "run --sealed works here (user namespaces, seccomp, Landlock %d), but "
		                "the command can signal other programs of yours", landlock);
}
