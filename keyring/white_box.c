/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "keyring/cleanup.h"
#include "keyring/white_box.h"

bool kt_white_box_has_password(const char *home)
{
	KT_CLEANUP(kt_descriptor_close) int file = -1;
	char path[PATH_MAX];
	char status[2];
	int length;

	if (!home)
		return false;
	length = snprintf(path, sizeof(path), "%s/" KT_WHITE_BOX_DIRECTORY "/status", home);
	if (length < 0 || (size_t)length >= sizeof(path))
		return false;
	file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return file >= 0 && read(file, status, sizeof(status)) == sizeof(status) &&
	       status[0] == '1' && status[1] == '1';
}
