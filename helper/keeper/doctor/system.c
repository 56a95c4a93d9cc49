/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "helper/keeper/doctor/doctor.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/white_box.h"

#define LAYER "system"

/* The system is one of these by the ID of its os-release(5). */
static bool is_system(const char *one, const char *other)
{
	KT_CLEANUP(kt_descriptor_close) int file = open("/etc/os-release", O_RDONLY | O_CLOEXEC);
	char text[4096] = "\n";
	const char *value;
	size_t length;

	if (file < 0 || read(file, text + 1, sizeof(text) - 2) <= 0)
		return false;
	value = strstr(text, "\nID=");
	if (!value)
		return false;
	value += strlen("\nID=");
	value += strspn(value, "\"'");
	length = strcspn(value, "\"'\n");
	return (length == strlen(one) && memcmp(value, one, length) == 0) ||
	       (length == strlen(other) && memcmp(value, other, length) == 0);
}

static void check_wsl(struct kt_findings *findings)
{
	if (!kt_environment_is_wsl())
		return;
	kt_findings_add(findings, LAYER, KT_FINDING_OK, NULL, "this is WSL, whose logins are kept in a "
	                "vault: no desktop keyring comes with it");
	if (access("/run/systemd/system", F_OK) != 0)
		kt_findings_add(findings, LAYER, KT_FINDING_OK,
		                "write [boot] and, in the line below it, systemd=true into /etc/wsl.conf, "
		                "then run in Windows: wsl --shutdown",
		                "WSL is without systemd: no timer renews a token, and the programs that "
		                "ask do it themselves");
}

static void check_white_box(struct kt_findings *findings)
{
	if (kt_white_box_has_password(kt_environment_home()))
		kt_findings_add(findings, LAYER, KT_FINDING_OK,
		                "nothing needs to be done; keyturn unlock and the login password do not "
		                "open it",
		                "deepin's white box keeps the password of the desktop keyring, and opens "
		                "it at login");
}

/* Its desktop is not known to bring a keyring, and a vault needs none. */
static void check_kylin(struct kt_findings *findings)
{
	if (is_system("kylin", "openkylin"))
		kt_findings_add(findings, LAYER, KT_FINDING_OK,
		                "install gnome-keyring and log in anew, or run: keyturn vault create",
		                "the desktop of Kylin may come without a keyring");
}

void kt_doctor_check_system(struct kt_findings *findings)
{
	check_wsl(findings);
	check_white_box(findings);
	check_kylin(findings);
}
