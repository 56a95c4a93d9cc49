/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/login/qr.h"

bool kt_qr_draw(const char *text, struct kt_secret *picture, struct kt_error *error)
{
	(void)text;
	(void)picture;
	(void)error;
	return true;
}
